"""The strike for a prompt that the provider's safety refused, in the transaction that ends the request."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.db.guild_models import StrikeKind
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.policy.strike_rows import Act, give_strike
from bot.provider.safety import is_refused_for_safety


def brings_strike(values: Mapping[str, object]) -> bool:
    """Whether what is written of an end says that the provider's safety refused the prompt."""
    match values:
        case {
            "status": Status.FAILED,
            "failure_kind": FailureKind() as kind,
            "failure_reason": str(reason),
            "late_until": None,
        }:
            return is_refused_for_safety(kind, reason, None)
        case _:
            return False


def strike_for_safety(session: Session, generation: Generation, now: datetime) -> None:
    """Give the strike, where the server gives any; all shots of a film are one act."""
    film_id = generation.film_id
    source = f"request:{generation.id}" if film_id is None else f"film-safety:{film_id}"
    act = Act(generation.guild_id, generation.user_id, StrikeKind.SAFETY, source, locale=generation.locale)
    give_strike(session, act, now)
