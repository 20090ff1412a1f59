"""Scripted misbehaviour: what goes wrong with which of the provider's answers, and how often."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.calls import Kind
from sandbox.jobs import Job, Jobs
from sandbox.refusals import error_response
from sandbox.request_log import RequestLog
from sandbox.schema import fields_of

BodyForm = Literal["json", "html", "empty"]

JOBS = web.AppKey("JOBS", Jobs)
LOG = web.AppKey("LOG", RequestLog)
RELEASED = web.AppKey("RELEASED", asyncio.Event)  # set: hanging answers may go on

PROXY_PAGE = "<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>nginx</body></html>"
CHUNKS = 20  # of a slow download


class Fault(ABC):
    """One way in which an answer goes wrong.

    `accepted`: the call is carried out all the same and only its answer is lost, so that the
    caller cannot know what happened.
    """

    @abstractmethod
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer `request` in place of `handler`, which gives the right answer."""

    @staticmethod
    def status(
        status: int,
        message: str = "",
        *,
        retry_after: float | None = None,
        body: BodyForm = "json",
        accepted: bool = False,
    ) -> "Fault":
        """Answer with an HTTP status; `retry_after` is in seconds."""
        return _Status(status, message, retry_after, body, accepted)

    @staticmethod
    def reset(*, accepted: bool = False) -> "Fault":
        """Break the connection before answering.

        aiohttp's client repeats a GET by itself, unseen, when a kept-alive connection breaks.
        """
        return _Reset(accepted)

    @staticmethod
    def hang(*, accepted: bool = False) -> "Fault":
        """Do not answer until `Faults.release`; without `accepted` the work begins only then."""
        return _Hang(accepted)

    @staticmethod
    def truncated_json() -> "Fault":
        """Carry out the call and answer with the first half of the JSON."""
        return _TruncatedJson()

    @staticmethod
    def unknown_status(status: str = "dreaming") -> "Fault":
        """Retrieve: answer with a status that no document mentions."""
        return _UnknownStatus(status)

    @staticmethod
    def without_video() -> "Fault":
        """Retrieve: end the generation for good as completed, without a video."""
        return _WithoutVideo()

    @staticmethod
    def failed(message: str | None, name: str = "GenerationError") -> "Fault":
        """Retrieve: end the generation for good as error; None: the error has no message."""
        return _Failed({"name": name} if message is None else {"name": name, "message": message})

    @staticmethod
    def truncated_download() -> "Fault":
        """CDN: promise the whole file, send half of it and break the connection."""
        return _TruncatedDownload()

    @staticmethod
    def slow_download(seconds: float) -> "Fault":
        """CDN: spread the file over `seconds`."""
        return _SlowDownload(seconds)


@dataclass(slots=True)
class _Plan:
    fault: Fault
    times: int | None
    only: Mapping[str, object]

    def fits(self, body: object) -> bool:
        """Whether it is meant for a call with this body."""
        fields = fields_of(body)
        return all(fields.get(name) == value for name, value in self.only.items())


class Faults:
    """The script: faults are used up in the order in which they were added to a kind of call."""

    def __init__(self, released: asyncio.Event) -> None:
        self._plans: dict[Kind, list[_Plan]] = {}
        self._released = released

    def add(
        self,
        kind: Kind,
        fault: Fault,
        *,
        times: int | None = 1,
        only: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Let the next `times` calls of `kind` go wrong; None: all of them, until `clear`.

        `only`: those whose body has these values, such as one model's or one prompt's.
        """
        self._plans.setdefault(kind, []).append(_Plan(fault, times, only))
        if isinstance(fault, _Hang):
            self._released.clear()

    def clear(self) -> None:
        """Answer everything rightly from now on, hanging calls too."""
        self._plans.clear()
        self.release()

    def release(self) -> None:
        """Let hanging calls go on."""
        self._released.set()

    def take(self, kind: Kind, body: object) -> Fault | None:
        """Use up and return the next fault of `kind` that is meant for a call with `body`."""
        plans = self._plans.get(kind, [])
        plan = next((plan for plan in plans if plan.fits(body)), None)
        if plan is None:
            return None
        if plan.times is not None:
            plan.times -= 1
            if plan.times == 0:
                plans.remove(plan)
        return plan.fault


@dataclass(frozen=True, slots=True)
class _Status(Fault):
    code: int
    message: str
    retry_after: float | None
    body: BodyForm
    accepted: bool

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.accepted:
            await handler(request)
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}
        match self.body:
            case "json":
                return error_response(request, self.code, self.message or f"Error {self.code}", headers)
            case "html":
                page = PROXY_PAGE.format(status=self.code)
                return web.Response(status=self.code, text=page, content_type="text/html", headers=headers)
            case "empty":
                return web.Response(status=self.code, headers=headers)


@dataclass(frozen=True, slots=True)
class _Reset(Fault):
    accepted: bool

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.accepted:
            await handler(request)
        _break_connection(request)
        return web.Response()


@dataclass(frozen=True, slots=True)
class _Hang(Fault):
    accepted: bool

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request) if self.accepted else None
        await request.app[RELEASED].wait()
        return response or await handler(request)


@dataclass(frozen=True, slots=True)
class _TruncatedJson(Fault):
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        text = _text(await handler(request))
        return web.Response(text=text[: len(text) // 2], content_type="application/json")


@dataclass(frozen=True, slots=True)
class _UnknownStatus(Fault):
    status_name: str

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        task = json.loads(_text(await handler(request)))
        return web.json_response({"id": task["id"], "status": self.status_name, "video": None})


@dataclass(frozen=True, slots=True)
class _WithoutVideo(Fault):
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if job := _job(request):
            request.app[JOBS].lose_video(job)
        return await handler(request)


@dataclass(frozen=True, slots=True)
class _Failed(Fault):
    error: dict[str, str]

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if job := _job(request):
            request.app[JOBS].fail(job, self.error)
        return await handler(request)


@dataclass(frozen=True, slots=True)
class _TruncatedDownload(Fault):
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response, content = await _open_download(request, handler)
        await response.write(content[: len(content) // 2])
        _break_connection(request)
        return response


@dataclass(frozen=True, slots=True)
class _SlowDownload(Fault):
    seconds: float

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response, content = await _open_download(request, handler)
        size = -(-len(content) // CHUNKS)
        with suppress(ConnectionResetError):  # the client was killed or lost its patience
            for start in range(0, len(content), size):
                await asyncio.sleep(self.seconds / CHUNKS)
                await response.write(content[start : start + size])
        return response


def _job(request: web.Request) -> Job | None:
    return request.app[JOBS].get(request.query.get("generation_id", ""))


def _text(response: web.StreamResponse) -> str:
    return (response.text or "") if isinstance(response, web.Response) else ""


def _break_connection(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


async def _open_download(request: web.Request, handler: Handler) -> tuple[web.StreamResponse, bytes]:
    """Begin the answer to a CDN call, with the right length; return it with the file's content."""
    await handler(request)  # refuses an address that does not exist
    path = request.app[JOBS].video_file(request.match_info["file_name"])
    if path is None:
        raise web.HTTPNotFound
    content = await asyncio.to_thread(path.read_bytes)
    response = web.StreamResponse()
    response.content_type = "video/mp4"
    response.content_length = len(content)
    await response.prepare(request)
    return response, content
