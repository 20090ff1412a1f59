"""The console of `veo-bot generate`, and stopping it without losing the ID of a paid video."""

import asyncio
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

# Beside Ctrl-C: `kill`, and a terminal that is closed. Windows has not all of them.
STOPPING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class PatientConsole(Console):
    """A console that goes on when nobody reads it any more: the video is paid for."""

    def on_broken_pipe(self) -> None:
        """Go on on standard error, and where that is gone as well say nothing; rich would end the program."""
        # Python complains at its end of a stream that cannot be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
        self.quiet = self.file is sys.stderr
        self.file = sys.stderr

    def _check_buffer(self) -> None:
        try:
            super()._check_buffer()
        except OSError:  # a disk that is full, or a terminal that is gone; rich knows closed pipes only
            self.on_broken_pipe()

    def say(self, text: str) -> None:
        """Print a line."""
        file = self.file
        self.print(text, markup=False, soft_wrap=True)
        if self.file is not file:
            self.print(end="")  # what could not be printed there


def progress_on(console: Console) -> Progress:
    """Return what shows how long a video takes."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("(usually about 2 minutes)"),
        console=console,
    )


@contextmanager
def stopped_by_signals() -> Generator[None]:
    """Let the signals in `STOPPING` cancel this task, as Ctrl-C does; those that are ignored stay so (nohup).

    Raises:
        CancelledError: one came.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    ours = [number for number in STOPPING if signal.getsignal(number) is signal.SIG_DFL]
    if task is not None and sys.platform != "win32":
        for number in ours:
            loop.add_signal_handler(number, task.cancel)
    yield


@contextmanager
def interrupted_by_signals() -> Generator[None]:
    """Let the signals in `STOPPING` interrupt what waits for the person, as Ctrl-C does.

    Raises:
        KeyboardInterrupt: one came.
    """
    ours = [number for number in STOPPING if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
