"""Moderators' changes of limits: rules for the server, roles and members; grants; resets; budgets."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Self

from sqlalchemy.orm import Session

from bot.admission.limits import Limit, resolve_limits
from bot.admission.usage_counts import date_back
from bot.db.guild_models import Action
from bot.db.transactions import Work
from bot.errors import BadInputError
from bot.i18n import _, ngettext, number
from bot.moderation.decisions import AuditEvent, Decisions, Moderator
from bot.moderation.snapshots import snapshot_budget, snapshot_grants, snapshot_of_limits, snapshot_reset
from bot.policy.documents import Budget, Grant, LimitKind, MemberPolicy, Period, Policy, Rule, Scope
from bot.policy.store import fetch_member_policy, fetch_policy

DEFAULT_GRANT = timedelta(hours=24)  # a grant without an end would give its videos every day anew
MAX_GRANTED = 1000  # videos in one grant
MAX_RULES = 500  # of one server


@dataclass(frozen=True, slots=True)
class Subject:
    """The server, role or member that a rule is for; `id` is 0 for the server."""

    scope: Scope
    id: int = 0

    def __str__(self) -> str:
        """As the audit trail names it."""
        return f"{self.scope}:{self.id}" if self.id else str(self.scope)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return who is named in the audit trail."""
        scope, _colon, number = text.partition(":")
        return cls(Scope(scope), int(number or 0))


SERVER = Subject(Scope.SERVER)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A server's rules; where a member was asked about, `limits` says which of them win.

    `member_policy`: without a block that has ended.
    """

    rules: tuple[Rule, ...]
    budgets: Mapping[Period, Budget]
    default: Rule
    limits: tuple[Limit, ...] = ()
    member_policy: MemberPolicy = field(default_factory=MemberPolicy)


def nothing_first(session: Session) -> None:
    """Do nothing before a change."""
    del session


class QuotaRules:
    """Sets and explains limits.

    Args:
        daily_limit: videos in 24 hours where no rule says otherwise.
    """

    def __init__(self, decisions: Decisions, *, daily_limit: int) -> None:
        self._decisions = decisions
        self._database, self._clock = decisions.database, decisions.clock
        self._daily_limit = daily_limit

    async def set_limits(
        self,
        by: Moderator,
        subject: Subject,
        limits: Mapping[LimitKind, int | None],
        reason: str | None = None,
        first: Work[None] = nothing_first,
    ) -> None:
        """Set a subject's limits of these kinds; None: unlimited.

        `first`: what is done before in the same transaction, and may raise to keep all as it is.

        Raises:
            BadInputError: there are too many rules, or the reason is too long.
        """
        event = AuditEvent(Action.QUOTA_SET, str(subject), reason)
        change = partial(with_limits, subject=subject, limits=limits)

        def decide(session: Session) -> None:
            first(session)
            self._decisions.change_policy_in(
                session, by, event, change, snapshot_of_limits(subject.scope, subject.id, limits)
            )

        await self._decisions.write(by, decide)

    async def unset_limits(
        self,
        by: Moderator,
        subject: Subject,
        kinds: Collection[LimitKind],
        reason: str | None = None,
        first: Work[None] = nothing_first,
    ) -> list[Rule]:
        """Take a subject's rules of these kinds away; return those that there were. `first`: as above."""
        event = AuditEvent(Action.QUOTA_UNSET, str(subject), reason)
        change = partial(without_limits, subject=subject, kinds=kinds)

        def decide(session: Session) -> list[Rule]:
            first(session)
            old, _ = self._decisions.change_policy_in(
                session, by, event, change, snapshot_of_limits(subject.scope, subject.id, kinds)
            )
            return rules_of(old, subject, kinds)

        return await self._decisions.write(by, decide)

    async def grant(
        self, by: Moderator, user_id: int, amount: int, until: datetime | None, reason: str | None = None
    ) -> Grant:
        """Give a member `amount` further videos on top of every window, for 24 hours or until a moment.

        Raises:
            BadInputError: the amount makes no sense, or the reason is too long.
        """
        if not 1 <= amount <= MAX_GRANTED:
            raise BadInputError(
                _("Grant from 1 to {most} videos. Nothing changed.", most=number(MAX_GRANTED))
            )
        now = self._clock()
        grant = Grant(amount=amount, since=now, until=until or now + DEFAULT_GRANT)

        def add(member_policy: MemberPolicy) -> MemberPolicy:
            alive = tuple(other for other in member_policy.grants if now < other.until)
            return member_policy.model_copy(update={"grants": (*alive, grant)})

        await self._decisions.change_member_policy(
            by,
            user_id,
            AuditEvent(Action.GRANT, f"member:{user_id}", reason),
            add,
            lambda member_policy: snapshot_grants(member_policy, now),
        )
        return grant

    async def reset(self, by: Moderator, user_id: int, reason: str | None = None) -> None:
        """Let a member's windows begin anew; what was spent stays spent."""
        now = self._clock()
        await self._decisions.change_member_policy(
            by,
            user_id,
            AuditEvent(Action.RESET, f"member:{user_id}", reason),
            lambda member_policy: member_policy.model_copy(update={"reset_at": now}),
            snapshot_reset,
            lambda session: date_back(session, by.guild_id, user_id, now),
        )

    async def set_budgets(
        self,
        by: Moderator,
        amounts: Mapping[Period, float | None],
        reason: str | None = None,
        first: Work[None] = nothing_first,
    ) -> None:
        """Set what the server may spend in periods, in the provider's credits; None: without a budget.

        `first`: as above.

        Raises:
            BadInputError: the reason is too long; no budget was changed.
        """

        def decide(session: Session) -> None:
            first(session)
            for period, amount in amounts.items():
                # Not earlier: a warning from before the server's lock was ours is about the old budget.
                budget = None if amount is None else Budget(credits=amount, since=self._clock())
                self._decisions.change_policy_in(
                    session,
                    by,
                    AuditEvent(Action.BUDGET, f"budget:{period}", reason),
                    partial(with_budget, period=period, budget=budget),
                    partial(snapshot_budget, period=period),
                )

        await self._decisions.write(by, decide)

    async def read(
        self, guild_id: int, user_id: int | None = None, role_ids: Collection[int] = ()
    ) -> RuleBook:
        """Return the server's rules, and which of them win for a member, where one is named."""
        now = self._clock()

        def look(session: Session) -> tuple[Policy, MemberPolicy]:
            policy = fetch_policy(session, guild_id)
            member_policy = (
                MemberPolicy() if user_id is None else fetch_member_policy(session, guild_id, user_id)
            )
            return policy, member_policy.model_copy(update={"block": member_policy.block_at(now)})

        policy, member_policy = await self._database.read(look, hurried=True)
        default = Rule(scope=Scope.DEFAULT, kind=LimitKind.DAY, most=self._daily_limit)
        book = RuleBook(policy.rules, policy.budgets, default)
        if user_id is None:
            return book
        limits = resolve_limits(policy.rules, member_policy, user_id, role_ids, self._daily_limit, now)
        return RuleBook(policy.rules, policy.budgets, default, limits, member_policy)


def with_limits(policy: Policy, subject: Subject, limits: Mapping[LimitKind, int | None]) -> Policy:
    """Return the document with these limits of a subject; None: unlimited.

    Raises:
        BadInputError: there would be too many rules.
    """
    for kind, most in limits.items():
        policy = policy.with_rule(Rule(scope=subject.scope, subject_id=subject.id, kind=kind, most=most))
    return ensure_not_too_many(policy)


def without_limits(policy: Policy, subject: Subject, kinds: Collection[LimitKind]) -> Policy:
    """Return the document without a subject's limits of these kinds."""
    for kind in kinds:
        policy = policy.without_rule(subject.scope, subject.id, kind)
    return policy


def rules_of(policy: Policy, subject: Subject, kinds: Collection[LimitKind]) -> list[Rule]:
    """Return a subject's rules of these kinds."""
    found = [policy.find_rule(subject.scope, subject.id, kind) for kind in kinds]
    return [rule for rule in found if rule is not None]


def with_budget(policy: Policy, period: Period, budget: Budget | None) -> Policy:
    """Return the document with a period's budget in place of an earlier one; None: with none."""
    others = {p: other for p, other in policy.budgets.items() if p is not period}
    return policy.model_copy(update={"budgets": others if budget is None else {**others, period: budget}})


def ensure_not_too_many(policy: Policy) -> Policy:
    """Return a document that has no more rules than one can have.

    Raises:
        BadInputError: it has.
    """
    if len(policy.rules) > MAX_RULES:
        raise BadInputError(
            ngettext(
                "This server has {count} rule, which is the maximum. Remove some first.",
                "This server has {count} rules, which is the maximum. Remove some first.",
                MAX_RULES,
            )
        )
    return policy
