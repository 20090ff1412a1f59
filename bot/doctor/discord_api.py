"""Discord's REST API about the bot, asked without opening the gateway.

Sources: "Get Current User", "Get Current Application", "Get Gateway Bot", "Get Current User Guilds".
"""

import json
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from bot.system_errors import words_of

DISCORD = "https://discord.com/api/v10"
AGENT = "DiscordBot (veo-bot, 1)"  # Discord asks for a name of this form
PAGE = 200  # servers in one answer, the most

Answer = TypeVar("Answer")


class DiscordError(Exception):
    """Discord does not answer usefully; `str()` says how, without secrets."""


class TokenError(DiscordError):
    """Discord rejects the token."""


class User(BaseModel):
    """The bot's account."""

    id: int
    username: str


class Application(BaseModel):
    """The bot's application; `flags` has a bit for each privileged intent that is switched on."""

    id: int
    flags: int = 0
    interactions_endpoint_url: str | None = None


class SessionLimit(BaseModel):
    """The session starts that are left; `reset_after` in milliseconds."""

    total: int
    remaining: int
    reset_after: int


class GatewayInfo(BaseModel):
    """The gateway's address and session starts."""

    url: str
    shards: int
    session_start_limit: SessionLimit


class Server(BaseModel):
    """A server; `permissions`: the bot's, before what single channels allow or take away."""

    id: int
    name: str
    permissions: int


class DiscordApi:
    """Asks with the bot's token.

    Args:
        base: in place of Discord's own address; empty: that one.
    """

    def __init__(self, session: aiohttp.ClientSession, token: SecretStr, base: str = "") -> None:
        self._session = session
        self._token = token
        self._base = base or DISCORD

    async def fetch_user(self) -> User:
        """Return the bot's account.

        Raises:
            DiscordError: it cannot be read.
        """
        return await self._get("/users/@me", TypeAdapter(User))

    async def fetch_application(self) -> Application:
        """Return the bot's application.

        Raises:
            DiscordError: it cannot be read.
        """
        return await self._get("/applications/@me", TypeAdapter(Application))

    async def fetch_gateway(self) -> GatewayInfo:
        """Return where the gateway is and how many sessions may be started.

        Raises:
            DiscordError: it cannot be read.
        """
        return await self._get("/gateway/bot", TypeAdapter(GatewayInfo))

    async def fetch_servers(self) -> list[Server]:
        """Return all servers that the bot is in.

        Raises:
            DiscordError: they cannot be read.
        """
        servers: list[Server] = []
        while True:
            after = servers[-1].id if servers else 0
            path = f"/users/@me/guilds?limit={PAGE}&after={after}"
            page = await self._get(path, TypeAdapter(list[Server]))
            servers += page
            if len(page) < PAGE:
                return servers

    async def greet(self, address: str) -> bool:
        """Connect to the gateway and return whether it says hello; starts no session, so costs none.

        Raises:
            DiscordError: it cannot be reached.
        """
        try:
            async with self._session.ws_connect(f"{address}?v=10&encoding=json") as socket:
                message = await socket.receive_json()
        except (aiohttp.ClientError, OSError, ValueError, TypeError) as error:
            raise DiscordError(f"it can't be reached: {words_of(error)}") from error
        return isinstance(message, dict) and message.get("op") == 10  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]: JSON

    async def read(self, path: str) -> tuple[int, Any]:
        """Return the status and the JSON of an answer; None where there is none.

        Raises:
            DiscordError: there is no answer.
        """
        status, body = await self._ask(path)
        try:
            return status, json.loads(body)
        except ValueError:
            return status, None

    async def _get(self, path: str, answer: TypeAdapter[Answer]) -> Answer:
        status, body = await self._ask(path)
        if status == HTTPStatus.UNAUTHORIZED:
            raise TokenError("it rejects the token")
        if status != HTTPStatus.OK:
            raise DiscordError(f"it answered {status}")
        try:
            return answer.validate_json(body)
        except ValidationError as error:
            raise DiscordError("its answer is invalid") from error

    async def _ask(self, path: str) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bot {self._token.get_secret_value()}", "User-Agent": AGENT}
        try:
            async with self._session.get(
                self._base + path, headers=headers, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise DiscordError(f"it can't be reached: {words_of(error)}") from error
