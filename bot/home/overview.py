"""How a server stands: what waits, what was spent, what has to be decided, and what's wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, not_, select
from sqlalchemy.orm import Session

from bot.admission.appeals import IS_OPEN
from bot.admission.budgets import BudgetState, period_start, states_of
from bot.admission.spending import fetch_spent
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.guild_models import AppealRow, ReportRow
from bot.db.models import OPEN, WAITING, Generation
from bot.db.review_models import HAS_REQUESTS, IN_REVIEW, ReviewRow
from bot.jobs.ports import Posted
from bot.monitoring.alert_rules import AlertKey, AlertKind, AlertState
from bot.monitoring.alert_store import fetch_alert
from bot.policy.documents import Period, Policy
from bot.policy.store import fetch_blocked, fetch_policy

MOST_LINKS = 5  # reports and appeals that are linked, the oldest first


@dataclass(frozen=True, slots=True)
class Overview:
    """How a server stands at a moment.

    Attributes:
        waiting, running: requests in the queue, and at the video service or on their way there.
        spent: what was charged and what is reserved in the present day and month (UTC), in credits.
        budgets: those that are set.
        open_reports: how many reports nobody has decided.
        report_posts: where moderators see the oldest of them.
        open_appeals, appeal_posts: the same of what members ask moderators.
        open_reviews, review_posts: the same of requests that wait for moderators, which aren't in the queue.
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


def fetch_overview(session: Session, guild_id: int, now: datetime) -> Overview:
    """Read how a server stands."""
    policy = fetch_policy(session, guild_id)
    spent = fetch_spent(session, guild_id, {period: period_start(period, now) for period in Period}, now)
    waiting, running = _count_open(session, guild_id)
    reports, appeals = _fetch_open_reports(session, guild_id), _fetch_open_appeals(session, guild_id)
    reviews = _fetch_open_reviews(session, guild_id)
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
        blocked=len(fetch_blocked(session, guild_id, now)),
        alert=fetch_alert(session, AlertKey(AlertKind.DELIVERIES_FAILING, guild_id)),
    )


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


def _fetch_open_reports(session: Session, guild_id: int) -> Sequence[ReportRow]:
    """Return the reports about which nobody has done anything, the oldest first."""
    query = (
        select(ReportRow)
        .where(
            ReportRow.guild_id == guild_id,
            ReportRow.deleted_by.is_(None),
            ReportRow.blocked_by.is_(None),
            ReportRow.dismissed_by.is_(None),
        )
        .order_by(ReportRow.created_at)
    )
    return session.scalars(query).all()


def _fetch_open_appeals(session: Session, guild_id: int) -> Sequence[AppealRow]:
    """Return what members asked and nobody has decided, the oldest first."""
    query = select(AppealRow).where(AppealRow.guild_id == guild_id, IS_OPEN).order_by(AppealRow.asked_at)
    return session.scalars(query).all()


def _fetch_open_reviews(session: Session, guild_id: int) -> Sequence[ReviewRow]:
    """Return what waits for moderators, the one that ends first first."""
    query = (
        select(ReviewRow)
        .where(ReviewRow.guild_id == guild_id, ReviewRow.decision.is_(None), HAS_REQUESTS)
        .order_by(ReviewRow.ends_at)
    )
    return session.scalars(query).all()


def _posts_of(rows: Sequence[ReportRow] | Sequence[AppealRow] | Sequence[ReviewRow]) -> list[Posted]:
    """Return where moderators see the first of these."""
    posts = [Posted(row.message_id, row.channel_id) for row in rows if row.message_id is not None]
    return posts[:MOST_LINKS]
