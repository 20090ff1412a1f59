"""A member's present state, in a line for moderators. Pure text."""

from collections.abc import Mapping
from datetime import datetime
from typing import LiteralString

from bot.admission.budgets import exhausted
from bot.admission.denials import (
    NO_MONEY_AT_ALL,
    BlockedError,
    PausedError,
    QuotaReachedError,
    WaitingFullError,
)
from bot.admission.entitlement import Entitlement
from bot.admission.limits import QuotaVerdict
from bot.i18n import N_, _, ngettext
from bot.markup import absolute_time, relative_time
from bot.policy.documents import Period
from bot.policy.phrases import count_videos
from cogs.usage.usage_text import slots_left

BUDGET_USED_UP: Mapping[Period, LiteralString] = {
    Period.DAY: N_(
        "They can't request videos now: the server's budget for today is used up. It resets {when}."
    ),
    Period.MONTH: N_(
        "They can't request videos now: the server's budget for this month is used up. It resets {when}."
    ),
}

FIT_BUDGET = N_("Each has to fit into what's left of the server's budget.")


def now_text(entitlement: Entitlement) -> str:
    """Say what a member can ask for now, or what keeps them from it."""
    match entitlement.obstacle:
        case PausedError():
            return _("They can't request videos now: /veo is paused on this server.")
        case BlockedError(until=until):
            return _blocked_line(until)
        case QuotaReachedError(verdict=verdict):
            return _full_limit(verdict)
        case WaitingFullError(max_waiting=max_waiting):
            return _full_queue(max_waiting, entitlement.use.in_review)
        case None:
            return _no_money(entitlement) or _slots(entitlement)


def _full_limit(verdict: QuotaVerdict) -> str:
    if verdict.frees_at is not None:
        return _(
            "They can't request a video now. They can request another one {when}.",
            when=relative_time(verdict.frees_at),
        )
    if any(not limit.rule.most for limit in verdict.broken):
        return _("They can't request videos: their limit is 0.")
    full = _("They can't request a video now: one in progress must finish first.")
    return _with_held_up(full, verdict.in_review)


def _full_queue(max_waiting: int, in_review: int) -> str:
    videos = count_videos(max_waiting)
    if not in_review:
        return _(
            "They can't request a video now: they already have {videos} in the queue, which is the maximum.",
            videos=videos,
        )
    full = _(
        "They can't request a video now: they already have {videos} waiting, which is the maximum.",
        videos=videos,
    )
    return _with_held_up(full, in_review)


def _with_held_up(full: str, in_review: int) -> str:
    """Add what only moderators can let go on."""
    if not in_review:
        return full
    held = ngettext(
        "{count} of theirs is waiting for a moderator's approval.",
        "{count} of theirs are waiting for a moderator's approval.",
        in_review,
    )
    return f"{full} {held}"


def _no_money(entitlement: Entitlement) -> str:
    full = exhausted(entitlement.budgets, 0)
    if full is None:
        return ""
    if full.budget <= 0:
        return _(NO_MONEY_AT_ALL)
    return _(BUDGET_USED_UP[full.period], when=relative_time(full.resets_at))


def _slots(entitlement: Entitlement) -> str:
    """Say how many videos the limits leave; how many of them the budget pays for depends on the videos."""
    slots = _slots_line(slots_left(entitlement))
    return f"{slots} {_(FIT_BUDGET)}" if entitlement.budgets else slots


def _slots_line(left: int | None) -> str:
    if left is None:
        return _("They can request any number of videos now.")
    return ngettext("They can request {count} video now.", "They can request {count} videos now.", left)


def _blocked_line(until: datetime | None) -> str:
    if until is None:
        return _("They can't request videos now: they're blocked until a moderator unblocks them.")
    return _("They can't request videos now: they're blocked until {date}.", date=absolute_time(until))
