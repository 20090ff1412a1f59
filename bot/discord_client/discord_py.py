"""Corrections of discord.py, which can be told none of this by a setting.

- An event that can't be read would end the connection.
- An answer to an interaction that Discord took, but whose response can't be read, would reach the member as
  "Something went wrong", after what they did. Where the response was lost, a click would do nothing: sent
  again, the answer is refused as a second one.
- A limit on the whole bot would hold calls up for ever.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import discord
import structlog
from discord.http import HTTPClient
from discord.webhook.async_ import AsyncWebhookAdapter

from bot.discord_client.replies import ALREADY_ANSWERED

RATE_LIMIT_WAIT_SECONDS = 30.0  # discord.py takes no fewer (`max_ratelimit_timeout`)

_send = AsyncWebhookAdapter.create_interaction_response
# Without these there is no session; their error ends the connection, and another one is opened.
NEEDED = frozenset({"READY", "RESUMED"})
# What GUILD_CREATE tells of a server, piece by piece (Discord's reference, "Guild Create").
PIECES = (
    *("roles", "emojis", "stickers", "channels", "threads", "members", "presences", "voice_states"),
    *("stage_instances", "guild_scheduled_events", "soundboard_sounds"),
)

Read = Callable[[Any], object]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class _Gate(asyncio.Event):
    """Holds up all calls while Discord limits the bot as a whole, but never longer than one of them waits.

    discord.py closes it, sleeps and opens it; where the call that does so is cancelled, as by a time-out, it
    would stay closed for good.
    """

    def clear(self) -> None:
        super().clear()
        asyncio.get_running_loop().call_later(RATE_LIMIT_WAIT_SECONDS, self.set)


def bound_global_limit(http: HTTPClient) -> None:
    """Let no call wait for ever after a limit on the whole bot; call it after each login."""
    gate = _Gate()
    gate.set()
    http._global_over = gate  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: not public


class CallbackResponse(discord.InteractionCallbackResponse[Any]):
    """discord.py's own; what cannot be read is not known, and so neither is the message."""

    def _update(self, data: Any) -> None:
        try:
            super()._update(data)
        except Exception as error:  # noqa: BLE001 discord.py raises whatever it stumbles over
            log.warning("could not read Discord's response to an answer", reason=repr(error))
            self.id = self._parent.id
            self._thinking = self._ephemeral = False
            self.message_id = self.activity_id = self.resource = None


class _Counted:
    """A session that counts how often an answer is sent with it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.times = 0

    def request(self, *arguments: Any, **options: Any) -> Any:
        """Send it."""
        self.times += 1
        return self._session.request(*arguments, **options)


async def _send_and_forgive(
    self: AsyncWebhookAdapter, *arguments: Any, session: aiohttp.ClientSession, **options: Any
) -> Any:
    sent = _Counted(session)
    try:
        return await _send_again(self, *arguments, session=sent, **options)
    except ValueError as error:  # half of it, or no JSON
        log.warning("Discord's response to an answer isn't JSON", reason=str(error))
    except discord.HTTPException as error:
        if error.code != ALREADY_ANSWERED or sent.times == 1:  # else another process answered
            raise
        log.warning("Discord took an answer, though its response to it was lost")
    return {}


async def _send_again(self: AsyncWebhookAdapter, *arguments: Any, **options: Any) -> Any:
    """Send an answer, and once more where the connection broke, which discord.py doesn't do on Linux."""
    try:
        return await _send(self, *arguments, **options)
    except (aiohttp.ClientError, OSError):
        if options["params"].files:  # they were read
            raise
        return await _send(self, *arguments, **options)


def forgive_answers() -> None:
    """Let all clients of this process read these words so; discord.py has no setting for that."""
    discord.interactions.InteractionCallbackResponse = CallbackResponse
    AsyncWebhookAdapter.create_interaction_response = _send_and_forgive


def forgive_events(client: discord.Client) -> None:
    """Let what `client` cannot read be logged, and the connection go on.

    Of a server the pieces that can be read are kept. Discord says by itself that an interaction failed.
    """
    connection = client._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: not public
    parsers = connection.parsers
    read_server = parsers["GUILD_CREATE"]

    def read_piecewise(data: Any) -> None:
        try:
            read_server(data)
        except Exception:  # noqa: BLE001 discord.py raises whatever it stumbles over
            read_server(_readable(connection, data))

    for name, read in (*parsers.items(), ("GUILD_CREATE", read_piecewise)):
        if name not in NEEDED:
            parsers[name] = _forgiving(name, read)


def _forgiving(name: str, read: Read) -> Callable[[Any], None]:
    def attempt(data: Any) -> None:
        try:
            read(data)
        except Exception as error:  # noqa: BLE001 discord.py raises whatever it stumbles over
            kind = data.get("type") if isinstance(data, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]: JSON
            log.warning(
                "could not read an event", name=name, kind=kind, reason=f"{type(error).__name__}: {error}"
            )

    return attempt


def _readable(connection: Any, data: Any) -> Any:
    """Return a server without the pieces that cannot be read; as it was, where it is not for these."""
    bare = dict[str, Any](data) | {name: list[Any]() for name in PIECES if name in data}
    if not _is_server(connection, bare):
        return data
    whole = {name: list(_good_pieces(connection, bare, name, data[name])) for name in PIECES if name in data}
    return {**bare, **whole}


def _good_pieces(connection: Any, bare: Any, name: str, pieces: Any) -> Iterator[Any]:
    for piece in pieces if isinstance(pieces, list) else []:  # pyright: ignore[reportUnknownVariableType]: JSON
        if _is_server(connection, {**bare, name: [piece]}):
            yield piece
        else:
            number = piece.get("id") if isinstance(piece, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]: JSON
            log.warning("could not read a part of GUILD_CREATE", part=name, id=number)


def _is_server(connection: Any, data: Any) -> bool:
    """Whether discord.py can read a server from this."""
    try:
        discord.Guild(data=data, state=connection)
    except Exception:  # noqa: BLE001 discord.py raises whatever it stumbles over
        return False
    return True
