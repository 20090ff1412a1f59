"""Making a film once more from its form: what it was made from, as far as that is still there. Pure."""

from collections.abc import Container, Sequence
from datetime import datetime

from bot.errors import UserError, uncounted
from bot.films.redo import images_of, living_family, unrefused
from bot.films.rows import Film
from bot.films.script import SCRIPT_MAX_LENGTH, FilmSpec, on_one_line
from bot.films.takes import last_takes
from bot.i18n import _, number
from bot.media.images import ImageInput
from bot.provider.catalogue import Model


class CannotRemixError(UserError):
    """The film's form can't be filled in again; the sentence says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(uncounted(reason))


def spec_of(film: Film, models: Sequence[Model], gone: Container[str], now: datetime) -> FilmSpec:
    """Return a film as its member asked for it, with the words of the shots that were redone.

    Where its model is gone, or ended a shot since it was gone, none is chosen.

    Raises:
        CannotRemixError: it was removed, or what it was made from isn't known any more.
    """
    ensure_usable(film)
    row = film.row
    prompts = tuple(on_one_line(shot.prompt) for shot in film.shots)
    if len("\n".join(prompts)) > SCRIPT_MAX_LENGTH:
        raise CannotRemixError(
            _(
                "The prompts of this film have more than {most} characters in total, which is more than a "
                "form can take. Use `/film` to make it in parts.",
                most=number(SCRIPT_MAX_LENGTH),
            )
        )
    return FilmSpec(
        row.title,
        prompts,
        living_family(film, unrefused(film, models), gone),
        dict(row.options),
        _images(film, now),
        row.continuity,
        row.has_references,
        source_id=row.id,
        transition=row.transition,
    )


def ensure_usable(film: Film) -> None:
    """Check that a film is there, with its words; it may have gone while its form was open.

    Raises:
        CannotRemixError: it isn't.
    """
    row, shots = film.row, film.shots
    if row.removed_at is not None:
        raise CannotRemixError(
            _("This film was removed, so I can't use it again. Use `/film` to make a new one.")
        )
    if row.erased_at is not None or any(shot.erased_at is not None for shot in shots):
        raise CannotRemixError(
            _(
                "The prompts of this film were deleted, so I can't use them again. Use `/film` and enter "
                "them again."
            )
        )


def _images(film: Film, now: datetime) -> tuple[ImageInput, ...]:
    row = film.row
    if not row.has_image and not row.has_references:
        return ()
    images = images_of(last_takes(film.takes)[0], now)
    if images:
        return images
    if row.has_references:
        raise CannotRemixError(
            _(
                "This film was made from reference images that I no longer have. Use `/film` and attach them "
                "again."
            )
        )
    raise CannotRemixError(
        _("This film begins with an image that I no longer have. Use `/film` and attach it again.")
    )
