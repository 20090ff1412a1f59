"""Shots that follow on each other: each begins once the one before has ended, from the last frame there is.

They wait in their rows. What released them is the row of the shot before, so a restart at any point goes on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from bot.db.models import WAITING, Generation, Status
from bot.failures import FailureKind
from bot.films.rows import Film, fetch_film, is_there
from bot.jobs.endings import NOT_CHARGED, released
from bot.media.frame_links import frame_link
from bot.provider.catalogue import Model, get_model
from bot.provider.choosing import models_for
from bot.requests.continuing import find_post


def release_ready(session: Session, models: Sequence[Model], now: datetime) -> list[str]:
    """Let the shots begin whose wait is over, and return their IDs; any number of processes may do so.

    `models`: those that the bot offers.
    """
    released_ids: list[str] = []
    for shot in session.scalars(_READY).all():
        film = fetch_film(session, shot.film_id or "")
        if film is None:
            continue
        values = {**_beginning(session, film, shot, models, now), "card_id": shot.card_id or film.card_id}
        changed = session.scalar(
            update(Generation)
            .where(Generation.id == shot.id, Generation.awaits_id == shot.awaits_id, _IS_WAITING)
            .values(awaits_id=None, released_at=now, not_before=now, **values)
            .returning(Generation.id)
            .execution_options(synchronize_session=False)
        )
        released_ids += [] if changed is None else [changed]
    return released_ids


def has_ready(session: Session) -> bool:
    """Return whether there is such a shot."""
    return session.scalar(_READY.with_only_columns(Generation.id).limit(1)) is not None


_BEFORE = aliased(Generation)
_IS_WAITING = Generation.status.in_(WAITING)
_READY = (
    select(Generation)
    .join(_BEFORE, _BEFORE.id == Generation.awaits_id)
    .where(Generation.awaits_id.is_not(None), _IS_WAITING, _BEFORE.delivered_at.is_not(None))
    .order_by(Generation.created_at, Generation.shot)
)


def _beginning(
    session: Session, film: Film, shot: Generation, models: Sequence[Model], now: datetime
) -> Mapping[str, Any]:
    """Return what a shot begins with: the last frame there is, the film's first image, or its words alone."""
    before = [other for other in film.shots if (other.shot or 0) < (shot.shot or 0)]
    made = [other for other in before if is_there(other)]
    if made:
        source = made[-1]
        post = find_post(session, source.guild_id, source.id)
        links = [frame_link(source.id)]
        return {"picture_urls": links, "continues_id": source.id, "continues_post": post}
    if links := before[0].picture_urls:
        return {"picture_urls": links}
    model, family = get_model(shot.model), models_for(models, 0)
    text = next((other for other in family if model and other.family == model.family), None)
    if text is not None:
        return {"model": text.id, "status": Status.QUEUED}
    failed = {"status": Status.FAILED, "failure_kind": FailureKind.IMAGE_GONE}
    return {**failed, **released(now), **NOT_CHARGED}
