"""`veo-bot run`: the bot itself."""

import asyncio
from typing import Annotated

import typer

from bot.app import serve
from bot.app.serve import DiscordRefusedError
from bot.app.shared import FolderError
from bot.cli.exits import EXIT_SETTINGS, fail, stop
from bot.db.database import DatabaseAwayError, DatabaseError
from bot.file_modes import restrict_new_files
from bot.log import configure_logging
from bot.monitoring.http_server import ListenError
from bot.roles import Role
from bot.settings import SettingsError, load_settings

app = typer.Typer()


@app.command()
def run(
    role: Annotated[Role | None, typer.Option(help="What this process does; overrides ROLE.")] = None,
) -> None:
    """Run until stopped: talk to Discord (gateway), make the videos (worker), or both (all)."""
    try:
        settings = load_settings()
        settings = settings if role is None else settings.model_copy(update={"role": role})
    except SettingsError as error:
        raise stop(error) from None
    configure_logging(settings.log_level, settings.log_format, settings.secrets)
    restrict_new_files()
    try:
        asyncio.run(serve.run(settings))
    except DatabaseAwayError as error:
        raise fail(error, setting="DATABASE_URL") from None
    except DatabaseError as error:
        raise fail(error, EXIT_SETTINGS, setting="DATABASE_URL") from None
    except FolderError as error:
        raise fail(error, EXIT_SETTINGS, setting="DATA_DIR") from None
    except (ListenError, DiscordRefusedError) as error:
        raise fail(error, EXIT_SETTINGS) from None
