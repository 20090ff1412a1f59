"""`veo-bot generate`: one video in a terminal, with a progress bar. What is paid for can be fetched again.

Its file is reserved before anything is paid, and nothing is overwritten.
"""

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable, Sequence
from errno import EEXIST
from itertools import count
from pathlib import Path

from bot.cli.desk import Desk, open_desk
from bot.cli.desk_errors import GenerateError
from bot.cli.patient_console import progress_on, stopped_by_signals
from bot.cli.provider_words import price_line
from bot.media.image_cleaning import clean_image
from bot.media.images import MAX_SIZE, ImageError, data_uri_of
from bot.provider.catalogue import VideoRequest
from bot.provider.choosing import kind_for
from bot.provider.input_kinds import MAX_REFERENCES, InputKind
from bot.provider.models import Task
from bot.provider_settings import ProviderSettings

NAME = "veo.mp4"  # in a folder
AGAIN = "veo-bot generate --resume {name}"


def target_named(name: str | Path) -> Path:
    """Return the path that was typed; with a slash at its end it is a folder, whether or not there is one."""
    return Path(name) / NAME if str(name).endswith((os.sep, "/")) else Path(name)


def reserve_target(wanted: Path) -> Path:
    """Return a new, empty file: `wanted`, or the same with a number where there is one already.

    Raises:
        OSError: it cannot be written.
    """
    wanted = wanted / NAME if wanted.is_dir() else wanted
    if wanted.exists() and not wanted.is_file():  # such as /dev/null: a number would make a file beside it
        raise FileExistsError(EEXIST, "It isn't a file", str(wanted))
    wanted.parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = wanted if number == 1 else wanted.with_stem(f"{wanted.stem}-{number}")
        try:
            path.open("xb").close()
        except FileExistsError:
            continue
        return path
    raise AssertionError  # a count does not end


def release_target(path: Path) -> None:
    """Remove a file that was reserved and not filled."""
    if path.exists() and not path.stat().st_size:
        path.unlink()


def read_images(files: Sequence[Path], sides: Sequence[int]) -> tuple[str, ...]:
    """Return images as data URIs, checked and cleaned as those that members offer.

    Args:
        files: where they are.
        sides: pixels that each needs on its shorter side; 0: any.

    Raises:
        GenerateError: a file cannot be read, is no image that can be used, or is too large.
    """
    return tuple(_read_image(file, side) for file, side in zip(files, sides, strict=True))


def files_of(
    image: Path | None, last_image: Path | None, references: Sequence[Path]
) -> tuple[InputKind, Sequence[Path]]:
    """Return what the video is made from, and its files.

    Raises:
        GenerateError: they don't go together.
    """
    files = [file for file in (image, last_image) if file is not None]
    if references and files:
        raise GenerateError("A video can't have --reference and an --image or --last-image too.")
    if image is None and last_image is not None:
        raise GenerateError("--last-image needs an --image to start from.")
    if not references:
        return kind_for(len(files)), files
    if len(references) > MAX_REFERENCES:
        raise GenerateError(f"A video can have up to {MAX_REFERENCES} reference images.")
    return InputKind.REFERENCES, references


async def generate_in_terminal(settings: ProviderSettings, request: VideoRequest, output: Path) -> None:
    """Ask for a video, wait, and save it to `output` or beside it, telling the person how it goes.

    Raises:
        GenerateError: it failed.
    """

    async def ask(desk: Desk) -> Task:
        desk.say(price_line(await desk.price_of(request)))
        desk.begin()
        return await desk.send(request)

    await _serve(settings, output, ask)


async def resume_in_terminal(settings: ProviderSettings, name: str, output: Path) -> None:
    """Wait for a video that was asked for before, and save it; `name`: its generation ID or request ID.

    Raises:
        GenerateError: it failed.
    """
    await _serve(settings, output, lambda desk: desk.find_again(name))


async def _serve(settings: ProviderSettings, output: Path, begin: Callable[[Desk], Awaitable[Task]]) -> None:
    try:
        target = await asyncio.to_thread(reserve_target, output)
    except OSError as error:
        raise GenerateError(f"I can't write {output}: {error.strerror}. Nothing was requested.") from error
    try:
        async with open_desk(settings, _again(output)) as desk:
            await _serve_at(desk, target, begin)
    finally:
        release_target(target)


def _again(output: Path) -> str:
    """Return what to do to fetch a video later, as `Desk` wants it."""
    if output == Path(NAME):
        return AGAIN
    where = shlex.quote(str(output)).replace("{", "{{").replace("}", "}}")
    return f"{AGAIN} -o {where}"


async def _serve_at(desk: Desk, target: Path, begin: Callable[[Desk], Awaitable[Task]]) -> None:
    with stopped_by_signals():
        task_id, reported = await _save(desk, target, begin)
        await desk.tell_cost(task_id, reported)


async def _save(
    desk: Desk, target: Path, begin: Callable[[Desk], Awaitable[Task]]
) -> tuple[str, float | None]:
    """Save a video to its reserved file; return its ID, and what its answers said of the cost."""
    try:
        task = await begin(desk)
        desk.name = task.id
        desk.say(f"Generation ID: {task.id}")
        reported = task.credits_used
        with progress_on(desk.console) as progress:
            task = await desk.wait(task, progress)
        desk.tell_saved(await desk.save(task, target), target)
    except asyncio.CancelledError:
        desk.say(desk.may_come(desk.name) if desk.name else "Nothing was requested.")
        raise
    return task.id, task.credits_used or reported


def _read_image(file: Path, side: int) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_SIZE + 1)  # one byte more is too large, however much follows
        return data_uri_of(clean_image(content, side))
    except OSError as error:
        raise GenerateError(f"I can't read {file}: {error.strerror}.") from error
    except ImageError as error:
        raise GenerateError(f"{file}: {error.kind.sentence} {error.kind.advice}") from error
