"""Makes the animated picture at the top of the README: /veo typed, the card counting, the video in a thread.

The bot and the page are the real ones; the page's own controls are left out. The wait of a minute is shown
in a few seconds.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import FrameLocator, Page, async_playwright

from bot.jobs.steps.timing import Timing
from sandbox.page import serve_page
from sandbox.provider import FULL, Provider
from sandbox.world import World, sandbox_settings

SIZE = {"width": 1000, "height": 580}
PROMPT = "A red dragon glides over a mountain lake at sunrise"
GENERATION_SECONDS = 60
EARLIER = 8  # videos from which the bot learns how long they take
KEYS_A_FRAME = 3
FRAME_MS, LOOK_MS, LAST_MS = 90, 700, 2500
WAIT_FRAME_SECONDS, WAIT_FRAME_MS = 2, 150  # of the wait, which one frame shows
VIDEO_FRAMES_A_SECOND = 8
QUALITY = 70

PAGE_STYLE = "header { visibility: hidden; height: 0; padding: 0 !important }"
PANE_STYLE = "[data-workbench] { display: none !important }"
ALONE_STYLE = """iframe { grid-row: 2; grid-column: 2 }
iframe[title=Channel] { grid-column: 1 / 3; position: relative; z-index: 1 }"""
ADD_STYLE = """(head, text) => {
    const style = document.createElement("style");
    style.textContent = text;
    head.append(style);
}"""
# As Discord's own client counts; the page draws a time once.
COUNT = """times => times.forEach(time => {
    const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
    if (seconds < 0 || !time.textContent.startsWith("in ")) return;
    const [unit, count] = seconds < 60 ? ["second", seconds] : ["minute", Math.round(seconds / 60)];
    time.textContent = `in ${count} ${unit}${count === 1 ? "" : "s"}`;
})"""
SEEK = """(video, at) => new Promise(resolve => {
    video.addEventListener("seeked", () => requestAnimationFrame(() => resolve(null)), {once: true});
    video.currentTime = at;
})"""


@dataclass(slots=True)
class Film:
    """The frames so far, and how many milliseconds each is shown."""

    page: Page
    frames: list[Image.Image] = field(default_factory=list[Image.Image])
    durations: list[int] = field(default_factory=list[int])

    async def take(self, milliseconds: int = FRAME_MS) -> None:
        """Add what the page shows; a frame like the one before prolongs it."""
        frame = Image.open(BytesIO(await self.page.screenshot())).convert("RGB")
        if self.frames and frame.tobytes() == self.frames[-1].tobytes():
            self.durations[-1] += milliseconds
        else:
            self.frames.append(frame)
            self.durations.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write the animated picture."""
        first, *others = self.frames
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=self.durations,
            loop=0,
            quality=QUALITY,
            method=6,
        )


async def record_film(path: Path, chromium: str | None) -> None:
    """Play one request from the command to the video, and save what the page showed."""
    async with Provider(generation_seconds=GENERATION_SECONDS, render=FULL) as provider:
        timing = Timing(poll_interval=timedelta(seconds=1), card_interval=timedelta(seconds=1))
        with TemporaryDirectory() as folder:
            settings = sandbox_settings(provider, Path(folder))
            async with World(provider, settings, timing, is_dated_now=True) as world:
                await _learn(world)
                await _record(world, path, chromium)


async def _learn(world: World) -> None:
    """Make videos on another server, so that the bot knows how long they take."""
    for _ in range(EARLIER):
        await world.mona.slash(world.channel, "veo", prompt=PROMPT)
    for row in await world.app.services.generations.list_recent(world.guild.id, most=EARLIER):
        await world.wait_for_delivery(generation_id=row.id, seconds=GENERATION_SECONDS + 120)
    world.found_server()


async def _record(world: World, path: Path, chromium: str | None) -> None:
    async with serve_page(world, 0) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport=SIZE)  # pyright: ignore[reportArgumentType]: it is one
        await page.goto(url)
        await page.add_style_tag(content=PAGE_STYLE)
        alone = await page.add_style_tag(content=ALONE_STYLE)
        await _pane(page, "Channel").locator("head").evaluate(ADD_STYLE, PANE_STYLE)
        film = Film(page)
        await _type_veo(film)
        await _wait(film, world)
        await alone.evaluate("style => style.remove()")
        await _watch(film)
        film.save(path)
        await browser.close()


async def _type_veo(film: Film) -> None:
    channel = _pane(film.page, "Channel")
    await channel.get_by_placeholder("Message #videos").click()
    await film.take(LOOK_MS)
    for key in "/veo":
        await film.page.keyboard.type(key)
        await film.page.wait_for_timeout(150)
        await film.take(150)
    await channel.get_by_text("Make a short video").first.wait_for()
    await film.take(LOOK_MS)
    await film.page.keyboard.press("Enter")
    await channel.get_by_text("Describe the video").first.wait_for()
    await film.take(LOOK_MS)
    for start in range(0, len(PROMPT), KEYS_A_FRAME):
        await film.page.keyboard.type(PROMPT[start : start + KEYS_A_FRAME])
        await film.take()
    await film.take(LOOK_MS)
    await film.page.keyboard.press("Enter")
    await channel.get_by_role("article").first.wait_for()
    await film.take(LOOK_MS)


async def _wait(film: Film, world: World) -> None:
    delivered = asyncio.create_task(world.wait_for_delivery(seconds=GENERATION_SECONDS + 120))
    while not delivered.done():
        await asyncio.wait([delivered], timeout=WAIT_FRAME_SECONDS)
        await _pane(film.page, "Channel").locator("time").evaluate_all(COUNT)
        await film.take(WAIT_FRAME_MS)
    await delivered


async def _watch(film: Film) -> None:
    thread = _pane(film.page, "Thread")
    video = thread.locator("video").last
    await thread.get_by_text("/ 0:08").last.wait_for(timeout=120_000)  # the page transcodes the video first
    await thread.locator("head").evaluate(ADD_STYLE, PANE_STYLE)
    await video.evaluate("video => video.scrollIntoView({block: 'end'})")
    await film.page.wait_for_timeout(1500)
    await film.take(LOOK_MS)
    for number in range(1, 6 * VIDEO_FRAMES_A_SECOND):
        await video.evaluate(SEEK, number / VIDEO_FRAMES_A_SECOND)
        await film.take(1000 // VIDEO_FRAMES_A_SECOND)
    await film.take(LAST_MS)


def _pane(page: Page, name: str) -> FrameLocator:
    return page.frame_locator(f"iframe[title={name}]")
