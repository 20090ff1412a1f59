"""What a member can do about one shot of a film: be told what redoing it costs, and agree to that.

Each is one transaction. What is accepted is another take of the shot: the film is joined again once it has
ended, and stays as it is where that fails.
"""

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from bot.admission.check_request import Admission, Requester
from bot.clock import Clock, utc_now
from bot.db.database import DECISION_PATIENCE, Database
from bot.errors import RestartingError, UserError
from bot.films.acceptance import DearerError, striking
from bot.films.redo import Redo, check_redo
from bot.films.redo_acceptance import OfferedRedo, RedoAcceptance, redo_of
from bot.films.rows import Film, fetch_film
from bot.i18n import _
from bot.jobs.queue_estimate import QueueEstimate
from bot.metrics.metrics import count_refusals, count_request
from bot.requests.confirmation import (
    Confirmation,
    discard,
    fetch_clicked,
    fetch_open,
)
from bot.requests.quotes import Quote, preview_of

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RedoQuote:
    """What a member is told before anything is spent.

    Attributes:
        quote: of the shot alone.
        film: as it stands.
        redo: which shots are offered, and their prices.
        refusal: why the later ones aren't offered, though they should go on from the new shot.
    """

    quote: Quote
    film: Film
    redo: Redo
    refusal: UserError | None


class Redoing:
    """Offers to redo shots, and accepts that.

    Args:
        admission: decides about each take as about any request.
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
        self._daily_limit = admission.daily_limit
        self._acceptance = RedoAcceptance(admission)
        self._queue_estimate = queue_estimate
        self._work = work
        self._stopping = stopping
        self._clock = clock

    async def find(self, requester: Requester, film_id: str, number: int | None = None) -> Film:
        """Return a film of which the member may redo a shot now; raises as `check_redo`."""
        return await self._database.read(
            lambda session: check_redo(fetch_film(session, film_id), requester, number), hurried=True
        )

    async def offer(self, requester: Requester, film_id: str, number: int, prompt: str) -> RedoQuote:
        """Say what another take of a shot would cost, and write that down; nothing is spent.

        Raises:
            NotFoundError, CannotRedoError: as `check_redo`.
            BadRequestError, RefusedError: it makes no shot, or a rule of the server doesn't allow it.
            AlreadyRequestedError: the same interaction was answered before.
            DatabaseBusyError: nothing can be recorded now.
        """
        now = self._clock()

        def offer(session: Session) -> OfferedRedo | UserError:
            return self._acceptance.offer(session, requester, Redo(film_id, number, []), prompt, now)

        with count_refusals():
            work = striking(offer, requester, now)
            answer = await self._database.write(work, requester.guild_id, hurried=True)
            if isinstance(answer, UserError):
                raise answer
        log.info("redo offered", film=film_id, shot=number, user=requester.user_id)
        return await self._quote(requester, answer)

    async def confirm(self, requester: Requester, confirmation: Confirmation, last: int) -> Film | RedoQuote:
        """Accept what was offered, up to the shot with the number `last`, whole or not at all.

        It's offered once more where its price has changed. The work begins at once: the film has its card.

        Raises:
            QuoteGoneError, QuoteChangedError, RepeatedError: as `fetch_clicked`.
            RestartingError: the program is stopping.
            Others: as `offer`.
        """
        now = self._clock()

        def accept(session: Session) -> Film | UserError:
            return self._acceptance.accept(session, requester, confirmation, last, now)

        try:
            with count_request():
                if self._stopping.is_set():
                    raise RestartingError(
                        _("I'm restarting. Try again in a minute. This didn't count toward your limit.")
                    )
                film = await self._database.write(
                    accept,
                    requester.guild_id,
                    hurried=True,
                    patience=DECISION_PATIENCE,
                )
                if isinstance(film, UserError):
                    raise film
        except DearerError:
            return await self._offer_again(requester, confirmation)
        log.info("redo accepted", film=film.row.id, last=last, user=requester.user_id)
        self._work.set()
        return film

    async def drop(self, requester: Requester, quote_id: str) -> None:
        """Forget an offer; raises as `fetch_open`."""
        now = self._clock()

        def forget(session: Session) -> None:
            discard(session, fetch_open(session, requester, quote_id, now, is_redo=True))

        await self._database.write(forget, requester.guild_id, hurried=True)

    async def _offer_again(self, requester: Requester, confirmation: Confirmation) -> RedoQuote:
        now = self._clock()

        def offer(session: Session) -> OfferedRedo | UserError:
            row = fetch_clicked(session, requester, confirmation, now, is_redo=True)
            return self._acceptance.offer(session, requester, redo_of(row), row.prompt, now, row)

        answer = await self._database.write(offer, requester.guild_id, hurried=True)
        if isinstance(answer, UserError):
            raise answer
        return await self._quote(requester, answer)

    async def _quote(self, requester: Requester, offered: OfferedRedo) -> RedoQuote:
        now, row, contexts = self._clock(), offered.quote_row, offered.trial.contexts
        preview = preview_of(row, now)
        eta = await self._queue_estimate.eta(preview)
        quote = Quote.of(
            row,
            preview,
            requester,
            contexts[:1],
            self._daily_limit,
            eta,
            now,
            is_changed=offered.is_changed,
        )
        return RedoQuote(quote, offered.film, redo_of(row), offered.trial.refusal)
