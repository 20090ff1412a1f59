"""The Discord client: connects, loads the cogs, and hands them their services."""

import time
from collections.abc import Sequence

import discord
import structlog
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route

from bot.database import Database
from bot.services import Services
from bot.tree import VeoTree

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

EXTENSIONS = (
    "cogs.veo",
    "cogs.videos",
    "cogs.admin",
    "cogs.quota",
    "cogs.usage",
    "cogs.privacy",
    "cogs.reports",
    "cogs.menus",
)


HEARTBEAT_INTERVAL = 41.25  # seconds; Discord's own, until it says another


class VeoBot(commands.Bot):
    """A bot of slash commands only: it reads no messages and keeps no members in memory."""

    def __init__(
        self,
        *,
        database: Database,
        services: Services,
        extensions: Sequence[str] = EXTENSIONS,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=VeoTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self.services = services
        self._database = database
        self._extensions = extensions
        self._heartbeat_interval = HEARTBEAT_INTERVAL

    @property
    def is_connected(self) -> bool:
        """Whether commands arrive: Discord has said READY, and the connection is open."""
        return self.is_ready() and not self.is_closed() and self._keep_alive is not None

    @property
    def heard_at(self) -> float | None:
        """When Discord last answered a heartbeat, on the monotonic clock; None: there is no connection."""
        keep_alive = self._keep_alive
        if keep_alive is None:
            return None
        age = time.perf_counter() - keep_alive._last_ack  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: not public
        return time.monotonic() - age

    @property
    def heartbeat_interval(self) -> float:
        """Seconds between two heartbeats, as Discord said last."""
        if (keep_alive := self._keep_alive) is not None and keep_alive.interval:
            self._heartbeat_interval = keep_alive.interval
        return self._heartbeat_interval

    @property
    def _keep_alive(self) -> KeepAliveHandler | None:
        # discord.py has no public way to this; a connection that was never opened has no socket either.
        return getattr(self.ws, "_keep_alive", None)

    async def setup_hook(self) -> None:
        """Load the cogs and tell Discord about changed commands, before the gateway is opened."""
        for extension in self._extensions:
            if extension not in self.extensions:  # this runs again when a login failed half-way
                await self.load_extension(extension)
        if isinstance(self.tree, VeoTree):
            await self.tree.sync_if_changed(self._database)

    async def on_ready(self) -> None:
        """Say in the log that commands are served now; fires again after a lost connection."""
        log.info("ready", name=str(self.user), servers=len(self.guilds))


def use_addresses(api_base: str, gateway_url: str) -> None:
    """Reach Discord at other addresses, such as a REST proxy's; empty: Discord's own.

    discord.py has no setting for these, so its class attributes are replaced for the whole process.
    """
    if api_base:
        Route.BASE = api_base
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
