"""All tables: who copies, compares or migrates them takes them from here, so that none is forgotten."""

from sqlalchemy import Connection, inspect

from bot.db.film_models import FilmRow
from bot.db.guild_models import AppealRow, AuditRow, GuildRow, MemberRow, ReportRow, StrikeRow
from bot.db.models import Base, Generation, QuoteRow, StateRow
from bot.db.review_models import ReviewRow
from bot.db.transactions import UnusableError

METADATA = Base.metadata
ROWS: tuple[type[Base], ...] = (
    Generation,
    QuoteRow,
    StateRow,
    FilmRow,
    GuildRow,
    MemberRow,
    AuditRow,
    ReportRow,
    AppealRow,
    StrikeRow,
    ReviewRow,
)


def ensure_whole(connection: Connection) -> None:
    """Check that a database of this version has all its tables and columns.

    Raises:
        UnusableError: it lacks one.
    """
    if missing := find_missing(connection):
        raise UnusableError(
            f"The database lacks {missing}, which its version has. Somebody or something removed it. "
            "Nothing changed. Keep the database, and restore the latest backup."
        )


def find_missing(connection: Connection) -> str | None:
    """Return what a database of this version lacks, such as "the table strikes"; None: nothing.

    A revision only says which changes were made; whatever was taken away since then isn't noticed otherwise
    until it's used.
    """
    present = {
        name: {column["name"] for column in columns}
        for (_, name), columns in inspect(connection).get_multi_columns().items()
    }
    for table in METADATA.sorted_tables:
        columns = present.get(table.name)
        if columns is None:
            return f"the table {table.name}"
        if lost := next((name for name in table.columns.keys() if name not in columns), None):  # noqa: SIM118 columns, not a dictionary
            return f"the column {lost} of the table {table.name}"
    return None
