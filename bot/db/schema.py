"""All tables, so that none is forgotten by who copies, compares or migrates them, and their revision.

The revision is found out without Alembic, which takes half a second to import.
"""

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, select

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
MIGRATIONS = Path(__file__).with_name("migrations")
REVISION = Table(  # Alembic's own
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def known_revisions() -> list[str]:
    """Return the revisions that this version knows, oldest first; each migration's file begins with it."""
    return sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision_of(connection: Connection) -> str:
    """Return the revision of the tables; empty where there are none."""
    if not inspect(connection).has_table(REVISION.name):
        return ""
    return connection.scalar(select(REVISION.c.version_num)) or ""


def is_foreign(connection: Connection) -> bool:
    """Whether there are tables, but not the bot's: they don't say which of its versions made them."""
    return not revision_of(connection) and bool(inspect(connection).get_table_names())


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
    # Only the bot's: others' tables may be of kinds that can't be read here, such as an extension's.
    found = inspect(connection).get_multi_columns(filter_names=[*METADATA.tables])
    present = {name: {column["name"] for column in columns} for (_, name), columns in found.items()}
    for table in METADATA.sorted_tables:
        columns = present.get(table.name)
        if columns is None:
            return f"the table {table.name}"
        if lost := next((name for name in table.columns.keys() if name not in columns), None):  # noqa: SIM118 columns, not a dictionary
            return f"the column {lost} of the table {table.name}"
    return None


def create(connection: Connection) -> None:
    """Make the tables in an empty database, as all migrations together would, in a tenth of their time."""
    METADATA.create_all(connection)
    REVISION.create(connection)
    connection.execute(REVISION.insert().values(version_num=known_revisions()[-1]))


def upgrade(connection: Connection) -> None:
    """Change the tables to what this version needs; it knows their revision."""
    from alembic import command  # noqa: PLC0415 slow, and seldom needed
    from alembic.config import Config  # noqa: PLC0415 the same

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
