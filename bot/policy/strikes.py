"""Strikes that climb and fade: which count now, how long the newest one blocks, how that is told. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import LiteralString

from bot.db.guild_models import StrikeKind
from bot.i18n import N_, _, format_and, ngettext, number
from bot.markup import absolute_time
from bot.policy.documents import Block, Step, StrikeRules

BLOCK_REASON = "Too many strikes."  # as it is written down; told by `bot.policy.phrases`

KINDS: Mapping[StrikeKind, LiteralString] = {
    StrikeKind.WORD: N_("blocked words: {count}"),
    StrikeKind.SAFETY: N_("prompts that the video service's safety filter rejected: {count}"),
    StrikeKind.REPORT: N_("videos or films that moderators deleted after a report: {count}"),
}


@dataclass(frozen=True, slots=True)
class Strike:
    """One strike that nobody has forgiven; when it fades was settled when it was given."""

    kind: StrikeKind
    fades_at: datetime


@dataclass(frozen=True, slots=True)
class ActiveStrikes:
    """A member's strikes that count, in the order in which they fade, and the ladder that they climb."""

    rules: StrikeRules
    strikes: tuple[Strike, ...] = ()

    @property
    def count(self) -> int:
        """The number of strikes that count."""
        return len(self.strikes)

    @property
    def fades_at(self) -> datetime | None:
        """The time when the first one stops counting; None: there is none."""
        return self.strikes[0].fades_at if self.strikes else None

    @property
    def all_faded_at(self) -> datetime | None:
        """The time when the last one stops counting; None: there is none."""
        return self.strikes[-1].fades_at if self.strikes else None


def active_strikes(rules: StrikeRules, strikes: Iterable[Strike], now: datetime) -> ActiveStrikes:
    """Return the strikes that count at `now`."""
    alive = [strike for strike in strikes if now < strike.fades_at]
    return ActiveStrikes(rules, tuple(sorted(alive, key=lambda strike: strike.fades_at)))


def step_at(rules: StrikeRules, count: int) -> Step | None:
    """Return the highest step that so many strikes reach; None: they block nobody."""
    reached = [step for step in rules.steps if step.strikes <= count]
    return max(reached, key=lambda step: step.strikes, default=None)


def step_after(rules: StrikeRules, count: int) -> Step | None:
    """Return the next step; None: there is none."""
    left = [step for step in rules.steps if step.strikes > count]
    return min(left, key=lambda step: step.strikes, default=None)


def climbs(steps: Sequence[Step]) -> bool:
    """Whether each step needs more strikes than the one before, and doesn't block for less."""
    return all(
        lower.strikes < upper.strikes
        and (upper.pause is None or (lower.pause is not None and lower.pause <= upper.pause))
        for lower, upper in pairwise(steps)
    )


def block_for(present: Block | None, active: ActiveStrikes, now: datetime) -> Block | None:
    """Return the block that a member's newest strike brings; None: none, or the present one holds as long."""
    step = step_at(active.rules, active.count)
    if step is None:
        return None
    until = None if step.pause is None else now + timedelta(seconds=step.pause)
    if present is not None and present.holds(now) and not _ends_before(present.until, until):
        return None
    return Block(since=now, until=until, reason=BLOCK_REASON)


def _ends_before(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one < other)


def describe_strikes(active: ActiveStrikes) -> str:
    """Return what members read of theirs: how many count, for what, when they fade, and what comes next."""
    if not active.count:
        return _("You have no strikes.")
    counted = ngettext("You have {count} strike.", "You have {count} strikes.", active.count)
    return f"{counted} {_what_counted(active)} {_next(active.rules, active.count)}".rstrip()


def describe_strikes_of(active: ActiveStrikes, user_id: int) -> str:
    """Return what moderators read of a member's: how many count, for what, and when they fade."""
    member = f"<@{user_id}>"
    if not active.count:
        return _("{member} has no strikes that count.", member=member)
    counted = ngettext(
        "{member} has {count} strike.", "{member} has {count} strikes.", active.count, member=member
    )
    return f"{counted} {_what_counted(active)}"


def _what_counted(active: ActiveStrikes) -> str:
    if active.fades_at is None or active.all_faded_at is None:
        return ""
    kinds = Counter(strike.kind for strike in active.strikes)
    what = format_and(_(KINDS[kind], count=number(kinds[kind])) for kind in StrikeKind if kinds[kind])
    if active.count == 1:
        fades = _("It counts until {date}.", date=absolute_time(active.fades_at))
    else:
        fades = _(
            "The first one counts until {date}, the last one until {last}.",
            date=absolute_time(active.fades_at),
            last=absolute_time(active.all_faded_at),
        )
    return f"{_('Counted: {what}.', what=what)} {fades}"


def describe_pause(pause: int | None) -> str:
    """Return how long a block lasts; None: until a moderator ends it."""
    return _("until a moderator ends it") if pause is None else describe_span(pause)


def how_long(pause: int | None) -> str:
    """Return how long a block lasts, as it follows a verb: "for 1 hour" or "until a moderator ends it"."""
    return describe_pause(None) if pause is None else _("for {span}", span=describe_pause(pause))


def describe_span(seconds: int) -> str:
    """Return a time in its largest whole unit, such as "90 minutes"."""
    if seconds % 86400 == 0:
        return ngettext("{count} day", "{count} days", seconds // 86400)
    if seconds % 3600 == 0:
        return ngettext("{count} hour", "{count} hours", seconds // 3600)
    return ngettext("{count} minute", "{count} minutes", -(-seconds // 60))


def _next(rules: StrikeRules, count: int) -> str:
    """Say what the next strikes bring; that the present ones brought a block is for others to say."""
    following, step = step_at(rules, count + 1), step_after(rules, count)
    if following is not None:
        return _("One more, and you're blocked {how_long}.", how_long=how_long(following.pause))
    if step is None:
        return ""
    return ngettext(
        "At {count} strike, you're blocked {how_long}.",
        "At {count} strikes, you're blocked {how_long}.",
        step.strikes,
        how_long=how_long(step.pause),
    )
