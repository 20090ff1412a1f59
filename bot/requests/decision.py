"""Deciding about a request: by all rules, with what follows from a refusal, in one transaction.

A strike is for words that were typed, not for what was accepted before.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from bot.admission.appeals import excuse, offer
from bot.admission.check_request import Admission, AdmissionContext, Requester, check_words
from bot.admission.denials import without_options
from bot.admission.strikes import is_for_word, strike_for
from bot.db.models import Generation, QuoteRow
from bot.errors import UserError
from bot.provider.catalogue import NEGATIVE_PROMPT, VideoRequest
from bot.requests.spec import RequestSpec


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
