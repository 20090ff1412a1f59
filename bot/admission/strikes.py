"""The strike that a request costs which is refused for a forbidden word, where the server gives any.

Only words that were typed for it cost one: what was accepted once, such as an offer or somebody's video that
is made again, is no offense where a rule came later.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.admission.context import Requester
from bot.admission.denials import RefusedError, WordNotAllowedError
from bot.admission.film_denials import ShotRefusedError, TitleNotAllowedError
from bot.db.guild_models import StrikeKind
from bot.errors import UserError
from bot.i18n import _
from bot.policy.phrases import block_end
from bot.policy.strike_rows import Act, Struck, give_strike
from bot.policy.strikes import describe_strikes


def strike_for(session: Session, requester: Requester, refusal: UserError, now: datetime) -> UserError:
    """Give the strike of a refusal, in its transaction; return the refusal, with what the member reads of it.

    A retried interaction is the same act.
    """
    if not isinstance(refusal, RefusedError) or not is_for_word(refusal):
        return refusal
    act = Act(
        requester.guild_id,
        requester.user_id,
        StrikeKind.WORD,
        f"interaction:{requester.interaction_id}",
        is_answered=True,
        locale=requester.locale,
        appeal_id=refusal.appeal_id,
    )
    struck = give_strike(session, act, now)
    if struck is None or not struck.counts:
        return refusal
    refusal.strike_id = struck.strike_id
    return refusal.note(strike_text(struck))


def strike_text(struck: Struck) -> str:
    """Return what a member reads who got a strike."""
    lines = [_("⚠️ **This counts as a strike.**"), describe_strikes(struck.active)]
    if struck.block is not None:
        lines += [_("You're blocked from /veo on this server."), block_end(struck.block.until)]
    return " ".join(lines)


def is_for_word(refusal: UserError) -> bool:
    """Whether a forbidden word is the reason."""
    if isinstance(refusal, ShotRefusedError | TitleNotAllowedError):
        return refusal.is_word
    return isinstance(refusal, WordNotAllowedError)
