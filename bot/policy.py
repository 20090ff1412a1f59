"""The rules about how much a member may ask for. Pure: no I/O, and `now` is passed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

QUOTA_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class QuotaVerdict:
    """Whether one more is allowed.

    Attributes:
        allowed: one more may be asked for now.
        frees_at: when the next place frees, if it is not allowed; None: never (the limit is zero).
    """

    allowed: bool
    frees_at: datetime | None = None


def window_start(now: datetime) -> datetime:
    """Return the moment after which requests count; the window rolls, it does not reset at midnight."""
    return now - QUOTA_WINDOW


def judge_quota(limit: int, counted: Sequence[datetime], now: datetime) -> QuotaVerdict:
    """Decide about one more request of a member.

    Args:
        limit: how many may lie in the window.
        counted: when the member's requests that count were accepted, in any order.
        now: the moment of the new request.
    """
    start = window_start(now)
    inside = sorted(moment for moment in counted if moment > start)
    if len(inside) < limit:
        return QuotaVerdict(allowed=True)
    if limit == 0:
        return QuotaVerdict(allowed=False)
    return QuotaVerdict(allowed=False, frees_at=inside[-limit] + QUOTA_WINDOW)
