"""Programs that read what strangers made, run with bounds on memory and processor time.

The bounds are set by a shell between this process and the program: Python's own way (`preexec_fn`) may hang
where there are threads. Where there is no POSIX shell the program runs unbounded, but for its caller's clock.
"""

import shutil
from collections.abc import Sequence

# A system that does not know one of the bounds says so and goes on; the last line replaces the shell.
SCRIPT = 'ulimit -v "$1" 2>/dev/null; ulimit -t "$2" 2>/dev/null; shift 2; exec "$@"'


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
