"""The provider's REST client: generations, those whose answer was lost, prices, times, the account's money.

Every failure leaves here as one of `bot.veo.errors`; callers never see aiohttp's.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from math import isfinite
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, SecretStr, ValidationError

from bot.veo.calls import Call, CallKind, ignore_call
from bot.veo.catalogue import VideoRequest
from bot.veo.errors import UnavailableError, UnreachableError, VeoError, error_from_status
from bot.veo.metrics import Durations, MetricsPage
from bot.veo.models import LogEntry, LogPage, ProviderError, Task
from bot.veo.pricing import Balance, ModelList, Pricing

UNIVERSAL_PATH = "/v2/video/generations"
LEGACY_PATH = "/v2/generate/video/google/generation"
LOGS_PATH = "/v2/logs"
MODELS_PATH = "/v1/models"
METRICS_PATH = "/models/metrics"
BILLING_PATH = "/v2/billing"
LOG_PAGE_SIZE = 100  # the most that the provider gives at once
LOG_MAX_PAGES = 20  # 2,000 requests: far more than one key makes within the searched minutes
CLOCK_SKEW = timedelta(hours=2)  # how far the provider's clock may differ from ours, or ours have jumped
LOG_PRECISION = timedelta(seconds=1)  # a row's time may be cut to whole seconds
CALL_TIMEOUT = 60.0  # seconds
CONNECT_TIMEOUT = 15.0  # seconds
SLOWEST_UPLOAD = 128 * 1024  # bytes a second: pictures make a body of up to 22 million
LONGEST_RETRY_AFTER = 3600.0  # seconds
LONGEST_ANSWER = 64 * 2**20  # bytes; the log may repeat the pictures of several requests
CHUNK = 256 * 1024  # bytes
REASON_MAX_LENGTH = 500  # characters of a provider's message that are worth keeping
PICTURE_IN_REASON = re.compile(r"data:image/[\w.+-]+;base64,[\w+/=]*")

Answer = TypeVar("Answer", bound=BaseModel)


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
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._timeout = timeout
        self._tell = tell
        self._path = LEGACY_PATH if legacy_urls else UNIVERSAL_PATH
        self._answered_at: datetime | None = None
        self._asked_at: float | None = None

    @property
    def answered_at(self) -> datetime | None:
        """When the provider last told this object how a task stands, in UTC; None: not yet."""
        return self._answered_at

    @property
    def asked_at(self) -> float | None:
        """When it last began to ask how a task stands, on the monotonic clock, in seconds; None: not yet."""
        return self._asked_at

    async def create(self, request: VideoRequest, request_id: str) -> Task:
        """Ask for a video; `request_id` is our name for it in the provider's log (`find`).

        Raises:
            UnavailableError: whether the provider accepted it is unknown; look with `find`.
            VeoError: any other kind; the request was certainly not accepted.
        """
        headers = {"X-Client-Request-Id": request_id, "Content-Type": "application/json"}
        body = await asyncio.to_thread(_encode, request)
        return await self._request(CallKind.CREATE, "POST", self._path, Task, body=body, headers=headers)

    async def retrieve(self, task_id: str) -> Task:
        """Ask how a task stands.

        Raises:
            UnknownTaskError: the provider does not know `task_id`.
            VeoError: any other kind.
        """
        self._asked_at = time.monotonic()
        params = {"generation_id": task_id}
        task = await self._request(CallKind.RETRIEVE, "GET", self._path, Task, params=params)
        self._answered_at = datetime.now(UTC)
        return task

    async def find(self, request_id: str, sent_at: datetime) -> LogEntry | None:
        """Return the log's row of the create call that carried `request_id`, or None where there is none.

        The log is filled late, so None shortly after `sent_at` proves nothing. Nor does the row of an earlier
        call by that name, which was refused for a while and sent again: it is passed over.

        Raises:
            VeoError: the log could not be read.
        """
        now = datetime.now(UTC)
        window = {
            "start": (min(sent_at, now) - CLOCK_SKEW).astimezone(UTC).isoformat(),
            "end": (now + CLOCK_SKEW).isoformat(),
            "limit": str(LOG_PAGE_SIZE),
        }
        for page_number in range(LOG_MAX_PAGES):
            params = {**window, "offset": str(page_number * LOG_PAGE_SIZE)}
            page = await self._request(CallKind.FIND, "GET", LOGS_PATH, LogPage, params=params)
            for entry in page.data:
                if entry is None or entry.client_request_id != request_id:
                    continue
                if not entry.is_refused or entry.created >= sent_at - LOG_PRECISION:
                    return entry
            if not page.pagination.has_more:
                return None
        raise UnavailableError("The provider's log is too long to search.")

    async def fetch_pricing(self, model_id: str) -> Pricing | None:
        """Ask what a model costs; None: the provider does not say, or not in a form that we know.

        Raises:
            VeoError: the price list could not be read.
        """
        params = {"id": model_id, "include": "pricing"}
        models = await self._request(CallKind.PRICING, "GET", MODELS_PATH, ModelList, params=params)
        return models.pricing_of(model_id)

    async def fetch_durations(self, model_id: str) -> Durations | None:
        """Ask how long a model's generations take at present; None: the provider does not say.

        Raises:
            VeoError: the measures could not be read.
        """
        params = {"aliases": model_id}
        page = await self._request(CallKind.DURATIONS, "GET", METRICS_PATH, MetricsPage, params=params)
        return page.durations_of(model_id)

    async def fetch_balance(self) -> float:
        """Ask how much money the account holds, in USD.

        Raises:
            VeoError: it could not be read.
        """
        return (await self._request(CallKind.BALANCE, "GET", BILLING_PATH, Balance)).current_balance

    async def _request(
        self,
        kind: CallKind,
        method: str,
        path: str,
        answer: type[Answer],
        *,
        params: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make a call, and tell about it."""
        begun_at = time.monotonic()
        try:
            found = await self._call(method, path, answer, params=params, body=body, headers=headers)
        except VeoError as error:
            self._tell(Call(kind, time.monotonic() - begun_at, error))
            raise
        state = found.state if isinstance(found, Task) and kind is CallKind.RETRIEVE else None
        self._tell(Call(kind, time.monotonic() - begun_at, state=state))
        return found

    async def _call(
        self,
        method: str,
        path: str,
        answer: type[Answer],
        *,
        params: Mapping[str, str] | None,
        body: bytes,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        sent_headers = {"Authorization": f"Bearer {self._key.get_secret_value()}", **(headers or {})}
        time = self._timeout + len(body) / SLOWEST_UPLOAD
        try:
            async with self._session.request(
                method,
                self._base_url + path,
                params=params,
                data=BytesIO(body) if body else None,  # in pieces: the loop must not wait for a large one
                headers=sent_headers,
                timeout=aiohttp.ClientTimeout(total=time, connect=min(time, CONNECT_TIMEOUT)),
                allow_redirects=False,  # the key must not follow to another host
            ) as response:
                content = await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise UnreachableError("The video service cannot be reached.") from error
        except TimeoutError as error:
            raise UnavailableError("The video service did not answer in time.") from error
        except aiohttp.ClientError as error:
            # Without its cause: that of a malformed answer holds the request's headers, and so the key.
            raise UnavailableError(f"The connection broke ({type(error).__name__}).") from None
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            reason = _reason(response, content, self._key.get_secret_value())
            raise error_from_status(response.status, reason, _retry_after(response))
        try:
            return answer.model_validate_json(content)
        except ValidationError:
            # Without its cause, which repeats the answer: it may hold the key, or a member's words.
            raise UnavailableError("The video service gave an answer that makes no sense.") from None


def _encode(request: VideoRequest) -> bytes:
    return json.dumps(request.body).encode()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, unpacked.

    Raises:
        UnavailableError: it is longer than any answer; whatever it is, it must not fill the memory.
    """
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        content += chunk
        if len(content) > LONGEST_ANSWER:
            raise UnavailableError("The video service's answer is too long.")
    return bytes(content)


def _reason(response: aiohttp.ClientResponse, body: bytes, key: str) -> str:
    """Return the provider's message, without our key; the body may also be a proxy's HTML, or empty.

    Nor does a picture that it repeats belong into logs and messages.
    """
    try:
        message = ProviderError.model_validate_json(body).message
    except ValidationError:
        message = ""
    message = PICTURE_IN_REASON.sub("the picture", message.replace(key, "the key"))
    return message[:REASON_MAX_LENGTH] or f"The video service answered {response.status}."


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Return the seconds the provider asks us to wait; its date form is not used by rate limiters."""
    try:
        seconds = float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if isfinite(seconds) else None
