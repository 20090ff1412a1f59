"""Requests whose model is gone: what was not sent yet ends at once, and free; not when it would be sent."""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import not_, update
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.models import WAITING, Generation
from bot.errors import DatabaseBusyError
from bot.failures import FailureKind
from bot.jobs.endings import is_being_answered, unsent
from bot.jobs.fair_order import is_free

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Retirement:
    """Ends what waits for models that are gone; the runner then tells the members.

    Any number of processes may do that at once: a row ends once. What somebody runs at the moment, or
    what is being answered, is left to the next look; the provider refuses it if it is sent before.

    Args:
        lease: of a generation, as `GenerationQueue` has it.
    """

    def __init__(self, database: Database, lease: timedelta, clock: Clock = utc_now) -> None:
        self._database = database
        self._lease = lease
        self._clock = clock

    async def end(self, models: Collection[str]) -> None:
        """End what waits for models with these ids.

        What can't be recorded now is ended by a later look.
        """
        try:
            ended = await self._database.write(
                lambda session: _end(session, models, self._clock(), self._lease)
            )
        except DatabaseBusyError:
            log.warning("could not end requests for an unavailable model yet", models=sorted(models))
            return
        if ended:
            log.warning("a model is no longer available", models=sorted(models), ended=len(ended))
            for generation in ended:
                log.info("failed", generation=generation, kind=FailureKind.MODEL_GONE.value)


def _end(session: Session, models: Collection[str], now: datetime, lease: timedelta) -> list[str]:
    ended = (
        update(Generation)
        .where(
            Generation.model.in_(models),
            Generation.status.in_(WAITING),
            is_free(now, lease),
            not_(is_being_answered(now)),
        )
        .values(**unsent(FailureKind.MODEL_GONE, now))
        .returning(Generation.id)
    )
    return list(session.scalars(ended))
