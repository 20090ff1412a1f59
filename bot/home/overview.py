"""A server's overview: requests that wait, money spent, cases and setup steps to decide, and problems."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, func, not_, select
from sqlalchemy.orm import Session

from bot.admission.appeals import IS_OPEN
from bot.admission.budgets import BudgetState, period_start, states_of
from bot.admission.usage_counts import fetch_spent
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.guild_models import AppealRow, ReportRow
from bot.db.models import OPEN, WAITING, Generation
from bot.db.review_models import HAS_REQUESTS, IN_REVIEW, ReviewRow
from bot.jobs.ports import Posted
from bot.moderation.reports import IS_UNDECIDED
from bot.monitoring.alert_rules import AlertKey, AlertKind, AlertState
from bot.monitoring.alert_store import fetch_alert
from bot.monitoring.backlog import fetch_undelivered
from bot.policy.documents import Period, Policy, Scope
from bot.policy.store import fetch_blocked, fetch_policy
from bot.policy.strike_rows import StrikesOf, fetch_recent_strikes

Waiting = ReportRow | AppealRow | ReviewRow
STRIKES_TIME = timedelta(days=7)  # whose strikes moderators see


class WaitingKind(StrEnum):
    """A kind of case that moderators decide about."""

    REPORTS = "reports"
    APPEALS = "appeals"  # what members ask them
    REVIEWS = "reviews"  # requests that wait for approval, which aren't in the queue


def fetch_waiting(session: Session, guild_id: int, kind: WaitingKind) -> Sequence[Waiting]:
    """Return what nobody has decided, the oldest first; of requests, the one that ends first."""
    match kind:
        case WaitingKind.REPORTS:
            reports = select(ReportRow).where(ReportRow.guild_id == guild_id, IS_UNDECIDED)
            return session.scalars(reports.order_by(ReportRow.created_at)).all()
        case WaitingKind.APPEALS:
            appeals = select(AppealRow).where(AppealRow.guild_id == guild_id, IS_OPEN)
            return session.scalars(appeals.order_by(AppealRow.asked_at)).all()
        case WaitingKind.REVIEWS:
            reviews = select(ReviewRow).where(
                ReviewRow.guild_id == guild_id, ReviewRow.decision.is_(None), HAS_REQUESTS
            )
            return session.scalars(reviews.order_by(ReviewRow.ends_at)).all()


def post_of(row: Waiting) -> Posted | None:
    """Return where moderators see it; None: nowhere yet."""
    return None if row.message_id is None else Posted(row.message_id, row.channel_id)


class SetupStep(StrEnum):
    """One thing to decide."""

    CHANNEL = "channel"
    LIMITS = "limits"
    BUDGET = "budget"
    REVIEW = "review"


def is_decided(step: SetupStep, policy: Policy, broken: Collection[SetupStep] = ()) -> bool:
    """Whether moderators have decided it; not where what they chose is gone or can't be used (`broken`)."""
    if step in broken:
        return False
    match step:
        case SetupStep.CHANNEL:
            return policy.moderators_channel_id is not None
        case SetupStep.LIMITS:
            return any(rule.scope in {Scope.SERVER, Scope.ROLE} for rule in policy.rules)
        case SetupStep.BUDGET:
            return bool(policy.budgets)
        case SetupStep.REVIEW:
            return policy.review is not None


def next_step(
    policy: Policy, steps: Collection[SetupStep], broken: Collection[SetupStep] = ()
) -> SetupStep | None:
    """Return the first of these steps that a server shouldn't leave open; None: there's none.

    That nobody's requests wait for moderators is a decision as good as any.
    """
    wanted = {*steps} - ({SetupStep.REVIEW} - {*broken})
    undecided = (step for step in SetupStep if step in wanted and not is_decided(step, policy, broken))
    return next(undecided, None)


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of a server at a moment.

    Attributes:
        waiting, running: requests in the queue, and at the video service or on their way there.
        spent: what was charged and what is reserved in the present day and month (UTC), in credits.
        budgets: those that are set.
        open_reports: how many reports nobody has decided.
        report_posts: where moderators see them, the oldest first.
        open_appeals, appeal_posts: the same of what members ask moderators.
        open_reviews, review_posts: the same of requests that wait for moderators, which aren't in the queue.
        strikes: of the last 7 days; none where strikes are off.
        blocked: how many members are blocked now.
        alert: about results of this server that can't be posted; None: there's none.
    """

    policy: Policy
    waiting: int
    running: int
    spent: Mapping[Period, float]
    budgets: Sequence[BudgetState]
    open_reports: int
    report_posts: Sequence[Posted]
    open_appeals: int
    appeal_posts: Sequence[Posted]
    open_reviews: int
    review_posts: Sequence[Posted]
    strikes: Sequence[StrikesOf]
    blocked: int
    alert: AlertState | None


class Home:
    """Reads how servers stand."""

    def __init__(self, database: Database, *, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def read(self, guild_id: int) -> Overview:
        """Return how a server stands now, all of it of one moment.

        Raises:
            DatabaseBusyError: nothing can be read now.
        """
        return await self._database.read(
            lambda session: fetch_overview(session, guild_id, self._clock()), hurried=True
        )

    async def list_waiting(self, guild_id: int, kind: WaitingKind) -> tuple[Policy, Sequence[Waiting]]:
        """Return what moderators have to decide, and the rules of the server at that moment."""
        return await self._database.read(
            lambda session: (fetch_policy(session, guild_id), fetch_waiting(session, guild_id, kind)),
            hurried=True,
        )

    async def list_strikes(self, guild_id: int) -> Sequence[StrikesOf]:
        """Return who got strikes in the last 7 days, most first; nobody where strikes are off."""

        def look(session: Session) -> Sequence[StrikesOf]:
            return _fetch_strikes(session, fetch_policy(session, guild_id), guild_id, self._clock())

        return await self._database.read(look, hurried=True)

    async def list_undelivered(self, guild_id: int) -> tuple[AlertState | None, Sequence[Generation]]:
        """Return the alert about results that can't be posted, and the requests that they are of."""
        return await self._database.read(
            lambda session: (
                _fetch_alert(session, guild_id),
                fetch_undelivered(session, guild_id, self._clock()),
            ),
            hurried=True,
        )


def fetch_overview(session: Session, guild_id: int, now: datetime) -> Overview:
    """Read how a server stands."""
    policy = fetch_policy(session, guild_id)
    spent = fetch_spent(session, guild_id, {period: period_start(period, now) for period in Period}, now)
    waiting, running = _count_open(session, guild_id)
    reports, appeals, reviews = (fetch_waiting(session, guild_id, kind) for kind in WaitingKind)
    return Overview(
        policy=policy,
        waiting=waiting,
        running=running,
        spent=spent,
        budgets=states_of(policy.budgets, spent, now),
        open_reports=len(reports),
        report_posts=_posts_of(reports),
        open_appeals=len(appeals),
        appeal_posts=_posts_of(appeals),
        open_reviews=len(reviews),
        review_posts=_posts_of(reviews),
        strikes=_fetch_strikes(session, policy, guild_id, now),
        blocked=len(fetch_blocked(session, guild_id, now)),
        alert=_fetch_alert(session, guild_id),
    )


def _fetch_strikes(session: Session, policy: Policy, guild_id: int, now: datetime) -> Sequence[StrikesOf]:
    if policy.strikes is None:
        return ()
    return fetch_recent_strikes(session, guild_id, now - STRIKES_TIME)


def _fetch_alert(session: Session, guild_id: int) -> AlertState | None:
    return fetch_alert(session, AlertKey(AlertKind.DELIVERIES_FAILING, guild_id))


def _count_open(session: Session, guild_id: int) -> tuple[int, int]:
    """Return how many requests wait in the queue, and how many are sent or being sent."""
    is_unsent = Generation.status.in_(WAITING)
    is_waiting = and_(is_unsent, not_(IN_REVIEW))
    query = select(func.count().filter(is_waiting), func.count().filter(~is_unsent)).where(
        Generation.delivered_at.is_(None),  # implied; the index of what is open has it
        Generation.status.in_(OPEN),
        Generation.guild_id + 0 == guild_id,  # else SQLite reads all that the server ever asked for
    )
    waiting, running = session.execute(query).one()
    return waiting, running


def _posts_of(rows: Sequence[Waiting]) -> list[Posted]:
    """Return where moderators see these."""
    return [post for post in map(post_of, rows) if post is not None]
