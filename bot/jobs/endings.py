"""The values of a generation's row at its end, and what else belongs into the transaction that writes them.

That is the strike for a prompt that the provider's safety refused, and the check that one of the provider's
IDs is no other generation's, whose member would get this one's video. What a create call came to is recorded
here, too, where its request had ended before.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, or_, select, true, update
from sqlalchemy.orm import Session

from bot.admission.appeals import fetch_used
from bot.db.guild_models import AppealDecision, StrikeKind
from bot.db.locks import Lock, hold
from bot.db.models import ANSWER_GRACE, Generation, Status
from bot.failures import BAD_IMAGES, PAID_ALL_THE_SAME, FailureKind
from bot.policy.strike_rows import Act, give_strike, rejection_source
from bot.provider.catalogue import NEGATIVE_PROMPT
from bot.provider.costs import Cost, CostSource
from bot.provider.models import Task
from bot.provider.safety import is_refused_for_safety

Values = Mapping[str, object]  # by the column's name

# What fails is not charged, whatever an answer or the log told of its cost: the ledger alone proves it.
_was_charged = Generation.cost_source == CostSource.LEDGER
NOT_CHARGED: Values = {
    "credits_used": case((_was_charged, Generation.credits_used), else_=None),
    "cost_source": case((_was_charged, Generation.cost_source), else_=None),
}

# The same where the estimate would count otherwise.
FREE: Values = {**NOT_CHARGED, "credits_used": case((_was_charged, Generation.credits_used), else_=0.0)}


def is_being_answered(now: datetime) -> ColumnElement[bool]:
    """Whether the card may be on its way to Discord: what ends before it's recorded has none to edit."""
    return and_(Generation.card_id.is_(None), Generation.created_at > now - ANSWER_GRACE)


def released(now: datetime) -> Values:
    """Return what to write of an end that no step brings about: nobody runs the row from then on."""
    return {"finished_at": now, **taken_over(now)}


def taken_over(now: datetime) -> Values:
    """Return what to write where the next step is due at once, and nobody runs the row any more."""
    return {"not_before": now, "attempts": 0, "lease_owner": None, "lease_until": None}


def unsent(kind: FailureKind, now: datetime) -> Values:
    """Return what to write of what ends without having been sent: it costs nothing."""
    return {"status": Status.FAILED, "failure_kind": kind, **released(now), **NOT_CHARGED}


def withheld(kind: FailureKind, now: datetime) -> Values:
    """Return what to write of a finished video that isn't posted: it was paid for, so it counts."""
    gone = {"removed_at": now, "video_url": None, "failure_kind": kind}
    return {**gone, "released_at": now, **taken_over(now)}


def has_same_address(generation: Generation, values: Values) -> ColumnElement[bool]:
    """Whether a video's address may be written: nobody has taken it from the row, as who declines it does.

    An answer may have been lost with which it was written already.
    """
    address = values.get("video_url")
    same = Generation.video_url.is_not_distinct_from(generation.video_url)
    return true() if address is None else or_(same, Generation.video_url == address)


def cost_values(cost: Cost | None) -> Values:
    """Return what to write of a cost; None: nothing new is known."""
    return {} if cost is None else {"credits_used": cost.credits, "cost_source": cost.source}


def made(task: Task, now: datetime) -> Values:
    """Return what to write of a video that the provider has made."""
    return {"video_url": task.video_url, **cost_values(task.cost(CostSource.POLL)), "finished_at": now}


def unmade(
    generation: Generation,
    kind: FailureKind,
    reason: str | None,
    now: datetime,
    cost: Cost | None,
    late_until: datetime | None,
) -> Values:
    """Return what to write of an end without a video; the arguments are those of `GenerationQueue.fail`."""
    is_open = late_until is not None or kind in PAID_ALL_THE_SAME
    return {
        "failure_kind": kind,
        "failure_reason": reason,
        **(cost_values(cost) if cost or is_open else NOT_CHARGED),
        "finished_at": now,
        "late_until": late_until,
        "picture_urls": None if kind in BAD_IMAGES else generation.picture_urls,
    }


def unwatched(generation: Generation, *, has_failed: bool = False) -> Values:
    """Return what to write of an end once nobody asks for its video any more.

    `has_failed`: the provider says that there is none. Else what we broke off may be charged all the same.
    """
    if generation.status is not Status.FAILED:
        return {"late_until": None}
    cost: Values = NOT_CHARGED
    if generation.failure_kind in PAID_ALL_THE_SAME:
        cost = FREE if has_failed else {}
    return {"late_until": None, **cost}


class TaskTakenError(Exception):
    """Another generation has the provider's id already."""


def ensure_free(session: Session, generation_id: str, task_id: object) -> None:
    """Check that a generation may have the provider's id, which is to be written in the same transaction.

    None is everybody's.

    Raises:
        TaskTakenError: another one has it.
    """
    if task_id is None:
        return
    hold(session, Lock.TASKS)
    others = select(Generation.id).where(Generation.provider_id == task_id, Generation.id != generation_id)
    if session.scalar(others.limit(1)) is not None:
        raise TaskTakenError


def record_outcome(session: Session, generation: Generation, now: datetime, **values: object) -> None:
    """Record what became of a create call whose request was cancelled meanwhile; no lease is needed.

    `generation`: as the call was made for it.

    Raises:
        TaskTakenError: another generation has the `provider_id`.
    """
    ensure_free(session, generation.id, values.get("provider_id"))
    session.execute(
        update(Generation)
        .where(
            Generation.id == generation.id,
            Generation.status == Status.CANCELLED,
            Generation.submission == generation.submission,
            Generation.provider_id.is_(None),
        )
        .values(not_before=now, **values)
    )


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
