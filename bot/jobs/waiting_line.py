"""The line of those that wait for a slot at the provider, as it is shown to them."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.jobs import fair_order


class WaitingLine:
    """Reads the line; `GenerationQueue` serves it, and says what its arguments are."""

    def __init__(
        self, database: Database, *, max_running: int, lease: timedelta, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._max_running = max_running
        self._lease = lease
        self._clock = clock

    async def list_all(self) -> Sequence[Row[str, int]]:
        """Return all requests that wait for a slot at the provider, the next one first: id, server's id."""
        return await self._database.read(
            lambda session: fair_order.fetch_line(session, self._clock(), self._lease)
        )

    async def estimate_position(self, guild_id: int, user_id: int, count: int = 1) -> tuple[int, int]:
        """Return the position in that line of the last of `count` more requests, and how many slots are free.

        Raises:
            DatabaseBusyError: nothing can be read now.
        """
        now = self._clock()

        def foresee(session: Session) -> tuple[int, int]:
            position = fair_order.fetch_next_position(session, guild_id, user_id, now, self._lease, count)
            return position, self._max_running - fair_order.count_running(session, now, self._lease)

        return await self._database.read(foresee, hurried=True)

    async def list_waiting(self, generation_ids: Collection[str]) -> list[Generation]:
        """Return those of these generations that still wait."""
        query = select(Generation).where(
            Generation.id.in_(generation_ids), Generation.status == Status.QUEUED
        )
        return await self._database.read(lambda session: list(session.scalars(query).all()))
