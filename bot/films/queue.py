"""The films whose shots have all ended, as one process sees them: claimed by lease, like generations."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import WAITING, Generation
from bot.films.chain import has_ready, release_ready
from bot.films.rows import Film, fetch_film
from bot.films.troubles import Change
from bot.jobs.closures import LONGEST_WAIT
from bot.jobs.queue import LeaseLostError
from bot.provider.catalogue import Model

# The condition of an index: PostgreSQL and SQLite use it for these very words.
UNFINISHED = FilmRow.delivered_at.is_(None)
_IS_WAITED_FOR = exists().where(Generation.film_id == FilmRow.id, Generation.delivered_at.is_(None))

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class FilmQueue:
    """Films that are to be joined.

    Args:
        owner: this process's name in `lease_owner`.
        lease: how long a film is this process's own without `renew`.
        models: those that the bot offers.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        *,
        lease: timedelta,
        models: Sequence[Model],
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._owner = owner
        self._models = models
        self.lease = lease
        self._clock = clock

    async def release_shots(self) -> list[str]:
        """Let the shots begin whose wait for another one is over; return their IDs."""
        if not await self._database.read(has_ready):
            return []
        released = await self._database.write(
            lambda session: release_ready(session, self._models, self._clock())
        )
        for shot_id, reason in released:
            if reason is not None:
                log.info("failed", generation=shot_id, kind=reason.value)
        return [shot_id for shot_id, _reason in released]

    async def claim(self) -> Film | None:
        """Take a film whose shots have all ended and that nobody joins, or None."""

        def take(session: Session) -> Film | None:
            now = self._clock()  # not before: a write may wait for longer than a lease
            film_id = session.scalar(_oldest_due(now, self.lease).with_for_update(skip_locked=True))
            film = None if film_id is None else fetch_film(session, film_id)
            if film is None or not film.is_over:  # a shot is being redone since
                return None
            values = {"card_id": film.card_id, "lease_owner": self._owner, "lease_until": now + self.lease}
            taken = update(FilmRow).where(FilmRow.id == film_id).values(values).returning(FilmRow)
            return Film(session.scalars(taken).one(), film.takes)

        due = _oldest_due(self._clock(), self.lease)
        if await self._database.read(lambda session: session.scalar(due)) is None:
            return None
        return await self._database.write(take)

    async def renew(self, film_id: str) -> None:
        """Keep a film that this process runs for another lease time."""
        await self._write(film_id, {"lease_until": self._clock() + self.lease})

    async def get(self, film_id: str) -> Film:
        """Return a film as it stands.

        Raises:
            LeaseLostError: there is none any more.
        """
        film = await self._database.read(lambda session: fetch_film(session, film_id))
        if film is None:
            raise LeaseLostError(film_id)
        return film

    async def update(self, row: FilmRow, **values: Any) -> FilmRow:
        """Change a film that this process runs, and return the new row.

        Raises:
            LeaseLostError: another process runs it.
        """
        changed = await self._write(row.id, values)
        if changed is None:
            raise LeaseLostError(row.id)
        return changed

    async def update_troubles(self, row: FilmRow, change: Change, **values: Any) -> FilmRow:
        """Change a film's troubles as they stand, whatever was written since it was read; else as `update`.

        Raises:
            LeaseLostError: another process runs it.
        """

        def write(session: Session) -> FilmRow | None:
            stands = select(FilmRow.troubles).where(FilmRow.id == row.id).with_for_update()
            troubles = change(session.scalar(stands) or {}) or None
            return session.scalar(self._change(row.id, {**values, "troubles": troubles}))

        changed = await self._database.write(write)
        if changed is None:
            raise LeaseLostError(row.id)
        return changed

    async def begin_posting(self, row: FilmRow, names: tuple[str, ...]) -> FilmRow | None:
        """Record that a film is about to be posted; None: it or a shot of `names` was taken down.

        A shot that is taken down later finds the note, and takes the film with it.

        Raises:
            LeaseLostError: another process runs it.
        """

        def begin(session: Session) -> tuple[bool, FilmRow | None]:
            # The lock keeps a removal waiting for the note. Only of what may be shown: `remove_film` has the
            # film's lock before it locks takes that wait, and each would wait for the other.
            ended = (Generation.film_id == row.id, Generation.status.not_in(WAITING))
            session.scalars(select(Generation.id).where(*ended).with_for_update()).all()
            film = fetch_film(session, row.id)
            if film is None or film.names != names or film.row.removed_at is not None:
                return False, None
            # Not before: it tells until when a message may get through that is only sent after this.
            return True, session.scalar(self._change(row.id, {"posting_at": self._clock()}))

        is_begun, changed = await self._database.write(begin)
        if is_begun and changed is None:
            raise LeaseLostError(row.id)
        return changed

    async def end(self, row: FilmRow) -> None:
        """Note that nothing is left to do for a film, unless a late shot has come meanwhile.

        Raises:
            LeaseLostError: another process runs it.
        """

        def end(session: Session) -> FilmRow | None:
            session.get(FilmRow, row.id, with_for_update=True)  # else a late shot may come in between
            is_waited_for = session.scalar(select(FilmRow.id).where(FilmRow.id == row.id, _IS_WAITED_FOR))
            ended_at = self._clock() if is_waited_for is None else None
            values = {"delivered_at": ended_at, "lease_owner": None, "lease_until": None}
            return session.scalar(self._change(row.id, values))

        if await self._database.write(end) is None:
            raise LeaseLostError(row.id)

    async def release(self, row: FilmRow, wait: timedelta = timedelta(), *, failed: bool = False) -> None:
        """Let anyone take a film up after `wait`; `failed` counts as an attempt."""
        values = {
            "lease_owner": None,
            "lease_until": None,
            "not_before": self._clock() + min(wait, LONGEST_WAIT),
        }
        await self._write(row.id, {**values, "attempts": FilmRow.attempts + int(failed)})

    async def _write(self, film_id: str, values: dict[str, Any]) -> FilmRow | None:
        return await self._database.write(lambda session: session.scalar(self._change(film_id, values)))

    def _change(self, film_id: str, values: dict[str, Any]) -> ReturningUpdate[FilmRow]:
        return (
            update(FilmRow)
            .where(FilmRow.id == film_id, FilmRow.lease_owner == self._owner, UNFINISHED)
            .values(values)
            .returning(FilmRow)
            .execution_options(populate_existing=True)
        )


def _oldest_due(now: datetime, lease: timedelta) -> Select[str]:
    due = select(FilmRow.id).where(UNFINISHED, _is_due(now, lease), not_(_IS_WAITED_FOR))
    return due.order_by(FilmRow.accepted_at).limit(1)


def _is_due(now: datetime, lease: timedelta) -> ColumnElement[bool]:
    """Whether nobody runs it and its wait is over; a clock may have been set back."""
    is_free = or_(
        FilmRow.lease_until.is_(None), FilmRow.lease_until < now, FilmRow.lease_until > now + 2 * lease
    )
    is_time = or_(FilmRow.not_before <= now, FilmRow.not_before > now + LONGEST_WAIT)
    return and_(FilmRow.accepted_at.is_not(None), is_time, is_free)
