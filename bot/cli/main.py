"""The command line: `veo-bot run`, `generate`, `doctor`, `backup`, `copy-database` and `reconcile`."""

import asyncio
import sys
from collections.abc import Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console

from bot import __version__
from bot.app.serve import DiscordRefusedError
from bot.app.serve import run as run_app
from bot.app.shared import FolderError
from bot.cli.copy_database import copy_in_terminal
from bot.cli.generate import GenerateError, generate_in_terminal, read_pictures, resume_in_terminal
from bot.cli.reconcile import ReconcileError, reconcile_in_terminal
from bot.cli.target_file import NAME
from bot.db.addresses import secrets_of
from bot.db.backup import BackupError, back_up
from bot.db.copying import CopyError
from bot.db.database import DatabaseAwayError, DatabaseError
from bot.doctor.examine import examine
from bot.doctor.output import is_healthy, render_json, render_text
from bot.doctor.partial_settings import inspect_settings
from bot.file_modes import restrict_new_files
from bot.log import configure_logging
from bot.monitoring.http_server import ListenError
from bot.provider.catalogue import (
    CATALOGUE,
    DEFAULT_MODEL,
    InvalidOptionError,
    OptionValue,
    VideoRequest,
    build_request,
    choose_model,
)
from bot.roles import Role
from bot.settings import SettingsError, load_provider_settings, load_settings

MODEL_IDS = [model.id for model in CATALOGUE]
EXIT_SETTINGS = 2
EXIT_FAILED = 1

app = typer.Typer(
    help="A Discord bot that makes videos with Google's Veo 3.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(stderr=True)


def main() -> None:
    """Run the command line."""
    app()


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"veo-bot {__version__}")
        raise typer.Exit


@app.callback()
def every_command(
    show_version: Annotated[
        bool | None,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = None,
) -> None:
    """Take the options that stand before a command."""


@app.command()
def run(
    role: Annotated[Role | None, typer.Option(help="What this process does; overrides ROLE.")] = None,
) -> None:
    """Run until stopped: talk to Discord (gateway), make the videos (worker), or both (all)."""
    try:
        settings = load_settings()
        settings = settings if role is None else settings.model_copy(update={"role": role})
    except SettingsError as error:
        raise _stop(error) from None
    configure_logging(settings.log_level, settings.log_format, settings.secrets)
    restrict_new_files()
    try:
        asyncio.run(run_app(settings))
    except DatabaseError as error:
        console.print(f"DATABASE_URL: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_FAILED if isinstance(error, DatabaseAwayError) else EXIT_SETTINGS) from None
    except FolderError as error:
        console.print(f"DATA_DIR: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_SETTINGS) from None
    except ListenError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_SETTINGS) from None
    except DiscordRefusedError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_SETTINGS) from None


@app.command()
def generate(
    prompt: Annotated[
        str | None, typer.Argument(help="Describe the video; - reads the prompt from standard input.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The provider's name for the model.", show_default=DEFAULT_MODEL.id)
    ] = None,
    image: Annotated[Path | None, typer.Option(help="An image to start from.")] = None,
    last_image: Annotated[Path | None, typer.Option(help="An image to end with.")] = None,
    duration: Annotated[int | None, typer.Option(help="Seconds: 4, 6 or 8.")] = None,
    aspect_ratio: Annotated[str | None, typer.Option(help="16:9 or 9:16.")] = None,
    resolution: Annotated[str | None, typer.Option(help="720P or 1080P.")] = None,
    negative_prompt: Annotated[str | None, typer.Option(help="What the video should not show.")] = None,
    seed: Annotated[int | None, typer.Option(help="A whole number.")] = None,
    enhance_prompt: Annotated[bool | None, typer.Option(help="Let the provider rewrite the prompt.")] = None,
    generate_audio: Annotated[bool | None, typer.Option(help="Add sound.")] = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Where to save it; existing files aren't overwritten."),
    ] = Path(NAME),
    resume: Annotated[
        str | None, typer.Option(help="Fetch a video you requested earlier, by its printed ID.")
    ] = None,
) -> None:
    """Make one video from the terminal, without Discord: the quickest way to try a key."""
    options = {
        "duration": duration,
        "aspect_ratio": aspect_ratio,
        "resolution": resolution,
        "negative_prompt": negative_prompt,
        "seed": seed,
        "enhance_prompt": enhance_prompt,
        "generate_audio": generate_audio,
    }
    try:
        settings = load_provider_settings()
        if resume:
            begin = partial(resume_in_terminal, settings, resume)
        else:
            request = _request_of(model, _read_prompt(prompt), options, image, last_image)
            begin = partial(generate_in_terminal, settings, request)
    except (SettingsError, InvalidOptionError, GenerateError) as error:
        raise _stop(error) from None
    configure_logging("ERROR", "text", [settings.aimlapi_key])
    _finish(begin(output), "Stopped. The provider may still finish and charge the video.")


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


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to save the database.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,  # noqa: FBT002 an option
) -> None:
    """Save the database to one checked file; the bot can keep running."""
    inspection = inspect_settings()
    needed = [line for line in inspection.problems if line.startswith(("DATA_DIR", "DATABASE_URL", ".env"))]
    if inspection.settings is None or needed:
        raise _stop(SettingsError(needed or inspection.problems))
    try:
        saved = back_up(inspection.settings.resolved_database_url, file, force=force)
    except BackupError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from None
    typer.echo(
        f"Saved {saved.path}: {saved.requests:,} requests, {saved.size:,} bytes, revision {saved.revision}. "
        "I checked all of it, and it's fine."
    )


@app.command()
def copy_database(
    source: Annotated[
        str, typer.Argument(metavar="FROM", envvar="COPY_FROM", help="The current DATABASE_URL.")
    ] = "",
    target: Annotated[
        str, typer.Argument(metavar="TO", envvar="COPY_TO", help="The URL of an empty database.")
    ] = "",
) -> None:
    """Copy everything to another database, for example from SQLite to PostgreSQL; stop the bot first.

    Other users of this machine can read arguments. If a URL has a password, set COPY_FROM and COPY_TO, or
    leave it out and enter it when asked.
    """
    source = source or typer.prompt("FROM, the current DATABASE_URL", hide_input=True)
    target = target or typer.prompt("TO, the URL of an empty database", hide_input=True)
    hidden = [SecretStr(piece) for address in (source, target) for piece in secrets_of(address)]
    configure_logging("WARNING", "text", hidden)
    restrict_new_files()
    _finish(copy_in_terminal(source, target), "Stopped. Nothing was copied. You can run it again.")


@app.command()
def reconcile(
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back to look.")] = 30,
) -> None:
    """Compare what the bot counted with what the provider charged; changes nothing."""
    try:
        settings = load_settings()
    except SettingsError as error:
        raise _stop(error) from None
    configure_logging("WARNING", "text", settings.secrets)
    try:
        typer.echo(asyncio.run(reconcile_in_terminal(settings, days)))
    except (ReconcileError, DatabaseError) as error:
        console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from None


def _finish(work: Coroutine[None, None, None], stopped: str) -> None:
    """Run what the person at the terminal waits for; end with a line where it fails or is `stopped`."""
    try:
        asyncio.run(work)
    except (GenerateError, CopyError) as error:
        console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_FAILED) from None
    except KeyboardInterrupt:
        console.print(stopped)
        raise typer.Exit(EXIT_FAILED) from None


def _read_prompt(prompt: str | None) -> str:
    """Return the prompt, from standard input where that is asked for.

    Raises:
        GenerateError: there is none.
    """
    said = sys.stdin.read().strip() if prompt == "-" else prompt
    if not said:
        raise GenerateError("Describe the video, or fetch one with --resume.")
    return said


def _request_of(
    model: str | None,
    prompt: str,
    options: Mapping[str, OptionValue | None],
    image: Path | None,
    last_image: Path | None,
) -> VideoRequest:
    """Return what is asked for, with the pictures in it; of the model's family it is the one that takes them.

    Raises:
        InvalidOptionError: the options do not make a video.
        GenerateError: a picture cannot be used, or there is a last one but no first one.
    """
    if image is None and last_image is not None:
        raise GenerateError("--last-image needs an --image to start from.")
    if model is not None and model not in MODEL_IDS:
        raise GenerateError(f"There's no model {model}. Available: {', '.join(MODEL_IDS)}.")
    files = [file for file in (image, last_image) if file is not None]
    request = build_request(choose_model(model, len(files)).id, prompt, options)
    return request.with_images(read_pictures(*files))


def _stop(error: SettingsError | InvalidOptionError | GenerateError) -> typer.Exit:
    """Print one readable line per problem."""
    problems = error.problems if isinstance(error, SettingsError) else [str(error)]
    for problem in problems:
        console.print(problem, markup=False, soft_wrap=True)
    return typer.Exit(EXIT_SETTINGS)
