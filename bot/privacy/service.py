"""A member's own data: handing it out and forgetting it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.guild_models import AppealRow, GuildRow, MemberRow, ReportRow, StrikeRow
from bot.db.models import Generation, QuoteRow
from bot.db.review_models import ReviewRow
from bot.errors import DatabaseBusyError
from bot.policy.documents import MemberPolicy, Policy, Rule, Scope
from bot.privacy.appeals import forget_appeals
from bot.privacy.erasure import erase_batch, forget_forgiven
from bot.privacy.export import (
    Json,
    export_all,
    export_appeal,
    export_film,
    export_quote,
    export_report,
    export_request,
    export_review,
    export_strike,
)
from bot.privacy.reviews import forget_reviews, select_wordless

PAGE = 200  # rows that are read at once

Row = TypeVar("Row", Generation, FilmRow, QuoteRow, ReportRow, AppealRow, StrikeRow, ReviewRow)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The effect of `/privacy delete`: `now` requests are forgotten, `later` ones when delivered.

    What was offered and not asked for is among them. `questions`: how many refused requests were forgotten,
    with what moderators were asked about them.
    """

    now: int
    later: int
    questions: int = 0


class Privacy:
    """The service behind `/privacy`."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def export(self, user_id: int) -> dict[str, Any]:
        """Return everything that is recorded about a member's own requests, on all servers, as JSON.

        The keys are `user_id`, `exported_at`, `requests`, `films`, `offers`, `reports`, `appeals`, `reviews`
        and `strikes` (oldest first), and `limits` (by the server's id); see `bot.privacy.export`.
        """
        requests = await self._read_all(Generation, Generation.user_id == user_id, export_request)
        offers = await self._read_all(QuoteRow, QuoteRow.user_id == user_id, export_quote)
        films = await self._read_all(FilmRow, FilmRow.user_id == user_id, export_film)
        reports = await self._read_all(ReportRow, ReportRow.reporter_id == user_id, export_report)
        appeals = await self._read_all(AppealRow, AppealRow.user_id == user_id, export_appeal)
        reviews = await self._read_all(ReviewRow, ReviewRow.user_id == user_id, export_review)
        strikes = await self._read_all(StrikeRow, StrikeRow.user_id == user_id, export_strike)
        return await self._database.read(
            lambda session: export_all(
                user_id,
                self._clock(),
                requests=requests,
                films=films,
                offers=offers,
                reports=reports,
                appeals=appeals,
                reviews=reviews,
                strikes=strikes,
                member_policies=_fetch_member_policies(session, user_id),
                rules=_fetch_own_rules(session, user_id),
            ),
            hurried=True,
        )

    async def _read_all(
        self, table: type[Row], condition: ColumnElement[bool], export: Callable[[Row], Json]
    ) -> list[Json]:
        """Return what is exported of all rows that meet `condition`, oldest first.

        They are read some at a time: others have their turns in between, and no thread is busy for long.
        """
        chosen = select(table.id).where(condition).order_by(table.created_at, table.id)
        row_ids = await self._database.read(lambda session: session.scalars(chosen).all(), hurried=True)
        found: list[Json] = []
        for begin in range(0, len(row_ids), PAGE):
            page = row_ids[begin : begin + PAGE]
            found += await self._database.read(
                lambda session, page=page: _export_page(session, table, page, export)
            )
        return found

    async def forget(self, user_id: int) -> Forgotten:
        """Remove prompts and links of a member's requests, and all offers to them; the counts stay.

        What is not finished, or cannot be removed now, is left to `bot.privacy.retention`.

        Raises:
            DatabaseBusyError: not even the wish can be recorded now.
        """
        now = self._clock()
        own = Generation.user_id == user_id
        not_gone = and_(own, Generation.erased_at.is_(None), Generation.erase_at.is_not(None))

        def wish(session: Session) -> tuple[int, int, int]:
            session.execute(update(Generation).where(own, Generation.erase_at.is_(None)).values(erase_at=now))
            before = _count(session, not_gone)
            offers = _forget_quotes(session, user_id)
            questions = forget_appeals(session, user_id, now)
            forget_forgiven(session, user_id)
            return before, offers, questions

        before, offers, questions = await self._database.write(wish, hurried=True)
        with suppress(DatabaseBusyError):  # it is logged, and the wish is recorded
            while await self._erase_batch(not_gone):
                pass
        with suppress(DatabaseBusyError):
            await self._forget_reviews(ReviewRow.user_id == user_id, now)
        left = await self._database.read(lambda session: _count(session, not_gone), hurried=True)
        log.info("asked to delete their data", user=user_id, now=before - left, offers=offers, later=left)
        return Forgotten(now=before - left + offers, later=left, questions=questions)

    async def _forget_reviews(self, whose: ColumnElement[bool], now: datetime) -> None:
        found = await self._database.read(lambda session: select_wordless(session, whose), hurried=True)
        if found:
            await self._database.write(lambda session: forget_reviews(session, found, now), hurried=True)

    async def _erase_batch(self, condition: ColumnElement[bool]) -> int:
        return await self._database.write(
            lambda session: erase_batch(session, condition, self._clock()), hurried=True
        )


def _export_page(
    session: Session, table: type[Row], row_ids: Sequence[Any], export: Callable[[Row], Json]
) -> list[Json]:
    """Return what is exported of these rows, in their order; one that is gone since is left out."""
    rows = {row.id: row for row in session.scalars(select(table).where(table.id.in_(row_ids)))}
    return [export(rows[row_id]) for row_id in row_ids if row_id in rows]


def _forget_quotes(session: Session, user_id: int) -> int:
    """Delete all offers to a member; return how many of them were not confirmed: no request shows those."""
    own = delete(QuoteRow).where(QuoteRow.user_id == user_id).returning(QuoteRow.generation_id)
    unconfirmed = sum(generation_id is None for generation_id in session.scalars(own).all())
    films = delete(FilmRow).where(FilmRow.user_id == user_id, FilmRow.accepted_at.is_(None))
    return unconfirmed + len(session.scalars(films.returning(FilmRow.id)).all())


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Generation).where(condition)) or 0


def _fetch_member_policies(session: Session, user_id: int) -> dict[int, MemberPolicy]:
    rows = session.scalars(select(MemberRow).where(MemberRow.user_id == user_id))
    return {row.guild_id: MemberPolicy.model_validate(row.standing) for row in rows}


def _fetch_own_rules(session: Session, user_id: int) -> dict[int, list[Rule]]:
    """Return the rules that were set for this member, by the server's id."""
    found: dict[int, list[Rule]] = {}
    for row in session.scalars(select(GuildRow)):
        rules = Policy.model_validate(row.policy).rules
        own = [rule for rule in rules if rule.scope is Scope.MEMBER and rule.subject_id == user_id]
        if own:
            found[row.guild_id] = own
    return found
