"""The strikes that refused requests give: for words that were typed, not for what was accepted before."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from bot.admission.appeals import use_lifted, was_let_pass
from bot.admission.check_request import AdmissionContext, Requester, check_words
from bot.admission.strikes import is_for_word, strike_for
from bot.db.models import Generation, QuoteRow
from bot.errors import UserError
from bot.provider.catalogue import NEGATIVE_PROMPT
from bot.requests.spec import RequestSpec


def struck(
    session: Session,
    asked: tuple[Requester, RequestSpec, AdmissionContext],
    refusal: UserError,
    quote_row: QuoteRow | None,
    now: datetime,
) -> UserError:
    """Return a refusal with the strike that it is; `quote_row`: what was clicked on, or is changed.

    A request that a moderator said can be sent again costs none, whatever word forbids it now.
    """
    requester, spec, context = asked
    source = None if spec.source_id is None else session.get(Generation, spec.source_id)
    accepted = [row for row in (quote_row, source) if row is not None]
    typed = [words for words in _typed(spec, accepted) if check_words(words, context.policy) is not None]
    if not typed or not is_for_word(refusal):
        return refusal
    judged_by = f"{requester.interaction_id:016x}"  # as long as a request's ID
    if was_let_pass(session, requester, context.fingerprint, now, judged_by=judged_by):
        use_lifted(session, requester, context.fingerprint, judged_by, now)
        return refusal
    return strike_for(session, requester, refusal, now)


def _typed(spec: RequestSpec, accepted: list[QuoteRow | Generation]) -> Iterator[str]:
    """Yield the prompt and the negative prompt, as far as they were not accepted before."""
    if all(spec.prompt != row.prompt for row in accepted):
        yield spec.prompt
    negative = spec.options.get(NEGATIVE_PROMPT.name)
    if all(negative != row.options.get(NEGATIVE_PROMPT.name) for row in accepted):
        yield str(negative or "")
