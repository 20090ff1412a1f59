"""The row of a new request, as it is written when the request is accepted and when its card is shown."""

import secrets
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from bot.admission.check_request import AdmissionContext, Requester
from bot.db.models import ANSWER_GRACE, Generation, Placement, Status
from bot.db.review_models import ReviewRow
from bot.errors import AlreadyRequestedError
from bot.requests.continuing import find_post
from bot.requests.spec import RequestSpec

# What every request needs is built once: SQLAlchemy takes longer to build a statement than to run it.
_SAME = select(Generation.id).where(Generation.interaction_id == bindparam("interaction_id"))
_TABLE = cast("Table", Generation.__table__)
_INSERT = insert(_TABLE)
ATTACH_CARD = (
    update(_TABLE)
    # The runner may have shown one by now, and goes by that.
    .where(_TABLE.c.id == bindparam("generation_id"), _TABLE.c.card_id.is_(None))
    .values(card_id=bindparam("card_id"), not_before=bindparam("not_before"))
)


def ensure_new(session: Session, interaction_id: int) -> None:
    """Refuse an interaction that is recorded, as when Discord sends it to two programs.

    Raises:
        AlreadyRequestedError: it is.
    """
    if session.scalar(_SAME, {"interaction_id": interaction_id}) is not None:
        raise AlreadyRequestedError(interaction_id)


def insert_request(
    session: Session,
    requester: Requester,
    spec: RequestSpec,
    context: AdmissionContext,
    now: datetime,
    review: ReviewRow | None = None,
) -> Generation:
    """Write a new row, and return it; a session's own way takes four times as long.

    `review`: what moderators have to decide before it's sent.
    """
    generation = _new_generation(requester, spec, context, now)
    if review is not None:
        generation.review_id, generation.review_until = review.id, review.ends_at
    if spec.continues_id is not None:
        generation.continues_post = find_post(session, requester.guild_id, spec.continues_id)
    session.execute(_INSERT, {column.key: getattr(generation, column.key) for column in _TABLE.columns})
    return generation


def _new_generation(
    requester: Requester, spec: RequestSpec, context: AdmissionContext, now: datetime
) -> Generation:
    shot, urls = spec.shot, [image.url for image in spec.images]
    is_held = shot is not None and shot.awaits_id is not None
    return Generation(
        id=secrets.token_hex(8),
        # A film's shots share one interaction, which the film has.
        interaction_id=requester.interaction_id if shot is None else -1 - secrets.randbelow(2**62),
        guild_id=requester.guild_id,
        channel_id=requester.channel_id,
        user_id=requester.user_id,
        locale=requester.locale,
        placement=placement_of(requester, context.policy.placement),
        source_id=spec.source_id,
        continues_id=spec.continues_id,
        continues_post=None,
        film_id=shot and shot.film_id,
        shot=shot and shot.number,
        awaits_id=shot and shot.awaits_id,
        prompt=spec.prompt,
        model=spec.model,
        options=dict(spec.options),
        unreviewed=context.unreviewed if shot is None else None,
        picture_urls=None if is_held or not urls else urls,
        status=Status.PREPARING if spec.images else Status.QUEUED,
        estimated_credits=context.price,
        created_at=now,
        not_before=now + ANSWER_GRACE,
        attempts=0,
        submission=0,
    )


def placement_of(requester: Requester, wish: Placement | None) -> Placement:
    """Return where the result goes; a server's wish holds where that can be."""
    return wish if wish is Placement.CHANNEL and requester.may_reply else requester.placement
