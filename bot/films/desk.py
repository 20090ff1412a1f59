"""The shared part of the services that spend on films: each answer is a transaction, or a refusal."""

import asyncio
from typing import TypeVar

from bot.admission.check_request import Admission, Requester
from bot.clock import Clock, utc_now
from bot.db.database import DECISION_PATIENCE, Database
from bot.errors import RestartingError, UserError
from bot.films.refusals import Decision, striking
from bot.films.rows import Film
from bot.jobs.position_updater import QueueEstimate
from bot.metrics.metrics import count_refusals, count_request

Answer = TypeVar("Answer")


class FilmDesk:
    """Base of these services.

    Args:
        admission: decides about each shot as about any request.
        work: set when there is new work.
        stopping: set when the program is to stop; nothing new is accepted then.
    """

    def __init__(
        self,
        database: Database,
        *,
        admission: Admission,
        queue_estimate: QueueEstimate,
        work: asyncio.Event,
        stopping: asyncio.Event,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._admission = admission
        self._queue_estimate = queue_estimate
        self._work = work
        self._stopping = stopping
        self._clock = clock

    async def _offered(self, decision: Decision[Answer], requester: Requester) -> Answer:
        """Return what a member's form is answered with; raises the refusal, which is counted."""
        with count_refusals():
            return await self._decided(decision, requester, is_typed=True)

    async def _accepted(self, decision: Decision[Film], requester: Requester) -> Film:
        """Return the film of which shots were accepted with a click; raises the refusal, and all is counted.

        Raises:
            RestartingError: the program is stopping.
        """
        with count_request() as accepted:
            if self._stopping.is_set():
                raise RestartingError
            film = await self._decided(decision, requester, patience=DECISION_PATIENCE)
            latest = max(take.created_at for take in film.takes)
            accepted.requests = sum(take.created_at == latest for take in film.takes)
            return film

    async def _decided(
        self,
        decision: Decision[Answer],
        requester: Requester,
        *,
        is_typed: bool = False,
        patience: float | None = None,
    ) -> Answer:
        """Return a transaction's answer, or raise the refusal that it is; `is_typed`: as in `striking`."""
        answer = await self._database.write(
            striking(decision, requester, self._clock, is_typed=is_typed),
            requester.guild_id,
            hurried=True,
            patience=patience,
        )
        if isinstance(answer, UserError):
            raise answer
        return answer
