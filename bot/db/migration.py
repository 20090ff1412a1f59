"""Brings the tables up to date with Alembic, which takes half a second to import: import this late."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from bot.db.revisions import MIGRATIONS


class NewerSchemaError(Exception):
    """The tables were made by a newer version of the program; `str()` is Alembic's sentence."""


def upgrade(connection: Connection) -> None:
    """Make the tables, or change them to what this version needs.

    Raises:
        NewerSchemaError: this version doesn't know their revision; nothing was changed.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise NewerSchemaError(str(error)) from error
