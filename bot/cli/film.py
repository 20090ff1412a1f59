"""`veo-bot film`: several shots in a terminal, joined to one video, without Discord.

One run at a time works in a folder: two would both pay for the same shots.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.desk_errors import GenerateError
from bot.cli.exits import EXIT_FAILED, fail, finish, stop
from bot.cli.film_making import make_in_terminal
from bot.cli.film_plan import plan_film, read_shots
from bot.cli.film_survey import end_of_earlier_run, film_at, survey_in_terminal
from bot.cli.generate import OUTPUT
from bot.cli.patient_console import interrupted_by_signals
from bot.cli.video import files_of
from bot.db.film_models import Continuity, Transition
from bot.log import configure_logging
from bot.provider.options import InvalidOptionError
from bot.settings import SettingsError, load_provider_settings

if sys.platform != "win32":
    import fcntl

NAME = "lock"  # of the file; a folder itself can't be locked on a network's disk
app = typer.Typer()

CONTINUITY = typer.Option(
    help="continuous: each shot starts from the last frame of the one before; cuts: each stands on its own, "
    "and all are made at once.",
    show_default="continuous, or cuts with --reference",
)
TRANSITION = typer.Option(help="How one shot passes into the next. A crossfade takes half a second of both.")


@contextmanager
def only_run_in(folder: Path) -> Generator[None]:
    """Hold a folder, made when missing; it goes again if nothing was left in it, like those above it.

    However a process ends, the system frees what it held.

    Raises:
        GenerateError: another run holds it, or it can't be written. Nothing was requested.
    """
    try:
        made = [path for path in (folder, *folder.parents) if not path.exists()] or [folder]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = _held(folder / NAME)
    except BlockingIOError as error:
        raise GenerateError(f"Another run is using {folder}. This one requested nothing.") from error
    except OSError as error:
        raise GenerateError(f"I can't write {folder}: {error.strerror}. Nothing was requested.") from error
    try:
        yield
    finally:
        with suppress(OSError):
            if _is_at(folder / NAME, handle):  # else somebody has deleted it, and it may be the next run's
                (folder / NAME).unlink()
            for path in made:
                path.rmdir()  # unless something is in it
        os.close(handle)


def _held(path: Path) -> int:
    """Return an open file that no other process holds.

    Raises:
        BlockingIOError: another one does, or has just ended and taken the file away.
        OSError: it can't be written or held.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":  # there, a folder can't be synced either, so nothing is requested
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(path, handle):
            raise BlockingIOError
    except OSError:
        os.close(handle)
        raise
    return handle


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


@app.command()
def film(
    shots: Annotated[Path, typer.Argument(help="A text file with a shot on each line, up to eight.")],
    model: Annotated[
        str | None, typer.Option(help="The model's name or ID.", show_default="the first that can")
    ] = None,
    continuity: Annotated[Continuity | None, CONTINUITY] = None,
    transition: Annotated[Transition, TRANSITION] = Transition.CUT,
    image: Annotated[Path | None, typer.Option(help="An image for the first shot to start from.")] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(help="A reference image: who or what to show in each shot; up to three times."),
    ] = None,
    duration: Annotated[int | None, typer.Option(help="Seconds of each shot: 4, 6 or 8.")] = None,
    aspect_ratio: Annotated[str | None, typer.Option(help="16:9 or 9:16.")] = None,
    resolution: Annotated[str | None, typer.Option(help="720P or 1080P.")] = None,
    generate_audio: Annotated[bool | None, typer.Option(help="Add sound.")] = None,
    output: Annotated[Path, OUTPUT] = Path("film.mp4"),
    yes: Annotated[bool | None, typer.Option("--yes", help="Don't ask before money is spent.")] = None,
) -> None:
    """Make a film from the terminal, without Discord.

    If interrupted, run the same command again to continue.
    """
    options = {
        "duration": duration,
        "aspect_ratio": aspect_ratio,
        "resolution": resolution,
        "generate_audio": generate_audio,
    }
    try:
        settings = load_provider_settings()
        given = files_of(image, None, reference or [])
        plan = plan_film(settings.offered_models, read_shots(shots), model, options, given, continuity)
    except (SettingsError, InvalidOptionError, GenerateError) as error:
        raise stop(error) from None
    configure_logging("ERROR", "text", [settings.aimlapi_key])
    try:
        wanted = film_at(plan, output, transition)
        with only_run_in(wanted.folder.folder):
            if end := end_of_earlier_run(wanted):
                typer.echo(end)
                return
            is_unpaid = finish(survey_in_terminal(settings, wanted), GenerateError, "Nothing was requested.")
            if is_unpaid and not yes:
                _ask()
            finish(make_in_terminal(settings, wanted), GenerateError, "Stopped.")
    except GenerateError as error:
        raise fail(error) from None


def _ask() -> None:
    """End the program unless the person wants to pay."""
    try:
        with interrupted_by_signals():
            is_wanted = typer.confirm("Make the film?")
        refusal = "Nothing was requested."
    except (typer.Abort, KeyboardInterrupt):  # Ctrl-C or another signal, or nobody can answer
        typer.echo()
        is_wanted, refusal = False, "Nothing was requested. With --yes, I don't ask."
    if not is_wanted:
        typer.echo(refusal)
        raise typer.Exit(EXIT_FAILED)
