"""The provider's REST client: generations, those whose answer was lost, prices, times, the account's money.

Every failure leaves here as one of `bot.veo.errors`; callers never see aiohttp's.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import TypeVar

import aiohttp
import structlog
from pydantic import BaseModel, SecretStr

from bot.veo.calls import Call, CallKind, ignore_call
from bot.veo.catalogue import VideoRequest
from bot.veo.errors import UnavailableError, UnreachableError, VeoError
from bot.veo.keys import KeyStatus
from bot.veo.metrics import Durations, MetricsPage
from bot.veo.models import LogEntry, LogPage, Task
from bot.veo.pricing import Balance, ModelList, Pricing
from bot.veo.reading import ForeignAnswerError, about, read_json
from bot.veo.refusals import refusal_of
from bot.veo.words import WordFilter

UNIVERSAL_PATH = "/v2/video/generations"
LEGACY_PATH = "/v2/generate/video/google/generation"
LOGS_PATH = "/v2/logs"
MODELS_PATH = "/v1/models"
METRICS_PATH = "/models/metrics"
BILLING_PATH = "/v2/billing"
KEY_PATH = "/v1/key"
LOG_PAGE_SIZE = 100  # the most that the provider gives at once
LOG_MAX_PAGES = 20  # 2,000 requests: far more than one key makes within the searched minutes
CLOCK_SKEW = timedelta(hours=2)  # how far the provider's clock may differ from ours, or ours have jumped
LOG_PRECISION = timedelta(seconds=1)  # a row's time may be cut to whole seconds
CALL_TIMEOUT = 60.0  # seconds
CONNECT_TIMEOUT = 15.0  # seconds
SLOWEST_UPLOAD = 128 * 1024  # bytes a second: pictures make a body of up to 22 million
LONGEST_ANSWER = 64 * 2**20  # bytes; the log may repeat the pictures of several requests
CHUNK = 256 * 1024  # bytes

Answer = TypeVar("Answer", bound=BaseModel)

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
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._words = WordFilter(key.get_secret_value())
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
            UnavailableError: or it answered about another one.
            VeoError: any other kind.
        """
        self._asked_at = time.monotonic()
        params = {"generation_id": task_id}
        task = await self._request(CallKind.RETRIEVE, "GET", self._path, Task, params=params, task_id=task_id)
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
                if not entry.is_refused or (entry.created and entry.created >= sent_at - LOG_PRECISION):
                    return entry
            if not page.has_more(LOG_PAGE_SIZE):
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

    async def fetch_key(self) -> KeyStatus:
        """Ask what the key may do; the answer may be about another one of the account (`is_ours`).

        Raises:
            VeoError: it could not be read.
        """
        status = await self._request(CallKind.KEY, "GET", KEY_PATH, KeyStatus)
        return status.model_copy(update={"is_ours": status.is_of(self._key.get_secret_value())})

    async def lists(self, model_id: str) -> bool:
        """Ask whether a model is in the provider's list.

        Raises:
            VeoError: the list could not be read.
        """
        params = {"id": model_id}
        return (await self._request(CallKind.MODEL, "GET", MODELS_PATH, ModelList, params=params)).has(
            model_id
        )

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
        task_id: str | None = None,
    ) -> Answer:
        """Make a call, and tell about it; `task_id`: the answer must be about that one."""
        begun_at = time.monotonic()
        try:
            found = await self._call(
                method, path, answer, params=params, body=body, headers=headers, task_id=task_id
            )
        except VeoError as error:
            if error.request_id:
                log.warning(
                    "a call was refused", call=kind.value, request_id=error.request_id, reason=str(error)
                )
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
        task_id: str | None,
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
            raise refusal_of(response.status, response.headers, content, self._words)
        try:
            # A large one in a thread: the loop must not wait for it.
            found = (
                read_json(content) if len(content) < CHUNK else await asyncio.to_thread(read_json, content)
            )
            found = found if task_id is None else about(found, task_id)
            return answer.model_validate(found, context=self._words)
        except ForeignAnswerError:
            raise UnavailableError("The video service answered about another video.") from None
        except ValueError:
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
