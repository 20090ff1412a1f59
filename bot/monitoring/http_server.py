"""The small HTTP server for those who watch: `/healthz`, `/readyz` and `/metrics`."""

import errno
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot.metrics.families import render
from bot.metrics.metrics import REGISTRY, forget_queue, record_queue
from bot.monitoring.backlog import BacklogReader
from bot.monitoring.health import Health

ERRORS_OF_PORT = frozenset({errno.EADDRINUSE, errno.EACCES})  # all others are about the host's name
SHUTDOWN_SECONDS = 1.0  # that answers get to end when the program stops
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
HEADERS = {"Cache-Control": "no-store"}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class ListenError(Exception):
    """The address cannot be listened on; `str()` names the setting and says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """The pages of the HTTP server.

    Attributes:
        waiting_for: names what is missing until commands are served; nothing: they are.
    """

    health: Health
    backlog: BacklogReader
    waiting_for: Callable[[], Sequence[str]]

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/healthz", self._show_health),
            web.get("/readyz", self._show_readiness),
            web.get("/metrics", self._show_metrics),
        ]

    async def _show_health(self, _: web.Request) -> web.Response:
        signs = await self.health.look()
        checks = {
            name: {
                "ok": sign.is_good,
                "age_seconds": None if sign.age is None else round(sign.age, 3),
                "limit_seconds": round(sign.limit, 3),
            }
            for name, sign in signs.items()
        }
        is_well = all(sign.is_good for sign in signs.values())
        return _answer({"status": "ok" if is_well else "failing", "checks": checks}, is_good=is_well)

    async def _show_readiness(self, _: web.Request) -> web.Response:
        missing = list(self.waiting_for())
        status = "not ready" if missing else "ready"
        return _answer({"status": status, "waiting_for": missing}, is_good=not missing)

    async def _show_metrics(self, _: web.Request) -> web.Response:
        await self.health.look()
        backlog = await self.backlog.read()
        if backlog is None:
            forget_queue()
        else:
            record_queue(backlog.counts, backlog.ages)
        page = render(REGISTRY)
        return web.Response(body=page, headers={**HEADERS, "Content-Type": METRICS_TYPE})


def _answer(body: dict[str, Any], *, is_good: bool) -> web.Response:
    return web.json_response(body, status=200 if is_good else 503, headers=HEADERS)


@asynccontextmanager
async def serve(page: Page, host: str, port: int) -> AsyncGenerator[str]:
    """Serve `page` at `host` and `port` (0: any free one); yields the address, such as `http://127.0.0.1:9`.

    Raises:
        ListenError: the address is in use, or not this machine's.
    """
    app = web.Application()
    app.add_routes(page.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, UnicodeError) as error:  # the latter: of a name that cannot be one
            of_port = isinstance(error, OSError) and error.errno in ERRORS_OF_PORT
            name = "HTTP_PORT" if of_port else "HTTP_HOST"
            raise ListenError(
                f"{name}: The bot can't listen on {host} port {port}: {_reason(error)}"
            ) from error
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{runner.addresses[0][1]}"
        log.info("watching", address=address)
        yield address
    finally:
        await runner.cleanup()


def _reason(error: OSError | UnicodeError) -> str:
    """Return the system's words: asyncio's repeat the address, but for a name that cannot be resolved."""
    if isinstance(error, UnicodeError):
        return "That is no name of a host"
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return str(error.strerror or error)
