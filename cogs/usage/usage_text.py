"""A member's usage in words; `/usage` shows it to themselves. The reasons are those of a refusal."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import LiteralString

from bot.admission.budgets import exhausted
from bot.admission.denials import BudgetReachedError
from bot.admission.entitlement import Entitlement
from bot.admission.limits import Limit, check_quota, next_slot, remaining
from bot.i18n import N_, _, ngettext, number
from bot.markup import absolute_time, relative_time
from bot.money import show_money
from bot.policy.documents import LimitKind, MemberPolicy
from bot.policy.phrases import count_videos
from bot.policy.strikes import describe_strikes

SHOWN_GRANTS = 5

WINDOWS: Mapping[LimitKind, LiteralString] = {
    LimitKind.DAY: N_("Last 24 hours"),
    LimitKind.WEEK: N_("Last 7 days"),
    LimitKind.MONTH: N_("Last 30 days"),
}

MONEY_LEFT = N_("The server's video budget has money left. Each video has to fit into it.")


def usage_text(entitlement: Entitlement) -> str:
    """Return what `/usage` says: what can be asked for now, the limits, the grants, the money."""
    no_money = _no_money(entitlement)
    obstacle = entitlement.obstacle
    lines = [
        _("**Your videos on this server**"),
        (obstacle and obstacle.sentence) or no_money or _slots_line(slots_left(entitlement)),
        *(f"- {use_line(limit, entitlement)}" for limit in _shown_limits(entitlement)),
        *queue_lines(entitlement),
        *grant_lines(entitlement.member_policy, entitlement.now),
        _spent_line(entitlement.spent) if entitlement.spent else "",
        no_money if obstacle else "",
        describe_strikes(entitlement.strikes) if entitlement.strikes else "",
        _(MONEY_LEFT) if entitlement.budgets and not no_money else "",
    ]
    return "\n".join(line for line in lines if line)


def use_line(limit: Limit, entitlement: Entitlement) -> str:
    """Return one limit's use, such as "Last 24 hours: 3 of 5 used, 2 left. …"; moderators read it, too."""
    use, now = entitlement.use, entitlement.now
    taken, left = number(use.within(limit.kind, now)), remaining(limit, use, now)
    maximum = "" if limit.most is None else number(limit.most)
    if limit.kind is LimitKind.AT_ONCE and left is None:
        return _("At once: {taken} in progress, no limit.", taken=taken)
    if limit.kind is LimitKind.AT_ONCE:
        return _("At once: {taken} of {most} in progress.", taken=taken, most=maximum)
    window = _(WINDOWS[limit.kind])
    if left is None:
        return _("{window}: {taken} used, no limit.", window=window, taken=taken)
    line = _(
        "{window}: {taken} of {most} used, {left} left.",
        window=window,
        taken=taken,
        most=maximum,
        left=number(left),
    )
    return f"{line}{_next_slot(limit, entitlement)}"


def grant_lines(member_policy: MemberPolicy, now: datetime) -> Iterator[str]:
    """Yield what the grants that hold add to the limits above them, and until when."""
    alive = sorted(
        (grant for grant in member_policy.grants if now < grant.until), key=lambda grant: grant.until
    )
    for grant in alive[:SHOWN_GRANTS]:
        yield _(
            "Granted, included above: {videos} until {date}.",
            videos=count_videos(grant.amount),
            date=absolute_time(grant.until),
        )
    if len(alive) > SHOWN_GRANTS:
        rest = sum(grant.amount for grant in alive[SHOWN_GRANTS:])
        yield _("Also granted: {videos}, ending later.", videos=count_videos(rest))


def slots_left(entitlement: Entitlement) -> int | None:
    """Return how many videos the limits and the places in the queue leave now; None: any number."""
    lefts = [_limits_leave(entitlement), _queue_leaves(entitlement)]
    return min((left for left in lefts if left is not None), default=None)


def _limits_leave(entitlement: Entitlement) -> int | None:
    lefts = [remaining(limit, entitlement.use, entitlement.now) for limit in entitlement.limits]
    return min((left for left in lefts if left is not None), default=None)


def _queue_leaves(entitlement: Entitlement) -> int | None:
    most = entitlement.max_waiting
    return None if most is None else max(0, most - entitlement.use.in_queue)


def queue_lines(entitlement: Entitlement) -> Iterator[str]:
    """Yield how many wait in the queue, where that is what leaves the fewest."""
    limits_leave, queue_leaves = _limits_leave(entitlement), _queue_leaves(entitlement)
    if queue_leaves is not None and (limits_leave is None or queue_leaves < limits_leave):
        taken, most = number(entitlement.use.in_queue), number(entitlement.max_waiting or 0)
        yield f"- {_('In the queue: {taken} of {most}.', taken=taken, most=most)}"


def _shown_limits(entitlement: Entitlement) -> list[Limit]:
    """Return those that limit something; and how much was used where nothing limits that."""
    windows = [limit for limit in entitlement.limits if limit.kind in WINDOWS]
    shown = [limit for limit in windows if limit.most is not None] or windows[-1:]
    return [*shown, *(x for x in entitlement.limits if x.kind not in WINDOWS and x.most is not None)]


def _no_money(entitlement: Entitlement) -> str:
    """Say that a budget is spent, where one is, but no sums: those are the moderators' business."""
    full = exhausted(entitlement.budgets, 0)
    return BudgetReachedError(full, 0).sentence if full else ""


def _slots_line(left: int | None) -> str:
    if left is None:
        return _("You can request any number of videos now.")
    return ngettext("You can request {count} video now.", "You can request {count} videos now.", left)


def _spent_line(spent: float) -> str:
    return _("Your videos from the last 30 days cost {money}.", money=show_money(spent))


def _next_slot(limit: Limit, entitlement: Entitlement) -> str:
    use, now = entitlement.use, entitlement.now
    verdict = check_quota((limit,), entitlement.member_policy, use, now)
    if verdict.frees_at is not None:  # another limit may be reached for longer
        return f" {_('This limit allows another one {when}.', when=relative_time(verdict.frees_at))}"
    # Until the oldest leaves, a grant may end and take the slot: then nothing is promised.
    frees_at = next_slot(limit, use, now) if verdict.allowed and not limit.granted else None
    if frees_at is None:
        return ""
    return f" {_('The oldest one stops counting {when}.', when=relative_time(frees_at))}"
