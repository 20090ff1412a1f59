"""A strict fake of the AI/ML API on a real socket: the only fake in the project.

It keeps to the schemas in the provider's documents and forgives nothing, so that what works here
can be expected to work there. Tests script its faults and read what it was asked.
"""

import asyncio
import secrets
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox import calls
from sandbox.calls import Call, Kind
from sandbox.faults import JOBS, LOG, RELEASED, Fault, Faults
from sandbox.generations import Generations
from sandbox.jobs import Jobs
from sandbox.keys import BOTS_KEY, is_bots_key, sent_key
from sandbox.ledger import Ledger
from sandbox.offers import usd
from sandbox.refusals import INVALID_KEY, RefusalError, error_response
from sandbox.render import FULL, PLAIN, QUICK, Quality, Renderer
from sandbox.reports import Reports
from sandbox.request_log import RequestLog
from sandbox.terms import Terms

__all__ = ["FULL", "PLAIN", "QUICK", "Call", "Fault", "Kind", "Provider", "Quality"]

HOST = "127.0.0.1"
MAX_BODY = 48 * 2**20  # bytes; three images in Base64 and what belongs to them
SHUTDOWN_SECONDS = 0.2  # what a hanging answer is given before it is cancelled
KINDS_WITH_KEY: frozenset[Kind] = frozenset({"create", "retrieve", "logs", "billing", "key"})


class Provider:
    """The fake provider with one account; use it with `async with`.

    `generations.cost_answers` says which answers have the cost, `reports.charge_delay` when it is charged;
    `log.ahead` is by how much the provider's clock is ahead of ours.

    Args:
        port: 0 takes a free one.
        key: the account's API key; None makes a random one.
        generation_seconds: how long a generation takes; it also waits for its file.
        clock: seconds that only grow; generations and the log's delay go by it.
        balance_usd: the account's money at the start.
        log_delay_seconds: how late a call appears in the log.
        render: the files' quality; PLAIN or QUICK for tests.
        files: where rendered files are kept and found again; None: a folder that is deleted.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        key: str | None = None,
        generation_seconds: float = 4.0,
        clock: Callable[[], float] = time.monotonic,
        balance_usd: float = 100.0,
        log_delay_seconds: float = 0.0,
        render: Quality = FULL,
        files: Path | None = None,
    ) -> None:
        self.key = key or secrets.token_hex(16)
        self.other_key = secrets.token_hex(16)  # of another program with the same account
        self.calls: list[Call] = []
        self._port = port
        self._generation_seconds = generation_seconds
        self._clock = clock
        self._quality = render
        self._files = files
        self._arrival = asyncio.Event()
        self._released = asyncio.Event()
        self.faults = Faults(self._released)
        self.terms = Terms()
        self._ledger = Ledger(balance_usd)
        self.log = RequestLog(log_delay_seconds, clock)
        self._resources = AsyncExitStack()

    @property
    def url(self) -> str:
        """The base address, such as `http://127.0.0.1:40123`."""
        return f"http://{HOST}:{self._port}"

    @property
    def hold(self) -> bool:
        """While True no generation finishes."""
        return self._jobs.hold

    @hold.setter
    def hold(self, value: bool) -> None:
        self._jobs.hold = value

    @property
    def balance_usd(self) -> float:
        """The account's balance."""
        self._jobs.advance()
        return usd(self._ledger.credits)

    @property
    def is_idle(self) -> bool:
        """Whether all generations have finished; one that hasn't is charged when it does."""
        self._jobs.advance()
        return all(job.finished_at is not None for job in self._jobs.all())

    def release(self) -> None:
        """End `hold`: what is due finishes."""
        self.hold = False

    def top_up(self, amount_usd: float) -> None:
        """Pay money into the account."""
        self._ledger.top_up(amount_usd)

    def refund(self, generation_id: str) -> None:
        """Refund what was charged for a generation."""
        self._ledger.refund(generation_id)

    def count(self, kind: Kind) -> int:
        """Return how many calls of `kind` arrived, those that went wrong included."""
        return sum(call.kind == kind for call in self.calls)

    async def called(self, kind: Kind, times: int = 1) -> None:
        """Return when `times` calls of `kind` have arrived, whether answered or not."""
        while self.count(kind) < times:
            self._arrival.clear()
            await self._arrival.wait()

    def count_accepted(self, client_request_id: str) -> int:
        """Return how many create calls with this name were accepted: more than one is paid twice."""
        return self.log.count_accepted(client_request_id)

    async def rendered(self) -> None:
        """Return when every file that was asked for is rendered."""
        await self._renderer.wait()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            files = self._files or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
            self._renderer = Renderer(files, self._quality)
            stack.push_async_callback(self._renderer.stop)
            self._jobs = Jobs(self._renderer, self._ledger, self._generation_seconds, self._clock)
            runner = web.AppRunner(self._app(), shutdown_timeout=SHUTDOWN_SECONDS, access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, HOST, self._port).start()
            self._port = int(runner.addresses[0][1])
            self._resources = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._resources.aclose()

    def _app(self) -> web.Application:
        app = web.Application(
            middlewares=[self._show_refusals, self._record, self._misbehave, self._check_key],
            client_max_size=MAX_BODY,
        )
        app[BOTS_KEY] = lambda: self.key
        app[JOBS] = self._jobs
        app[LOG] = self.log
        app[RELEASED] = self._released
        self.generations = generations = Generations(self._jobs, self._ledger, self.log, self.terms)
        self.reports = reports = Reports(self._jobs, self._ledger, self.log, self.terms, self._clock)
        for path in (calls.UNIVERSAL_PATH, calls.LEGACY_PATH):
            app.router.add_post(path, generations.create)
            app.router.add_get(path, generations.retrieve)
        app.router.add_get(calls.CDN_PATH, generations.download)
        app.router.add_get(calls.LOGS_PATH, reports.logs)
        app.router.add_get(calls.BILLING_PATH, reports.balance)
        app.router.add_get(calls.TRANSACTIONS_PATH, reports.transactions)
        app.router.add_get(calls.KEY_PATH, reports.key)
        app.router.add_get(calls.MODELS_PATH, reports.models)
        app.router.add_get(calls.METRICS_PATH, reports.metrics)
        return app

    @web.middleware
    async def _show_refusals(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except RefusalError as error:
            return error_response(request, error.status, error.message)
        except web.HTTPException as error:
            return error_response(request, error.status, error.reason)

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls.append(await calls.record(request))
        self._arrival.set()
        return await handler(request)

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._jobs.advance()
        fault = self.faults.take(calls.kind_of(request), self.calls[-1].json)
        return await (fault.answer(request, handler) if fault else handler(request))

    @web.middleware
    async def _check_key(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        is_keyed = calls.kind_of(request) in KINDS_WITH_KEY
        has_scheme = request.headers.get("Authorization", "").startswith("Bearer ")
        is_known = is_bots_key(request) or secrets.compare_digest(sent_key(request), self.other_key.encode())
        if is_keyed and not (has_scheme and is_known):
            raise RefusalError(401, INVALID_KEY)
        return await handler(request)
