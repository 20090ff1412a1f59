"""The demo's page: the channel on the left, a thread or #moderators on the right, as Discord shows them.

simcord's preview shows one channel, refuses to be framed, and takes one action at a time. Each of
these is adjusted here by names that are private to simcord 3.2.1, which is therefore pinned.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from simcord.builders import ChannelHandle
from simcord.preview import Preview, _markdown, _media
from simcord.preview._server import PreviewServer

from bot.errors import UserError
from sandbox.page_media import PageMedia
from sandbox.world import World

# pyright: reportPrivateUsage=false
# ruff: noqa: SLF001

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

HOST = "127.0.0.1"
# The preview accepts both names for this machine, so the name tells which pane is asking.
THREAD_PANE_HOST = "localhost"
REFRESH_INTERVAL = 0.5  # seconds; the preview's own pages ask as often
# For all videos of a thread, which are converted one after the other: simcord has 30, too few for a film.
CONVERSION_SECONDS = 300.0
FRAME_HEADERS = frozenset({"X-Frame-Options", "Content-Security-Policy"})
FRONT = Path(__file__).with_name("page.html")
# Added to simcord's page, which keeps its place while somebody types: what they ask for is out of sight.
FOLLOWING = """<script>
  const timeline = document.querySelector(".channel-timeline");
  let sentAt = -Infinity;
  const note = (event) => {
    const isSent = event.type === "keydown" ? event.key === "Enter" : event.target.closest("#send-message");
    if (isSent) sentAt = Date.now();
  };
  for (const kind of ["keydown", "click"]) document.addEventListener(kind, note, true);
  const follow = () => {
    if (Date.now() - sentAt < 15000) timeline.scrollTop = timeline.scrollHeight;
  };
  new MutationObserver(follow).observe(timeline, { childList: true, subtree: true });
</script>"""

# simcord lets the line after a quote or a list belong to it; Discord doesn't.
LAST_LINE = re.compile(r"^((?:> |- ).*)\n(?!> |- |\n)", re.MULTILINE)
prepare_markdown = _markdown._discord_multiline_quotes


class Panes:
    """One preview shown in two panes, each with a channel of its own."""

    def __init__(self, world: World, preview: Preview) -> None:
        self._world = world
        self._preview = preview
        self._thread: ChannelHandle | None = None
        server = preview._server
        self._open_page, self._act, self._serve = server._pages, preview._action, server._static
        server._pages = self._open_page_of_pane
        server._static = self._serve_following
        preview._action = self._act_alone

    async def keep_fresh(self) -> None:
        """Publish what the bot did, again and again; one failed look must not freeze the page."""
        seen = -1
        while True:
            await asyncio.sleep(REFRESH_INTERVAL)
            try:
                seen = await self._publish_news(seen)
            except Exception:  # whatever broke a look, the next one may see it all
                log.warning("the page could not be refreshed; trying again", exc_info=True)

    async def _publish_news(self, seen: int) -> int:
        """Publish only when the bot did something: each publication disturbs a typist."""
        async with self._world.turn:
            await self._world.env.advance_time(REFRESH_INTERVAL)
            now = len(self._world.env.backend.transcript)
            if now != seen:
                await self._preview.refresh()
        return now

    async def show_front(self, _: web.Request) -> web.Response:
        """Serve the page that holds the two panes."""
        url = self._preview.url
        text = FRONT.read_text(encoding="utf-8")
        text = text.replace("{{channel_pane}}", url).replace(
            "{{thread_pane}}", url.replace(HOST, THREAD_PANE_HOST)
        )
        return web.Response(text=text, content_type="text/html")

    async def list_threads(self, _: web.Request) -> web.Response:
        """Return what the right pane can show: the threads, newest first, and #moderators: `[{id, name}]`."""
        channels = [{"id": str(channel.id), "name": channel.name} for channel in self._right_channels()]
        return web.json_response(channels)

    async def choose_thread(self, request: web.Request) -> web.Response:
        """Show the thread with this id when the right pane is opened next."""
        chosen = [
            channel for channel in self._right_channels() if str(channel.id) == request.match_info["id"]
        ]
        if not chosen:
            raise web.HTTPNotFound
        self._thread = chosen[0]
        return web.Response()

    def _right_channels(self) -> list[ChannelHandle]:
        return [*reversed(self._world.channel.threads), self._world.moderators_channel]

    async def _open_page_of_pane(self, request: web.Request) -> web.Response:
        async with self._world.turn:
            if request.host.startswith(THREAD_PANE_HOST) and self._thread is not None:
                self._preview.channel = self._thread
            else:
                self._preview.channel = self._world.channel
            return await self._open_page(request)

    async def _serve_following(self, request: web.Request) -> web.Response:
        response: web.Response = await self._serve(request)
        if request.path == "/":
            response.text = f"{response.text}{FOLLOWING}"
        return response

    async def _act_alone(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self._world.turn:
            page = self._preview._get_page(context_id)
            channels = [self._world.channel, *self._right_channels()]
            self._preview.channel = next(channel for channel in channels if channel.id == page.channel_id)
            return await self._act(context_id, _brought_up_to_date(body, page.revision))


def _brought_up_to_date(body: Mapping[str, Any], revision: int) -> Mapping[str, Any]:
    """Let an action count although something was posted since its page was drawn, as Discord does.

    simcord refuses it as stale, and what was typed is then not sent. What the action needs (its
    message, its buttons) is looked up all the same.
    """
    drawn = body.get("published_revision")
    return {**body, "published_revision": revision} if isinstance(drawn, int) and drawn < revision else body


class EmbeddedFiles:
    """The simulated Discord's files for embeds, in which simcord shows only what it is given beforehand."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, url: str) -> tuple[str, bytes] | None:
        """Return a file and its name."""
        content = self._world.cdn.get(url)
        return None if content is None else (PurePosixPath(urlsplit(url).path).name, content)


def _is_refusal(error: BaseException) -> bool:
    """Whether the bot said no in words, as it should."""
    causes = error, error.__cause__, getattr(error, "original", None)
    return any(isinstance(cause, UserError) for cause in causes)


def _with_ends(text: str) -> str:
    """Let quotes and lists end where Discord lets them end."""
    return LAST_LINE.sub(r"\1\n\n", prepare_markdown(text))


@asynccontextmanager
async def serve_page(world: World, port: int) -> AsyncGenerator[str]:
    """Serve the page on `port` (0: a free one) and yield its address."""
    preview = world.env.preview(world.channel, viewers=[world.alice, world.mona], layout="channel")
    files: Any = EmbeddedFiles(world)
    preview._explicit_assets = files
    preview._media_worker = PageMedia()
    panes = Panes(world, preview)
    PreviewServer._SECURITY_HEADERS = {
        name: value for name, value in PreviewServer._SECURITY_HEADERS.items() if name not in FRAME_HEADERS
    }
    _markdown._discord_multiline_quotes = _with_ends
    find_errors = world.env.errors_since

    def find_faults(cursor: int) -> tuple[BaseException, ...]:
        """Return the errors that the page is to show beside what the bot answers."""
        return tuple(error for error in find_errors(cursor) if not _is_refusal(error))

    world.env.errors_since = find_faults
    _media.WORKER_DEADLINE_SECONDS = CONVERSION_SECONDS
    async with preview:
        app = web.Application()
        app.router.add_get("/", panes.show_front)
        app.router.add_get("/threads", panes.list_threads)
        app.router.add_post("/threads/{id}", panes.choose_thread)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, HOST, port).start()
        refreshing = asyncio.create_task(panes.keep_fresh(), name="refresh the page")
        try:
            yield f"http://{HOST}:{runner.addresses[0][1]}/"
        finally:
            refreshing.cancel()
            await asyncio.gather(refreshing, return_exceptions=True)
            await runner.cleanup()
