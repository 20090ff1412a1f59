"""The numbers of locks: of the transactions that hold the same one, one is open at a time.

Discord's ids are positive, so a server's id is the number of its lock, and the others are negative.
"""

from enum import IntEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

HOLD = text("SELECT pg_advisory_xact_lock(:number)")


class Lock(IntEnum):
    """Locks that belong to no server."""

    MIGRATIONS = -1  # processes that start at once bring the tables up to date one after the other
    SLOTS = -2  # the slots at the provider are counted and taken in one step
    STATE = -3  # a row of `notes` is read and replaced in one step
    TASKS = -5  # an id of the provider's is looked for and written down in one step
    COPY = -4  # one copy at a time reads from a database, or writes to it


def hold(session: Session, lock: int) -> None:
    """Take one more lock until the transaction ends; on SQLite, a writer has them all."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(HOLD, {"number": lock})
