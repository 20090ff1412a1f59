"""The script of a film: a member's request, and the plan of each shot. Pure."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.admission.film_denials import ShotRefusedError
from bot.db.film_models import Continuity, FilmRow, Transition
from bot.errors import BadRequestError, uncounted
from bot.i18n import _, ngettext
from bot.media.images import ImageInput
from bot.provider.catalogue import (
    CATALOGUE,
    PROMPT_MAX_LENGTH,
    InvalidOptionError,
    Model,
    OptionValue,
    VideoRequest,
)
from bot.provider.choosing import families_for, find_model, kind_for, models_for, none_for
from bot.provider.input_kinds import InputKind
from bot.provider.options import checked_text
from bot.requests.continuing import FRAME_TO_COME
from bot.requests.spec import RequestSpec, understand

MAX_SHOTS = 8
TITLE_MAX_LENGTH = 80  # characters
SCRIPT_MAX_LENGTH = 4000  # characters of all shots, which is what Discord takes in one field


@dataclass(frozen=True, slots=True)
class FilmSpec:
    """The parameters of a film.

    Attributes:
        prompts: of the shots, in their order.
        model: None: not chosen.
        options: of every shot; those that are None were not chosen.
        images: what the first shot begins with, or nothing.
        has_references: they show who or what is to be in each shot instead.
        source_id: of the film whose form was filled in again, for as long as that's open.
        transition: how the shots are joined.
    """

    title: str
    prompts: tuple[str, ...]
    model: str | None
    options: Mapping[str, OptionValue | None]
    images: tuple[ImageInput, ...]
    continuity: Continuity
    has_references: bool = False
    source_id: str | None = None
    transition: Transition = Transition.CUT

    @property
    def kind(self) -> InputKind:
        """The kind of input of the first shot."""
        return InputKind.REFERENCES if self.has_references else kind_for(len(self.images))


@dataclass(frozen=True, slots=True)
class ShotPlan:
    """One shot, understood.

    Attributes:
        spec: with the options as the provider spells them.
        awaits: it begins with the last frame of the one before.
        without: what it becomes where no shot before it has a last frame; None: the same.
    """

    video: VideoRequest
    spec: RequestSpec
    awaits: bool = False
    without: VideoRequest | None = None


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines that aren't empty."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def parse_prompts(text: str) -> tuple[str, ...]:
    """Return a shot for each line that isn't empty.

    Raises:
        BadRequestError: there is none, or there are too many.
    """
    prompts = lines_of(text)
    if not prompts:
        raise BadRequestError(uncounted(_("A film needs at least one shot. Write one shot per line.")))
    if len(prompts) > MAX_SHOTS:
        raise BadRequestError(
            uncounted(
                ngettext(
                    "A film can have up to {most} shots, and you wrote {count} line.",
                    "A film can have up to {most} shots, and you wrote {count} lines.",
                    len(prompts),
                    most=MAX_SHOTS,
                )
            )
        )
    return prompts


def on_one_line(prompt: str) -> str:
    """Return a shot's words as a form with one line for each shot has them: redone ones may have several."""
    return " ".join(prompt.split())


def ensure_possible(film: FilmSpec) -> None:
    """Check what is known before there are any words.

    Raises:
        BadRequestError: a model takes references or the frame to begin with, but not both.
    """
    if film.has_references and film.continuity is Continuity.CONTINUOUS:
        raise BadRequestError(
            uncounted(
                _(
                    "With reference images, each shot has to stand on its own. Choose that as `continuity`, "
                    "or use `image` instead."
                )
            )
        )


def plan_shots(film: FilmSpec, models: Sequence[Model], gone: Container[str] = ()) -> list[ShotPlan]:
    """Return what each shot is made from; `gone`: models that are nobody's default now.

    Raises:
        ShotRefusedError: one shot's words make no video.
        BadRequestError: the model, the options or the image make none.
    """
    ensure_possible(film)
    for number, prompt in enumerate(film.prompts, start=1):
        ensure_words(number, prompt)
    name = film.model or default_family(film, models, gone)
    first = plan_shot(replace(film, model=name), film.prompts[0], film.images, models, gone)
    rest = replace(film, model=first.video.model.family)
    return [first, *(_later_plan(rest, prompt, models, gone) for prompt in film.prompts[1:])]


def plan_shot(
    film: FilmSpec,
    prompt: str,
    images: tuple[ImageInput, ...],
    models: Sequence[Model],
    gone: Container[str],
    *,
    awaits: bool = False,
) -> ShotPlan:
    """Return what one shot is made from; raises as `plan_shots`."""
    wish = RequestSpec(film.model, prompt, film.options, images, has_references=film.has_references)
    video = understand(wish, models, gone)
    spec = replace(wish, model=video.model.id, prompt=video.prompt, options=dict(video.options))
    return ShotPlan(video, spec, awaits)


def needed_kinds(continuity: Continuity, first: InputKind, *, is_long: bool = True) -> list[InputKind]:
    """Return what a film's shots are made from, the first shot first; `is_long`: it has more than one."""
    if not is_long or first is InputKind.REFERENCES:
        return [first]
    later = InputKind.TEXT if continuity is Continuity.CUTS else InputKind.IMAGE
    return list(dict.fromkeys([first, later]))


def still_possible(film: FilmSpec, models: Sequence[Model], gone: Container[str]) -> FilmSpec:
    """Return what was offered, without its model where that doesn't make all shots any more."""
    living = [model for model in models if model.id not in gone]
    is_possible = film.model is None or family_of(film.model) in families_for(living, kinds_of(film))
    return film if is_possible else replace(film, model=None)


def family_of(name: str) -> str:
    """Return the family of the model that somebody calls so, or the name where there is none."""
    found = find_model(CATALOGUE, name)
    return name if found is None else found.family


def kinds_of(film: FilmSpec) -> list[InputKind]:
    """Return what the film's shots are made from, the first shot first."""
    return needed_kinds(film.continuity, film.kind, is_long=len(film.prompts) > 1)


def default_family(film: FilmSpec, models: Sequence[Model], gone: Container[str]) -> str:
    """Return the first family that can make all shots, one of which no row is gone where there is one.

    Raises:
        BadRequestError: none can.
    """
    kinds = kinds_of(film)
    living = [model for model in models if model.id not in gone]
    families = families_for(living, kinds) or families_for(models, kinds)
    if not families:
        raise BadRequestError(uncounted(_none_for_all(film, kinds, models)))
    return families[0]


def _none_for_all(film: FilmSpec, kinds: Sequence[InputKind], models: Sequence[Model]) -> str:
    for kind in kinds:
        if not models_for(models, kind):
            return none_for(kind, models)
    if film.images:
        return _(
            "None of my models can make the first shot from an image and the rest from text. Leave the "
            "image out, or choose another `continuity`."
        )
    return _(
        "None of my models can make the first shot from text and the rest from an image. Attach an "
        "image, or choose another `continuity`."
    )


def first_models(film: FilmSpec, models: Sequence[Model]) -> tuple[Model, ...]:
    """Return the rows that make a film's first shot, of the families that can make the others, too.

    Where none can, it's those of the whole catalogue: what is chosen then is refused in words.
    """
    families = families_for(models, needed_kinds(film.continuity, film.kind))
    able = tuple(model for model in models_for(models, film.kind) if model.family in families)
    return able or models_for(CATALOGUE, film.kind)


def spec_in(row: FilmRow) -> FilmSpec:
    """Return what a member was offered."""
    images: list[Any] = row.pictures
    return FilmSpec(
        row.title,
        tuple(row.prompts),
        row.model,
        dict(row.options),
        tuple(ImageInput(**image) for image in images),
        row.continuity,
        row.has_references,
        transition=row.transition,
    )


def without_links(pictures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what is kept of an offer's images: by which a moderator's decision knows the request again."""
    return [{**picture, "url": "", "filename": ""} for picture in pictures]


def with_links(pictures: Sequence[Mapping[str, Any]], links: Sequence[str]) -> list[dict[str, Any]]:
    """Return an offer's images again; `links`: the shots have them."""
    if len(pictures) != len(links):  # it was accepted by a version that kept nothing of them
        return [asdict(ImageInput.checked(link)) for link in links]
    return [{**picture, "url": link} for picture, link in zip(pictures, links, strict=True)]


def _later_plan(film: FilmSpec, prompt: str, models: Sequence[Model], gone: Container[str]) -> ShotPlan:
    if film.continuity is Continuity.CUTS:
        own = film.images if film.has_references else ()
        return plan_shot(film, prompt, own, models, gone)
    plan = plan_shot(film, prompt, (FRAME_TO_COME,), models, gone, awaits=True)
    if film.images:  # without a frame it begins with the film's image
        return plan
    return replace(plan, without=plan_shot(film, prompt, (), models, gone).video)


def ensure_words(number: int, prompt: str) -> None:
    """Raise `ShotRefusedError` if one shot's words make no video."""
    try:
        checked_text(prompt, "prompt", PROMPT_MAX_LENGTH)
    except InvalidOptionError as error:
        raise ShotRefusedError(number, str(error)) from error
