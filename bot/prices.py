"""What a video will cost: by the provider's list while it is known, else by what such videos did cost."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.models import Generation, Status
from bot.pacing import retry_delay
from bot.veo.catalogue import CATALOGUE, InvalidOptionError, OptionValue, VideoRequest, build_request
from bot.veo.client import VeoClient
from bot.veo.errors import VeoError
from bot.veo.pricing import Pricing, duration_of, quote

REFRESH_INTERVAL = 3600.0  # seconds
HISTORY_SCANNED = 200  # rows of the model, newest first
HISTORY_USED = 20  # of those, how many the price is the highest of
PRICED_OPTIONS = ("duration", "resolution", "generate_audio")  # what the provider's prices go by
SAME_OPTIONS = ("resolution", "generate_audio")  # the duration is a factor

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class PriceList:
    """The provider's prices, kept in memory and fetched anew every hour; a lost list is fetched again.

    Args:
        stopping: set when the program is to stop.
        interval: seconds between two fetches.
        retry: the seconds to wait after so many failed fetches in a row.
    """

    def __init__(
        self,
        veo: VeoClient,
        stopping: asyncio.Event,
        *,
        interval: float = REFRESH_INTERVAL,
        retry: Callable[[int], float] = retry_delay,
    ) -> None:
        self._veo = veo
        self._stopping = stopping
        self._interval = interval
        self._retry = retry
        self._pricings: dict[str, Pricing | None] = {}
        self._failures = 0  # in a row

    def quote(self, request: VideoRequest) -> float | None:
        """Return what `request` will cost, in credits; None: the list does not tell."""
        pricing = self._pricings.get(request.model.id)
        return pricing and quote(pricing, request)

    async def run(self) -> None:
        """Keep the list fresh until `stopping` is set."""
        async with asyncio.TaskGroup() as group:
            refreshing = group.create_task(self._refresh_regularly(), name="prices")
            await self._stopping.wait()
            refreshing.cancel()  # a call may be waiting for its answer, for a minute

    async def _refresh_regularly(self) -> None:
        while True:
            try:
                await self._refresh()
            except Exception as error:  # noqa: BLE001 whatever it is, videos are made without a list too
                self._tell_failure(error)
                wait = self._retry(self._failures)
                self._failures += 1
            else:
                self._tell_success()
                wait = self._interval
                self._failures = 0
            await asyncio.sleep(wait)

    async def _refresh(self) -> None:
        """Fetch every model's pricing; what was fetched before a failure is used.

        Raises:
            VeoError: the provider does not answer usefully.
        """
        for model in CATALOGUE:
            before = self._pricings.get(model.id, ...)
            self._pricings[model.id] = pricing = await self._veo.fetch_pricing(model.id)
            if pricing is None and before is not None:
                log.warning("the provider's list has no price that we can read", model=model.id)

    def _tell_failure(self, error: Exception) -> None:
        if not self._failures:
            unforeseen = None if isinstance(error, VeoError) else error
            log.warning(
                "the prices cannot be fetched",
                reason=str(error),
                kind=type(error).__name__,
                exc_info=unforeseen,
            )

    def _tell_success(self) -> None:
        if self._failures:
            log.info("the prices can be fetched again")


async def recall_price(session: AsyncSession, request: VideoRequest) -> float | None:
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
    for options, cost in await session.execute(query):
        past = _build_past(request, options)
        seconds = past and duration_of(past)
        if past and seconds and cost:
            rates.append((cost / seconds, _is_priced_alike(past, request)))
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


def _is_priced_alike(one: VideoRequest, other: VideoRequest) -> bool:
    return all(one.resolved.get(name) == other.resolved.get(name) for name in SAME_OPTIONS)
