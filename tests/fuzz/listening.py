"""What the program and its libraries log, taken down: a fault of ours must not hide in a log."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.typing import EventDict


class Listener(logging.Handler):
    """Everything that was logged since `forget`.

    Attributes:
        faults: what nobody expected: our own lines with a traceback, and every error of a library.
        text: all of it, for looking for secrets.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.faults: list[str] = []
        self.text: list[str] = []

    def forget(self) -> None:
        """Begin anew."""
        self.faults.clear()
        self.text.clear()

    def emit(self, record: logging.LogRecord) -> None:
        """Take down a library's line."""
        text = f"{record.name}: {record.getMessage()} {record.exc_info!r}"
        self.text.append(text)
        if record.levelno >= logging.ERROR:
            self.faults.append(text)

    def note(self, _: Any, __: str, event: EventDict) -> EventDict:
        """Take down one of our lines; a structlog processor."""
        self.text.append(repr(event))
        if event.get("exc_info"):
            self.faults.append(repr(event))
        raise structlog.DropEvent


@contextmanager
def listening() -> Generator[Listener]:
    """Listen to all logs; nothing is printed meanwhile."""
    listener, before, root = Listener(), structlog.get_config(), logging.getLogger()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, listener.note])
    root.addHandler(listener)
    try:
        yield listener
    finally:
        root.removeHandler(listener)
        structlog.configure(**before)
