"""Redoing shots of a film: which of them may be redone, and from what. Pure."""

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.admission.check_request import Requester
from bot.db.film_models import Continuity
from bot.db.models import Generation, is_there
from bot.errors import NotFoundError, UserError, uncounted
from bot.failures import FailureKind
from bot.films.rows import Film
from bot.films.script import FilmSpec, ShotPlan, ensure_words, needed_kinds, plan_shot
from bot.films.takes import is_shown_nowhere, last_takes, source_before
from bot.i18n import _
from bot.media.image_links import fetchable_until
from bot.media.images import ImageInput
from bot.provider.catalogue import Model, get_model, provider_name_of
from bot.provider.choosing import families_for, is_allowed
from bot.provider.input_kinds import InputKind
from bot.requests.continuing import FRAME_TO_COME


class CannotRedoError(UserError):
    """The shot can't be redone; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Redo:
    """The subject of an offer to redo a shot, as `QuoteRow.redo` has it.

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
        raise CannotRedoError(uncounted(reason))
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
    film: Film,
    number: int,
    prompt: str,
    models: Sequence[Model],
    gone: Container[str],
    allowed: Collection[str],
    now: datetime,
) -> dict[int, ShotPlan | UserError]:
    """Return what a shot would be made from now, with other words, and those after it, by their numbers.

    Where the film's model can't be had, it's the first one that can, for all of them if there is such a one;
    else it's said of the later ones that none can. One that a shot was refused for since it's gone comes
    last: the list of models tells that minutes later. `allowed`: as `is_allowed`.

    Raises:
        CannotRedoError: the shot needs the film's first image or its references, which are gone.
        ShotRefusedError, BadRequestError: as `plan_shots`.
    """
    row, prompts = film.row, {shot.shot or 0: shot.prompt for shot in film.shots}
    ensure_words(number, prompt)
    awaits = awaited_by(film, number) is not None
    images = (FRAME_TO_COME,) if awaits else _own_images(film, number, now)
    later, options = numbers_after(film, number), dict(row.options)
    spec = FilmSpec(row.title, (), None, options, images, row.continuity, row.has_references)
    is_followed = row.continuity is not Continuity.CUTS and number < len(film.shots)  # maybe by one under way
    kinds = list(dict.fromkeys([spec.kind, InputKind.IMAGE] if is_followed else [spec.kind]))
    spec = replace(spec, model=_family(film, kinds, models, gone, allowed))
    plan = plan_shot(spec, prompt, images, models, gone, awaits=awaits)
    plans: dict[int, ShotPlan | UserError] = {number: plan}
    able = families_for(models, kinds)
    for other in later:
        if plan.video.model.family in able:
            plans[other] = plan_shot(spec, prompts[other], (FRAME_TO_COME,), models, gone, awaits=True)
        else:
            plans[other] = CannotRedoError(_("None of my models can make this shot and the next ones."))
    return plans


def redone(plan: ShotPlan, source: Generation) -> ShotPlan:
    """Return a plan for another take of a shot; `source`: its last one."""
    return replace(plan, spec=replace(plan.spec, source_id=source.id))


def awaited_by(film: Film, number: int) -> Generation | None:
    """Return the take with whose end a redone shot begins: the nearest one that is there or being made.

    None: there is none to wait for, so it begins as a film's first one does.
    """
    if film.row.continuity is Continuity.CUTS:
        return None
    frameless = film.row.frameless_shots or ()
    before = [shot for shot in film.shots if (shot.shot or 0) < number]
    awaited = (
        shot
        for shot in reversed(before)
        if shot.delivered_at is None or (is_there(shot) and shot.id not in frameless)
    )
    return next(awaited, None)


def _own_images(film: Film, number: int, now: datetime) -> tuple[ImageInput, ...]:
    """Return what a shot that waits for none is made from: references, the film's image, or nothing."""
    if film.row.has_references:
        return _references(film, number, now)
    return _first_image(film, number, now)


def _first_image(film: Film, number: int, now: datetime) -> tuple[ImageInput, ...]:
    """Return what a shot begins with that waits for none: the film's image, where there was one."""
    is_cut = film.row.continuity is Continuity.CUTS
    if not film.row.has_image or (number > 1 and is_cut):
        return ()
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
        raise CannotRedoError(uncounted(reason))
    return images


def _references(film: Film, number: int, now: datetime) -> tuple[ImageInput, ...]:
    take = next(take for take in last_takes(film.takes) if take.shot == number)
    images = images_of(take, now)
    if not images:
        reason = _(
            "This film was made from reference images that I no longer have, so I can't redo its shots. "
            "Use `/film` and attach them again."
        )
        raise CannotRedoError(uncounted(reason))
    return images


def images_of(take: Generation, now: datetime) -> tuple[ImageInput, ...]:
    """Return the images that a take was made from, as long as Discord has them; then none."""
    links = take.picture_urls or ()
    if not links or fetchable_until(links, take.created_at) <= now:
        return ()
    return tuple(ImageInput.checked(link) for link in links)


def living_family(
    film: Film, models: Sequence[Model], gone: Container[str], kinds: Sequence[InputKind] | None = None
) -> str | None:
    """Return the family that made a film, or None where it doesn't make videos from all `kinds` now.

    `kinds`: None: what the film's shots are made from.
    """
    made_by = get_model(film.shots[0].model)
    needed = kinds or needed_kinds(film.row.continuity, _first_kind(film), is_long=len(film.shots) > 1)
    living = [model for model in models if model.id not in gone]
    able = families_for(living, needed)
    return made_by.family if made_by is not None and made_by.family in able else None


def unrefused(film: Film, models: Sequence[Model]) -> list[Model]:
    """Return those of `models` for which no take of the film ended since they were gone."""
    ended = [take.model for take in film.takes if take.failure_kind is FailureKind.MODEL_GONE]
    refused = {provider_name_of(name) for name in ended}
    return [model for model in models if model.provider_name not in refused]


def _first_kind(film: Film) -> InputKind:
    """Return what the film's first shot was made from."""
    if film.row.has_references:
        return InputKind.REFERENCES
    return InputKind.IMAGE if film.row.has_image else InputKind.TEXT


def _family(
    film: Film,
    kinds: Sequence[InputKind],
    models: Sequence[Model],
    gone: Container[str],
    allowed: Collection[str],
) -> str | None:
    """Return the family that makes a shot, whose kind comes first, and those after it, if one does.

    Which model it is can't be chosen, so one that the server allows comes first. None: none makes the shot.
    """
    living = [model for model in models if model.id not in gone]
    able = [model for model in living if is_allowed(model, allowed)]
    for usable in (unrefused(film, able), able, unrefused(film, living), living, models):
        for needed in (kinds, kinds[:1]):
            if families := families_for(usable, needed):
                return living_family(film, usable, (), needed) or families[0]
    return None
