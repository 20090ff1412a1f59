"""Gives strikes and reads them, always inside a transaction of the caller's that holds the server's lock.

The block that a strike brings is written in the same transaction, with its row of the audit trail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.db.guild_models import Action, StrikeKind, StrikeRow
from bot.db.models import NOBODY, Generation
from bot.policy.audit import record
from bot.policy.documents import Block, StrikeRules, tell_block
from bot.policy.store import fetch_member_policy, fetch_policy, store_member_policy
from bot.policy.strikes import ActiveStrikes, Strike, active_strikes, block_for

REJECTION, DELETION = "request:", "video:"  # how the names of acts begin
ANSWER_TIME = timedelta(seconds=60)  # in which it is recorded that a refusal was shown


@dataclass(frozen=True, slots=True)
class Act:
    """A member's act that brings a strike.

    Attributes:
        source: names the act, so that it gives one strike however often it is told.
        is_answered: the refusal itself says so to the member; they are sent a message all the same, unless
            that they were shown it is recorded soon (`record_told`).
        locale: the language of that message.
        appeal_id: what the member can ask a moderator about, who may forgive the strike with it.
    """

    guild_id: int
    user_id: int
    kind: StrikeKind
    source: str
    is_answered: bool = False
    locale: str | None = None
    appeal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Struck:
    """The consequence of a strike, and the member's strikes that count.

    Attributes:
        strike_id: its row.
        counts: neither forgiven nor faded; an act that is told again may have given it long ago.
        block: what keeps the member from requests now.
    """

    strike_id: int
    counts: bool
    active: ActiveStrikes
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class StrikesOf:
    """A member's strikes that nobody has forgiven, and when the last one was."""

    user_id: int
    count: int
    last_at: datetime


def act_of(generation: Generation) -> str:
    """Return what names a request as an act: a film is one, and so are shots that are redone together."""
    film_id = generation.film_id
    return generation.id if film_id is None else f"{film_id}:{generation.created_at.isoformat()}"


def rejection_source(generation: Generation) -> str:
    """Return how a strike names that the provider's safety rejected a request."""
    return f"{REJECTION}{act_of(generation)}"


def deletion_source(generation: Generation) -> str:
    """Return how a strike names that a video was deleted after a report."""
    return f"{DELETION}{act_of(generation)}"


def _names_of(source: str) -> Sequence[str]:
    """Return all by which a strike may name the same act: of a film, shots can be rejected and deleted."""
    kind = next((kind for kind in (REJECTION, DELETION) if source.startswith(kind)), None)
    if kind is None:
        return [source]
    return [other + source.removeprefix(kind) for other in (REJECTION, DELETION)]


def give_strike(session: Session, act: Act, now: datetime) -> Struck | None:
    """Give a strike for an act, unless it gave one before; None: the server gives none."""
    rules = fetch_policy(session, act.guild_id).strikes
    if rules is None or act.user_id == NOBODY:
        return None
    row = session.scalar(select(StrikeRow).where(StrikeRow.source.in_(_names_of(act.source))).limit(1))
    if row is None:
        row = _give(session, act, rules, now)
    elif act.appeal_id is not None:  # the act is told again: what could be asked about before is gone
        row.appeal_id = act.appeal_id
    counts = row.forgiven_at is None and now < row.fades_at
    block = fetch_member_policy(session, act.guild_id, act.user_id).block_at(now)
    active = fetch_active_strikes(session, rules, act.guild_id, act.user_id, now)
    return Struck(row.id, counts, active, block)


def record_told(session: Session, strike_id: int) -> None:
    """Remember that no message has to tell a strike any more, and forget the language of that message."""
    session.execute(update(StrikeRow).where(StrikeRow.id == strike_id).values(tell_at=None, locale=None))


def forgive(strike: StrikeRow, now: datetime) -> None:
    """Let a strike count no more; nobody is told of it any more, either."""
    strike.forgiven_at, strike.tell_at, strike.locale = now, None, None


def fetch_active_strikes(
    session: Session, rules: StrikeRules, guild_id: int, user_id: int, now: datetime
) -> ActiveStrikes:
    """Return a member's strikes that count."""
    query = select(StrikeRow.kind, StrikeRow.fades_at).where(
        StrikeRow.guild_id == guild_id,
        StrikeRow.user_id == user_id,
        StrikeRow.fades_at > now,
        StrikeRow.forgiven_at.is_(None),
    )
    return active_strikes(rules, [Strike(kind, fades_at) for kind, fades_at in session.execute(query)], now)


def fetch_recent_strikes(session: Session, guild_id: int, since: datetime) -> Sequence[StrikesOf]:
    """Return who got strikes of a server since then, most first; forgiven ones don't count."""
    query = (
        select(StrikeRow.user_id, StrikeRow.created_at)
        .where(
            StrikeRow.created_at > since,
            StrikeRow.forgiven_at.is_(None),
            StrikeRow.guild_id + 0 == guild_id,  # else SQLite reads all that the server ever gave
        )
        .order_by(StrikeRow.created_at.desc())
    )
    given: dict[int, list[datetime]] = {}
    for user_id, at in session.execute(query):
        given.setdefault(user_id, []).append(at)
    found = [StrikesOf(user_id, len(times), times[0]) for user_id, times in given.items()]
    return sorted(found, key=lambda strikes: strikes.count, reverse=True)


def _give(session: Session, act: Act, rules: StrikeRules, now: datetime) -> StrikeRow:
    """Write a strike down, and the block that it brings."""
    row = StrikeRow(
        guild_id=act.guild_id,
        user_id=act.user_id,
        kind=act.kind,
        source=act.source,
        created_at=now,
        fades_at=now + rules.window,
        locale=act.locale,
        tell_at=now + ANSWER_TIME if act.is_answered else now,
        appeal_id=act.appeal_id,
    )
    session.add(row)
    session.flush()
    _block(session, act, rules, now)
    return row


def _block(session: Session, act: Act, rules: StrikeRules, now: datetime) -> None:
    active = fetch_active_strikes(session, rules, act.guild_id, act.user_id, now)
    member_policy = fetch_member_policy(session, act.guild_id, act.user_id)
    block = block_for(member_policy.block, active, now)
    if block is None:
        return
    changed = member_policy.model_copy(update={"block": block})
    store_member_policy(session, act.guild_id, act.user_id, changed)
    record(
        session,
        act.guild_id,
        None,
        Action.BLOCK,
        now,
        subject=f"member:{act.user_id}",
        old=tell_block(member_policy.block_at(now)),
        new=tell_block(block),
        reason=f"strikes: {active.count}",
    )
