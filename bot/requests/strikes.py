"""The strikes that refused requests give."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.admission.check_request import Requester
from bot.admission.strikes import strike_for
from bot.db.models import Generation, QuoteRow
from bot.errors import UserError
from bot.requests.confirmation import quote_source
from bot.requests.spec import RequestSpec


def struck(
    session: Session,
    requester: Requester,
    spec: RequestSpec,
    refusal: UserError,
    quote_row: QuoteRow | None,
    now: datetime,
) -> UserError:
    """Return a refusal with the strike that it is; words that weren't typed for it give one once."""
    source = f"interaction:{requester.interaction_id}"
    if quote_row is not None:
        source = quote_source(quote_row)
    elif spec.source_id is not None:
        repeated = session.get(Generation, spec.source_id)
        if repeated is not None and repeated.prompt == spec.prompt:
            source = f"again:{spec.source_id}:{requester.user_id}"
    return strike_for(session, requester.guild_id, requester.user_id, source, refusal, now)
