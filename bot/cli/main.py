"""The command line: each command is a module of its own, loaded when it is used."""

import errno
import gc
import os
import sys
from collections import UserDict
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from bot import __version__

MODULES = {
    "run": "bot.cli.run",
    "generate": "bot.cli.generate",
    "film": "bot.cli.film",
    "doctor": "bot.cli.doctor",
    "backup": "bot.cli.backup",
    "copy-database": "bot.cli.copy_database",
    "reconcile": "bot.cli.reconcile",
}
UNWRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EIO}  # a full disk, a terminal that is gone
STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}  # in the order of their numbers


class Commands(UserDict[str, Any]):
    """The commands by their names. One that isn't used isn't imported, since most of a start is imports."""

    def __getitem__(self, name: str) -> Any:
        """Return a command.

        Raises:
            KeyError: there is none of this name.
        """
        command = get_command(_import(self.data[name]).app)
        command.name = name
        return command


def _import(name: str) -> ModuleType:
    """Import a module, and keep what that makes out of each look for garbage: it stays until the end.

    Looking through it took three tenths of the processor time of a start and its end.
    """
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


class Group(TyperGroup):
    """`veo-bot` before a command is chosen."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Commands(MODULES)


app = typer.Typer(
    cls=Group,
    help="A Discord bot that makes videos with Google's Veo.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; output that can't be written ends it with one line, and exit code 1."""
    _prepare_streams()
    try:
        app()
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITTEN:
            raise
        _drop_output()
        sys.stderr.write(
            f"I couldn't write the output ({error.strerror}). The command may be done all the same.\n"
        )
        sys.exit(1)


def _drop_output() -> None:
    """Let what is still to be written lead nowhere: the interpreter would try again as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _prepare_streams() -> None:
    """Let standard streams that were closed lead nowhere, as `2>&-` in a script wants it.

    Python has None in their places. And the next file that is opened would get the number of one. Those
    that are there show a question mark for what their encoding lacks.
    """
    for name, mode in STREAMS.items():
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 it stays open
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"veo-bot {__version__}")
        raise typer.Exit


@app.callback()
def every_command(
    show_version: Annotated[
        bool | None,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = None,
) -> None:
    """Take the options that stand before a command."""
