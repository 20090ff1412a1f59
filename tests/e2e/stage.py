"""The program that tests have one after the other, since to start it takes longer than most of them.

Each test finds a server and people that nobody had before, and a provider and a Discord in which all is well.
What a test cannot undo closes the program, and the next test starts another.
"""

import asyncio
import copy
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.db.models import Base, StateRow
from bot.db.state import COMMANDS
from bot.provider.catalogue import CATALOGUE, build_request
from bot.settings import Settings
from sandbox.provider import PLAIN, Provider
from sandbox.world import World, sandbox_settings, wait_until
from tests.e2e.driver import timing_with

TIMER = "__timeout_task_impl"  # of discord.py, for each form that was opened
BALANCE_USD = 100.0  # on the provider's account when a test begins
REST_SECONDS = 5.0  # that what is left of a test may take to end


def open_provider(files: Path) -> Provider:
    """Make a provider whose generations take no time beyond rendering."""
    return Provider(render=PLAIN, files=files, generation_seconds=0.02, balance_usd=BALANCE_USD)


class Life:
    """A world that one task opens and closes, as simcord wants it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._done = asyncio.Event()

    async def begin(self) -> World:
        """Open the world."""
        opened = asyncio.get_running_loop().create_future()

        async def live() -> None:
            async with self._world as world:
                opened.set_result(world)
                await self._done.wait()

        self._task = asyncio.create_task(live())
        await asyncio.wait([self._task, opened], return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            await self._task
        return opened.result()

    async def end(self) -> None:
        """Close the world."""
        self._done.set()
        await self._task


class Stage:
    """Keeps one world open from test to test.

    Args:
        files: where the provider keeps what it has rendered.
        make_folder: makes a new folder for each program's data.
    """

    def __init__(self, files: Path, make_folder: Callable[[], Path]) -> None:
        self._files = files
        self._make_folder = make_folder
        self._kept: _Kept | None = None

    @property
    def folder(self) -> Path:
        """Where the program of now keeps its data."""
        assert self._kept is not None, "no program runs"
        return self._kept.folder

    async def enter(self) -> World:
        """Return a world in which nothing has happened, as far as its people can see."""
        if self._kept is None:
            self._kept = await _Kept.open(self._files, self._make_folder())
        else:
            self._kept.renew()
        return self._kept.world

    async def leave(self) -> None:
        """Undo what can be undone; else close the program."""
        if self._kept is not None and not await self._kept.undo():
            await self.close()

    async def close(self) -> None:
        """Close the program, if one runs."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.close()


async def prices_are_known(world: World) -> None:
    """Wait until the bot has read the price of every model: it asks for one after the other."""

    async def look() -> bool | None:
        quotes = [world.app.prices.quote(build_request(model.id, "x", {})) for model in CATALOGUE]
        return None not in quotes or None

    await wait_until(look, seconds=120)


class _Kept:
    """A world that is kept, and how it was at first."""

    def __init__(self, life: Life, world: World, folder: Path) -> None:
        self._life = life
        self.world = world
        self.folder = folder
        self._settings = _settings_of(world)
        self._commands = _commands_of(world)

    @classmethod
    async def open(cls, files: Path, folder: Path) -> "_Kept":
        provider = await open_provider(files).__aenter__()
        world = World(provider, sandbox_settings(provider, folder), timing_with(), is_dated_now=True)
        life = Life(world)
        await life.begin()
        await prices_are_known(world)  # else a first test's request has no estimate
        return cls(life, world, folder)

    async def close(self) -> None:
        await self._life.end()
        await self.world.provider.__aexit__(None, None, None)

    def renew(self) -> None:
        """Let there be another server, and a past of which nothing is known."""
        backend = self.world.env.backend
        backend.http_requests.clear()
        backend.transcript.clear()
        backend.clock._epoch = datetime.now(UTC)  # pyright: ignore[reportPrivateUsage]: pinned version
        self.world.cdn.asked.clear()
        self.world.provider.calls.clear()
        self.world.provider.top_up(BALANCE_USD - self.world.provider.balance_usd)
        self.world.found_server()
        backend.http_requests.clear()

    async def undo(self) -> bool:
        """Whether the world is as it was at first, but for what is of no concern to others."""
        world = self.world
        if world.app.stopping.is_set() or world.app.bot.is_closed() or not world.app.bot.is_ready():
            return False
        if _settings_of(world) != self._settings or _commands_of(world) != self._commands:
            return False
        world.env.backend.faults.clear()
        world.cdn.refusal = world.cdn.links_end = None
        world.provider.faults.clear()
        await asyncio.to_thread(self._forget_rows)
        world.provider.release()
        _forget_forms()
        if not await self._comes_to_rest():
            return False
        await asyncio.to_thread(self._delete_files)
        return True

    def _forget_rows(self) -> None:
        """Empty the tables; a runner that still holds a generation finds its row gone."""
        with closing(sqlite3.connect(self.folder / "veo.db", timeout=REST_SECONDS)) as connection, connection:
            for table in reversed(Base.metadata.sorted_tables):
                if table is not StateRow.__table__:
                    connection.execute(f"DELETE FROM {table.name}")  # noqa: S608 our own tables' names
            connection.execute("DELETE FROM notes WHERE name NOT LIKE ?", (f"{COMMANDS}%",))

    async def _comes_to_rest(self) -> bool:
        async def look() -> bool | None:
            return True if self.world.app.runner.is_idle and self.world.provider.is_idle else None

        try:
            await wait_until(look, seconds=REST_SECONDS)
        except TimeoutError:
            return False
        return True

    def _delete_files(self) -> None:
        for folder in ("videos", "pictures"):
            for path in (self.folder / folder).iterdir():
                if path.is_file():
                    path.unlink(missing_ok=True)


def _forget_forms() -> None:
    """End the timers of forms that nobody will send: simcord looks through them whenever it waits."""
    for task in asyncio.all_tasks():
        if getattr(task.get_coro(), "__name__", "") == TIMER:
            task.cancel()


def _settings_of(world: World) -> Settings:
    return world._settings  # pyright: ignore[reportPrivateUsage]: the tests' own


def _commands_of(world: World) -> Any:
    return copy.deepcopy(world.env.backend.commands)
