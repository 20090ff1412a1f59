"""Brings the tables up to date with Alembic, which takes half a second to import: import this late."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from bot.db.schema import MIGRATIONS


def upgrade(connection: Connection) -> None:
    """Make the tables, or change them to what this version needs; it knows their revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
