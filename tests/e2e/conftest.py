"""Fixtures: the whole program in a simulated Discord, with the strict fake provider on a real socket."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import discord
import pytest
import pytest_asyncio
import simcord.http.client
import stamina
import structlog
from simcord.backend.errors import BackendError
from simcord.backend.ops.channels import ChannelMixin
from simcord.http import router

from bot.media.downloads import FETCH_ATTEMPTS
from sandbox.provider import Provider
from sandbox.world import World, sandbox_settings
from tests.e2e.driver import timing_with
from tests.e2e.stage import Life, Stage, open_provider
from tests.sqlite import Template

OpenWorld = Callable[..., World]
LoseAnswer = Callable[[str, str], None]
GarbleAnswer = Callable[[str, str, object], None]

FOLDER = Path(__file__).parent
IS_LAST = pytest.StashKey[bool]()


@pytest.fixture(autouse=True)
def waits_are_short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look for due work often, stop at once, repeat downloads without pauses, and join films of few images.

    Films have their real rate in `tests/bot/media/test_joining.py` and in whole programs.
    """
    monkeypatch.setattr("bot.jobs.runner.LOOK_INTERVAL", 0.2)
    monkeypatch.setattr("bot.films.runner.LOOK_INTERVAL", 0.2)
    monkeypatch.setattr("bot.moderation.outbox_relay.LOOK_INTERVAL", 0.2)
    monkeypatch.setattr("bot.jobs.runner.STOP_GRACE", 0.3)
    monkeypatch.setattr("bot.media.joining.FRAME_RATE", 4)
    with stamina.set_testing(True, attempts=FETCH_ATTEMPTS):
        yield


@pytest.fixture(scope="session", autouse=True)
def bodies_are_checked(simcord_bodies: None) -> None:
    """Let simcord refuse what Discord refuses."""


@pytest.fixture(scope="session", autouse=True)
def a_message_has_one_thread() -> Iterator[None]:
    """Let simcord refuse a second thread on a message, as Discord does: the thread has the message's ID."""
    create = ChannelMixin.create_thread

    def create_once(self: Any, *place: Any, message_id: int | None = None, **more: Any) -> Any:
        if message_id in self.channels:
            raise BackendError(400, 160004, "A thread has already been created for this message")
        return create(self, *place, message_id=message_id, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChannelMixin, "create_thread", create_once)
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


@pytest.fixture
def garble_answer(monkeypatch: pytest.MonkeyPatch) -> GarbleAnswer:
    """Let Discord serve the next call to a path (a pattern), but answer it with 200 and something else."""
    serve = router.dispatch
    planned: list[tuple[str, str, object]] = []

    def serve_and_garble(backend: Any, method: str, path: str, **more: Any) -> Any:
        answer = serve(backend, method, path, **more)
        for plan in planned:
            if plan[0] == method and fnmatch(path, plan[1]):
                planned.remove(plan)
                if isinstance(plan[2], Exception):
                    raise plan[2]
                return plan[2]
        return answer

    monkeypatch.setattr(router, "dispatch", serve_and_garble)
    return lambda method, path, instead: planned.append((method, path, instead))


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
async def own_provider(files: Path) -> AsyncIterator[Provider]:
    """A provider of this test alone."""
    async with open_provider(files) as provider:
        yield provider


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> Provider:
    """The running provider, whose generations take no time beyond rendering."""
    if shares_world(request.fixturenames):
        return request.getfixturevalue("world").provider
    return request.getfixturevalue("own_provider")


@pytest.fixture
def data_dir(request: pytest.FixtureRequest) -> Path:
    """The program's folder."""
    if shares_world(request.fixturenames):
        request.getfixturevalue("world")
        return request.getfixturevalue("stage").folder
    return request.getfixturevalue("tmp_path") / "data"


@pytest.fixture
def database_url(data_dir: Path) -> str:
    """The address of the program's database."""
    return f"sqlite+aiosqlite:///{data_dir / 'veo.db'}"


@pytest.fixture
def open_world(own_provider: Provider, tmp_path: Path, template: Template) -> OpenWorld:
    """Open a world of one's own; `timing` by names of `Timing`, the rest are settings."""

    def open_it(timing: dict[str, float] | None = None, **settings: Any) -> World:
        chosen = sandbox_settings(own_provider, tmp_path / "data", **settings)
        template.lay(chosen.resolved_database_url)
        # The bot searches messages by their time, so Discord's clock must be near the bot's.
        return World(own_provider, chosen, timing_with(**(timing or {})), is_dated_now=True)

    return open_it


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(files: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The program that tests have one after the other."""
    stage = Stage(files, lambda: tmp_path_factory.mktemp("stage"))
    yield stage
    await stage.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(stage: Stage, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """The program as it is set up by default, with alice and mona in `#videos` of a new server.

    The program itself may have served other tests before; `own_world` has not.
    """
    yield await stage.enter()
    await stage.leave()
    if request.node.stash[IS_LAST]:
        await stage.close()


@pytest.fixture
async def own_world(open_world: OpenWorld) -> AsyncIterator[World]:
    """A program as it is set up by default that no other test had.

    One task opens and closes it: simcord keeps a context variable, and pytest gives the two ends of
    a fixture different contexts.
    """
    life = Life(open_world())
    yield await life.begin()
    await life.end()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let tests that share a program share its event loop too."""
    if shares_world(metafunc.fixturenames):
        pytest.mark.asyncio(loop_scope="session")(metafunc.function)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Note whether tests of another kind follow, which must find no program running."""
    item.stash[IS_LAST] = nextitem is None or FOLDER not in nextitem.path.parents


def shares_world(fixtures: Sequence[str]) -> bool:
    """Whether a test with these fixtures has the program that others have too."""
    return "world" in fixtures and "own_world" not in fixtures
