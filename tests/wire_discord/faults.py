"""Scripted misbehaviour of the REST API: what goes wrong with which route, and how often."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.wire_discord.refusals import json_answer

RELEASED = web.AppKey("RELEASED", asyncio.Event)  # set: hanging answers may go on
CLOUDFLARE_PAGE = "<html><head><title>{status}</title></head><body>error code: {status}</body></html>"


class Fault(ABC):
    """One way in which an answer goes wrong.

    `accepted`: the request is carried out all the same and only its answer is lost, so that the caller
    cannot know what happened.
    """

    @abstractmethod
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer `request` in place of `handler`, which gives the right answer."""

    @staticmethod
    def status(
        status: int,
        code: int = 0,
        message: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        html: bool = False,
        accepted: bool = False,
    ) -> "Fault":
        """Answer with an HTTP status and Discord's code, or with a page of HTML as Cloudflare does."""
        return _Status(
            status, {"code": code, "message": message or f"Error {status}"}, headers or {}, html, accepted
        )

    @staticmethod
    def rate_limit(retry_after: float, *, is_global: bool = False, via: bool = True) -> "Fault":
        """Answer 429; `retry_after` in seconds. Without `via` discord.py takes it for Cloudflare's."""
        form = {"message": "You are being rate limited.", "retry_after": retry_after, "global": is_global}
        scope = "global" if is_global else "user"
        headers = {"Retry-After": f"{retry_after:g}", "X-RateLimit-Scope": scope}
        return _Status(
            429, form, headers | ({"Via": "1.1 google"} if via else {}), html=False, accepted=False
        )

    @staticmethod
    def reset(*, accepted: bool = False) -> "Fault":
        """Break the connection before answering."""
        return _Reset(accepted)

    @staticmethod
    def says(text: str) -> "Fault":
        """Answer 200 and JSON that Discord would not send, or half of it."""
        return _Says(text)

    @staticmethod
    def hang(*, accepted: bool = False) -> "Fault":
        """Do not answer until `Faults.release`; without `accepted` it is carried out only then."""
        return _Hang(accepted)


@dataclass(frozen=True, slots=True)
class _Status(Fault):
    http_status: int
    form: Mapping[str, object]
    headers: Mapping[str, str]
    html: bool
    accepted: bool

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.accepted:
            await handler(request)
        if self.html:
            page = CLOUDFLARE_PAGE.format(status=self.http_status)
            return web.Response(
                text=page, status=self.http_status, content_type="text/html", headers=self.headers
            )
        return json_answer(self.form, self.http_status, dict(self.headers))


@dataclass(frozen=True, slots=True)
class _Says(Fault):
    text: str

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:  # noqa: ARG002 none is asked
        return web.Response(text=self.text, content_type="application/json")


@dataclass(frozen=True, slots=True)
class _Reset(Fault):
    accepted: bool

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.accepted:
            await handler(request)
        if request.transport:
            request.transport.abort()
        return web.Response()


@dataclass(frozen=True, slots=True)
class _Hang(Fault):
    accepted: bool

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request) if self.accepted else None
        await request.app[RELEASED].wait()
        return response or await handler(request)


@dataclass(slots=True)
class _Plan:
    route: str
    fault: Fault
    times: int | None
    where: Mapping[str, str] = field(default_factory=dict[str, str])


class Faults:
    """The script: faults are used up in the order in which they were added."""

    def __init__(self, released: asyncio.Event) -> None:
        self.routes: frozenset[str] = frozenset()
        self._plans: list[_Plan] = []
        self._released = released

    def add(self, route: str, fault: Fault, *, times: int | None = 1, **where: int | str) -> None:
        """Let the next `times` requests go wrong; None: all of them, until `clear`.

        Args:
            route: method and path as in Discord's documents: `POST /channels/{channel_id}/messages`.
            fault: what happens instead.
            times: how often.
            where: values of the path's parameters, such as `channel_id`, that it is confined to.

        Raises:
            ValueError: there is no such route.
        """
        if route not in self.routes:
            raise ValueError(f"no route {route}; there are: {', '.join(sorted(self.routes))}")
        self._plans.append(_Plan(route, fault, times, {key: str(value) for key, value in where.items()}))
        if isinstance(fault, _Hang):
            self._released.clear()

    def clear(self) -> None:
        """Answer everything rightly from now on, hanging requests too."""
        self._plans.clear()
        self.release()

    def release(self) -> None:
        """Let hanging requests go on."""
        self._released.set()

    def take(self, route: str, parameters: Mapping[str, str]) -> Fault | None:
        """Use up and return the next fault of a request."""
        for plan in self._plans:
            if plan.route == route and plan.where.items() <= dict(parameters).items():
                if plan.times is not None:
                    plan.times -= 1
                    if plan.times == 0:
                        self._plans.remove(plan)
                return plan.fault
        return None
