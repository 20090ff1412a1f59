"""`veo-bot doctor`: everything the bot needs, checked from outside."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from bot.cli.exits import EXIT_FAILED
from bot.doctor.examine import examine
from bot.doctor.output import is_healthy, render_json, render_text
from bot.log import configure_logging

app = typer.Typer()


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 an option
) -> None:
    """Check settings, files, database, ffmpeg, the provider and Discord; exit code 1 if a check fails.

    You can run it while the bot is running. It costs nothing and creates no database.
    """
    configure_logging("ERROR", "text")
    sections = asyncio.run(examine())
    if as_json:
        typer.echo(render_json(sections))
    else:
        Console().print(render_text(sections), soft_wrap=True)
    if not is_healthy(sections):
        raise typer.Exit(EXIT_FAILED)
