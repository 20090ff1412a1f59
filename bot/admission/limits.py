"""The rules about how much a member may ask for. Pure: no I/O, and `now` is passed in."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from math import inf
from typing import NamedTuple

from bot.clock import CLOCK_SKEW
from bot.policy.documents import LimitKind, MemberPolicy, Rule, Scope

WINDOWS: Mapping[LimitKind, timedelta] = {
    LimitKind.DAY: timedelta(hours=24),
    LimitKind.WEEK: timedelta(days=7),
    LimitKind.MONTH: timedelta(days=30),
}
LONGEST_WINDOW = max(WINDOWS.values())

NEVER, ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit that holds for a member in one respect.

    Attributes:
        rule: the one that won; a `DEFAULT` one where nobody set any.
        granted: further videos that grants add now; never to `AT_ONCE`.
    """

    rule: Rule
    granted: int = 0

    @property
    def kind(self) -> LimitKind:
        """The kind of limit."""
        return self.rule.kind

    @property
    def most(self) -> int | None:
        """The number allowed in all; None: unlimited."""
        return None if self.rule.most is None else self.rule.most + self.granted


class Use(NamedTuple):
    """A member's use so far.

    Attributes:
        counted: when the requests that count were accepted, sorted; those of the longest window at least.
        at_once: how many are being waited for now.
        in_queue: of those, how many were not sent to the provider yet.
        in_review: of those, how many wait for a moderator.
    """

    counted: Sequence[datetime] = ()
    at_once: int = 0
    in_queue: int = 0
    in_review: int = 0

    def within(self, kind: LimitKind, now: datetime) -> int:
        """Return how many slots of a limit are taken."""
        if kind is LimitKind.AT_ONCE:
            return self.at_once
        return len(self.counted) - bisect_right(self.counted, now - WINDOWS[kind])

    def taken_until(self, kind: LimitKind, slots: int) -> datetime:
        """Return until when so many slots of a limit stay taken, if none is given back; `NEVER`: not now."""
        if kind is LimitKind.AT_ONCE:
            return ALWAYS if self.at_once >= slots else NEVER
        if slots <= 0:
            return ALWAYS
        return self.counted[-slots] + WINDOWS[kind] if len(self.counted) >= slots else NEVER


@dataclass(frozen=True, slots=True)
class QuotaVerdict:
    """The limits' answer to one more request.

    Attributes:
        broken: the limits that are reached; empty: one more is allowed.
        in_review: how many requests of the member wait for a moderator.
        frees_at: when one more is allowed by all windows; None: no waiting helps, or it ends with a video.
    """

    broken: tuple[Limit, ...] = ()
    frees_at: datetime | None = None
    in_review: int = 0

    @property
    def allowed(self) -> bool:
        """Whether one more may be asked for now."""
        return not self.broken


def winning_rule(
    rules: Collection[Rule], kind: LimitKind, member_id: int, role_ids: Collection[int], default: int | None
) -> Rule:
    """Return the rule that holds: the member's, else the most generous of their roles', else the server's.

    Where there is none, it is a `DEFAULT` one with `default` videos in 24 hours and no other limit.
    """
    found = {
        Scope.MEMBER: [r for r in rules if _is(r, kind, Scope.MEMBER) and r.subject_id == member_id],
        Scope.ROLE: [r for r in rules if _is(r, kind, Scope.ROLE) and r.subject_id in role_ids],
        Scope.SERVER: [r for r in rules if _is(r, kind, Scope.SERVER)],
    }
    for candidates in found.values():
        if candidates:
            return max(candidates, key=lambda rule: inf if rule.most is None else rule.most)
    return _default_rule(kind, default if kind is LimitKind.DAY else None)


def resolve_limits(
    rules: Collection[Rule],
    member_policy: MemberPolicy,
    member_id: int,
    role_ids: Collection[int],
    default: int | None,
    now: datetime,
) -> tuple[Limit, ...]:
    """Return what holds for a member, one limit of each kind; `default`: videos in 24 hours."""
    granted = member_policy.granted(now)
    return tuple(
        Limit(
            winning_rule(rules, kind, member_id, role_ids, default),
            0 if kind is LimitKind.AT_ONCE else granted,
        )
        for kind in LimitKind
    )


def check_quota(
    limits: Sequence[Limit], member_policy: MemberPolicy, use: Use, now: datetime
) -> QuotaVerdict:
    """Decide about one more request of a member."""
    broken = tuple(limit for limit in limits if _is_full(limit, use, now))
    if not broken:
        return QuotaVerdict()
    return QuotaVerdict(broken, _next_slot(limits, member_policy, use, now), use.in_review)


def full_until(limits: Iterable[Limit], use: Use, *, before: int = 0) -> datetime:
    """Return until when a limit is full, if no slot is given back; a time that is past: none is.

    `before`: how many more requests are accepted just before.
    """
    times = [
        use.taken_until(limit.kind, slots - before) for limit in limits if (slots := limit.most) is not None
    ]
    return max(times, default=NEVER)


def counted_since(member_policy: MemberPolicy, now: datetime) -> datetime:
    """Return the time after which requests are in the windows: the longest one's start, or a reset.

    A reset that is dated in the future is none: a clock was ahead then.
    """
    since, reset_at = now - LONGEST_WINDOW, member_policy.reset_at
    return since if reset_at is None or reset_at > now + CLOCK_SKEW else max(since, reset_at)


def next_slot(limit: Limit, use: Use, now: datetime) -> datetime | None:
    """Return when the oldest slot of a window's limit frees, or None where none is taken."""
    if limit.kind is LimitKind.AT_ONCE or not (taken := use.within(limit.kind, now)):
        return None
    return use.taken_until(limit.kind, taken)


def remaining(limit: Limit, use: Use, now: datetime) -> int | None:
    """Return how many slots of a limit are left; None: unlimited."""
    return None if limit.most is None else max(0, limit.most - use.within(limit.kind, now))


def _next_slot(
    limits: Sequence[Limit], member_policy: MemberPolicy, use: Use, now: datetime
) -> datetime | None:
    """Find the first time at which no window is full; grants that end meanwhile are not counted then.

    None where nothing may be made at once: then a slot in the windows is of no use.
    """
    if any(limit.kind is LimitKind.AT_ONCE and limit.most == 0 for limit in limits):
        return None
    windows = [limit for limit in limits if limit.kind in WINDOWS and limit.rule.most is not None]
    if not any(_is_full(limit, use, now) for limit in windows):
        return None
    ends = {start + WINDOWS[limit.kind] for limit in windows for start in use.counted}
    for at in sorted(end for end in ends if end > now):
        granted = member_policy.granted(at)
        if not any(_is_full(Limit(limit.rule, granted), use, at) for limit in windows):
            return at
    return None


def _is_full(limit: Limit, use: Use, now: datetime) -> bool:
    slots = limit.most
    return slots is not None and now < use.taken_until(limit.kind, slots)


@cache  # there are few, and to check the values takes longer than all else here
def _default_rule(kind: LimitKind, most: int | None) -> Rule:
    return Rule(scope=Scope.DEFAULT, kind=kind, most=most)


def _is(rule: Rule, kind: LimitKind, scope: Scope) -> bool:
    return rule.kind is kind and rule.scope is scope
