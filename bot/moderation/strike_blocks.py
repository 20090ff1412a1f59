"""Blocks that strikes brought: which they are, and what holds once one of them is ended.

All functions run inside a transaction of the caller's.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.db.guild_models import Action, AuditRow
from bot.moderation.decided import decision_of
from bot.moderation.decisions import Moderator
from bot.moderation.report_decisions import block_of_report
from bot.moderation.restoring import still_holding
from bot.policy.audit import record
from bot.policy.documents import Block, tell_block
from bot.policy.store import fetch_blocked, fetch_member_policy, store_member_policy


def end_block(
    session: Session, by: Moderator, user_id: int, now: datetime, *, since: Collection[datetime] | None = None
) -> tuple[Block | None, Block | None]:
    """End the block that strikes brought, and return the member's block before and after that.

    What moderators decided before or meanwhile holds again, as long as it would have.
    `since`: only blocks of the strikes of these moments.
    """
    policy = fetch_member_policy(session, by.guild_id, user_id)
    block = policy.block_at(now)
    if block is None:
        return None, None
    left = without_strikes(session, (by.guild_id, user_id), block, now, since=since)
    if left != block:
        store_member_policy(session, by.guild_id, user_id, policy.model_copy(update={"block": left}))
        action, subject = Action.UNBLOCK if left is None else Action.BLOCK, f"member:{user_id}"
        old, new = tell_block(block), tell_block(left)
        record(session, by.guild_id, by.user_id, action, now, subject=subject, old=old, new=new)
    return block, left


def without_strikes(
    session: Session,
    member: tuple[int, int],
    block: Block,
    now: datetime,
    *,
    since: Collection[datetime] | None = None,
) -> Block | None:
    """Return what holds of a member's block once strikes are forgiven; `since`: those of these moments.

    `member`: the server, and who it is.
    """
    left: Block | None = block
    decided: list[Block] = []
    entry: AuditRow | None = None
    while left is not None and (since is None or left.since in since):
        entry = _entry_of(session, *member, left, before=entry)
        if entry is None:
            break
        decided += _decided_meanwhile(session, *member, left)
        before = still_holding(decision_of(entry).before, now)
        left = Block.model_validate(before) if before else None
    holding = [other for other in (left, *decided) if other is not None and other.holds(now)]
    return next(
        (other for other in holding if other.until is None),
        max(holding, key=lambda other: other.until or now, default=None),
    )


def count_blocked(session: Session, guild_id: int, now: datetime) -> int:
    """Return how many members are blocked now because of strikes."""
    blocks = fetch_blocked(session, guild_id, now)
    return sum(_entry_of(session, guild_id, user_id, block) is not None for user_id, block in blocks)


def _entry_of(
    session: Session, guild_id: int, user_id: int, block: Block, *, before: AuditRow | None = None
) -> AuditRow | None:
    """Return the row of the trail with which strikes brought a block; None: a moderator decided it.

    `before`: the row of the block that followed, since two strikes may be of the same moment.
    """
    query = _blocks_of(guild_id, user_id).where(AuditRow.at == block.since, AuditRow.actor_id.is_(None))
    if before is not None:
        query = query.where(AuditRow.id < before.id)
    return session.scalars(query.order_by(AuditRow.id.desc()).limit(1)).one_or_none()


def _decided_meanwhile(session: Session, guild_id: int, user_id: int, block: Block) -> Iterator[Block]:
    """Yield what moderators decided about reports while a block of strikes held for longer."""
    query = _blocks_of(guild_id, user_id).where(AuditRow.at >= block.since, AuditRow.actor_id.is_not(None))
    for row in session.scalars(query):
        own = block_of_report(session, row)
        if own is not None and row.new == tell_block(block):
            yield own


def _blocks_of(guild_id: int, user_id: int) -> Select[AuditRow]:
    return select(AuditRow).where(
        AuditRow.guild_id == guild_id,
        AuditRow.action == Action.BLOCK,
        AuditRow.subject == f"member:{user_id}",
    )
