"""Shots that follow on each other: each begins once the one before has ended, from the last frame there is.

They wait in their rows. What released them is the row of the shot before, so a restart at any point goes on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, aliased

from bot.db.models import WAITING, Generation, Status
from bot.failures import BAD_IMAGES, FailureKind
from bot.films.rows import Film, fetch_film
from bot.films.takes import is_shown_nowhere, source_before, there_takes
from bot.jobs.endings import unsent
from bot.media.image_links import frame_link
from bot.provider.catalogue import Model, get_model
from bot.provider.choosing import models_for
from bot.provider.input_kinds import InputKind
from bot.requests.continuing import find_post

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


Released = tuple[str, FailureKind | None]  # a shot's ID, and why it ends instead of beginning


def release_ready(session: Session, models: Sequence[Model], now: datetime) -> list[Released]:
    """Let the shots begin whose wait is over, and return them; any number of processes may do so.

    What goes wrong with one is logged, and keeps no other one waiting.

    `models`: those that the bot offers.
    """
    released: list[Released] = []
    for shot_id, film_id in session.execute(
        _READY.with_only_columns(Generation.id, Generation.film_id)
    ).all():
        try:
            with session.begin_nested():
                released += _release(session, shot_id, film_id or "", models, now)
        except SQLAlchemyError:  # the database's trouble is all shots'
            raise
        except Exception:
            log.exception("could not start a shot", generation=shot_id, film=film_id)
    return released


def _release(
    session: Session, shot_id: str, film_id: str, models: Sequence[Model], now: datetime
) -> Sequence[Released]:
    """Let a shot begin, or end with all that follow on it; return them."""
    film = fetch_film(session, film_id)
    shot = None if film is None else next((other for other in film.shots if other.id == shot_id), None)
    if film is None or shot is None:
        return []
    beginning = _beginning(session, film, shot, models, now)
    # What it can't begin with, the later ones can't either; each for itself would be told of after the other.
    is_over = beginning.get("status") is Status.FAILED
    meant = Generation.shot >= shot.shot if is_over else Generation.id == shot.id
    values = {
        # Without what an earlier beginning left, whose frame couldn't be had.
        **dict.fromkeys(("picture_urls", "continues_id", "continues_post", "lease_owner", "lease_until")),
        "awaits_id": None,
        "released_at": now,
        "not_before": now,
        "card_id": func.coalesce(Generation.card_id, film.card_id),
        **beginning,
    }
    changed = session.execute(
        update(Generation)
        .where(Generation.film_id == film_id, meant, Generation.awaits_id.is_not(None), _IS_WAITING)
        .values(values)
        .returning(Generation.id, Generation.failure_kind)
        .execution_options(synchronize_session=False)
    )
    return [(shot, reason) for shot, reason in changed]


def has_ready(session: Session) -> bool:
    """Return whether there is such a shot."""
    return session.scalar(ANY_READY) is not None


_BEFORE = aliased(Generation)
_IS_WAITING = Generation.status.in_(WAITING)
# The condition of an index: PostgreSQL and SQLite use it for these very words, with no values put in.
_IS_HELD = text("generations.awaits_id IS NOT NULL AND generations.status IN ('preparing', 'queued')")
_READY = (
    select(Generation)
    .join(_BEFORE, _BEFORE.id == Generation.awaits_id)
    .where(_IS_HELD, _BEFORE.delivered_at.is_not(None))
    .order_by(Generation.created_at, Generation.shot)
)
ANY_READY = _READY.with_only_columns(Generation.id).order_by(None).limit(1)


def _beginning(
    session: Session, film: Film, shot: Generation, models: Sequence[Model], now: datetime
) -> Mapping[str, Any]:
    """Return what a shot begins with: the last frame there is, else the film's first image.

    Else it's its words alone, if the film had no image and nothing of the shot was made before; it ends where
    nothing of that is there.
    """
    if _stays_as_it_is(film, shot):
        return unsent(FailureKind.SHOT_BEFORE, now)
    source = source_before(film.takes, shot.shot or 0, film.row.frameless_shots or ())
    if source is not None and is_shown_nowhere(source):  # so this one would be, too, and be paid for
        return unsent(FailureKind.UNSHOWN, now)
    if source is not None:
        post = find_post(session, source.guild_id, source.id)
        links = [frame_link(source.id)]
        return {"picture_urls": links, "continues_id": source.id, "continues_post": post}
    first = film.shots[0]
    if _is_image_small(first, shot):  # as it would be for each of them, one after the other
        return unsent(FailureKind.IMAGE_SMALL, now)
    if links := first.picture_urls:
        return {"picture_urls": links}
    if film.row.has_image:  # words alone would be another model at another price than they agreed to
        reason = first.failure_kind
        kind = reason if reason is not None and reason in BAD_IMAGES else FailureKind.IMAGE_GONE
        return unsent(kind, now)
    if shot.source_id is not None:  # the same goes for another take of a shot
        return unsent(FailureKind.FRAME_GONE, now)
    model, family = get_model(shot.model), models_for(models, InputKind.TEXT)
    words = next((other for other in family if model and other.family == model.family), None)
    return (
        unsent(FailureKind.MODEL_GONE, now) if words is None else {"model": words.id, "status": Status.QUEUED}
    )


def _is_image_small(first: Generation, shot: Generation) -> bool:
    """Whether the film's image was too small for the first shot, and so it is for another one's model."""
    took, takes = get_model(first.model), get_model(shot.model)
    is_small = first.status is Status.FAILED and first.failure_kind is FailureKind.IMAGE_SMALL
    return is_small and (took is None or takes is None or takes.sides(1) >= took.sides(1))


def _stays_as_it_is(film: Film, shot: Generation) -> bool:
    """Whether the new take before it wasn't made, while the film has an old take of either shot."""
    awaited = next((take for take in film.takes if take.id == shot.awaits_id), None)
    if awaited is None or awaited.status is Status.SUCCEEDED:
        return False
    there = there_takes(film.takes)
    return awaited.shot in there or shot.shot in there
