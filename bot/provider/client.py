"""The provider's REST client: generations, those whose answer was lost, prices, times, the account's money.

Every failure leaves here as one of `bot.provider.errors`; callers never see aiohttp's.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

import aiohttp
import structlog
from cachetools import LRUCache
from pydantic import SecretStr

from bot.clock import monotonic, utc_now
from bot.provider.catalogue import VideoRequest, provider_name_of
from bot.provider.errors import UnavailableError
from bot.provider.keys import KeyStatus
from bot.provider.ledger import Charge, LedgerEntry, LedgerPage, charges_of
from bot.provider.models import Durations, LogEntry, LogPage, MetricsPage, Task
from bot.provider.pricing import Balance, Listing, ModelList
from bot.provider.transport import CALL_TIMEOUT, Call, CallKind, Transport, ignore_call

UNIVERSAL_PATH = "/v2/video/generations"
LEGACY_PATH = "/v2/generate/video/google/generation"
LOGS_PATH = "/v2/logs"
MODELS_PATH = "/v1/models"
METRICS_PATH = "/models/metrics"
BILLING_PATH = "/v2/billing"
TRANSACTIONS_PATH = "/v2/billing/transactions"
PAGE_SIZE = 100  # the most that the provider gives at once
KEY_PATH = "/v1/key"
LOG_MAX_PAGES = 100  # 10,000 requests: one that is refused all day long makes 5,760
LEDGER_MAX_PAGES = 100
MAX_LISTS = 32  # lists of models that are kept, for asking whether they have changed
LOG_REACH = timedelta(days=91)  # a window of more than 92 days is refused
CLOCK_SKEW = timedelta(hours=2)  # how far the provider's clock may differ from ours, or ours have jumped

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class VeoClient:
    """Speaks to one account of the provider.

    Args:
        session: shared by the whole program; not closed here.
        base_url: such as `https://api.aimlapi.com`.
        key: sent to that address only.
        legacy_urls: use the address with the vendor's name in it.
        timeout: seconds that one call may take.
        tell: is told about every call, right after it.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        key: SecretStr,
        *,
        legacy_urls: bool = False,
        timeout: float = CALL_TIMEOUT,
        tell: Callable[[Call], None] = ignore_call,
    ) -> None:
        self._key = key
        self._request = Transport(session, base_url, key, timeout=timeout, tell=tell).request
        self._path = LEGACY_PATH if legacy_urls else UNIVERSAL_PATH
        self._answered_at: datetime | None = None
        self._asked_at: float | None = None
        self._lists = LRUCache[str, ModelList](MAX_LISTS)  # by the names that were asked about

    @property
    def answered_at(self) -> datetime | None:
        """The provider's last answer about a task to this object, in UTC; None: not yet."""
        return self._answered_at

    @property
    def asked_at(self) -> float | None:
        """The start of the last question about a task, on the monotonic clock, in seconds; None: not yet."""
        return self._asked_at

    async def create(self, request: VideoRequest, request_id: str) -> Task:
        """Ask for a video; `request_id` is our name for it in the provider's log (`find`).

        Raises:
            UnavailableError: whether the provider accepted it is unknown; look with `find`.
            VeoError: any other kind; the request was certainly not accepted.
        """
        headers = {"X-Client-Request-Id": request_id, "Content-Type": "application/json"}
        body = await asyncio.to_thread(_encode, request)
        try:
            return await self._request(
                CallKind.CREATE, "POST", self._path, Task, body=body, headers=headers, private=request.private
            )
        except UnavailableError as error:
            if error.inference_id is None:
                raise
            log.warning("took a task's id from the headers", task=error.inference_id, reason=str(error))
            return Task(id=error.inference_id)

    async def retrieve(self, task_id: str, private: Sequence[str] = ()) -> Task:
        """Ask how a task stands; `private`: its member's words, which the answer may repeat.

        Raises:
            UnknownTaskError: the provider does not know `task_id`.
            UnavailableError: or it answered about another one.
            VeoError: any other kind.
        """
        self._asked_at = monotonic()
        params = {"generation_id": task_id}
        task = await self._request(
            CallKind.RETRIEVE, "GET", self._path, Task, params=params, task_id=task_id, private=private
        )
        self._answered_at = utc_now()
        return task

    async def find(self, request_id: str, sent_at: datetime) -> LogEntry | None:
        """Return the log's row of the create call that carried `request_id`, or None where there is none.

        The log is filled late, so None shortly after `sent_at` proves nothing. Of several rows by that name
        one that was accepted is returned, and none that has no ID yet and isn't refused.

        Raises:
            VeoError: the log could not be read.
        """
        refused = None
        async for entry in self._log_since(sent_at):
            if entry.client_request_id != request_id:
                continue
            if entry.is_refused:
                refused = refused or entry
            elif entry.inference_id:
                return entry
        return refused

    async def list_calls(self, since: datetime) -> list[LogEntry]:
        """Return the log's rows of all calls that have a caller's name.

        Raises:
            VeoError: the log could not be read.
        """
        return [entry async for entry in self._log_since(since) if entry.client_request_id]

    async def _log_since(self, sent_at: datetime) -> AsyncIterator[LogEntry]:
        """Yield the log's rows, newest first; neither clock is believed within `CLOCK_SKEW`.

        Raises:
            VeoError: it could not be read, or is too long.
        """
        now = utc_now()
        window = {
            "start": (max(min(sent_at, now), now - LOG_REACH) - CLOCK_SKEW).astimezone(UTC).isoformat(),
            "end": (now + CLOCK_SKEW).isoformat(),
            "limit": str(PAGE_SIZE),
        }
        for page_number in range(LOG_MAX_PAGES):
            params = {**window, "offset": str(page_number * PAGE_SIZE)}
            page = await self._request(CallKind.FIND, "GET", LOGS_PATH, LogPage, params=params)
            for entry in page.data:
                if entry is not None:
                    yield entry
            if not page.has_more(PAGE_SIZE):
                return
        raise UnavailableError("The provider's log is too long to search.")

    async def fetch_charges(self, since: datetime) -> Sequence[Charge]:
        """Return what each generation was charged since a moment; raises as `fetch_ledger`."""
        return charges_of(entry for entry in await self.fetch_ledger(since) if entry is not None)

    async def fetch_ledger(self, since: datetime) -> Sequence[LedgerEntry | None]:
        """Return the movements of money since a moment, newest first; what makes no sense is None.

        Raises:
            VeoError: the ledger could not be read, or is too long.
        """
        params = {"from": (since - CLOCK_SKEW).astimezone(UTC).isoformat(), "limit": str(PAGE_SIZE)}
        entries: list[LedgerEntry | None] = []
        for _ in range(LEDGER_MAX_PAGES):
            page = await self._request(CallKind.LEDGER, "GET", TRANSACTIONS_PATH, LedgerPage, params=params)
            entries += page.data
            if page.next_cursor is None:
                return entries
            params["cursor"] = page.next_cursor
        raise UnavailableError("The provider's ledger is too long to read.")

    async def fetch_listing(self, model_id: str) -> Listing:
        """Ask whether a model is in the provider's list, and what it costs; raises as `fetch_listings`."""
        return (await self.fetch_listings([model_id]))[model_id]

    async def fetch_listings(self, model_ids: Collection[str]) -> dict[str, Listing]:
        """Ask the same of several models at once; a list that hasn't changed isn't sent again.

        Raises:
            VeoError: the list could not be read.
        """
        names = {model_id: provider_name_of(model_id) for model_id in model_ids}
        asked = ",".join(sorted(set(names.values())))
        params, known = {"id": asked, "include": "pricing"}, self._lists.get(asked)
        models = await self._request(
            CallKind.PRICING, "GET", MODELS_PATH, ModelList, params=params, known=known
        )
        self._lists[asked] = models
        if None in models.data and len(names) > 1:  # an odd row may be any one's
            return {model_id: await self.fetch_listing(model_id) for model_id in names}
        return {model_id: models.listing_of(name) for model_id, name in names.items()}

    async def fetch_durations(self, model_id: str) -> Durations | None:
        """Ask how long a model's generations take at present; None: the provider does not say.

        Raises:
            VeoError: the measures could not be read.
        """
        name = provider_name_of(model_id)
        params = {"aliases": name}
        page = await self._request(CallKind.DURATIONS, "GET", METRICS_PATH, MetricsPage, params=params)
        return page.durations_of(name)

    async def fetch_balance(self) -> float:
        """Ask how much money the account holds, in USD.

        Raises:
            VeoError: it could not be read.
        """
        return (await self._request(CallKind.BALANCE, "GET", BILLING_PATH, Balance)).current_balance

    async def fetch_key(self) -> KeyStatus:
        """Ask what the key may do; the answer may be about another one of the account (`is_ours`).

        Raises:
            VeoError: it could not be read.
        """
        status = await self._request(CallKind.KEY, "GET", KEY_PATH, KeyStatus)
        return status.model_copy(update={"is_ours": status.is_of(self._key.get_secret_value())})


def _encode(request: VideoRequest) -> bytes:
    return json.dumps(request.body).encode()
