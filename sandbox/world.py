"""A simulated Discord server with the real bot in it: what the demo shows and the tests drive.

simcord replaces Discord's transport and nothing else; the bot, its database, the HTTP calls to the
provider and ffmpeg are the real ones. The runner runs beside the client, in real time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

import aiohttp
import discord
import simcord
from simcord._clock import Clock

from bot.app.application import App, open_app
from bot.db.models import Generation
from bot.jobs.steps.timing import Timing
from bot.settings import Settings
from sandbox.cdn import serve_cdn
from sandbox.provider import Provider
from sandbox.recent import list_recent

LOOK_INTERVAL = 0.02  # seconds between two looks whether something has happened
BOT_NAME = "Veo Bot"
SETTLE_SECONDS = 60.0  # that the bot may take over one event, on however busy a machine
RECENT = 10  # generations of a server that can be waited for

T = TypeVar("T")


class PresentClock(Clock):
    """The machine's clock, as the program's own rows have it, or later where somebody advanced the time.

    simcord's own only moves when it is advanced. It falls behind, and the preview, which tells relative times
    by it, then calls what was requested just now "in 10 seconds".
    """

    def __init__(self) -> None:
        super().__init__()
        self._epoch = datetime.now(UTC)

    def now(self) -> datetime:
        """Return the later of both clocks, so that it never goes back."""
        return max(super().now(), datetime.now(UTC))


class World:
    """One server with `#videos` and `#moderators`, alice and mona (a moderator), and the running bot.

    Args:
        provider: a started fake provider.
        settings: whose `data_dir` holds the database; see `sandbox_settings`.
        timing: how fast the runner works.
        is_dated_now: messages carry today's date instead of simcord's 1 January 2026.
    """

    def __init__(
        self, provider: Provider, settings: Settings, timing: Timing, *, is_dated_now: bool = False
    ) -> None:
        self.provider = provider
        self._settings = settings
        self._timing = timing
        self._is_dated_now = is_dated_now
        self.turn = asyncio.Lock()  # simcord takes one action at a time: held by who acts beside a page
        self._life = AsyncExitStack()
        self._resources = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.cdn = await stack.enter_async_context(serve_cdn())
            self.app = await self._begin_life()
            stack.push_async_callback(self._end_life)
            simulation = simcord.run(self.app.bot, check_errors=False, settle_timeout=SETTLE_SECONDS)
            backend = simulation._env.backend  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: pinned version
            backend.bot_user.name = BOT_NAME
            if self._is_dated_now:
                backend.clock = PresentClock()
            backend.cdn = self.cdn
            self.env = await stack.enter_async_context(simulation)
            self.found_server()
            self._start_runner()
            self._resources = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._resources.aclose()

    def found_server(self) -> None:
        """Make the server, its channels and its people: from now on others, if there were some before."""
        self.guild = self.env.create_guild("Studio")
        self.channel = self.guild.create_text_channel("videos")
        self.moderators_channel = self.guild.create_text_channel("moderators")
        moderators = self.guild.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
        self.alice = self.guild.add_member(self.env.create_user("alice"))
        self.mona = self.guild.add_member(self.env.create_user("mona"), roles=[moderators])

    async def restart(self, **settings: object) -> None:
        """Stop the program and start it anew on the same database, in the same Discord.

        `settings`: those that are different now, by name.
        """
        await self._end_life()
        await wait_until(self._look_for_quiet, seconds=SETTLE_SECONDS)
        self._settings = self._settings.model_copy(update=settings)
        self.app = await self._begin_life()
        await self.env.restart_bot(self.app.bot)
        self._start_runner()

    async def _look_for_quiet(self) -> bool | None:
        """Whether nobody's click is being answered: simcord restarts nothing until then."""
        clicking = self.env._operation_task  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: pinned version
        return clicking is None or None

    async def wait_for(
        self,
        wanted: Callable[[Generation], bool],
        *,
        generation_id: str | None = None,
        seconds: float = 20,
    ) -> Generation:
        """Return one of the server's recent generations, without an id the newest, once it is as `wanted`.

        Raises:
            TimeoutError: it did not become so.
        """

        async def look() -> Generation | None:
            rows = await list_recent(self.app.services.generations, self.guild.id, max_rows=RECENT)
            meant = [row for row in rows if generation_id in {None, row.id}][:1]
            return meant[0] if meant and wanted(meant[0]) else None

        return await wait_until(look, seconds=seconds)

    async def wait_for_delivery(self, *, generation_id: str | None = None, seconds: float = 20) -> Generation:
        """Return the newest generation, or that one, once its result is posted and its card is final."""
        generation = await self.wait_for(
            lambda row: row.delivered_at is not None, generation_id=generation_id, seconds=seconds
        )

        async def look() -> bool | None:
            return True if self.app.runner.is_idle else None

        await wait_until(look, seconds=seconds)
        return generation

    async def _begin_life(self) -> App:
        # simcord waits for the timer of a kept-alive connection, so none is kept.
        connector = aiohttp.TCPConnector(force_close=True)
        settings = self._settings.model_copy(update={"discord_cdn_url": self.cdn.base})
        return await self._life.enter_async_context(
            open_app(settings, timing=self._timing, connector=connector)
        )

    def _start_runner(self) -> None:
        app, runner = self.app, asyncio.create_task(self.app.run_tasks(), name="tasks")

        async def stop() -> None:
            app.stop()
            await runner
            await app.bot.close()

        self._life.push_async_callback(stop)

    async def _end_life(self) -> None:
        await self._life.aclose()


def sandbox_settings(provider: Provider, folder: Path, **more: object) -> Settings:
    """Return settings for the bot in a sandbox; `more` are further ones by name."""
    values: dict[str, object] = {
        "discord_token": "sandbox",
        "aimlapi_key": provider.key,
        "aimlapi_base_url": provider.url,
        "data_dir": folder,
        "default_daily_limit": 50,
        "max_actions": 10_000,  # tests are faster than people
        **more,
    }
    return Settings.model_validate(values)


async def wait_until(look: Callable[[], Awaitable[T | None]], *, seconds: float) -> T:
    """Return what `look` finds, as soon as it finds something.

    Raises:
        TimeoutError: it found nothing in time.
    """
    async with asyncio.timeout(seconds):
        while (found := await look()) is None:  # noqa: ASYNC110 what is awaited happens in a database
            await asyncio.sleep(LOOK_INTERVAL)
    return found
