"""Fixtures: a real SQLite file, a real HTTP session, the strict fake provider on a real socket."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import stamina
import structlog
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event
from structlog.testing import capture_logs

from bot.db.database import Database, open_database
from bot.db.sqlite import PRAGMAS
from bot.media.downloads import FETCH_ATTEMPTS
from bot.media.files import VideoStore
from bot.provider.client import VeoClient
from sandbox.provider import QUICK, Provider
from tests.bot.clocks import StoppedClock
from tests.bot.engine import Engine, MakeEngine, StartProvider, build_engine, client_of, downloads_of
from tests.bot.striking import Room, open_room
from tests.bot.troubles import Disk, Logs
from tests.postgres import Postgres
from tests.sqlite import Template


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Show logs without structlog's coloured tracebacks, which take seconds to draw."""
    console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, console]
    )


@pytest.fixture(autouse=True)
def retries_without_pauses() -> Iterator[None]:
    """Retry as often as always, but at once: stamina's own switch for tests."""
    with stamina.set_testing(True, attempts=FETCH_ATTEMPTS):
        yield


@pytest.fixture
def real_retries(retries_without_pauses: None) -> Iterator[None]:  # noqa: ARG001 this one comes after it
    """Retry as in the program: with pauses, and for as long."""
    with stamina.set_testing(False):
        yield


@pytest.fixture
def all_failures_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log each failure, where the program tells of a trouble that lasts now and then."""
    for name in ("FIRST_REMINDER", "LONGEST_REMINDER", "CALM_SECONDS"):
        monkeypatch.setattr(f"bot.outages.{name}", 0.0)


@pytest.fixture
def logs() -> Iterator[Logs]:
    """What is logged from now on."""
    with capture_logs() as lines:
        yield lines


SQLITE, POSTGRESQL = "sqlite", "postgresql"


# Before what fixtures add: a test's id is the same however the tests are found.
@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses the database on SQLite, and on PostgreSQL where that may make a difference."""
    if "database_url" not in metafunc.fixturenames:
        return
    is_marked = metafunc.definition.get_closest_marker("both_engines") is not None
    engines = [SQLITE, POSTGRESQL] if is_marked or metafunc.config.getoption("--thorough") else [SQLITE]
    if metafunc.definition.get_closest_marker("sqlite_only") or "disk" in metafunc.fixturenames:
        engines = [SQLITE]
    if metafunc.definition.get_closest_marker("postgres_only"):
        engines = [POSTGRESQL]
    metafunc.parametrize("database_url", engines, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a file that does not exist yet, or of a database with tables on a server."""
    if request.param == SQLITE:
        yield f"sqlite+aiosqlite:///{tmp_path / 'data' / 'veo.db'}"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    with postgres.lend() as address:
        yield address


@pytest.fixture
def patient_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SQLite wait a minute for what another process holds, for two that write at once on a slow disk."""
    monkeypatch.setattr("bot.db.sqlite.PRAGMAS", (*PRAGMAS, "PRAGMA busy_timeout = 60000"))


@pytest.fixture
async def database(database_url: str, template: Template) -> AsyncIterator[Database]:
    """An open database with its tables."""
    template.lay(database_url)
    async with open_database(database_url) as database:
        yield database


@pytest.fixture
def disk() -> Iterator[Disk]:
    """The disk below all databases, whose connections wait only shortly for locks from now on."""
    disk = Disk()
    event.listen(SqlEngine, "begin", disk.prepare, insert=True)
    yield disk
    event.remove(SqlEngine, "begin", disk.prepare)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client session that no test shares."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def store(session: aiohttp.ClientSession, tmp_path: Path) -> VideoStore:
    """An empty folder for videos."""
    return VideoStore(downloads_of(session), tmp_path / "videos")


@pytest.fixture
def start_provider(files: Path) -> StartProvider:
    """Start a provider of one's own whose generations take no time beyond rendering."""

    @asynccontextmanager
    async def start(**options: Any) -> AsyncGenerator[Provider]:
        quick: dict[str, Any] = {"render": QUICK, "files": files, "generation_seconds": 0.0}
        async with Provider(**{**quick, **options}) as provider:
            yield provider

    return start


@pytest.fixture
async def provider(start_provider: StartProvider) -> AsyncIterator[Provider]:
    """A running provider whose generations take no time beyond rendering."""
    async with start_provider() as provider:
        yield provider


@pytest.fixture
def veo(session: aiohttp.ClientSession, provider: Provider) -> VeoClient:
    """The real client of `provider`."""
    return client_of(session, provider)


@pytest.fixture
def make_engine(
    database: Database, session: aiohttp.ClientSession, provider: Provider, tmp_path: Path
) -> MakeEngine:
    """Build engines on the fixtures' parts or on others; see `build_engine` for the other options."""

    def make(owner: str = "one", **options: Any) -> Engine:
        parts: dict[str, Any] = {"database": database, "session": session, "provider": provider, **options}
        return build_engine(folder=tmp_path / owner, owner=owner, **parts)

    return make


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    """One process."""
    return make_engine()


@pytest.fixture
def clock() -> StoppedClock:
    """A clock that stands still."""
    return StoppedClock()


@pytest.fixture
async def room(database: Database, clock: StoppedClock) -> Room:
    """A server with strikes whose moderators can be asked."""
    return await open_room(database, clock)
