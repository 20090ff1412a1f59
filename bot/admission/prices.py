"""Prices of videos: from the provider's list while it is known, else from what such videos did cost."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import monotonic
from bot.db.models import Generation, Status
from bot.eta.pacing import retry_delay
from bot.eta.refresh import Refresher
from bot.provider.catalogue import (
    CATALOGUE,
    InvalidOptionError,
    Model,
    OptionValue,
    VideoRequest,
    build_request,
    provider_name_of,
)
from bot.provider.client import VeoClient
from bot.provider.pricing import Pricing, duration_of, quote

# Seconds. A model that leaves the list just after a look is gone two looks later: in less than ten minutes.
REFRESH_INTERVAL = 270.0
# Seconds for which a model must have been missing: a provider's deploy may empty its lists for a minute.
SURE_AFTER = 240.0
HISTORY_SCANNED = 200  # rows of the model, newest first
HISTORY_USED = 20  # of those, how many the price is the highest of
PRICED_OPTIONS = ("duration", "resolution", "generate_audio")  # what the provider's prices go by
SAME_OPTIONS = ("resolution", "generate_audio")  # the duration is a factor

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Listings:
    """The models that the provider's list had at each look; a list may be wrong for a while. Pure.

    Args:
        known: ids of the models that it is asked about. A list without any of them is no list.
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = frozenset(known)
        self._missing_since: dict[str, float] = {}
        self._gone = set[str]()

    @property
    def gone(self) -> frozenset[str]:
        """The ids of the models that can't be had."""
        return frozenset() if self._gone >= self._known else frozenset(self._gone)

    def update(self, listed: Mapping[str, bool], now: float) -> bool:
        """Take in what a look found of each model; return whether that changed `gone`.

        `now`: on the monotonic clock.
        """
        before = self.gone
        for model_id, is_listed in listed.items():
            if is_listed:
                self._missing_since.pop(model_id, None)
                self._gone.discard(model_id)
            elif now - self._missing_since.setdefault(model_id, now) >= SURE_AFTER:
                self._gone.add(model_id)
        return self.gone != before


class PriceList:
    """The provider's list of models, kept in memory: what each costs, and which are gone.

    It is fetched every few minutes; a lost one stays in use, and is fetched again.

    Args:
        stopping: set when the program is to stop.
        models: those that are asked about.
        unknown: returns the provider's names of models that it doesn't know though it may list them.
        retire: called after each look with the ids of those that are gone, if any are.
        interval: seconds between two fetches.
        retry: the seconds to wait after so many failed fetches in a row.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        veo: VeoClient,
        stopping: asyncio.Event,
        models: Sequence[Model] = CATALOGUE,
        *,
        unknown: Callable[[], Awaitable[Collection[str]]] | None = None,
        retire: Callable[[frozenset[str]], Awaitable[None]] | None = None,
        interval: float = REFRESH_INTERVAL,
        retry: Callable[[int], float] = retry_delay,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._veo = veo
        self._clock = clock
        self._refresher = Refresher("prices", self._refresh, stopping, interval=interval, retry=retry)
        self._pricings: dict[str, Pricing | None] = {}
        self._models = models
        self._find_unknown = unknown
        self._retire = retire
        self._listings = Listings([model.id for model in models])

    @property
    def gone(self) -> frozenset[str]:
        """The ids of the models that the provider doesn't list any more, or doesn't know."""
        return self._listings.gone

    def quote(self, request: VideoRequest) -> float | None:
        """Return what `request` will cost, in credits; None: the list does not tell."""
        pricing = self._pricings.get(request.model.id)
        return pricing and quote(pricing, request)

    async def run(self) -> None:
        """Keep the list fresh until `stopping` is set."""
        await self._refresher.run()

    async def _refresh(self) -> None:
        """Fetch the list: every model's pricing, and which are gone.

        Raises:
            VeoError: the provider does not answer usefully.
        """
        listings = await self._veo.fetch_listings([model.id for model in self._models])
        for model_id, listing in listings.items():
            before = self._pricings.get(model_id, ...)
            self._pricings[model_id] = listing.pricing
            if listing.pricing is None and before is not None:
                log.warning("the provider's list has no readable price", model=model_id)
        unknown = await self._find_unknown() if self._find_unknown else ()
        offered = {
            model_id: listing.is_listed and provider_name_of(model_id) not in unknown
            for model_id, listing in listings.items()
        }
        if self._listings.update(offered, self._clock()):
            log.warning("the provider's models have changed", gone=sorted(self.gone))
        if self.gone and self._retire is not None:
            await self._retire(self.gone)


def fetch_past_price(session: Session, request: VideoRequest) -> float | None:
    """Return what `request` will cost at most as far as experience goes, in credits; None: there is none.

    The highest price of a second among the last videos of the model with the same options counts, or
    among its last videos at all: what is reserved must not be too small.
    """
    duration = duration_of(request)
    if duration is None:
        return None
    query = (
        select(Generation.options, Generation.credits_used)
        .where(
            Generation.model == request.model.id,
            Generation.status == Status.SUCCEEDED,
            Generation.credits_used > 0,
        )
        .order_by(Generation.created_at.desc())
        .limit(HISTORY_SCANNED)
    )
    rates: list[tuple[float, bool]] = []  # credits per second; whether the options were the same
    for options, cost in session.execute(query):
        past = _build_past(request, options)
        seconds = past and duration_of(past)
        if past and seconds and cost:
            now, then = request.resolved, past.resolved
            rates.append((cost / seconds, all(now.get(name) == then.get(name) for name in SAME_OPTIONS)))
    same = [rate for rate, is_same in rates if is_same]
    used = (same or [rate for rate, _ in rates])[:HISTORY_USED]
    return max(used) * duration if used else None


def _build_past(request: VideoRequest, options: Mapping[str, OptionValue]) -> VideoRequest | None:
    """Return what an earlier request of the model asked for, in what is priced; its words may be erased.

    None: the model takes such options no more.
    """
    priced = {name: options.get(name) for name in PRICED_OPTIONS}
    try:
        return build_request(request.model.id, request.prompt, priced)
    except InvalidOptionError:
        return None
