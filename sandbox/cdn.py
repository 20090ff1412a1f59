"""The simulated Discord's files at a real address, since the bot fetches images as it does everywhere.

simcord keeps the files of messages and options in memory, under addresses that lead nowhere.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from io import BytesIO
from typing import Any

from aiohttp import web
from PIL import Image
from simcord.backend.cdn import CDN_BASE, CdnStore

HOST = "127.0.0.1"


class ServedCdn(CdnStore):
    """simcord's store, with addresses under `base`.

    Attributes:
        asked: the paths that were fetched, in order.
        refusal: the HTTP status with which every fetch is answered; None: with the file.
        links_end: when the links die that are handed out from now on, as Discord's do; None: never.
    """

    def __init__(self) -> None:
        super().__init__()
        self.base = CDN_BASE
        self.asked: list[str] = []
        self.refusal: int | None = None
        self.links_end: datetime | None = None

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        """Keep one file and return its JSON."""
        payload = super().store_attachment(attachment_id, channel_id, filename, data, description)
        url = payload["url"].replace(CDN_BASE, self.base, 1)
        self._blobs[url] = self._blobs.pop(payload["url"])
        if self.links_end is not None:
            url = f"{url}?ex={int(self.links_end.timestamp()):x}&is=0&hm=0"
        return {**payload, **_sides(data), "url": url, "proxy_url": url}

    def get(self, url: str) -> bytes | None:
        """Return a file, whatever its link says besides."""
        return super().get(url.partition("?")[0])

    def replace(self, url: str, data: bytes) -> None:
        """Let a file have been another one."""
        self._blobs[url.partition("?")[0]] = data

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a fetch."""
        self.asked.append(request.path)
        if self.refusal is not None:
            return web.Response(status=self.refusal)
        if int(request.query.get("ex", "ffffffff"), 16) <= time.time():
            return web.Response(status=404, text="This content is no longer available.")
        content = self.get(f"{self.base}{request.path}")
        return web.Response(status=404) if content is None else web.Response(body=content)


def _sides(data: bytes) -> dict[str, int]:
    """Return what Discord says of an image's size; of anything else, and of huge ones, it says nothing."""
    try:
        with Image.open(BytesIO(data)) as image:
            width, height = image.size
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {}
    return {"width": width, "height": height}


@asynccontextmanager
async def serve_cdn() -> AsyncGenerator[ServedCdn]:
    """Open a store whose addresses can be fetched."""
    store = ServedCdn()
    app = web.Application()
    app.router.add_get("/{path:.*}", store.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        store.base = f"http://{HOST}:{runner.addresses[0][1]}"
        yield store
    finally:
        await runner.cleanup()
