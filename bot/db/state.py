"""Facts the program keeps for itself between two runs."""

from bot.db.database import Database
from bot.db.locks import Lock
from bot.db.models import StateRow

COMMANDS = "commands of "  # and an application's id: what Discord was told about the commands last


async def get_state(database: Database, name: str) -> str | None:
    """Return what was kept under `name`, or None."""
    note = await database.read(lambda session: session.get(StateRow, name))
    return note.value if note else None


async def keep_state(database: Database, name: str, value: str) -> None:
    """Keep `value` under `name`, in place of what was there."""
    await database.write(lambda session: session.merge(StateRow(name=name, value=value)), Lock.NOTES)
