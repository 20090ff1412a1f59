"""`veo-bot copy-database`: a bar while it copies, a table of the counts at the end."""

from collections.abc import Sequence
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from bot.cli.exits import finish, stop
from bot.cli.patient_console import interrupted_by_signals, stopped_by_signals
from bot.db import copying
from bot.db.addresses import DATA_DIR, secrets_of, with_folder
from bot.db.copying import Copied, CopyError
from bot.doctor.settings_checks import inspect_settings
from bot.file_modes import restrict_new_files
from bot.log import configure_logging
from bot.settings import SettingsError

app = typer.Typer()


@app.command()
def copy_database(
    source: Annotated[
        str, typer.Argument(metavar="FROM", envvar="COPY_FROM", help="The current DATABASE_URL.")
    ] = "",
    target: Annotated[
        str, typer.Argument(metavar="TO", envvar="COPY_TO", help="The URL of an empty database.")
    ] = "",
) -> None:
    """Copy everything to another database, for example from SQLite to PostgreSQL; stop the bot first.

    Other users of this machine can read arguments. If a URL has a password, set COPY_FROM and COPY_TO, or
    leave it out and enter it when asked.
    """
    with interrupted_by_signals():  # else a terminal would go on hiding what is typed
        source = source or typer.prompt("FROM, the current DATABASE_URL", hide_input=True)
        target = target or typer.prompt("TO, the URL of an empty database", hide_input=True)
    source, target = _filled(source), _filled(target)
    hidden = [SecretStr(piece) for address in (source, target) for piece in secrets_of(address)]
    configure_logging("WARNING", "text", hidden)
    restrict_new_files()
    finish(copy_in_terminal(source, target), CopyError, "Stopped. Nothing was copied. You can run it again.")


def _filled(address: str) -> str:
    """Return an address with DATA_DIR in its place, as in the setting DATABASE_URL.

    Raises:
        typer.Exit: DATA_DIR can't be read.
    """
    if DATA_DIR not in address:
        return address
    inspection = inspect_settings()  # the secrets aren't needed
    problems = [line for line in inspection.problems if line.startswith(("DATA_DIR", ".env"))]
    if inspection.settings is None or problems:
        raise stop(SettingsError(problems or inspection.problems))
    return with_folder(address, inspection.settings.data_dir)


async def copy_in_terminal(source: str, target: str) -> None:
    """Copy, and tell the person at the terminal how it goes and what to do next.

    Raises:
        CopyError: nothing was copied.
    """
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    # A signal ends it in order, too: the bar gives back the terminal's cursor.
    with stopped_by_signals(), Progress(*columns, console=console, transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def tell(table: str, done: int, total: int) -> None:
            if table not in bars:
                bars[table] = progress.add_task(table, total=total)
            progress.update(bars[table], completed=done)

        copied = await copying.copy_database(source, target, tell)
    console.print(_table(copied))
    total = sum(each.target for each in copied)
    console.print(
        f"{total:,} rows were copied, and both databases have the same counts. "
        f"Now set DATABASE_URL to TO and "
        "start the bot. FROM hasn't changed. Keep it until you're happy with "
        "the result, and start no bot on it.",
        soft_wrap=True,
    )


def _table(copied: Sequence[Copied]) -> Table:
    table = Table("table")
    table.add_column("rows in FROM", justify="right")
    table.add_column("rows in TO", justify="right")
    for each in copied:
        table.add_row(each.table, f"{each.source:,}", f"{each.target:,}")
    return table
