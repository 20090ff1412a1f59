"""The Discord client: connects, loads the cogs, and hands them their services."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord import VoiceClient
from discord.ext import commands
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route

from bot.db.database import Database
from bot.db.state import SharedRateLimit
from bot.discord_client.discord_py import (
    RATE_LIMIT_WAIT_SECONDS,
    bound_global_limit,
    forgive_answers,
    forgive_events,
)
from bot.discord_client.tree import VeoTree
from bot.errors import DatabaseBusyError
from bot.eta.pacing import retry_delay
from bot.services import Services
from bot.sharding import Shards

EXTENSIONS = (
    "cogs.veo.cog",
    "cogs.films.cog",
    "cogs.videos.cog",
    "cogs.admin.cog",
    "cogs.quota.cog",
    "cogs.usage.cog",
    "cogs.privacy.cog",
    "cogs.reports.cog",
    "cogs.appeals.cog",
    "cogs.reviews.cog",
)


MANY_SERVERS = 1000  # of this process; Discord wants about so many on a shard
IDENTIFY_SPACING = timedelta(seconds=5.5)  # Discord's 5 ("Gateway", Rate Limiting), and some for the way
LAST_WORDS = 3.0  # seconds in which a member is told that the program ends, before the connections close
HEARTBEAT_INTERVAL = 41.25  # seconds; Discord's own, until it says another


# No voice is used; without this, each start warns that the libraries for it are not here.
VoiceClient.warn_nacl = VoiceClient.warn_dave = False

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class VeoBot(commands.Bot):
    """A bot of slash commands only: it reads no messages and keeps no members in memory."""

    def __init__(
        self,
        *,
        database: Database,
        services: Services,
        extensions: Sequence[str] = EXTENSIONS,
        **options: Any,
    ) -> None:
        """`options`: further ones of discord.py's client."""
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=VeoTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=RATE_LIMIT_WAIT_SECONDS,
            **options,
        )
        self.services = services
        # What stands under the answer that an error becomes; the cogs say.
        self.way_on: Callable[[Exception], discord.ui.View | None] = lambda _: None
        self._database = database
        self._extensions = extensions
        self._upload: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[Any]] = set()
        self._heartbeat_interval = HEARTBEAT_INTERVAL
        self._heard: dict[int, float] = {}  # when each connection was last heard, as discord.py counts time
        forgive_events(self)
        forgive_answers()

    @property
    def is_connected(self) -> bool:
        """Whether commands arrive: Discord has said READY, and all connections are open."""
        return self.is_ready() and not self.is_closed() and None not in self._keep_alives()

    @property
    def heard_at(self) -> float | None:
        """Discord's last answer to a heartbeat, on the monotonic clock; None: there was no connection.

        Of several connections the one that has been silent longest counts, though it be lost; one that was
        never there does not yet.
        """
        for number, found in enumerate(self._keep_alives()):
            if found is not None:
                self._heard[number] = found._last_ack  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: not public
        if not self._heard:
            return None
        return time.monotonic() - (time.perf_counter() - min(self._heard.values()))

    @property
    def heartbeat_interval(self) -> float:
        """Seconds between two heartbeats, as Discord said last."""
        for keep_alive in self._keep_alives():
            if keep_alive is not None and keep_alive.interval:
                self._heartbeat_interval = keep_alive.interval
        return self._heartbeat_interval

    def _keep_alives(self) -> list[KeepAliveHandler | None]:
        """Return what beats for each connection; None: it is not open."""
        return [_keep_alive_of(self.ws)]

    async def login(self, token: str) -> None:
        """Log in; no call waits without a bound from then on."""
        await super().login(token)
        bound_global_limit(self.http)

    async def setup_hook(self) -> None:
        """Load the cogs and tell Discord about changed commands, before the gateway is opened."""
        for extension in self._extensions:
            if extension not in self.extensions:  # this runs again when a login failed half-way
                await self.load_extension(extension)
        if isinstance(self.tree, VeoTree) and not await self.tree.sync_if_changed(self._database):
            self._upload = asyncio.create_task(self._upload_commands(self.tree), name="commands")

    def keep_open(self) -> None:
        """Let `close` wait a moment for the end of this task: somebody may be told of the restart in it."""
        task = asyncio.current_task()
        if task is not None:
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def close(self) -> None:
        """Close all connections."""
        if self._upload is not None:
            self._upload.cancel()
        if self._answering:
            await asyncio.wait(self._answering, timeout=LAST_WORDS)
        await super().close()

    async def _upload_commands(self, tree: VeoTree) -> None:
        """Tell Discord about the commands, after it refused them, until it takes them."""
        for tries in itertools.count():
            await asyncio.sleep(retry_delay(tries))
            try:
                if await tree.sync_if_changed(self._database):
                    return
            except (discord.DiscordException, aiohttp.ClientError, OSError, DatabaseBusyError) as error:
                log.warning("could not upload the commands", reason=str(error))

    async def reopen(self) -> None:
        """Make a closed client one that can log in again."""
        self.clear()
        self.http.connector = discord.utils.MISSING  # closed with its session; discord.py would keep it
        # With shards: forgets that the old ones were closed, which would end the reconnecting of the new.
        await self._async_setup_hook()

    async def on_ready(self) -> None:
        """Say in the log that commands are served now; fires again after a lost connection."""
        log.info("ready", name=str(self.user), servers=len(self.guilds))
        if len(self.guilds) >= MANY_SERVERS:
            await self._tell_wanted_shards()

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Cancel what waits there: it could not be shown. This is a removal, never an outage of Discord."""
        log.info("removed from a server", guild=guild.id)
        try:
            await self.services.cancellation.cancel_waiting(guild.id)
        except DatabaseBusyError:  # it is noticed later (`bot.jobs.retirement`)
            log.warning("could not cancel the removed server's requests yet", guild=guild.id)

    async def _tell_wanted_shards(self) -> None:
        """Say in the log when Discord would rather have more shards; it refuses 2,500 servers on one."""
        try:
            wanted, _, _ = await self.http.get_bot_gateway()
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("could not read Discord's recommended number of shards", reason=str(error))
            return
        if wanted > (self.shard_count or 1):
            log.warning(
                "Discord recommends more shards: see SHARD_COUNT",
                wanted=wanted,
                present=self.shard_count or 1,
            )


class ShardedVeoBot(VeoBot, commands.AutoShardedBot):
    """The same with some of the shards; other processes have the others.

    Args:
        rate_limit: with which all processes identify, since Discord counts them together.
    """

    def __init__(
        self,
        *,
        database: Database,
        services: Services,
        shards: Shards,
        rate_limit: SharedRateLimit,
        extensions: Sequence[str] = EXTENSIONS,
    ) -> None:
        super().__init__(
            database=database,
            services=services,
            extensions=extensions,
            shard_count=shards.count,
            shard_ids=list(shards.ids),
        )
        self._shards_wanted = shards
        self._rate_limit = rate_limit
        self._buckets: int | None = None

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait until Discord takes another session: one in five seconds for each bucket of shards."""
        del initial  # discord.py waits for the others of one process only
        if self._buckets is None:
            self._buckets = (await self.fetch_session_start_limits()).max_concurrency
        try:
            await self._rate_limit.acquire(f"identify {(shard_id or 0) % self._buckets}", IDENTIFY_SPACING)
        except DatabaseBusyError:
            # Members shall be told that it is; and raised here, discord.py would close all shards.
            log.warning("starting a session without waiting for its turn", shard=shard_id)
            await asyncio.sleep(IDENTIFY_SPACING.total_seconds())

    def _keep_alives(self) -> list[KeepAliveHandler | None]:
        present = self.shards
        return [_keep_alive_of(_socket_of(present.get(number))) for number in self._shards_wanted.ids]


class RestClient(discord.Client):
    """Speaks to Discord without a connection to the gateway: it logs in and hears of nothing."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),  # told to nobody; without it, discord.py warns of trouble
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            max_ratelimit_timeout=RATE_LIMIT_WAIT_SECONDS,
        )

    async def login(self, token: str) -> None:
        """Log in; no call waits without a bound from then on."""
        await super().login(token)
        bound_global_limit(self.http)

    @property
    def is_connected(self) -> bool:
        """Whether it has logged in."""
        return self.user is not None and not self.is_closed()


def _keep_alive_of(socket: DiscordWebSocket | None) -> KeepAliveHandler | None:
    # discord.py has no public way to this; a connection that was never opened has no socket either.
    return getattr(socket, "_keep_alive", None)


def _socket_of(info: discord.ShardInfo | None) -> DiscordWebSocket | None:
    if info is None or info.is_closed():
        return None
    return info._parent.ws  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: not public


def use_addresses(api_base: str, gateway_url: str) -> None:
    """Reach Discord at other addresses, such as a REST proxy's; empty: Discord's own.

    discord.py has no setting for these, so its class attributes are replaced for the whole process.
    """
    if api_base:
        Route.BASE = api_base
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
