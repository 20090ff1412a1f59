"""`veo-bot copy-database` in a terminal: a bar while it copies, a table of the counts at the end."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from bot.db.copying import Copied, copy_database


async def copy_in_terminal(source: str, target: str) -> None:
    """Copy, and tell the person at the terminal how it goes and what to do next.

    Raises:
        CopyError: nothing was copied.
    """
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def tell(table: str, done: int, total: int) -> None:
            if table not in bars:
                bars[table] = progress.add_task(table, total=total)
            progress.update(bars[table], completed=done)

        copied = await copy_database(source, target, tell)
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
