"""Moderators' decisions as two documents: one for a server, one for each member.

They are stored whole (`bot.db.guild_models`), so that a rule and what it is checked against are read in one
go, and read here only: everything that follows from them is pure.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from bot.db.models import Placement, Unreviewed
from bot.db.review_models import ReviewStage

MAX_CHANNELS = 50  # in which /veo works, so that all of them fit into one message
MAX_NEW_DAYS, MAX_NEW_VIDEOS = 366, 1000  # of a newcomer, at most
MAX_STEPS = 10  # of the ladder of strikes
MAX_STRIKES = 100  # of its last step


class LimitKind(StrEnum):
    """A kind of limit: on videos in a rolling window, or on videos being made at the same time."""

    DAY = "day"  # 24 hours
    WEEK = "week"  # 7 days
    MONTH = "month"  # 30 days
    AT_ONCE = "at_once"


class Scope(StrEnum):
    """The kind of subject that a rule is for, the strongest first."""

    MEMBER = "member"
    ROLE = "role"
    SERVER = "server"
    DEFAULT = "default"  # no rule was set: the operator's setting


class Period(StrEnum):
    """The period of a budget; both begin at midnight UTC."""

    DAY = "day"
    MONTH = "month"  # a calendar month


class Document(BaseModel):
    """Base of what is stored; a change makes a new object."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Rule(Document):
    """One limit. `most`: None means unlimited; `subject_id`: the member's or role's id, else 0."""

    scope: Scope
    subject_id: int = 0
    kind: LimitKind
    most: int | None = Field(ge=0)


class Pause(Document):
    """/veo is switched off for the whole server."""

    since: datetime
    reason: str | None = None


class Budget(Document):
    """A server's budget for a period, in the provider's credits."""

    credits: float = Field(ge=0, allow_inf_nan=False)
    since: datetime  # set or changed then: the moderators are warned anew


class Reviewed(StrEnum):
    """Whose requests moderators look at first."""

    NEWCOMERS = "newcomers"
    ROLE = "role"
    EVERYBODY = "everybody"


class ReviewRule(Document):
    """Whose requests wait for moderators.

    `days` and `videos`: a newcomer has been here for a shorter time, or has got fewer; 0: that doesn't count.
    """

    who: Reviewed
    days: int = Field(default=7, ge=0)
    videos: int = Field(default=3, ge=0)
    role_id: int = 0


class ServerSettings(Document):
    """The settings of `/veo-admin settings`. Empty `channels` or `models`: all of them."""

    channels: frozenset[int] = frozenset()
    models: frozenset[str] = frozenset()
    longest_duration: int | None = None  # seconds
    highest_resolution: str | None = None  # as the catalogue writes it, such as 720P
    placement: Placement | None = None  # None: a thread where there can be one
    ask_first: bool = False  # members are told the price first, and confirm it
    moderators_channel_id: int | None = None
    saves_at_once: bool = False  # limits and budgets are saved without a preview
    review: ReviewRule | None = None  # None: nobody's requests wait for moderators
    review_stage: ReviewStage = ReviewStage.MADE  # before what they wait; films always before they're made
    review_timeout: Unreviewed = Unreviewed.END  # finished videos that nobody decides about


class Step(Document):
    """From so many strikes on, each one blocks. `pause`: seconds; None: until a moderator ends it."""

    strikes: int = Field(ge=1)
    pause: int | None = Field(gt=0)


class StrikeRules(Document):
    """The ladder of strikes (`steps`, ascending), and the days after which each one fades."""

    days: int = Field(default=7, ge=1, le=30)
    steps: tuple[Step, ...] = (
        Step(strikes=3, pause=60 * 60),
        Step(strikes=5, pause=24 * 60 * 60),
        Step(strikes=8, pause=None),
    )

    @property
    def window(self) -> timedelta:
        """For how long a strike counts."""
        return timedelta(days=self.days)


class Policy(ServerSettings):
    """A server's document."""

    pause: Pause | None = None
    rules: tuple[Rule, ...] = ()
    budgets: dict[Period, Budget] = Field(default_factory=dict[Period, Budget])
    words: tuple[str, ...] = ()
    strikes: StrikeRules | None = None  # None: nothing gives any

    def with_rule(self, rule: Rule) -> Self:
        """Return the document with `rule` in place of an earlier one of its kind and subject."""
        others = self.without_rule(rule.scope, rule.subject_id, rule.kind).rules
        return self.model_copy(update={"rules": (*others, rule)})

    def without_rule(self, scope: Scope, subject_id: int, kind: LimitKind) -> Self:
        """Return the document without the rule of this kind and subject."""
        found = self.find_rule(scope, subject_id, kind)
        return self.model_copy(update={"rules": tuple(rule for rule in self.rules if rule is not found)})

    def find_rule(self, scope: Scope, subject_id: int, kind: LimitKind) -> Rule | None:
        """Return the rule of this kind and subject, or None."""
        wanted = (scope, subject_id, kind)
        return next((rule for rule in self.rules if (rule.scope, rule.subject_id, rule.kind) == wanted), None)


class Block(Document):
    """The member may not use /veo. `until`: None means until a moderator ends it."""

    since: datetime
    until: datetime | None = None
    reason: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.until is None or now < self.until


class Grant(Document):
    """Further videos on top of every window's limit, until it ends."""

    amount: int = Field(gt=0)
    since: datetime
    until: datetime


class MemberPolicy(Document):
    """A member's document in one server. Requests before `reset_at` do not count towards limits."""

    block: Block | None = None
    grants: tuple[Grant, ...] = ()
    reset_at: datetime | None = None

    def block_at(self, now: datetime) -> Block | None:
        """Return the block that holds at a moment, or None."""
        return self.block if self.block is not None and self.block.holds(now) else None

    def granted(self, now: datetime) -> int:
        """Return how many videos the grants that hold now add."""
        return sum(grant.amount for grant in self.grants if now < grant.until)

    def as_of(self, now: datetime) -> Self:
        """Return the document without the grants that were given after `now`."""
        grants = tuple(grant for grant in self.grants if grant.since <= now)
        return self if len(grants) == len(self.grants) else self.model_copy(update={"grants": grants})


def tell_block(block: Block | None) -> dict[str, str | None] | None:
    """Return a block as the audit trail tells it; None where there is none."""
    if block is None:
        return None
    until = block.until.isoformat() if block.until else None
    return {"since": block.since.isoformat(), "until": until, "reason": block.reason}
