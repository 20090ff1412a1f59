"""Calls to the provider, and the reading of their answers.

Every failure leaves here as one of `bot.provider.errors`; callers never see aiohttp's.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
from io import BytesIO
from typing import TypeVar

import aiohttp
import structlog
from pydantic import BaseModel, SecretStr, ValidationError

from bot.clock import monotonic
from bot.provider.costs import credits_in_headers
from bot.provider.errors import UnavailableError, UnreachableError, VeoError
from bot.provider.models import Task, TaskState, inference_id_in
from bot.provider.reading import ForeignAnswerError, Versioned, about, read_json
from bot.provider.refusals import refusal_of, stated_status
from bot.provider.words import WordFilter

CALL_TIMEOUT = 60.0  # seconds
CONNECT_TIMEOUT = 15.0  # seconds
SLOWEST_UPLOAD = 128 * 1024  # bytes a second: images make a body of up to 34 million
LONGEST_ANSWER = 96 * 2**20  # bytes; the log may repeat the images of several requests
CHUNK = 256 * 1024  # bytes

Answer = TypeVar("Answer", bound=BaseModel)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class CallKind(StrEnum):
    """The kind of a call."""

    CREATE = "create"
    RETRIEVE = "retrieve"
    FIND = "find"  # a page of the provider's log
    PRICING = "pricing"
    DURATIONS = "durations"
    BALANCE = "balance"
    LEDGER = "ledger"  # a page of what was charged
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        seconds: from asking to the whole answer, or to the failure.
        error: why there was no useful answer; None: there was one.
        state: how the task stands that was asked for; None: another kind of call, or no answer.
    """

    kind: CallKind
    seconds: float
    error: VeoError | None = None
    state: TaskState | None = None


def ignore_call(_: Call) -> None:
    """Tell nobody."""


class Transport:
    """Makes calls with one account's key; the arguments are those of `bot.provider.client.VeoClient`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        key: SecretStr,
        *,
        timeout: float = CALL_TIMEOUT,
        tell: Callable[[Call], None] = ignore_call,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._words = WordFilter(key.get_secret_value())
        self._timeout = timeout
        self._tell = tell

    async def request(
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
        known: Answer | None = None,
        private: Sequence[str] = (),
    ) -> Answer:
        """Make a call, and tell about it.

        `task_id`: the answer must be about that one. `known`: an earlier answer, which is returned if the
        provider says that it hasn't changed. `private`: a member's words, which the provider may repeat.
        """
        begun_at = monotonic()
        version = known.etag if isinstance(known, Versioned) else None
        headers = {**(headers or {}), **({"If-None-Match": version} if version else {})}
        try:
            found = await self._call(
                method,
                path,
                answer,
                params=params,
                body=body,
                headers=headers,
                task_id=task_id,
                known=known,
                words=replace(self._words, private=private),
            )
        except VeoError as error:
            if error.request_id:
                log.warning(
                    "the provider refused a call",
                    call=kind.value,
                    request_id=error.request_id,
                    reason=str(error),
                )
            self._tell(Call(kind, monotonic() - begun_at, error))
            raise
        state = found.state if isinstance(found, Task) and kind is CallKind.RETRIEVE else None
        self._tell(Call(kind, monotonic() - begun_at, state=state))
        return found

    async def _call(
        self,
        method: str,
        path: str,
        answer: type[Answer],
        *,
        params: Mapping[str, str] | None,
        body: bytes,
        headers: Mapping[str, str],
        task_id: str | None,
        known: Answer | None,
        words: WordFilter,
    ) -> Answer:
        sent_headers = {"Authorization": f"Bearer {self._key.get_secret_value()}", **headers}
        time = self._timeout + len(body) / SLOWEST_UPLOAD
        response: aiohttp.ClientResponse | None = None
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
            raise UnreachableError("I can't reach the video service.") from error
        except TimeoutError as error:
            raise _unread("The video service did not answer in time.", response, words) from error
        except aiohttp.ClientError as error:
            # Without its cause: that of a malformed answer holds the request's headers, and so the key.
            raise _unread(f"The connection broke ({type(error).__name__}).", response, words) from None
        if response.status == HTTPStatus.NOT_MODIFIED and known is not None:
            return known
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal_of(response.status, response.headers, content, words)
        return await _understood(response, content, answer, task_id, words)


async def _understood(
    response: aiohttp.ClientResponse,
    content: bytes,
    answer: type[Answer],
    task_id: str | None,
    words: WordFilter,
) -> Answer:
    """Return the body of an answer as an object.

    Raises:
        VeoError: it states a failure, is about another task, or makes no sense.
    """
    try:
        # A large one in a thread: the loop must not wait for it.
        found = read_json(content) if len(content) < CHUNK else await asyncio.to_thread(read_json, content)
        found = found if task_id is None else about(found, task_id)
        return _typed(answer, found, response.headers, words)
    except ForeignAnswerError:
        raise UnavailableError("The video service answered about another video.") from None
    except ValueError as error:
        if (status := stated_status(content)) is not None:
            raise refusal_of(status, response.headers, content, words) from None
        # JSON that is no task may be a refusal, and its headers name that.
        cut_off = None if isinstance(error, ValidationError) else response
        # Without its cause, which repeats the answer: it may hold the key, or a member's words.
        raise _unread("The video service gave an answer that makes no sense.", cut_off, words) from None


def _unread(text: str, response: aiohttp.ClientResponse | None, words: WordFilter) -> UnavailableError:
    """Return the error for an answer whose body can't be read, with what its headers tell."""
    error = UnavailableError(text)
    if response is not None and response.status < HTTPStatus.MULTIPLE_CHOICES:
        error.inference_id = inference_id_in(response.headers, words)
    return error


def _typed(answer: type[Answer], found: object, headers: Mapping[str, str], words: WordFilter) -> Answer:
    """Return an answer as an object; a task's cost may stand in the headers alone, as a version does.

    Raises:
        ValueError: it is none.
    """
    typed = answer.model_validate(found, context=words)
    match typed:
        case Task():
            return typed.model_copy(update={"header_credits": credits_in_headers(headers)})
        case Versioned():
            return typed.model_copy(update={"etag": headers.get("ETag")})
        case _:
            return typed


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
