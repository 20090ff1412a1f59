"""The price before the spending: requests that are offered first, where the server wants that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Self, TypeVar

import structlog
from sqlalchemy.orm import Session

from bot.admission.budgets import BudgetState
from bot.admission.check_request import Admission, AdmissionContext, Requester
from bot.admission.limits import Limit, remaining, resolve_limits
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import Generation, Placement, QuoteRow, Status
from bot.errors import UserError
from bot.eta.eta import Eta
from bot.jobs.position_updater import QueueEstimate
from bot.provider.options import OptionValue
from bot.requests.confirmation import (
    Confirmation,
    UnconfirmedError,
    discard,
    fetch_open,
    kept_spec,
    renew,
    spec_in,
)
from bot.requests.rows import decide
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec, understand

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Row = TypeVar("Row", QuoteRow, FilmRow)


@dataclass(frozen=True)
class BaseQuote(Generic[Row]):
    """A quote: the price and the limits before anything is spent. To members it is an offer.

    Attributes:
        row: the offer as it is kept.
        preview: the generation that it would become, or the first of them; it is written down nowhere.
        is_past_price: a price is what such videos did cost, since the provider's list does not tell.
        is_changed: they were told another price a while ago.
        limit: the one that leaves the fewest videos; None: nothing limits them.
        left: how many that limit leaves once all of it is made.
        budgets: the server's, as they would stand then.
        eta: how long the wait for `preview` would be.
        now: what the ETA is counted from.
        needs_review: moderators look at it first.
        max_waiting: how many requests the member may have in the queue; None: any number.
    """

    row: Row
    preview: Generation
    is_past_price: bool = field(kw_only=True)
    is_changed: bool = field(kw_only=True)
    limit: Limit | None = field(kw_only=True)
    left: int = field(kw_only=True)
    budgets: Sequence[BudgetState] = field(kw_only=True)
    eta: Eta = field(kw_only=True)
    now: datetime = field(kw_only=True)
    needs_review: bool = field(default=False, kw_only=True)
    max_waiting: int | None = field(default=None, kw_only=True)

    def seconds_of(self, in_a_row: int) -> float | None:
        """Return the seconds that so many videos take, made one after the other; None: nobody knows."""
        if self.eta.expected_at is None:
            return None
        return (self.eta.expected_at - self.now).total_seconds() * in_a_row

    @classmethod
    def of(
        cls,
        row: Row,
        preview: Generation,
        requester: Requester,
        contexts: Sequence[AdmissionContext],
        daily_limit: int,
        eta: Eta,
        now: datetime,
        *,
        is_changed: bool,
    ) -> Self:
        """Return the quote for videos that would be accepted one after the other, each in its context."""
        last = contexts[-1]
        limit, left = tightest(requester, last, daily_limit, now)
        return cls(
            row,
            preview,
            is_past_price=any(context.is_past_price for context in contexts),
            is_changed=is_changed,
            limit=limit,
            left=left,
            budgets=[state.after(last.price or 0) for state in last.budgets],
            eta=eta,
            now=now,
            needs_review=last.needs_review,
            max_waiting=last.max_waiting,
        )


class Quote(BaseQuote[QuoteRow]):
    """The quote for one video."""

    @property
    def quote_row(self) -> QuoteRow:
        """The offer as it is kept."""
        return self.row


class Quotes:
    """Requests videos, by an offer where the server wants it, and keeps the offers.

    Args:
        generations: accepts the requests, and says which of them must be offered first.
        admission: the same that decides there.
    """

    def __init__(
        self,
        database: Database,
        generations: GenerationService,
        admission: Admission,
        queue_estimate: QueueEstimate,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._generations = generations
        self._admission = admission
        self._queue_estimate = queue_estimate
        self._clock = clock

    async def ask(
        self, requester: Requester, spec: RequestSpec, confirmation: Confirmation | None = None
    ) -> Generation | Quote:
        """Ask for a video: it is accepted, or offered first; raises what `GenerationService.request` does.

        `confirmation`: the click on the quote for just this spec.
        """
        try:
            return await self._generations.request(requester, spec, confirmation)
        except UnconfirmedError as held:
            return await self._quote(requester, held.quote_row, held.context, is_changed=held.is_changed)

    async def confirm(self, requester: Requester, quote_id: str, revision: int) -> Generation | Quote:
        """Ask for what a member clicked on, as it was shown at `revision`; all rules are checked again.

        It is quoted once more where its price has changed.

        Raises:
            QuoteGoneError: there is no such quote of theirs (any more).
            QuoteChangedError: it was changed after that.
            RepeatedError: it was confirmed before.
            Others: what `GenerationService.request` raises; the quote stays.
        """
        quote_row = await self.find(requester, quote_id)
        return await self.ask(requester, spec_in(quote_row), Confirmation(quote_id, revision))

    async def find(self, requester: Requester, quote_id: str) -> QuoteRow:
        """Return a member's own offer.

        Raises:
            QuoteGoneError: there is none (any more).
            RepeatedError: it was confirmed before.
            DatabaseBusyError: nothing can be read now.
        """
        return await self._database.read(
            lambda session: fetch_open(session, requester, quote_id, self._clock()), hurried=True
        )

    async def change(self, requester: Requester, quote_id: str, spec: RequestSpec) -> Quote:
        """Offer something else instead; nothing is asked for.

        Raises:
            BadRequestError: the options do not make a video.
            RefusedError: a rule of the server does not allow it.
            QuoteGoneError, RepeatedError: as `find`.
            DatabaseBusyError: nothing can be recorded now.
        """
        video = understand(spec, self._admission.models, self._admission.prices.gone)

        def change(session: Session) -> tuple[QuoteRow, AdmissionContext, UserError | None]:
            now = self._clock()
            quote_row = fetch_open(session, requester, quote_id, now)
            kept = kept_spec(video, spec)
            context, refusal = decide(session, self._admission, requester, (video, kept), quote_row, now)
            if refusal is None:
                quote_row = renew(session, quote_row, kept, context.price, now)
            return quote_row, context, refusal

        quote_row, context, refusal = await self._database.write(change, requester.guild_id, hurried=True)
        if refusal is not None:
            raise refusal
        return await self._quote(requester, quote_row, context, is_changed=False)

    async def repeat(self, requester: Requester, quote_id: str) -> Quote:
        """Offer the same once more, where the member does not see what is offered; raises as `change`."""
        quote_row = await self.find(requester, quote_id)
        return await self.change(requester, quote_id, spec_in(quote_row))

    async def drop(self, requester: Requester, quote_id: str) -> None:
        """Forget an offer.

        Raises:
            QuoteGoneError, RepeatedError: as `find`.
        """

        def forget(session: Session) -> None:
            discard(session, fetch_open(session, requester, quote_id, self._clock()))

        await self._database.write(forget, requester.guild_id, hurried=True)

    async def _quote(
        self, requester: Requester, quote_row: QuoteRow, context: AdmissionContext, *, is_changed: bool
    ) -> Quote:
        now, daily_limit = self._clock(), self._admission.daily_limit
        preview = preview_of(quote_row, now)
        preview.unreviewed = context.unreviewed
        log.info("offered", quote_row=quote_row.id, guild=quote_row.guild_id, user=quote_row.user_id)
        eta = await self._queue_estimate.eta(preview)
        return Quote.of(
            quote_row, preview, requester, [context], daily_limit, eta, now, is_changed=is_changed
        )


def preview_of(quote_row: QuoteRow, now: datetime) -> Generation:
    """Return the generation that an offer would become; it belongs to no session."""
    preview = new_preview(quote_row, quote_row.prompt, quote_row.model, quote_row.options, now)
    preview.continues_id = quote_row.continues_id
    return preview


def new_preview(
    row: QuoteRow | FilmRow, prompt: str, model: str, options: Mapping[str, OptionValue], now: datetime
) -> Generation:
    """Return a generation of an offer's member, as it would become; it belongs to no session."""
    return Generation(
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        user_id=row.user_id,
        placement=Placement.CHANNEL,
        prompt=prompt,
        model=model,
        options=dict(options),
        status=Status.QUEUED,
        created_at=now,
    )


def tightest(
    requester: Requester, context: AdmissionContext, daily_limit: int, now: datetime
) -> tuple[Limit | None, int]:
    """Return the limit that leaves the fewest videos after one more, and how many; None: there is none."""
    limits = resolve_limits(
        context.policy.rules, context.member_policy, requester.user_id, requester.role_ids, daily_limit, now
    )
    lefts = [(limit, remaining(limit, context.use, now)) for limit in limits]
    limited = [(limit, left - 1) for limit, left in lefts if left is not None]
    return min(limited, key=lambda found: found[1], default=(None, 0))
