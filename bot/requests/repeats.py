"""Making a video anew: with another seed, or from a form with everything filled in."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import CLOCK_SKEW
from bot.db.models import Generation, Status
from bot.errors import RepeatedError, UserError
from bot.i18n import _
from bot.markup import relative_time
from bot.media.image_links import fetchable_until
from bot.media.images import ImageInput
from bot.provider.catalogue import OptionValue, VideoRequest, get_model
from bot.provider.input_kinds import InputKind
from bot.provider.options import SEED_MAX
from bot.requests.spec import RequestSpec, takes_references

DOUBLE_CLICK = timedelta(seconds=10)  # in which the same wish from the same source is the same click


class WordsGoneError(UserError):
    """The prompt was deleted, so there is nothing to make a video from."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The prompt of this video was deleted, so I can't use it again. Use `/veo` and "
                "enter it again. This didn't count toward your limit."
            )
        )


class ImageGoneError(UserError):
    """The video was made from an image, which cannot be fetched any more.

    Args:
        died_at: when Discord's link to it died; None: the link is forgotten.
    """

    def __init__(self, died_at: datetime | None) -> None:
        if died_at is None:
            text = _(
                "This video was made from an image that I no longer have. Use `/veo` and "
                "attach it again. This didn't count toward your limit."
            )
        else:
            text = _(
                "This video was made from an image that I no longer have, and Discord's link "
                "to it expired {when}. Use `/veo` and attach it again. This didn't count "
                "toward your limit.",
                when=relative_time(died_at),
            )
        super().__init__(text)


def is_known(generation: Generation) -> bool:
    """Whether all that it was made from is still known, be it that a link is dead."""
    has_images = bool(generation.picture_urls) or not _needs_image(generation)
    return generation.erased_at is None and has_images


def can_be_repeated(generation: Generation, now: datetime) -> bool:
    """Whether `spec_of` can return the request."""
    links = generation.picture_urls
    return is_known(generation) and (not links or now < fetchable_until(links, generation.created_at))


def with_new_seed(spec: RequestSpec) -> RequestSpec:
    """Return the same spec with a random seed, where the model takes one."""
    model = get_model(spec.model or "")
    if model is None or model.option("seed") is None:
        return spec
    options = {**spec.options, "seed": secrets.randbelow(SEED_MAX + 1)}
    return replace(spec, options=options)


def ensure_first_click(
    session: Session, user_id: int, source_id: str, video: VideoRequest, asked_at: datetime
) -> None:
    """Check that the member did not ask for the same a moment before; each click has an id of its own.

    A seed makes no difference, since each click draws one. What was cancelled meanwhile may be asked for.
    `asked_at`: when they clicked; how long a busy database kept the click waiting makes no difference.

    Raises:
        RepeatedError: they did.
    """
    query = select(Generation).where(
        Generation.user_id == user_id,
        Generation.source_id == source_id,
        Generation.created_at > asked_at - DOUBLE_CLICK,
        Generation.created_at <= asked_at + CLOCK_SKEW,  # later: a clock was ahead then
        Generation.status != Status.CANCELLED,
    )
    for row in session.scalars(query):
        if (row.model, row.prompt) == (video.model.id, video.prompt) and _is_alike(
            row.options, video.options
        ):
            raise RepeatedError


def _needs_image(generation: Generation) -> bool:
    model = get_model(generation.model)
    if model is None:
        return takes_references(generation.model)
    return model.kind is not InputKind.TEXT


def _is_alike(one: Mapping[str, OptionValue], other: Mapping[str, OptionValue]) -> bool:
    names = {*one, *other} - {"seed"}
    return all(one.get(name) == other.get(name) for name in names)


def spec_of(generation: Generation, now: datetime) -> RequestSpec:
    """Return the request as the member made it.

    Raises:
        WordsGoneError, ImageGoneError: it is not known, or cannot be fetched, any more.
    """
    if generation.erased_at is not None:
        raise WordsGoneError
    links = generation.picture_urls or []
    if not links and _needs_image(generation):
        raise ImageGoneError(None)
    if links and (died_at := fetchable_until(links, generation.created_at)) <= now:
        raise ImageGoneError(died_at)
    images = tuple(ImageInput.checked(link) for link in links)
    return RequestSpec(
        generation.model,
        generation.prompt,
        dict(generation.options),
        images,
        source_id=generation.id,
        continues_id=generation.continues_id,
        has_references=takes_references(generation.model),
    )
