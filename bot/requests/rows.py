"""The row of a new request: the decision about it, and how it's written then and when its card is shown.

A strike is for words that were typed, not for what was accepted before.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from bot.admission.appeals import excuse, offer
from bot.admission.check_request import Admission, AdmissionContext, Requester, check_words
from bot.admission.denials import without_options
from bot.admission.strikes import is_for_word, strike_for
from bot.db.models import ANSWER_GRACE, Generation, Placement, QuoteRow, Status
from bot.db.review_models import ReviewRow
from bot.errors import AlreadyRequestedError, UserError
from bot.provider.catalogue import NEGATIVE_PROMPT, VideoRequest
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


def decide(
    session: Session,
    admission: Admission,
    requester: Requester,
    asked: tuple[VideoRequest, RequestSpec],
    quote_row: QuoteRow | None,
    now: datetime,
    *,
    has_options: bool = True,
) -> tuple[AdmissionContext, UserError | None]:
    """Return what the decision rests on, and why the request is refused, or None.

    What its member can ask a moderator about is kept, and a refusal's strike is given.

    `asked`: the video, and the spec as it is written down. `quote_row`: what was clicked on, or is changed.
    `has_options`: False: the form has no field for options, so a refusal names none to choose instead.
    """
    video, spec = asked
    context = admission.fetch_context(
        session, requester, video, now, is_quoted=quote_row is not None, made_from=spec.made_from
    )
    refusal = admission.decide(session, requester, video, context, now)
    if not has_options:
        refusal = without_options(refusal, video.model)
    if refusal is None:
        return context, None
    offer(session, refusal, (requester, video, context), now)
    source = None if spec.source_id is None else session.get(Generation, spec.source_id)
    typed = _typed(spec, [row for row in (quote_row, source) if row is not None])
    is_strike = is_for_word(refusal) and any(check_words(words, context.policy) for words in typed)
    # A request that a moderator said can be sent again costs none, whatever word forbids it now.
    if not is_strike or excuse(session, requester, [context.fingerprint], now):
        return context, refusal
    return context, strike_for(session, requester, refusal, now)


def _typed(spec: RequestSpec, accepted: list[QuoteRow | Generation]) -> Iterator[str]:
    """Yield the prompt and the negative prompt, as far as they were not accepted before."""
    if all(spec.prompt != row.prompt for row in accepted):
        yield spec.prompt
    negative = spec.options.get(NEGATIVE_PROMPT.name)
    if all(negative != row.options.get(NEGATIVE_PROMPT.name) for row in accepted):
        yield str(negative or "")


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
