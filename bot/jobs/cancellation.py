"""Cancelling what is still waited for. The provider has no such call: what was sent to it is paid for."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import and_, case, or_, select, update
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.guild_models import Action
from bot.db.models import OPEN, WAITING, Generation, Status, is_own, was_sent
from bot.db.review_models import IN_REVIEW
from bot.errors import NotFoundError, UserError
from bot.i18n import _
from bot.jobs.endings import is_being_answered, released
from bot.policy import audit

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class TooLateError(UserError):
    """The generation is not waited for any more."""

    def __init__(self) -> None:
        super().__init__(_("That video is already finished or cancelled. Nothing changed."))


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancelled request. `counts`: it was sent before, so it counts towards limits and budgets."""

    generation: Generation
    counts: bool


class Cancellation:
    """Stops generations on somebody's order; the runner then ends its wait and tells the member.

    Args:
        work: set when something was cancelled, so that the runner does not wait for its next look.
    """

    def __init__(self, database: Database, *, work: asyncio.Event, clock: Clock = utc_now) -> None:
        self._database = database
        self._work = work
        self._clock = clock

    async def list_waiting_servers(self) -> Sequence[int]:
        """Return the ids of the servers of which something was not sent yet."""
        waiting = and_(Generation.delivered_at.is_(None), Generation.status.in_(WAITING))
        query = select(Generation.guild_id).where(waiting).distinct()
        return await self._database.read(lambda session: session.scalars(query).all())

    async def cancel_waiting(self, guild_id: int) -> int:
        """Cancel what was not sent yet of a server that removed the bot; return how much. Nobody is told.

        Raises:
            DatabaseBusyError: nothing can be recorded now.
        """
        waiting = update(Generation).where(Generation.guild_id == guild_id, Generation.status.in_(WAITING))
        ended = waiting.returning(Generation.id)
        names = await self._database.write(
            lambda session: session.scalars(ended.values(**_ended(None, self._clock()))).all()
        )
        if names:
            log.warning(
                "cancelled because the bot was removed from the server", guild=guild_id, count=len(names)
            )
            for generation in names:
                log.info("cancelled", generation=generation, guild=guild_id, counts=False)
            self._work.set()
        return len(names)

    async def cancel(self, guild_id: int, generation_id: str, actor_id: int) -> Cancelled:
        """Cancel a generation of this server; whether the actor may is decided before.

        Raises:
            NotFoundError: this server has no such generation.
            TooLateError: it is finished, or was cancelled before.
            DatabaseBusyError: nothing can be recorded now.
        """
        now = self._clock()

        cancelled = await self._database.write(
            lambda session: cancel_one(session, guild_id, generation_id, actor_id, now), hurried=True
        )
        log_cancelled([cancelled], actor_id)
        self._work.set()
        return cancelled

    async def cancel_film(self, guild_id: int, film_id: str, actor_id: int) -> int:
        """Cancel all shots of a film that are still waited for; return how many.

        Raises:
            TooLateError: none is.
            DatabaseBusyError: nothing can be recorded now.
        """
        now = self._clock()
        open_shots = select(Generation.id).where(
            Generation.film_id == film_id, Generation.guild_id == guild_id, Generation.status.in_(OPEN)
        )

        def cancel(session: Session) -> list[Cancelled]:
            shots = session.scalars(open_shots.with_for_update()).all()
            if not shots:
                raise TooLateError
            return [cancel_one(session, guild_id, shot_id, actor_id, now) for shot_id in shots]

        cancelled = await self._database.write(cancel, hurried=True)
        log.info("film cancelled", film=film_id, guild=guild_id, actor=actor_id, shots=len(cancelled))
        log_cancelled(cancelled, actor_id)
        self._work.set()
        return len(cancelled)


def log_cancelled(cancelled: Iterable[Cancelled], actor_id: int) -> None:
    """Log each that was cancelled, once that is written."""
    for one in cancelled:
        row = one.generation
        log.info("cancelled", generation=row.id, guild=row.guild_id, actor=actor_id, counts=one.counts)


def cancel_one(
    session: Session, guild_id: int, generation_id: str, actor_id: int, now: datetime
) -> Cancelled:
    """Cancel the row, and record it where somebody else than its member did; raises as `_close`."""
    generation = _close(session, guild_id, generation_id, actor_id, now)
    cancelled = Cancelled(generation, counts=was_sent(generation))
    if not is_own(generation):
        audit.record(
            session,
            guild_id,
            actor_id,
            Action.CANCEL,
            now,
            subject=f"generation:{generation_id}",
            new={"counts": cancelled.counts},
        )
    return cancelled


def _ended(actor_id: int | None, now: datetime) -> dict[str, object]:
    """Return the values of a cancelled row, which nobody runs; a video that was ready has no address then.

    `actor_id`: None: the bot was removed.
    """
    return {"status": Status.CANCELLED, "cancelled_by": actor_id, "video_url": None, **released(now)}


def _close(session: Session, guild_id: int, generation_id: str, actor_id: int, now: datetime) -> Generation:
    """Cancel the row and take it from the process that runs it.

    Raises:
        NotFoundError, TooLateError: see `Cancellation.cancel`.
    """
    is_row = and_(Generation.id == generation_id, Generation.guild_id == guild_id)
    begins_at = case((is_being_answered(now), Generation.not_before), else_=now)
    generation = session.scalar(
        update(Generation)
        .where(is_row, or_(Generation.status.in_(OPEN), IN_REVIEW))
        .values(**_ended(actor_id, now) | {"not_before": begins_at})
        .returning(Generation)
    )
    if generation is not None:
        return generation
    is_known = session.scalar(select(Generation.id).where(is_row)) is not None
    raise TooLateError if is_known else NotFoundError
