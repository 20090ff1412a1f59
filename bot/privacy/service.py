"""A member's own data: handing it out and forgetting it."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.admission.policy import Policy, Rule, Scope, Standing
from bot.clock import Clock, utc_now
from bot.database import Database, DatabaseBusyError
from bot.guild_models import GuildRow, MemberRow, ReportRow
from bot.models import DraftRow, Generation
from bot.privacy.erasure import erase_batch
from bot.privacy.export import export_all

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What `/privacy delete` did: `now` requests are forgotten, `later` ones when they are delivered.

    What was offered and not asked for is among them.
    """

    now: int
    later: int


class Privacy:
    """The service behind `/privacy`."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def export(self, user_id: int) -> dict[str, Any]:
        """Return everything that is recorded about a member's own requests, on all servers, as JSON.

        The keys are `user_id`, `exported_at`, `requests`, `offers` and `reports` (oldest first), and `limits`
        (by the server's id); see `bot.privacy.export`.
        """
        requests = select(Generation).where(Generation.user_id == user_id)
        offers = select(DraftRow).where(DraftRow.user_id == user_id)
        reports = select(ReportRow).where(ReportRow.reporter_id == user_id)
        async with self._database.read(hurried=True) as session:
            return export_all(
                user_id,
                self._clock(),
                requests=(
                    await session.scalars(requests.order_by(Generation.created_at, Generation.id))
                ).all(),
                offers=(await session.scalars(offers.order_by(DraftRow.created_at, DraftRow.id))).all(),
                reports=(await session.scalars(reports.order_by(ReportRow.created_at, ReportRow.id))).all(),
                standings=await _fetch_standings(session, user_id),
                rules=await _fetch_own_rules(session, user_id),
            )

    async def forget(self, user_id: int) -> Forgotten:
        """Remove prompts and links of a member's requests, and all offers to them; the counts stay.

        What is not finished, or cannot be removed now, is left to `bot.privacy.retention`.

        Raises:
            DatabaseBusyError: not even the wish can be recorded now.
        """
        now = self._clock()
        own = Generation.user_id == user_id
        not_gone = and_(own, Generation.erased_at.is_(None), Generation.erase_at.is_not(None))
        async with self._database.write(hurried=True) as session:
            await session.execute(
                update(Generation).where(own, Generation.erase_at.is_(None)).values(erase_at=now)
            )
            before = await _count(session, not_gone)
            offers = await _forget_offers(session, user_id)
        with suppress(DatabaseBusyError):  # it is logged, and the wish is recorded
            while await self._erase_batch(not_gone):
                pass
        async with self._database.read(hurried=True) as session:
            left = await _count(session, not_gone)
        log.info("asked to be forgotten", user=user_id, now=before - left, offers=offers, later=left)
        return Forgotten(now=before - left + offers, later=left)

    async def _erase_batch(self, condition: ColumnElement[bool]) -> int:
        async with self._database.write(hurried=True) as session:
            return await erase_batch(session, condition, self._clock())


async def _forget_offers(session: AsyncSession, user_id: int) -> int:
    """Delete all offers to a member; return how many of them were not confirmed: no request shows those."""
    own = delete(DraftRow).where(DraftRow.user_id == user_id).returning(DraftRow.generation_id)
    return sum(generation_id is None for generation_id in (await session.scalars(own)).all())


async def _count(session: AsyncSession, condition: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).select_from(Generation).where(condition)) or 0


async def _fetch_standings(session: AsyncSession, user_id: int) -> dict[int, Standing]:
    rows = await session.scalars(select(MemberRow).where(MemberRow.user_id == user_id))
    return {row.guild_id: Standing.model_validate(row.standing) for row in rows}


async def _fetch_own_rules(session: AsyncSession, user_id: int) -> dict[int, list[Rule]]:
    """Return the rules that were set for this member, by the server's id."""
    found: dict[int, list[Rule]] = {}
    for row in await session.scalars(select(GuildRow)):
        rules = Policy.model_validate(row.policy).rules
        own = [rule for rule in rules if rule.scope is Scope.MEMBER and rule.subject_id == user_id]
        if own:
            found[row.guild_id] = own
    return found
