"""The revision of a database's tables, found out without Alembic."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).with_name("migrations")


def known_revisions() -> list[str]:
    """Return the revisions that this version knows, oldest first; each migration's file begins with it."""
    return sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision_of(connection: Connection) -> str:
    """Return the revision of the tables; empty where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def is_foreign(connection: Connection) -> bool:
    """Whether there are tables, but not the bot's: they don't say which of its versions made them."""
    return not revision_of(connection) and bool(inspect(connection).get_table_names())
