"""Logging: one line an event, as text or JSON, on standard error, with every secret blotted out."""

import json
import logging
import sys
from collections.abc import Sequence
from typing import Literal

import stamina.instrumentation
import structlog
from pydantic import SecretStr

from bot.system_errors import words_of

BLOT = "********"
RECONNECTS = "Attempting a reconnect", "Failed to connect"  # discord.py's words
# Without local variables: prompts and pieces of secrets are among them.
TRACEBACKS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)

SHARED_PROCESSORS: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.ExtraAdder(),
)


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats an event, and blots secrets out of the finished line, wherever in it they stand."""

    def __init__(self, renderer: Sequence[structlog.typing.Processor], secrets: Sequence[SecretStr]) -> None:
        super().__init__(
            foreign_pre_chain=SHARED_PROCESSORS,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
        plain = [secret.get_secret_value() for secret in secrets]
        # As our own JSON has them, and as other programs' may that is quoted in an error.
        written = [json.dumps(secret, ensure_ascii=only)[1:-1] for secret in plain for only in (False, True)]
        self._secrets = {*plain, *written}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, BLOT)
        return line


def without_traceback(record: logging.LogRecord) -> bool:
    """Say in words why discord.py connects again: it adds a traceback of fifty lines each time."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and record.name.startswith("discord.") and str(record.msg).startswith(RECONNECTS):
        record.exc_info = record.exc_text = None
        record.error = words_of(error)
    return True


def configure_logging(level: str, form: Literal["text", "json"], secrets: Sequence[SecretStr] = ()) -> None:
    """Send this program's and its libraries' logs to standard error; calling it again replaces the last."""
    structlog.configure(
        processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(without_traceback)
    handler.setFormatter(RedactingFormatter(_renderer(form), secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # discord.py tells every request at DEBUG and every connection at INFO.
    logging.getLogger("discord").setLevel(max(logging.INFO, root.level))
    # Alembic has a line for each of its parts and steps, and one about transactions that isn't true here.
    logging.getLogger("alembic").setLevel(max(logging.WARNING, root.level))
    stamina.instrumentation.set_on_retry_hooks(())  # what fails says so itself, each time


def _renderer(form: Literal["text", "json"]) -> Sequence[structlog.typing.Processor]:
    if form == "json":
        return [
            structlog.processors.ExceptionRenderer(TRACEBACKS),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
