"""Gives strikes and reads them, always inside a transaction of the caller's that holds the server's lock.

The block that a strike brings is written in the same transaction, with its row of the audit trail.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.guild_models import Action, StrikeKind, StrikeRow
from bot.db.models import NOBODY
from bot.policy.audit import record
from bot.policy.documents import Block, StrikeRules, tell_block
from bot.policy.store import fetch_member_policy, fetch_policy, store_member_policy
from bot.policy.strikes import Standing, Strike, block_for, standing_of


@dataclass(frozen=True, slots=True)
class Act:
    """What a member did.

    Attributes:
        source: names the act, so that it gives one strike however often it is told.
        is_answered: the refusal itself says so to the member; otherwise they are sent a message.
        locale: the language of that message.
    """

    guild_id: int
    user_id: int
    kind: StrikeKind
    source: str
    is_answered: bool = False
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Struck:
    """What came of a strike: how the member stands; `block`: what keeps them from requests now."""

    standing: Standing
    block: Block | None = None


def give_strike(session: Session, act: Act, now: datetime) -> Struck | None:
    """Give a strike for an act, unless it gave one before; None: the server gives none."""
    rules = fetch_policy(session, act.guild_id).strikes
    if rules is None or act.user_id == NOBODY:
        return None
    given = session.scalar(select(StrikeRow.id).where(StrikeRow.source == act.source))
    if given is None:
        _give(session, act, rules, now)
    block = fetch_member_policy(session, act.guild_id, act.user_id).block
    standing = fetch_standing(session, rules, act.guild_id, act.user_id, now)
    return Struck(standing, block if block is not None and block.holds(now) else None)


def fetch_standing(
    session: Session, rules: StrikeRules, guild_id: int, user_id: int, now: datetime
) -> Standing:
    """Return a member's strikes that count."""
    query = select(StrikeRow.kind, StrikeRow.created_at).where(
        StrikeRow.guild_id == guild_id,
        StrikeRow.user_id == user_id,
        StrikeRow.created_at > now - rules.window,
        StrikeRow.forgiven_at.is_(None),
    )
    return standing_of(rules, [Strike(kind, at) for kind, at in session.execute(query)], now)


def _give(session: Session, act: Act, rules: StrikeRules, now: datetime) -> None:
    row = StrikeRow(
        guild_id=act.guild_id,
        user_id=act.user_id,
        kind=act.kind,
        source=act.source,
        created_at=now,
        locale=act.locale,
        tell_at=None if act.is_answered else now,
    )
    session.add(row)
    session.flush()
    standing = fetch_standing(session, rules, act.guild_id, act.user_id, now)
    member_policy = fetch_member_policy(session, act.guild_id, act.user_id)
    block = block_for(member_policy.block, standing, now)
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
        old=tell_block(member_policy.block),
        new=tell_block(block),
        reason=f"strikes: {standing.count}",
    )
