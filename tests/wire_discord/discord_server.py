"""The server that ties the parts together, and the handles by which tests move it."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self, TypeVar

from aiohttp import web

from tests.wire_discord.channel_routes import API, ChannelRoutes
from tests.wire_discord.commands import Commands
from tests.wire_discord.faults import RELEASED, Faults
from tests.wire_discord.files import Files
from tests.wire_discord.gateway import PATH, Gateway
from tests.wire_discord.interaction_routes import InteractionRoutes
from tests.wire_discord.interactions import Interaction, Interactions
from tests.wire_discord.messages import Messages
from tests.wire_discord.payloads import guild_payload
from tests.wire_discord.pipeline import Pipeline
from tests.wire_discord.requests import Request, route_name
from tests.wire_discord.state import Channel, ChannelType, Guild, Json, Message, State

HOST = "127.0.0.1"
MIB = 2**20
LARGEST_REQUEST = 1024 * MIB  # read whole, so that Discord's own limits can be told apart from aiohttp's
SHUTDOWN_SECONDS = 0.2  # what a hanging answer is given before it is cancelled
T = TypeVar("T")


class WireDiscord:
    """A Discord with one bot and one server with a text channel; use it with `async with`.

    Args:
        port: 0 takes a free one.
        token: the bot's token; None makes a random one.
        files: folder for uploads; None keeps them in memory.
        upload_limit: bytes per file.
        request_limit: bytes per request; larger ones are cut off unread, as by a proxy. None: however large.
        answer_seconds: how long an interaction waits for its answer.
        token_seconds: how long an interaction's token lives.
        nonce_seconds: how long an enforced nonce is remembered.
        heartbeat_ms: how often clients send heartbeats.
        clock: seconds that only grow, for the three times above.

    Attributes:
        requests: all REST requests, oldest first.
        faults: what goes wrong.
        gateway: the sessions; breaks them.
        commands: what the bot has synced.
        guild, channel: the first server and its text channel.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str | None = None,
        files: Path | None = None,
        upload_limit: int = 20 * MIB,
        request_limit: int | None = None,
        answer_seconds: float = 3.0,
        token_seconds: float = 900.0,
        nonce_seconds: float = 180.0,
        heartbeat_ms: int = 41_250,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token = token or secrets.token_urlsafe(32)
        self.requests: list[Request] = []
        self._port = port
        self._request_limit = request_limit
        self._clock = clock
        self._state = State()
        self._released = asyncio.Event()
        self.faults = Faults(self._released)
        self.gateway = Gateway(self._state, self.token, lambda: self.gateway_url, heartbeat_ms)
        self._files = Files(self._state, files, upload_limit)
        self._messages = Messages(self._state, self._files, self._announce, nonce_seconds, clock)
        self._channels = ChannelRoutes(self._state, self._messages, self._announce)
        self.commands = Commands(self._state)
        self._interactions = Interactions(self._state, self.commands, self._files)
        self._answers = InteractionRoutes(
            self._state, self._interactions, self._messages, answer_seconds, token_seconds, clock
        )
        self.guild = self._state.add_guild("Studio")
        self.channel = self.add_channel("videos")
        self._resources = AsyncExitStack()

    @property
    def api_base(self) -> str:
        """The setting DISCORD_API_BASE."""
        return f"http://{HOST}:{self._port}{API}"

    @property
    def gateway_url(self) -> str:
        """The setting DISCORD_GATEWAY_URL."""
        return f"ws://{HOST}:{self._port}{PATH}"

    @property
    def cdn_url(self) -> str:
        """The setting DISCORD_CDN_URL."""
        return f"http://{HOST}:{self._port}"

    @property
    def bot_id(self) -> int:
        """The id of the bot's user and of its application."""
        return self._state.bot_id

    @property
    def application(self) -> Json:
        """What the developer portal changed of the application's fields; add to it."""
        return self._state.application

    @property
    def closed_to(self) -> set[int]:
        """Ids of users who take no direct messages; add to it."""
        return self._channels.closed_to

    @property
    def guilds(self) -> list[Guild]:
        """The servers that the bot is in."""
        return list(self._state.guilds.values())

    # What happens on the server.

    async def add_guild(self, name: str, guild_id: int | None = None) -> Guild:
        """Let the bot join another server; a given id decides on which shard it lies."""
        guild = self._state.add_guild(name, guild_id)
        await self.gateway.dispatch("GUILD_CREATE", guild_payload(guild, self._state), guild.id)
        return guild

    def add_channel(
        self, name: str, kind: ChannelType = ChannelType.TEXT, guild: Guild | None = None
    ) -> Channel:
        """Add a channel to `guild`, or to the first server; the bot hears of it when it connects next."""
        return self._state.add_channel(name, kind, (guild or self.guild).id)

    def leave_guild(self, guild: Guild) -> None:
        """Take the bot off a server, as REST shows it."""
        del self._state.guilds[guild.id]

    async def remove_bot(self, guild: Guild) -> None:
        """Take the bot off a server, as a moderator does: the gateway tells of it, too."""
        self.leave_guild(guild)
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild.id)

    def delete_channel(self, channel_id: int) -> None:
        """Delete a channel or thread: from now on it is unknown."""
        del self._state.channels[channel_id]
        self._state.notify()

    def delete_message(self, message: Message) -> None:
        """Delete a message, as a moderator may; a thread on it stays."""
        self._messages.delete(message)

    async def send_event(self, name: str, data: Json, guild_id: int | None = None) -> int:
        """Send any gateway event, malformed ones too; return how many connected sessions it went to."""
        return await self.gateway.dispatch(name, data, guild_id)

    # What members do.

    async def interact(
        self,
        user_id: int,
        name: str,
        options: Mapping[str, object] | None = None,
        *,
        channel_id: int | None = None,
        **fields: object,
    ) -> Interaction:
        """Use a slash command; do not wait for the answer.

        Args:
            user_id: any number; members need not be made first.
            name: of the command, and of its subcommand: `quota set`.
            options: values by option; the types come from the synced commands. Members are given by
                their id, files as `OptionFile`. Nothing is checked: a modified client could send it.
            channel_id: where; by default the first channel.
            fields: replace fields of the payload, such as `data`, `app_permissions` or `member`.

        Raises:
            LookupError: no such command or option was synced.
        """
        channel = self._state.channels[channel_id or self.channel.id]
        interaction = await self._interactions.command(user_id, name, options or {}, channel, **fields)
        return await self._send(interaction)

    async def click(self, user_id: int, message: Message, custom_id: str, **fields: object) -> Interaction:
        """Press a button of `message`; do not wait for the answer. `fields` as in `interact`."""
        return await self._send(self._interactions.click(user_id, message, custom_id, **fields))

    async def repeat(self, interaction: Interaction) -> int:
        """Send an interaction once more, as happens when two processes have the same shard."""
        return await self.gateway.dispatch(
            "INTERACTION_CREATE", interaction.payload, interaction.channel.guild_id
        )

    async def _send(self, interaction: Interaction) -> Interaction:
        interaction.started_at = self._clock()
        interaction.sent_at = time.perf_counter()
        await self.repeat(interaction)
        return interaction

    # What there is to see.

    def messages(self, channel_id: int | None = None) -> list[Message]:
        """Return the messages of a channel or thread, or of all, oldest first."""
        if channel_id is not None:
            channel = self._state.channels.get(channel_id)
            return list(channel.messages.values()) if channel else []
        everywhere = [
            message for channel in self._state.channels.values() for message in channel.messages.values()
        ]
        return sorted(everywhere, key=lambda message: message.id)

    def thread_of(self, message: Message) -> Channel | None:
        """Return the thread on a message."""
        return self._state.channels.get(message.id)

    def direct_messages(self, user_id: int) -> list[Message]:
        """Return what the bot wrote to a user directly."""
        return list(self._state.direct_channel(user_id).messages.values())

    def count(self, route: str) -> int:
        """Return how many requests of a route arrived, those that went wrong included."""
        return sum(request.route == route for request in self.requests)

    async def wait_for(self, look: Callable[[], T | None], seconds: float = 60.0) -> T:
        """Return what `look` finds, as soon as it finds something; it is asked after every change.

        Raises:
            TimeoutError: it found nothing in time.
        """
        return await self._state.wait_for(look, seconds)

    async def wait_for_message(
        self, predicate: Callable[[Message], bool], seconds: float = 60.0, *, channel_id: int | None = None
    ) -> Message:
        """Return the first message that is as wanted, posted or edited so.

        Raises:
            TimeoutError: there was none in time.
        """

        def look() -> Message | None:
            return next((message for message in self.messages(channel_id) if predicate(message)), None)

        return await self.wait_for(look, seconds)

    async def wait_for_requests(self, route: str, times: int = 1, seconds: float = 60.0) -> None:
        """Return when `times` requests of a route have arrived, whether answered or not.

        Raises:
            TimeoutError: they did not in time.
        """
        await self.wait_for(lambda: True if self.count(route) >= times else None, seconds)

    async def wait_for_sessions(self, count: int = 1, seconds: float = 60.0) -> None:
        """Return when exactly `count` sessions are connected.

        Raises:
            TimeoutError: they were not in time.
        """
        await self.wait_for(lambda: True if len(self.gateway.connected) == count else None, seconds)

    # The server.

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            runner = web.AppRunner(self._app(), shutdown_timeout=SHUTDOWN_SECONDS, access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, HOST, self._port).start()
            stack.push_async_callback(self.gateway.close)
            self._port = int(runner.addresses[0][1])
            self._files.base = self.cdn_url
            self._resources = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._resources.aclose()

    def _app(self) -> web.Application:
        pipeline = Pipeline(self._state, self.faults, self.token, self.requests, self._request_limit)
        app = web.Application(middlewares=pipeline.middlewares, client_max_size=LARGEST_REQUEST)
        app[RELEASED] = self._released
        for part in (self._channels, self.commands, self._answers, self._files, self.gateway):
            app.add_routes(part.routes())
        resources = ((route.method, route.resource) for route in app.router.routes())
        self.faults.routes = frozenset(
            route_name(method, resource.canonical) for method, resource in resources if resource
        )
        return app

    def _announce(self, event: str, data: Json, channel: Channel) -> None:
        self.gateway.announce(event, data, channel.guild_id)
