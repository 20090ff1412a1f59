"""The end of a command: a line for the person at the terminal, and an exit code."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

import typer
from rich.console import Console

from bot.settings import SettingsError

EXIT_FAILED = 1
EXIT_SETTINGS = 2

console = Console(stderr=True)


Result = TypeVar("Result")


def finish(work: Coroutine[None, None, Result], failure: type[Exception], stopped: str) -> Result:
    """Run what the person at the terminal waits for; end with a line where it fails or is `stopped`.

    Args:
        work: what the command does.
        failure: the error whose text is a sentence for them.
        stopped: what to say after Ctrl-C or another signal.
    """
    try:
        return asyncio.run(work)
    except failure as error:
        raise fail(error) from None
    except (KeyboardInterrupt, asyncio.CancelledError):  # the latter: another signal
        console.print(stopped)
        raise typer.Exit(EXIT_FAILED) from None


def stop(error: Exception) -> typer.Exit:
    """Print one readable line per problem; what is raised then ends the program."""
    problems = error.problems if isinstance(error, SettingsError) else [str(error)]
    for problem in problems:
        console.print(problem, markup=False, soft_wrap=True)
    return typer.Exit(EXIT_SETTINGS)


def fail(error: Exception, code: int = EXIT_FAILED, *, setting: str = "") -> typer.Exit:
    """Print the error's sentence after the setting it's about; what is raised then ends the program."""
    console.print(f"{setting}: {error}" if setting else str(error), markup=False, soft_wrap=True)
    return typer.Exit(code)
