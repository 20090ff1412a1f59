"""Redoing shots of a film: which of them may be redone, and from what. Pure."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.admission.check_request import Requester
from bot.db.film_models import Continuity
from bot.db.models import Generation
from bot.errors import NotFoundError, UserError
from bot.films.rows import Film
from bot.films.script import FilmSpec, ShotPlan, plan_shots
from bot.films.takes import is_shown_nowhere, last_takes, source_before
from bot.i18n import _
from bot.media.image_links import fetchable_until
from bot.media.images import ImageInput
from bot.provider.catalogue import Model, get_model
from bot.requests.continuing import FRAME_TO_COME


class CannotRedoError(UserError):
    """The shot can't be redone; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Redo:
    """What the offer of a redone shot is about, as `QuoteRow.redo` has it.

    Attributes:
        shot: its number.
        prices: of it, and of the shots after it that are offered with it; None: not known.
        models: that make them, as they were shown; empty: offered by a version that didn't note them.
    """

    film_id: str
    shot: int
    prices: list[float | None]
    models: list[str] = field(default_factory=list[str])

    @property
    def last(self) -> int:
        """Return the number of the last shot that is offered."""
        return self.shot + len(self.prices) - 1


def check_redo(film: Film | None, requester: Requester, number: int | None) -> Film:
    """Return the film, if its member may redo that shot now; None: any of them.

    Raises:
        NotFoundError: there is no such film or shot on the server.
        CannotRedoError: it isn't the member's, or not as it has to be.
    """
    if film is None or not film.shots or film.row.guild_id != requester.guild_id:
        raise NotFoundError
    shot = next((shot for shot in film.shots if shot.shot == number), None)
    if shot is None and number is not None:
        raise NotFoundError
    if reason := _hindrance(film, shot, requester):
        uncounted = _("This didn't count toward your limit.")
        raise CannotRedoError(f"{reason} {uncounted}")
    return film


def _hindrance(film: Film, shot: Generation | None, requester: Requester) -> str:
    row = film.row
    if row.user_id != requester.user_id:
        return _("Only the member who requested this film can redo its shots. Use `/film` to make your own.")
    if row.removed_at is not None:
        return _("This film was removed, so I can't redo its shots. Use `/film` to make a new one.")
    if row.erased_at is not None or any(take.erased_at is not None for take in film.shots):
        return _("The prompts of this film were deleted, so I can't redo its shots.")
    if shot is not None and shot.delivered_at is None:
        return _("Shot {number} is still being made. Wait until it's ready.", number=shot.shot or 0)
    unshown = None if shot is None else _unshown_before(film, shot)
    if shot is not None and unshown is not None:
        return _(
            "I couldn't post shot {before} anywhere, and shot {number} would start from its end. "
            "Redo shot {before} first.",
            before=unshown.shot or 0,
            number=shot.shot or 0,
        )
    if row.delivered_at is None and film.is_over:
        return _("I'm joining this film right now. Try again in a minute.")
    return ""


def _unshown_before(film: Film, shot: Generation) -> Generation | None:
    """Return the take that a shot would start from, if it could be posted nowhere."""
    if film.row.continuity is Continuity.CUTS:
        return None
    source = source_before(film.takes, shot.shot or 0, film.row.frameless_shots or ())
    return source if source is not None and is_shown_nowhere(source) else None


def numbers_after(film: Film, number: int) -> list[int]:
    """Return the shots that would have to be redone, too, to go on from a new shot.

    There are none in a film of cuts, and none while one of them is being made.
    """
    if film.row.continuity is Continuity.CUTS:
        return []
    after = [shot for shot in film.shots if (shot.shot or 0) > number]
    return [shot.shot or 0 for shot in after] if all(shot.delivered_at for shot in after) else []


def plan_redo(
    film: Film, number: int, prompt: str, models: Sequence[Model], gone: Container[str], now: datetime
) -> list[ShotPlan]:
    """Return what all shots of the film would be made from now, with other words for one of them.

    Where the film's model is gone, it's the first one that can.

    Raises:
        CannotRedoError: the shot needs the film's first image or its references, which are gone.
        ShotRefusedError, BadRequestError: as `plan_shots`.
    """
    row = film.row
    prompts = tuple(prompt if shot.shot == number else shot.prompt for shot in film.shots)
    images = (FRAME_TO_COME,) if row.has_image else ()
    if row.has_references:
        images = _references(film, number, now)
    elif row.has_image and _begins_with_image(film, number):
        first = _first_image(film, number, now)
        images = first if number == 1 else images
    family = living_family(film, models, gone)
    options = dict(row.options)
    spec = FilmSpec(row.title, prompts, family, options, images, row.continuity, row.has_references)
    return plan_shots(spec, models, gone)


def redone(plan: ShotPlan, source: Generation) -> ShotPlan:
    """Return a plan for another take of a shot; `source`: its last one."""
    return replace(plan, spec=replace(plan.spec, source_id=source.id))


def _begins_with_image(film: Film, number: int) -> bool:
    """Whether a shot would begin with the film's first image, since it's the first one that is made."""
    if number == 1 or film.row.continuity is Continuity.CUTS:
        return number == 1
    before = [shot for shot in film.shots if (shot.shot or 0) < number]
    source = source_before(film.takes, number, film.row.frameless_shots or ())
    return source is None and all(shot.delivered_at is not None for shot in before)


def _first_image(film: Film, number: int, now: datetime) -> tuple[ImageInput, ...]:
    take = last_takes(film.takes)[0] if number == 1 else film.shots[0]
    images = images_of(take, now)
    if not images:
        reason = _(
            "This film begins with an image that I no longer have, so I can't redo its first shot. "
            "Use `/film` and attach it again."
        )
        if number > 1:
            reason = _(
                "Shot {number} would start from this film's first image, which I no longer have. "
                "Use `/film` and attach it again.",
                number=number,
            )
        uncounted = _("This didn't count toward your limit.")
        raise CannotRedoError(f"{reason} {uncounted}")
    return images


def _references(film: Film, number: int, now: datetime) -> tuple[ImageInput, ...]:
    take = next(take for take in last_takes(film.takes) if take.shot == number)
    images = images_of(take, now)
    if not images:
        reason = _(
            "This film was made from reference images that I no longer have, so I can't redo its shots. "
            "Use `/film` and attach them again."
        )
        uncounted = _("This didn't count toward your limit.")
        raise CannotRedoError(f"{reason} {uncounted}")
    return images


def images_of(take: Generation, now: datetime) -> tuple[ImageInput, ...]:
    """Return the images that a take was made from, as long as Discord has them; then none."""
    links = take.picture_urls or ()
    if not links or fetchable_until(links, take.created_at) <= now:
        return ()
    return tuple(ImageInput.checked(link) for link in links)


def living_family(film: Film, models: Sequence[Model], gone: Container[str]) -> str | None:
    """Return the family that made a film, or None where it makes no more."""
    made_by = get_model(film.shots[0].model)
    if made_by is None:
        return None
    living = (model for model in models if model.family == made_by.family and model.id not in gone)
    return made_by.family if any(living) else None
