"""A server that means harm: it leads elsewhere, never ends, drips, or sends what is no video."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

HOST = "127.0.0.1"
CHUNK = b"\0" * 65_536


@dataclass
class Hostile:
    """The server; `asked` has the paths and headers of all requests, oldest first.

    Attributes:
        sends_to: where `/away` leads.
        body: what `/file` holds.
        status: of its answer.
        sent: bytes of `/endless` that went out.
    """

    url: str = ""
    sends_to: str = ""
    body: bytes = b""
    status: int = 200
    sent: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])

    async def away(self, _: web.Request) -> web.Response:
        """Lead elsewhere."""
        return web.Response(status=302, headers={"Location": self.sends_to}, body=b"the body of a redirect")

    async def loop(self, request: web.Request) -> web.Response:
        """Lead in circles, each a little different."""
        number = int(request.query.get("n", "0"))
        return web.Response(status=307, headers={"Location": f"/loop?n={number + 1}"})

    async def hops(self, request: web.Request) -> web.Response:
        """Lead to the file after so many redirects."""
        left = int(request.match_info["left"])
        if not left:
            return await self.file(request)
        return web.Response(status=301, headers={"Location": f"/hops/{left - 1}"})

    async def file(self, _: web.Request) -> web.Response:
        """Send the file."""
        return web.Response(status=self.status, body=self.body)

    async def endless(self, request: web.Request) -> web.StreamResponse:
        """Send without an end and without saying how much it is."""
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        while True:
            await response.write(CHUNK)
            self.sent += len(CHUNK)

    async def boasting(self, request: web.Request) -> web.StreamResponse:
        """Announce far too much, and send nothing."""
        response = web.StreamResponse(headers={"Content-Length": str(10**12)})
        await response.prepare(request)
        await asyncio.sleep(3600)
        return response

    async def drip(self, request: web.Request) -> web.StreamResponse:
        """Send a byte now and then, for ever."""
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"\0")
            await asyncio.sleep(0.02)

    async def packed(self, _: web.Request) -> web.Response:
        """Send little that unpacks to much, unasked."""
        return web.Response(body=self.body, headers={"Content-Encoding": "gzip"})

    @web.middleware
    async def record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Write every request down."""
        self.asked.append((str(request.rel_url), dict(request.headers)))
        return await handler(request)


@asynccontextmanager
async def serve_hostile() -> AsyncGenerator[Hostile]:
    """Open such a server."""
    hostile = Hostile()
    app = web.Application(middlewares=[hostile.record])
    for name in ("away", "loop", "file", "endless", "boasting", "drip", "packed"):
        app.router.add_get(f"/{name}", getattr(hostile, name))
    app.router.add_get("/hops/{left}", hostile.hops)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        hostile.url = f"http://{HOST}:{runner.addresses[0][1]}"
        yield hostile
    finally:
        await runner.cleanup()
