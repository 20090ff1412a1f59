"""The audit trail: every moderator action is a row, written in the transaction of the action itself.

The rows are the outbox of the moderators' channel too: `post_at` says when one is to be posted there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.clock import CLOCK_SKEW
from bot.db.guild_models import Action, AuditRow
from bot.policy.store import fetch_policy


def record(
    session: Session,
    guild_id: int,
    actor_id: int | None,
    action: Action,
    now: datetime,
    *,
    subject: str | None = None,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write one action down; call it in the transaction that does it.

    `actor_id` is who did it, None the bot itself; `subject` to whom or what (`member:1`, `role:1`,
    `server`, `generation:…`, `budget:day`); `old` and `new` what was changed, as JSON.
    """
    has_channel = (fetch_policy(session, guild_id)).moderators_channel_id is not None
    session.add(
        AuditRow(
            guild_id=guild_id,
            at=now,
            actor_id=actor_id,
            action=action,
            subject=subject,
            old=old,
            new=new,
            reason=reason,
            post_at=now if has_channel else None,
        )
    )


def fetch_latest(
    session: Session,
    guild_id: int,
    action: Action,
    since: datetime | None,
    *conditions: ColumnElement[bool],
) -> AuditRow | None:
    """Return the latest entry about an action since a moment that fits, or None."""
    of_action = (AuditRow.guild_id == guild_id, AuditRow.action == action, AuditRow.at >= since)
    query = select(AuditRow).where(*of_action, *conditions).order_by(AuditRow.at.desc())
    return session.scalar(query.limit(1))


def was_recorded(
    session: Session, guild_id: int, action: Action, subject: str, since: datetime, now: datetime
) -> bool:
    """Whether the action was recorded for this subject since a moment, by a clock that wasn't ahead."""
    query = select(AuditRow.id).where(
        AuditRow.guild_id == guild_id,
        AuditRow.action == action,
        AuditRow.subject == subject,
        AuditRow.at >= since,
        AuditRow.at <= now + CLOCK_SKEW,
    )
    return session.scalar(query.limit(1)) is not None


def list_page(session: Session, guild_id: int, *, size: int, before: int | None = None) -> Sequence[AuditRow]:
    """Return up to `size` rows of a server, newest first; `before`: only those with a smaller id."""
    query = select(AuditRow).where(AuditRow.guild_id == guild_id).order_by(AuditRow.id.desc()).limit(size)
    if before is not None:
        query = query.where(AuditRow.id < before)
    return session.scalars(query).all()
