"""Fixtures: the whole program in a simulated Discord, with the strict fake provider on a real socket."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord.http.client
import stamina
import structlog
from simcord.backend.errors import BackendError
from simcord.http import router

from bot.veo.downloads import FETCH_ATTEMPTS
from sandbox.provider import QUICK, Provider
from sandbox.world import World, sandbox_settings
from tests.e2e.driver import timing_with
from tests.sqlite import Template

OpenWorld = Callable[..., AbstractAsyncContextManager[World]]
LoseAnswer = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def waits_are_short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look for due work often, stop at once, and repeat downloads without pauses."""
    monkeypatch.setattr("bot.work.runner.LOOK_INTERVAL", 0.05)
    monkeypatch.setattr("bot.moderation.feed.LOOK_INTERVAL", 0.05)
    monkeypatch.setattr("bot.work.runner.STOP_GRACE", 0.3)
    with stamina.set_testing(True, attempts=FETCH_ATTEMPTS):
        yield


@pytest.fixture(autouse=True)
def server_errors_are_as_in_discord_py(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a 5xx be a `DiscordServerError`, as discord.py raises it; simcord makes it a plain error."""
    raise_others = simcord.http.client._raise_for  # pyright: ignore[reportPrivateUsage]: pinned version

    def raise_for(error: BackendError) -> None:
        if error.status >= 500:
            response: Any = simcord.http.client._FakeResponse(error.status)  # pyright: ignore[reportPrivateUsage]: the same
            raise discord.DiscordServerError(response, error.to_json())
        raise_others(error)

    monkeypatch.setattr(simcord.http.client, "_raise_for", raise_for)


@pytest.fixture
def lose_answer(monkeypatch: pytest.MonkeyPatch) -> LoseAnswer:
    """Let Discord serve the next call to a path (a pattern), but answer it with 503."""
    serve = router.dispatch
    planned: list[tuple[str, str]] = []

    def serve_and_lose(backend: Any, method: str, path: str, **more: Any) -> Any:
        answer = serve(backend, method, path, **more)
        for plan in planned:
            if plan[0] == method and fnmatch(path, plan[1]):
                planned.remove(plan)
                raise BackendError(503, 0, "The answer was lost")
        return answer

    monkeypatch.setattr(router, "dispatch", serve_and_lose)
    return lambda method, path: planned.append((method, path))


@pytest.fixture(autouse=True)
def logs_are_plain() -> Iterator[None]:
    """Log as text with short tracebacks: the default's pretty ones take a second each."""
    before = structlog.get_config()
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, renderer]
    )
    yield
    structlog.configure(**before)


@pytest.fixture
async def provider(files: Path) -> AsyncIterator[Provider]:
    """A running provider whose generations take no time beyond rendering."""
    async with Provider(render=QUICK, files=files, generation_seconds=0.02) as provider:
        yield provider


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The address of the program's database."""
    return f"sqlite+aiosqlite:///{tmp_path / 'data' / 'veo.db'}"


@pytest.fixture
def open_world(provider: Provider, tmp_path: Path, template: Template) -> OpenWorld:
    """Open a world of one's own; `timing` by names of `Timing`, the rest are settings."""

    @asynccontextmanager
    async def open_it(timing: dict[str, float] | None = None, **settings: Any) -> AsyncGenerator[World]:
        chosen = sandbox_settings(provider, tmp_path / "data", **settings)
        template.lay(chosen.resolved_database_url)
        # The bot searches messages by their time, so Discord's clock must be near the bot's.
        async with World(provider, chosen, timing_with(**(timing or {})), is_dated_now=True) as world:
            yield world

    return open_it


@pytest.fixture
async def world(open_world: OpenWorld) -> AsyncIterator[World]:
    """The program as it is set up by default, with alice and mona in `#videos`.

    One task opens and closes it: simcord keeps a context variable, and pytest gives the two ends of
    a fixture different contexts.
    """
    opened, done = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def live() -> None:
        async with open_world() as world:
            opened.set_result(world)
            await done.wait()

    life = asyncio.create_task(live())
    await asyncio.wait([life, opened], return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        await life
    yield opened.result()
    done.set()
    await life
