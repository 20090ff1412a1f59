"""Members' requests for videos. Each method is one transaction; the runner does the work."""

import asyncio
from datetime import datetime

import stamina
import structlog
from sqlalchemy import CursorResult, delete, or_, select
from sqlalchemy.orm import Session
from structlog.contextvars import bind_contextvars

from bot.admission.appeals import free
from bot.admission.check_request import (
    Admission,
    AdmissionContext,
    Requester,
    record_passed,
    warn_of_budgets,
)
from bot.admission.reviewing import open_review
from bot.clock import Clock, utc_now
from bot.db.database import BUSY, DECISION_PATIENCE, Database
from bot.db.models import ANSWER_GRACE, OPEN, WAITING, Generation, QuoteRow
from bot.db.review_models import IN_REVIEW
from bot.errors import DatabaseBusyError, OutcomeUnknownError, RestartingError, UserError
from bot.i18n import _
from bot.metrics.metrics import FINISHED, WITHDRAWN, count_request, record_refusal
from bot.provider.catalogue import VideoRequest
from bot.requests.confirmation import (
    Confirmation,
    UnconfirmedError,
    confirm,
    fetch_clicked,
    is_agreed,
    keep,
    kept_spec,
    renew,
)
from bot.requests.continuing import fetch_continuable
from bot.requests.repeats import ensure_first_click
from bot.requests.rows import ATTACH_CARD, decide, ensure_new, insert_request
from bot.requests.spec import RequestSpec, understand

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class GenerationService:
    """Requests and reads generations.

    Args:
        admission: decides about each request.
        work: set when there is new work, so that the runner does not wait for its next look.
        stopping: set when the program is to stop; nothing new is accepted then.
    """

    def __init__(
        self,
        database: Database,
        *,
        admission: Admission,
        work: asyncio.Event,
        stopping: asyncio.Event,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._admission = admission
        self._work = work
        self._stopping = stopping
        self._clock = clock

    async def request(
        self, requester: Requester, spec: RequestSpec, confirmation: Confirmation | None = None
    ) -> Generation:
        """Accept a request, or say why not. The work begins with `attach_card`.

        `confirmation`: the member's click on the quote for just this.

        Raises:
            UnconfirmedError: nothing is against it, but the member has to see the price first.
            RepeatedError: it is a second click on the button under its source, or on the quote.
            QuoteGoneError, QuoteChangedError: the quote is gone, or another one by now.
            BadRequestError: the options or the images do not make a video.
            CannotContinueError: the video that it continues was removed or reported meanwhile.
            RefusedError: a rule of the server does not allow it (`bot.admission.denials`).
            AlreadyRequestedError: the same interaction was accepted before.
            RestartingError: the program is stopping.
            DatabaseBusyError: nothing can be recorded now.
            OutcomeUnknownError: nobody can say now whether it was recorded.
        """
        with count_request():
            if self._stopping.is_set():
                raise RestartingError
            generation = await self._accept(requester, spec, confirmation)
        # From here on, all that this task says is about it; each interaction has a task of its own.
        bind_contextvars(generation=generation.id)
        log.info("accepted", guild=requester.guild_id, user=requester.user_id)
        log.debug("prompt", prompt=spec.prompt)
        return generation

    async def ensure_allowed(self, requester: Requester, spec: RequestSpec) -> None:
        """Refuse what `request` would refuse by a rule now, before work is done to go on from a video.

        Raises:
            BadRequestError, RefusedError, DatabaseBusyError: as `request`.
        """
        video = understand(spec, self._admission.models, self._admission.prices.gone)
        asked = (video, kept_spec(video, spec))

        def ask(session: Session) -> UserError | None:
            now = self._clock()
            return decide(session, self._admission, requester, asked, None, now, has_options=False)[1]

        refusal = await self._database.write(ask, requester.guild_id, hurried=True)
        if refusal is not None:
            record_refusal(refusal)
            raise refusal

    async def _accept(
        self, requester: Requester, spec: RequestSpec, confirmation: Confirmation | None
    ) -> Generation:
        """Decide about a request, and record what is accepted; raises as `request`."""
        video = understand(spec, self._admission.models, self._admission.prices.gone)
        asked, asked_at = (video, kept_spec(video, spec)), self._clock()
        try:
            answer = await self._database.write(
                lambda session: self._answer(session, requester, asked, asked_at, confirmation),
                requester.guild_id,
                hurried=True,
                patience=DECISION_PATIENCE,
            )
        except OutcomeUnknownError as unknown:
            return await self._find_out(requester, unknown)
        if isinstance(answer, UserError):
            raise answer
        return answer

    async def _find_out(self, requester: Requester, unknown: OutcomeUnknownError) -> Generation:
        """Return the request where it stands; the server's lock is free only once its transaction is over.

        Raises:
            DatabaseBusyError: it does not stand.
            OutcomeUnknownError: the database cannot be asked now.
        """
        mine = select(Generation).where(Generation.interaction_id == requester.interaction_id)
        try:
            found = await self._database.write(
                lambda session: session.scalar(mine), requester.guild_id, hurried=True
            )
        except DatabaseBusyError:
            raise unknown from None
        if found is None:
            raise DatabaseBusyError(_(BUSY)) from unknown
        log.warning("a request was recorded although the commit's result was lost", generation=found.id)
        return found

    def _answer(
        self,
        session: Session,
        requester: Requester,
        asked: tuple[VideoRequest, RequestSpec],
        asked_at: datetime,
        confirmation: Confirmation | None,
    ) -> Generation | UserError:
        """Decide, and write down what follows: a generation, an offer, or what moderators must know.

        `asked_at`: when the member clicked, which this transaction may have kept waiting.
        """
        (video, spec), now = asked, self._clock()
        ensure_new(session, requester.interaction_id)
        quote_row = None if confirmation is None else fetch_clicked(session, requester, confirmation, now)
        if spec.source_id is not None:
            ensure_first_click(session, requester.user_id, spec.source_id, video, asked_at)
        if spec.continues_id is not None and spec.continues_id == spec.source_id:
            fetch_continuable(session, requester.guild_id, spec.continues_id)
        context, refusal = decide(session, self._admission, requester, asked, quote_row, now)
        if refusal is not None:
            return refusal
        if not is_agreed(quote_row, context):
            return _write_quote(session, requester, spec, quote_row, context, now)
        review = open_review(session, requester, context, now) if context.unreviewed is None else None
        generation = insert_request(session, requester, spec, context, now, review)
        record_passed(session, requester, context, generation.id, now)
        warn_of_budgets(session, requester.guild_id, context, now)
        if quote_row is not None:
            confirm(session, quote_row, generation.id)
        return generation

    @stamina.retry(on=DatabaseBusyError, attempts=None, timeout=ANSWER_GRACE, wait_max=2)
    async def attach_card(self, generation_id: str, card_id: int) -> None:
        """Remember the message that answers the command, and let the work begin.

        Raises:
            DatabaseBusyError: it cannot be recorded now; the work begins all the same, and finds the card.
        """
        await self._database.write(
            lambda session: session.execute(
                ATTACH_CARD,
                {"generation_id": generation_id, "card_id": card_id, "not_before": self._clock()},
            )
        )
        self._work.set()

    # Half of the time after which the work begins: what cannot be forgotten by then may have begun.
    @stamina.retry(on=DatabaseBusyError, attempts=None, timeout=ANSWER_GRACE / 2, wait_max=2)
    async def withdraw(self, generation_id: str) -> None:
        """Forget a request whose answer never reached the member, unless the work has begun.

        What a moderator let it pass, the member can use again.

        Raises:
            DatabaseBusyError: it cannot be forgotten now, so that it is served.
        """

        def forget(session: Session) -> bool:
            result = session.execute(
                delete(Generation).where(
                    Generation.id == generation_id,
                    Generation.status.in_(WAITING),
                    Generation.card_id.is_(None),
                    Generation.lease_owner.is_(None),
                )
            )
            is_gone = isinstance(result, CursorResult) and result.rowcount > 0
            if is_gone:
                free(session, generation_id)
            return is_gone

        if await self._database.write(forget):
            FINISHED.labels(WITHDRAWN).inc()
        log.info("withdrawn", generation=generation_id)

    async def get(self, generation_id: str) -> Generation | None:
        """Return one generation, or None."""
        return await self._database.read(lambda session: session.get(Generation, generation_id), hurried=True)

    async def list_open(self, guild_id: int) -> list[Generation]:
        """Return the generations of a server that are still waited for, oldest first."""
        query = select(Generation).where(
            Generation.delivered_at.is_(None),  # implied; the index of what is open has it
            or_(Generation.status.in_(OPEN), IN_REVIEW),
            Generation.guild_id + 0 == guild_id,  # else SQLite reads all that the server ever asked for
        )
        found = await self._database.read(lambda session: session.scalars(query).all(), hurried=True)
        return sorted(found, key=lambda generation: (generation.created_at, generation.id))


def _write_quote(
    session: Session,
    requester: Requester,
    spec: RequestSpec,
    quote_row: QuoteRow | None,
    context: AdmissionContext,
    now: datetime,
) -> UnconfirmedError:
    if quote_row is None:
        kept = keep(session, requester, spec, context.price, now)
    else:
        kept = renew(session, quote_row, spec, context.price, now)
    return UnconfirmedError(kept, context, is_changed=quote_row is not None)
