"""Logs: one line an event, and no secret in any of them."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import structlog
from pydantic import SecretStr

from bot.log import BLOT, configure_logging

KEY = "sk-0123456789abcdef0123456789abcdef"
TOKEN = "MTIzNDU2.Gh1jKl.mnopqrstuvwxyz_0123456789-ABCDEF"
FORMS: tuple[Literal["text", "json"], ...] = ("text", "json")

every_form = pytest.mark.parametrize("form", FORMS)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Put the loggers back to what they were."""
    root, discord = logging.getLogger(), logging.getLogger("discord")
    handlers, levels, config = list(root.handlers), (root.level, discord.level), structlog.get_config()
    yield
    root.handlers = handlers
    root.setLevel(levels[0])
    discord.setLevel(levels[1])
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()


def configure(form: Literal["text", "json"], level: str = "INFO") -> structlog.stdlib.BoundLogger:
    configure_logging(level, form, [SecretStr(KEY), SecretStr(TOKEN)])
    return structlog.get_logger("bot.test")


def fail_with(secret: str) -> None:
    raise ValueError(f"the server said: bad key {secret}")


def in_the_message(log: structlog.stdlib.BoundLogger, secret: str) -> None:
    message = f"sending {secret} away"
    log.info(message)


def in_a_value(log: structlog.stdlib.BoundLogger, secret: str) -> None:
    log.info("sending", headers={"Authorization": f"Bearer {secret}"}, key=secret)


def in_a_traceback(log: structlog.stdlib.BoundLogger, secret: str) -> None:
    try:
        fail_with(secret)
    except ValueError:
        log.exception("a step failed")


def in_an_exception_as_value(log: structlog.stdlib.BoundLogger, secret: str) -> None:
    log.warning("a step failed", error=ValueError(secret))


def in_a_librarys_message(_: structlog.stdlib.BoundLogger, secret: str) -> None:
    logging.getLogger("aiohttp").warning("GET https://host/?key=%s", secret, extra={"key": secret})


def in_a_librarys_traceback(_: structlog.stdlib.BoundLogger, secret: str) -> None:
    try:
        fail_with(secret)
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")


def in_the_context(log: structlog.stdlib.BoundLogger, secret: str) -> None:
    with structlog.contextvars.bound_contextvars(session=secret):
        log.info("sending")


Write = Callable[[structlog.stdlib.BoundLogger, str], None]
PLACES: tuple[Write, ...] = (
    in_the_message,
    in_a_value,
    in_a_traceback,
    in_an_exception_as_value,
    in_a_librarys_message,
    in_a_librarys_traceback,
    in_the_context,
)


@every_form
@pytest.mark.parametrize("secret", [KEY, TOKEN], ids=["key", "token"])
@pytest.mark.parametrize("write", PLACES, ids=lambda write: write.__name__)
def test_a_secret_never_appears(
    capsys: pytest.CaptureFixture[str], form: Literal["text", "json"], secret: str, write: Write
) -> None:
    write(configure(form), secret)
    captured = capsys.readouterr()
    assert captured.out == "", "logs belong on standard error"
    assert BLOT in captured.err, "the line with the secret is not there at all"
    assert secret not in captured.err


@every_form
@pytest.mark.parametrize("secret", ['ab"cd-0123456789', "ab\\cd-0123456789", "a/b<c>&'d-0123456789"])
@pytest.mark.parametrize(
    "write", [in_the_message, in_a_value, in_a_traceback, in_the_context], ids=lambda write: write.__name__
)
def test_a_secret_that_is_written_escaped_never_appears(
    capsys: pytest.CaptureFixture[str], form: Literal["text", "json"], secret: str, write: Write
) -> None:
    configure_logging("INFO", form, [SecretStr(secret)])
    write(structlog.get_logger("bot.test"), secret)
    line = capsys.readouterr().err
    assert BLOT in line, "the line with the secret is not there at all"
    assert "0123456789" not in line


def fail_with_locals(prompt: str, headers: dict[str, str]) -> None:
    message = f"{len(prompt)} characters, {len(headers)} header"
    raise ValueError(message)


@every_form
@pytest.mark.parametrize("logger", ["bot.test", "asyncio"])
def test_a_traceback_shows_no_local_variables(
    capsys: pytest.CaptureFixture[str], form: Literal["text", "json"], logger: str
) -> None:
    log = configure(form) if logger == "bot.test" else logging.getLogger(logger)
    configure(form)
    long_key = KEY * 10  # cut in the middle it would not be recognised
    try:
        fail_with_locals("a private wish", {"Authorization": long_key})
    except ValueError:
        log.exception("a step failed")
    text = capsys.readouterr().err
    assert "14 characters, 1 header" in text
    assert "fail_with_locals" in text
    assert "a private wish" not in text.replace('"a private wish"', "")
    assert KEY[:12] not in text
    if form == "json":
        (line,) = lines_of(text)
        frames = [frame for part in line["exception"] for frame in part["frames"]]
        assert frames
        assert not any(frame.get("locals") for frame in frames)


@every_form
def test_the_context_is_on_every_line(
    capsys: pytest.CaptureFixture[str], form: Literal["text", "json"]
) -> None:
    log = configure(form)
    with structlog.contextvars.bound_contextvars(generation="g-42"):
        log.info("ours")
        logging.getLogger("library").warning("theirs")
    log.info("afterwards")
    ours, theirs, afterwards = capsys.readouterr().err.splitlines()
    assert "g-42" in ours
    assert "g-42" in theirs
    assert "g-42" not in afterwards


def lines_of(captured: str) -> list[dict[str, Any]]:
    assert captured.endswith("\n")
    return [json.loads(line) for line in captured.removesuffix("\n").split("\n")]


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    log = configure("json")
    log.info("two\nlines", prompt="a\nb \u2028 ü", when=object())
    in_a_traceback(log, KEY)
    logging.getLogger("library").error("five %s", 5)
    first, second, third = lines_of(capsys.readouterr().err)
    assert (first["event"], first["level"], first["logger"]) == ("two\nlines", "info", "bot.test")
    assert first["prompt"] == "a\nb \u2028 ü"
    assert first["timestamp"].endswith("Z")
    assert second["exception"][0]["exc_type"] == "ValueError"
    assert (third["event"], third["level"], third["logger"]) == ("five 5", "error", "library")


def test_text_tells_the_event_its_values_and_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    log = configure("text")
    log.info("step done", before="queued", after="running")
    in_a_traceback(log, KEY)
    text = capsys.readouterr().err
    assert "step done" in text
    assert "before=queued" in text
    assert "Traceback (most recent call last)" in text
    assert "ValueError: the server said: bad key" in text


@every_form
def test_a_lower_level_is_not_written(
    capsys: pytest.CaptureFixture[str], form: Literal["text", "json"]
) -> None:
    log = configure(form, "WARNING")
    log.info("no")
    log.warning("yes")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_debug_does_not_show_the_librarys_every_request(capsys: pytest.CaptureFixture[str]) -> None:
    log = configure("json", "DEBUG")
    logging.getLogger("discord.http").debug("POST /interactions with a body")
    log.debug("ours")
    assert [line["event"] for line in lines_of(capsys.readouterr().err)] == ["ours"]


def test_configuring_again_replaces_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    configure("json").info("once")
    assert len(lines_of(capsys.readouterr().err)) == 1


@every_form
def test_a_password_of_any_letters_is_blotted_out(
    capsys: pytest.CaptureFixture[str], form: Literal["text", "json"]
) -> None:
    password = 'pä"ss\\wörd'
    configure_logging("INFO", form, [SecretStr(password)])
    structlog.get_logger("bot.test").info(f"it was refused: {password}")
    said = capsys.readouterr().err
    assert BLOT in said, said
    assert "wörd" not in said


@every_form
@pytest.mark.parametrize("message", ["Attempting a reconnect in %.2fs", "Failed to connect for shard_id: %s"])
def test_why_discord_py_connects_again_is_said_in_words(
    capsys: pytest.CaptureFixture[str], form: Literal["text", "json"], message: str
) -> None:
    configure(form)
    try:
        raise ConnectionRefusedError(111, "Connect call failed")
    except OSError:
        logging.getLogger("discord.client").exception(message, 1.5)
    said = capsys.readouterr().err
    assert "connection refused, so nothing listens there" in said
    assert len(said.splitlines()) == 1, "a traceback with each try fills the log"
    try:
        fail_with("of ours")
    except ValueError:
        logging.getLogger("discord.client").exception("Ignoring exception in %s", "on_ready")
    assert "fail_with" in capsys.readouterr().err, "others keep theirs"
