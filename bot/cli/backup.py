"""`veo-bot backup`: the database as one file."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.exits import fail, stop
from bot.db.backup import BackupError, back_up
from bot.doctor.settings_checks import inspect_settings
from bot.settings import SettingsError

app = typer.Typer()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to save the database.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,  # noqa: FBT002 an option
) -> None:
    """Save the database to one checked file; the bot can keep running."""
    inspection = inspect_settings()
    needed = [line for line in inspection.problems if line.startswith(("DATA_DIR", "DATABASE_URL", ".env"))]
    if inspection.settings is None or needed:
        raise stop(SettingsError(needed or inspection.problems))
    try:
        saved = back_up(inspection.settings.resolved_database_url, file, force=force)
    except BackupError as error:
        raise fail(error) from None
    typer.echo(
        f"Saved {saved.path}: {saved.requests:,} requests, {saved.size:,} bytes, revision {saved.revision}. "
        "I checked all of it, and it's fine."
    )
