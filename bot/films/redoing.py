"""Members' requests to redo a shot of a film: the quote, and agreeing to it.

Each is one transaction. What is accepted is another take of the shot: the film is joined again once it has
ended, and stays as it is where that fails.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import structlog
from sqlalchemy.orm import Session

from bot.admission.check_request import Requester
from bot.db.models import QuoteRow
from bot.errors import UserError
from bot.films.acceptance import DearerError
from bot.films.changes import Change
from bot.films.desk import FilmDesk
from bot.films.redo import Redo, check_redo
from bot.films.redo_acceptance import OfferedRedo, RedoAcceptance, redo_of
from bot.films.rows import Film, fetch_film
from bot.requests.confirmation import (
    Confirmation,
    Way,
    discard,
    fetch_clicked,
    fetch_open,
)
from bot.requests.quotes import Quote, preview_of

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RedoQuote:
    """The quote for redoing a shot, or the refusal.

    Attributes:
        quote: of the shot alone.
        together: of it and all shots that are offered with it.
        film: as it stands.
        redo: which shots are offered, and their prices.
        change: what differs from the offer before.
        refusal: why the later ones aren't offered, though they should go on from the new shot.
    """

    quote: Quote
    together: Quote
    film: Film
    redo: Redo
    refusal: UserError | None
    change: Change | None = None

    @property
    def all_expected_in(self) -> float | None:
        """The seconds until all should be ready, made one after the other; None: nobody knows."""
        return self.quote.seconds_of(len(self.redo.prices))


class Redoing(FilmDesk):
    """Offers to redo shots, and accepts that."""

    @cached_property
    def _acceptance(self) -> RedoAcceptance:
        return RedoAcceptance(self._admission)

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

        def offer(session: Session, now: datetime) -> OfferedRedo | UserError:
            return self._acceptance.offer(session, requester, Redo(film_id, number, []), prompt, now)

        answer = await self._offered(offer, requester)
        log.info("redo offered", film=film_id, shot=number, user=requester.user_id)
        return await self._quote(requester, answer)

    async def confirm(self, requester: Requester, confirmation: Confirmation, last: int) -> Film | RedoQuote:
        """Accept what was offered, up to the shot with the number `last`, whole or not at all.

        It's offered once more where its price or model has changed. The work begins at once: the film has
        its card.

        Raises:
            QuoteGoneError, QuoteChangedError, RepeatedError: as `fetch_clicked`.
            RestartingError: the program is stopping.
            Others: as `offer`.
        """

        def accept(session: Session, now: datetime) -> Film | UserError:
            return self._acceptance.accept(session, requester, confirmation, last, now)

        try:
            film = await self._accepted(accept, requester)
        except DearerError:
            return await self._offer_again(
                requester,
                lambda session, now: fetch_clicked(session, requester, confirmation, now, way=Way.REDO),
            )
        log.info("redo accepted", film=film.row.id, last=last, user=requester.user_id)
        self._work.set()
        return film

    async def repeat(self, requester: Requester, quote_id: str) -> RedoQuote:
        """Offer the same once more, where the member doesn't see what is offered.

        Raises:
            QuoteGoneError, RepeatedError: as `fetch_open`.
            Others: as `offer`.
        """
        return await self._offer_again(
            requester, lambda session, now: fetch_open(session, requester, quote_id, now, way=Way.REDO)
        )

    async def drop(self, requester: Requester, quote_id: str) -> None:
        """Forget an offer; raises as `fetch_open`."""

        def forget(session: Session) -> None:
            now = self._clock()
            discard(session, fetch_open(session, requester, quote_id, now, way=Way.REDO))

        await self._database.write(forget, requester.guild_id, hurried=True)

    async def _offer_again(
        self, requester: Requester, fetch: Callable[[Session, datetime], QuoteRow]
    ) -> RedoQuote:
        def offer(session: Session, now: datetime) -> OfferedRedo | UserError:
            row = fetch(session, now)
            return self._acceptance.offer(session, requester, redo_of(row), row.prompt, now, row)

        return await self._quote(requester, await self._decided(offer, requester))

    async def _quote(self, requester: Requester, offered: OfferedRedo) -> RedoQuote:
        now, row, contexts = self._clock(), offered.quote_row, offered.trial.contexts
        preview = preview_of(row, now)
        eta = await self._queue_estimate.eta(preview)
        alone, together = (
            Quote.of(
                row,
                preview,
                requester,
                some,
                self._admission.daily_limit,
                eta,
                now,
                is_changed=offered.change is not None,
            )
            for some in (contexts[:1], contexts)
        )
        return RedoQuote(alone, together, offered.film, redo_of(row), offered.trial.refusal, offered.change)
