"""Starting ffmpeg: with nothing to read, its words bounded, and never left running.

It reads what strangers made, so its memory and its processor time are bounded by a shell between this process
and the program: Python's own way (`preexec_fn`) may hang where there are threads. Where there is no POSIX
shell it runs unbounded, but for its caller's clock.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Sequence
from errno import EDQUOT, EFBIG, ENOSPC, EROFS

# A system that does not know one of the bounds says so and goes on; the last line replaces the shell.
SCRIPT = 'ulimit -v "$1" 2>/dev/null; ulimit -t "$2" 2>/dev/null; shift 2; exec "$@"'
CHUNK = 64 * 1024  # bytes that are read of ffmpeg at once
STDERR_BYTES = 2000  # of the end of what ffmpeg says; it can say one thing of each of many frames
# ffmpeg ends with the system's error, as 256 less its number; a file that may not grow kills it otherwise.
_TOO_LARGE = getattr(signal, "SIGXFSZ", 0)  # Windows has none
_NO_ROOM = frozenset({256 - ENOSPC, 256 - EFBIG, *({-_TOO_LARGE, 128 + _TOO_LARGE} if _TOO_LARGE else ())})
_DISK_TROUBLES = {256 - EROFS: EROFS, **dict.fromkeys(_NO_ROOM, ENOSPC)}  # what each exit code means

# Of a quota that is used up: it's also a shell's code for a program that was aborted, so its words decide.
_QUOTA = 256 - EDQUOT

# A shell's exit codes for a program that it cannot run (126, 127) or that a signal 1 to 31 killed.
WRAPPERS_CODES = frozenset({126, 127, *range(129, 160)})
# ffmpeg's own code after SIGINT or SIGTERM, which Ctrl-C and service managers send to a whole group: the
# bot may still have the time to finish.
STOPPED = 255

Take = Callable[[bytes], None]


def confined(command: Sequence[str], *, memory: int, seconds: float) -> list[str]:
    """Return `command` with bounds; looks for the shell on disk.

    Args:
        command: the program and its arguments.
        memory: bytes of address space, which is more than what is really used.
        seconds: of processor time. It ends a program whose caller was killed.
    """
    shell = shutil.which("sh")
    if shell is None:
        return list(command)
    return [shell, "-c", SCRIPT, "sh", str(memory // 1024), str(round(seconds) + 1), *command]


def was_stopped(code: int) -> bool:
    """Whether ffmpeg didn't run or come to its end, so that its exit code is no verdict about the file."""
    return code < 0 or code == STOPPED or code in WRAPPERS_CODES


async def run_ffmpeg(
    command: Sequence[str],
    *,
    timeout: float | None = None,  # noqa: ASYNC109 the callers say in their own words that it took too long
    take: Take | None = None,
    stderr_bytes: int = STDERR_BYTES,
) -> tuple[int, str]:
    """Run a command to its end; return its exit code (negative: killed) and its last words.

    Args:
        command: the program and its arguments.
        timeout: seconds; None: as long as it takes.
        take: gets what it writes to its standard output; None: nothing does.
        stderr_bytes: how much of the end of its words is returned.

    Raises:
        TimeoutError: it took too long, and was killed.
        OSError: it cannot be started, or there is no room for what it writes, or the disk takes nothing.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL if take is None else asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(timeout):
            words, _ = await asyncio.gather(
                _read_end(process.stderr, stderr_bytes), _read(process.stdout, take)
            )
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if trouble := _disk_trouble(code, words):
        raise OSError(trouble, os.strerror(trouble))
    return code, words


def _disk_trouble(code: int, words: str) -> int | None:
    """Return the system's number for why the disk took nothing; None: that isn't why ffmpeg ended."""
    if code == _QUOTA:
        return EDQUOT if os.strerror(EDQUOT) in words else None
    return _DISK_TROUBLES.get(code)


async def _read(stream: asyncio.StreamReader | None, take: Take | None) -> None:
    while stream and take and (chunk := await stream.read(CHUNK)):
        take(chunk)


async def _read_end(stream: asyncio.StreamReader | None, length: int) -> str:
    """Read a stream to its end and return the last `length` bytes of it, however much came before."""
    end = b""
    while stream and (chunk := await stream.read(length)):
        end = (end + chunk)[-length:]
    return end.decode(errors="replace")
