"""Facts the program keeps for itself between two runs."""

from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, delete
from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.locks import Lock
from bot.db.models import StateRow

PREVIEWS = "preview:"  # and when it ends, in seconds since 1970, and a number of its own
COMMANDS = "commands of "  # and an application's id: what Discord was told about the commands last


async def get_state(database: Database, name: str) -> str | None:
    """Return what was kept under `name`, or None."""
    row = await database.read(lambda session: session.get(StateRow, name))
    return row.value if row else None


async def keep_state(database: Database, name: str, value: str) -> None:
    """Keep `value` under `name`, in place of what was there."""
    await database.write(lambda session: session.merge(StateRow(name=name, value=value)), Lock.STATE)


def forget_previews(session: Session, now: datetime) -> int:
    """Delete the previews whose time is over; return how many there were."""
    ended = (StateRow.name > PREVIEWS, StateRow.name < f"{PREVIEWS}{int(now.timestamp()):010d}")
    gone = session.execute(delete(StateRow).where(*ended).execution_options(synchronize_session=False))
    return cast("CursorResult[tuple[()]]", gone).rowcount
