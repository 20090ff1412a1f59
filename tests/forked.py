"""Python programs in processes of their own, without the seconds that their imports take.

The standard library's fork server imports the bot once; each program is a copy of it, with arguments,
environment, folder, files, signals and an exit code of its own. What is about the interpreter itself (its
switches, what a start imports, how long that takes) is started by `start_interpreter`.
"""

import asyncio
import os
import runpy
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from types import ModuleType
from typing import Any

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.preload"])
LINE_LIMIT = 2**20  # bytes; a traceback as JSON is one long line
MAX_DESCRIPTORS = 256


class Descriptor:
    """The number of an open file, which has another one in the process that it is sent to."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __getstate__(self) -> Any:
        return DupFd(self.number)

    def __setstate__(self, sent: Any) -> None:
        self.number = sent.detach()


class Forked:
    """A running program, with what tests use of `asyncio.subprocess.Process`.

    Attributes:
        stdout: what it writes, if that is a pipe.
        stderr: the same.
    """

    def __init__(self, process: BaseProcess) -> None:
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None
        self._process = process
        self._has_ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._note_end)

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process.pid is not None, "it was started"
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code once it has ended; negative: the signal that ended it."""
        return self._process.exitcode if self._has_ended.is_set() else None

    def send_signal(self, number: int) -> None:
        """Send a signal.

        Raises:
            ProcessLookupError: it has ended.
        """
        if self._has_ended.is_set():
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL; raises as `send_signal`."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Return the exit code once it has ended."""
        await self._has_ended.wait()
        assert self._process.exitcode is not None, "it has ended"
        return self._process.exitcode

    async def communicate(self) -> tuple[bytes, bytes]:
        """Return what it writes to its pipes, once it has ended."""
        output, errors = await asyncio.gather(_all_of(self.stdout), _all_of(self.stderr))
        await self.wait()
        return output, errors

    def _note_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self._has_ended.set()


async def start_python(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    stdin: int = DEVNULL,
    stdout: int = PIPE,
    stderr: int = PIPE,
) -> Forked:
    """Start `python ARGUMENTS` in `folder`, as `asyncio.create_subprocess_exec` does.

    Args:
        arguments: `-m MODULE …`, `-c PROGRAM …` or `FILE …`.
        environment: all of it.
        folder: where it runs.
        stdin: an open file or `DEVNULL`.
        stdout: an open file, `DEVNULL` or `PIPE`.
        stderr: the same, or `STDOUT`.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    opened, sources = [nowhere], list[int | None]()
    theirs = [nowhere if stdin == DEVNULL else stdin]
    for wanted in (stdout, stderr):
        source, target = os.pipe() if wanted == PIPE else (None, wanted)
        opened += [target] if wanted == PIPE else []
        sources.append(source)
        theirs.append({DEVNULL: nowhere, STDOUT: theirs[-1]}.get(target, target))
    descriptors = [Descriptor(number) for number in theirs]
    process = CONTEXT.Process(
        target=_run, args=(*map(tuple, (arguments, environment.items())), folder, descriptors)
    )
    process.start()
    for number in opened:
        os.close(number)
    forked = Forked(process)
    forked.stdout, forked.stderr = [await _reader_of(source) for source in sources]
    return forked


async def start_interpreter(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, *, stderr: int = PIPE
) -> Process:
    """Start the same in an interpreter that imports everything itself."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments),
        cwd=folder,
        env=environment,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=stderr,
        limit=LINE_LIMIT,
    )


async def _all_of(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


async def _reader_of(source: int | None) -> asyncio.StreamReader | None:
    if source is None:
        return None
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(source, "rb", buffering=0))
    return reader


def _run(
    arguments: tuple[str, ...],
    environment: tuple[tuple[str, str], ...],
    folder: Path,
    streams: list[Descriptor],
) -> None:
    """Be the program; this is called in its process."""
    for number, stream in enumerate(streams):
        os.dup2(stream.number, number)
    os.closerange(len(streams), MAX_DESCRIPTORS)
    _renew(dict(environment), folder)
    match arguments:
        case ("-m", name, *rest):
            sys.argv = [name, *rest]
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        case ("-c", program, *rest):
            sys.argv = ["-c", *rest]
            sys.modules["__main__"] = main = ModuleType("__main__")
            exec(program, main.__dict__)  # noqa: S102 the test's own program
        case _:
            sys.argv = list(arguments)
            runpy.run_path(arguments[0], run_name="__main__")


def _renew(environment: Mapping[str, str], folder: Path) -> None:
    """Take over what an interpreter reads when it starts."""
    sys.stdin, sys.stdout, sys.stderr = (
        open(0, closefd=False),  # noqa: SIM115 open as long as the process
        open(1, "w", buffering=1, closefd=False),  # noqa: SIM115
        open(2, "w", buffering=1, errors="backslashreplace", closefd=False),  # noqa: SIM115
    )
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background ignore it
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
