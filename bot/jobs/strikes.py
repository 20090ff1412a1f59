"""The strike for a prompt that the provider's safety refused, in the transaction that ends the request."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.admission.appeals import fetch_used
from bot.db.guild_models import AppealDecision, StrikeKind
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.policy.strike_rows import Act, give_strike, rejection_source
from bot.provider.catalogue import NEGATIVE_PROMPT
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
            return is_refused_for_safety(kind, reason)
        case _:
            return False


def strike_for_safety(session: Session, generation: Generation, now: datetime) -> None:
    """Give the strike, where the server gives any.

    There is none for words of which a video was made before: who makes that again can't know better. Nor is
    there one for an act whose words a moderator let pass.
    """
    kind, reason = generation.failure_kind, generation.failure_reason
    if kind is None or not is_refused_for_safety(kind, reason, generation.prompt):
        return  # the reason only quotes the prompt
    before = None if generation.source_id is None else session.get(Generation, generation.source_id)
    if before is not None and before.status is Status.SUCCEEDED and _has_same_words(before, generation):
        return
    if fetch_used(session, _act_ids(generation), AppealDecision.ALLOW, AppealDecision.LIFT):
        return
    source = rejection_source(generation)
    act = Act(generation.guild_id, generation.user_id, StrikeKind.SAFETY, source, locale=generation.locale)
    give_strike(session, act, now)


def _act_ids(generation: Generation) -> Select[str]:
    """Return the IDs of the requests that are one act (`act_of`)."""
    if generation.film_id is None:
        return select(Generation.id).where(Generation.id == generation.id)
    film = (Generation.film_id == generation.film_id, Generation.created_at == generation.created_at)
    return select(Generation.id).where(*film)


def _has_same_words(one: Generation, other: Generation) -> bool:
    negative = NEGATIVE_PROMPT.name
    return (one.prompt, one.options.get(negative)) == (other.prompt, other.options.get(negative))
