"""The common part of the moderators' outboxes: their rows, when one is due, and showing what waits again."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from bot.db.guild_models import AppealRow, AuditRow, ReportRow
from bot.db.review_models import ReviewRow
from bot.errors import UserError
from bot.i18n import _
from bot.jobs.ports import DeliveryPostponedError, Posted
from bot.policy.store import fetch_policy

RETRY = timedelta(seconds=60)  # shorter than Discord remembers a nonce (`NONCE_LIFE`)
REFUSED_WAIT = timedelta(minutes=10)  # a moderator may mend the permissions
GIVE_UP_AFTER = timedelta(hours=24)  # of refusals by Discord

Row = AuditRow | ReportRow | AppealRow | ReviewRow
Show = Callable[[Session, int, datetime], int]  # lets a server's open cases be shown, and counts them


def move(session: Session, row: Row, post_at: datetime | None, *, seen: datetime | None = None) -> bool:
    """Change when the row is due; `seen`: only where that is what it was. Return whether it was changed."""
    table = type(row)
    query = update(table).where(table.id == row.id)
    if seen is not None:
        query = query.where(table.post_at == seen)
    result = session.execute(query.values(post_at=post_at))
    return isinstance(result, CursorResult) and result.rowcount == 1


def record_shown(
    session: Session, row: Row, until: datetime | None, shown_at: Posted | None, now: datetime
) -> None:
    """Record that moderators see a row, and in which message if that has buttons.

    `until`: when it was due then. Where that has changed meanwhile, somebody made it due again.
    """
    move(session, row, None, seen=until)
    if shown_at is not None and not isinstance(row, AuditRow):
        table = type(row)
        message = {"channel_id": shown_at.channel_id, "message_id": shown_at.message_id}
        session.execute(update(table).where(table.id == row.id).values(message))
    show_end(session, row, now)


def show_end(session: Session, row: Row, at: datetime) -> None:
    """Let an end be shown again, where it was decided while the open question was shown."""
    if isinstance(row, ReportRow):
        _show_decisions(session, row, at)
    if isinstance(row, AppealRow | ReviewRow):
        table = type(row)
        ended = update(table).where(table.id == row.id, table.decision.is_not(None))
        session.execute(ended.values(post_at=at))


def _show_decisions(session: Session, row: ReportRow, at: datetime) -> None:
    """Let a report be shown again about which something was decided since it was read."""
    now = session.get_one(ReportRow, row.id, populate_existing=True)
    if _decisions(now) != _decisions(row):
        now.post_at = at


def _decisions(row: ReportRow) -> tuple[int | None, int | None, int | None]:
    return row.deleted_by, row.blocked_by, row.dismissed_by


def wait_after(error: Exception) -> timedelta:
    """Return after how long Discord is asked again."""
    asked = error.retry_after if isinstance(error, DeliveryPostponedError) else None
    return max(RETRY, timedelta(seconds=asked or 0))


class NoChannelError(UserError):
    """There is no channel in which moderators could see anything."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This server has no moderators' channel. Set one with `/veo-admin settings "
                "moderators_channel`. Nothing changed."
            )
        )


def show_in_channel(session: Session, guild_id: int, show: Show, now: datetime) -> tuple[int, int]:
    """Let a server's open cases be shown; return the moderators' channel and how many there are.

    Raises:
        NoChannelError: the server has no channel for moderators.
    """
    channel_id = fetch_policy(session, guild_id).moderators_channel_id
    if channel_id is None:
        raise NoChannelError
    return channel_id, show(session, guild_id, now)
