"""Members' requests for films: the quote, and agreeing to it. Each is one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import stamina
import structlog
from sqlalchemy.orm import Session

from bot.admission.check_request import Requester
from bot.db.film_models import Continuity, FilmRow
from bot.db.models import ANSWER_GRACE, Generation
from bot.errors import DatabaseBusyError, UserError
from bot.eta.eta import Eta
from bot.films.acceptance import Acceptance, DearerError, Offered
from bot.films.changes import Change
from bot.films.desk import FilmDesk
from bot.films.offers import discard_offer, fetch_clicked, fetch_offer, insert_offer
from bot.films.remix import ensure_usable, spec_of
from bot.films.rows import Film, attach_card, fetch_film, remember_post, remove_film, take_back
from bot.films.script import FilmSpec
from bot.jobs.cancellation import log_cancelled
from bot.jobs.ports import Posted
from bot.metrics.metrics import FINISHED, WITHDRAWN
from bot.requests.quotes import BaseQuote, new_preview

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class FilmQuote(BaseQuote[FilmRow]):
    """The quote for a film; `change`: what differs from the one before."""

    change: Change | None = field(default=None, kw_only=True)

    @property
    def expected_in(self) -> float | None:
        """The seconds until all shots should be ready; None: nobody knows.

        `eta` is of the shot that is made last where they're made side by side, else of each.
        """
        is_chain = self.row.continuity is Continuity.CONTINUOUS
        return self.seconds_of(len(self.row.prompts) if is_chain else 1)


class Films(FilmDesk):
    """Offers films, and accepts them."""

    @cached_property
    def _acceptance(self) -> Acceptance:
        return Acceptance(self._admission)

    async def find(self, film_id: str) -> Film | None:
        """Return a film as it stands, or None."""
        return await self._database.read(lambda session: fetch_film(session, film_id), hurried=True)

    def eta_of(self, shot: Generation) -> Eta:
        """Return what can be said of a shot that is being made."""
        return self._queue_estimate.eta_of_sent(shot)

    def remix(self, film: Film) -> FilmSpec:
        """Return what a film was made from, to be changed; raises as `spec_of`."""
        return spec_of(film, self._admission.models, self._admission.prices.gone, self._clock())

    async def offer(self, requester: Requester, spec: FilmSpec) -> FilmQuote:
        """Say what a film would cost, and write that down; nothing is spent.

        Raises:
            BadRequestError, RefusedError: it makes no film, or a rule of the server doesn't allow it.
            CannotRemixError: the film that is changed was removed, or its words were deleted.
            AlreadyRequestedError: the same interaction was answered before.
            DatabaseBusyError: nothing can be recorded now.
        """

        def offer(session: Session, now: datetime) -> Offered | UserError:
            plans = self._acceptance.plans(spec)
            row = insert_offer(session, requester, spec, now)
            source = None if spec.source_id is None else fetch_film(session, spec.source_id)
            if source is not None:
                ensure_usable(source)
            return self._acceptance.offer(session, requester, row, plans, now, source=source)

        answer = await self._offered(offer, requester)
        log.info("film offered", film=answer.row.id, shots=len(answer.plans), user=requester.user_id)
        return await self._quote(requester, answer)

    async def confirm(self, requester: Requester, film_id: str, revision: int) -> Film | FilmQuote:
        """Accept a film that was offered, whole; it's offered once more where its price or model has changed.

        The work begins with `attach_card`.

        Raises:
            QuoteGoneError: there is no such offer of theirs (any more).
            QuoteChangedError: it was changed after it was shown at `revision`.
            RepeatedError: it was agreed to before.
            RestartingError: the program is stopping.
            Others: as `offer`.
        """

        def accept(session: Session, now: datetime) -> Film | UserError:
            row = fetch_clicked(session, requester, film_id, revision, now)
            return self._acceptance.accept(session, requester, row, self._acceptance.plans_of(row), now)

        try:
            film = await self._accepted(accept, requester)
        except DearerError:
            return await self._offer_again(
                requester, lambda session, now: fetch_clicked(session, requester, film_id, revision, now)
            )
        log.info("film accepted", film=film_id, shots=len(film.shots), user=requester.user_id)
        return film

    async def repeat(self, requester: Requester, film_id: str) -> FilmQuote:
        """Offer the same once more, where the member doesn't see what is offered.

        Raises:
            QuoteGoneError, RepeatedError: there is no such offer of theirs, or they agreed to it.
            Others: as `offer`.
        """
        return await self._offer_again(
            requester, lambda session, now: fetch_offer(session, requester, film_id, now)
        )

    async def drop(self, requester: Requester, film_id: str) -> None:
        """Forget an offer.

        Raises:
            QuoteGoneError: there is none of theirs.
            RepeatedError: it was agreed to.
        """

        def forget(session: Session) -> None:
            discard_offer(session, fetch_offer(session, requester, film_id, self._clock()))

        await self._database.write(forget, requester.guild_id, hurried=True)

    async def remove(self, film_id: str, actor_id: int, *, shot_id: str | None = None) -> Film | None:
        """Mark a film that was posted as taken down, and return it; None: there is none.

        One that is marked already is returned all the same. Its shots stay; a new take of one that wasn't
        sent yet is cancelled. One that is being posted at this moment is taken down by `Finishing`.

        Args:
            film_id: the film.
            actor_id: who wants that, and may.
            shot_id: with which the film goes, as was recorded of the shot; where the film doesn't show it,
                since it was redone, the film stays.
        """
        now = self._clock()
        film, cancelled = await self._database.write(
            lambda session: remove_film(session, film_id, actor_id, shot_id, now), hurried=True
        )
        if film is not None:
            log.info("film removed", film=film_id)
            log_cancelled(cancelled, actor_id)
            self._work.set()  # a shot that was being redone is over
        return film

    async def remember(self, film_id: str, shown_at: Posted) -> Film | None:
        """Note where somebody saw a film whose message is not recorded any more, and return the film."""
        return await self._database.write(
            lambda session: remember_post(session, film_id, shown_at), hurried=True
        )

    @stamina.retry(on=DatabaseBusyError, attempts=None, timeout=ANSWER_GRACE, wait_max=2)
    async def attach_card(self, film_id: str, card_id: int) -> None:
        """Remember the film's card, and let the work on its shots begin.

        Raises:
            DatabaseBusyError: it can't be recorded now; the work begins all the same, and finds the card.
        """
        await self._database.write(lambda session: attach_card(session, film_id, card_id, self._clock()))
        self._work.set()

    @stamina.retry(on=DatabaseBusyError, attempts=None, timeout=ANSWER_GRACE / 2, wait_max=2)
    async def withdraw(self, film_id: str) -> None:
        """Make a film whose card Discord refused an offer again, unless the work has begun.

        Raises:
            DatabaseBusyError: that can't be recorded now, so that the film is made.
        """
        shots = await self._database.write(lambda session: take_back(session, film_id))
        FINISHED.labels(WITHDRAWN).inc(shots)
        log.info("film withdrawn", film=film_id, is_back=shots > 0)

    async def _offer_again(
        self, requester: Requester, fetch: Callable[[Session, datetime], FilmRow]
    ) -> FilmQuote:
        def offer(session: Session, now: datetime) -> Offered | UserError:
            row = fetch(session, now)
            plans = self._acceptance.plans_of(row)
            return self._acceptance.offer(session, requester, row, plans, now, is_new=False)

        return await self._quote(requester, await self._decided(offer, requester))

    async def _quote(self, requester: Requester, offered: Offered) -> FilmQuote:
        now, row, video = self._clock(), offered.row, offered.plans[0].video
        preview = new_preview(row, offered.plans[0].spec.prompt, video.model.id, video.options, now)
        together = len(offered.plans) if row.continuity is Continuity.CUTS else 1
        eta, contexts = await self._queue_estimate.eta(preview, together), offered.contexts
        quote = FilmQuote.of(
            row,
            preview,
            requester,
            contexts,
            self._admission.daily_limit,
            eta,
            now,
            is_changed=offered.change is not None,
        )
        return replace(quote, change=offered.change)
