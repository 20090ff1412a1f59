"""The plan of a film in a terminal: a file with a shot on each line, and what the shots share."""

import codecs
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.cli.desk_errors import GenerateError
from bot.cli.video import read_images
from bot.db.film_models import Continuity
from bot.errors import BadRequestError
from bot.films.script import MAX_SHOTS, FilmSpec, ShotPlan, plan_shots
from bot.media.images import ImageInput
from bot.provider.catalogue import PROMPT_MAX_LENGTH, Model, OptionValue, VideoRequest
from bot.provider.input_kinds import InputKind
from bot.provider.options import InvalidOptionError, checked_text

END_OF_LINE = re.compile(r"\r\n|\r|\n")  # `str.splitlines` knows more, which may stand within a text
UNCOUNTED = "This didn't count toward your limit."  # there's none in a terminal


@dataclass(frozen=True, slots=True)
class PlannedShot:
    """One shot.

    Attributes:
        video: with its images, unless `awaits`.
        awaits: it begins with the last frame of the one before.
    """

    video: VideoRequest
    awaits: bool

    @property
    def wish(self) -> str:
        """The mark that tells this shot from any other one, but for the frame that it begins with."""
        body = {} if self.awaits else self.video.body
        known = [self.video.model.id, self.video.prompt, dict(self.video.options), body, self.awaits]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def read_shots(file: Path) -> list[str]:
    """Return the lines of a file that aren't empty.

    Raises:
        GenerateError: it can't be read, has no shot or too many, or a line makes none.
    """
    try:
        text = _decoded(file, file.read_bytes())
    except OSError as error:
        raise GenerateError(f"I can't read {file}: {error.strerror}.") from error
    split = END_OF_LINE.split(text)
    lines = [(number, line.strip()) for number, line in enumerate(split, 1) if line.strip()]
    if not lines:
        raise GenerateError(f"{file} has no shots. Write one shot per line.")
    for number, line in lines[:MAX_SHOTS]:
        try:
            checked_text(line, "prompt", PROMPT_MAX_LENGTH)
        except InvalidOptionError as error:
            raise GenerateError(f"{file}, line {number}: {error}") from error
    if len(lines) > MAX_SHOTS:
        raise GenerateError(f"{file}, line {lines[MAX_SHOTS][0]}: A film can have up to {MAX_SHOTS} shots.")
    return [line for _, line in lines]


def _decoded(file: Path, content: bytes) -> str:
    """Return a file's text; one in another encoding would be paid for with other words.

    Raises:
        GenerateError: it isn't UTF-8. A zero byte is, but only in theory: UTF-16 is full of them.
    """
    content = content.removeprefix(codecs.BOM_UTF8)
    good = content.partition(b"\0")[0]
    try:
        text = good.decode()
    except UnicodeDecodeError as error:
        text = good[: error.start].decode()
    if len(text.encode()) < len(content):
        line = len(END_OF_LINE.split(text))
        raise GenerateError(f"{file}, line {line}: This isn't UTF-8. Save the file in that encoding.")
    return text


def plan_film(
    models: Sequence[Model],
    prompts: Sequence[str],
    model: str | None,
    options: Mapping[str, OptionValue | None],
    given: tuple[InputKind, Sequence[Path]],
    continuity: Continuity | None,
) -> list[PlannedShot]:
    """Return what each shot is made from; `given`: what the first one is made from, and its files.

    Raises:
        GenerateError: it makes no film, or an image can't be used.
    """
    kind, files = given
    has_references = kind is InputKind.REFERENCES
    follows = continuity or (Continuity.CUTS if has_references else Continuity.CONTINUOUS)
    if has_references and follows is Continuity.CONTINUOUS:
        raise GenerateError("With --reference, each shot has to stand on its own: use --continuity cuts.")
    # Their files are checked below, as those of a single video.
    images = tuple(ImageInput.checked(str(file)) for file in files)
    spec = FilmSpec("", tuple(prompts), model, options, images, follows, has_references)
    try:
        plans = plan_shots(spec, models)
    except BadRequestError as error:
        raise GenerateError(str(error).removesuffix(UNCOUNTED).strip()) from error
    contents = read_images(files, plans[0].video.model.sides(len(files)))
    return [PlannedShot(_with_images(plan, contents), plan.awaits) for plan in plans]


def _with_images(plan: ShotPlan, contents: tuple[str, ...]) -> VideoRequest:
    is_bare = plan.awaits or plan.video.model.kind is InputKind.TEXT
    return plan.video if is_bare else plan.video.with_images(contents)
