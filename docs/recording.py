"""Records the demo's page as an animated picture. The page's own controls are left out."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import ElementHandle, Page

from docs.browser import hide_controls, open_page, pane
from sandbox.page import serve_page
from sandbox.world import World

WIDTH, HEIGHT = 1000, 580
FRAME_MS, LOOK_MS, LAST_MS = 90, 700, 2500
LONGEST_MS = 3000  # however long a busy machine shows the same
QUALITY = 70

PAGE_STYLE = "header { visibility: hidden; height: 0; padding: 0 !important }"
ALONE_STYLE = """iframe { grid-row: 2; grid-column: 2 }
iframe[title=Channel] { grid-column: 1 / 3; position: relative; z-index: 1 }"""
SEEK = """(video, at) => new Promise(resolve => {
    video.addEventListener("seeked", () => requestAnimationFrame(() => resolve(null)), {once: true});
    video.currentTime = at;
})"""


@dataclass(slots=True)
class Recording:
    """The frames so far, and how many milliseconds each is shown."""

    page: Page
    alone: ElementHandle
    frames: list[Image.Image] = field(default_factory=list[Image.Image])
    durations: list[int] = field(default_factory=list[int])

    async def take(self, milliseconds: int) -> None:
        """Add what the page shows; a frame like the one before prolongs it."""
        frame = Image.open(BytesIO(await self.page.screenshot())).convert("RGB")
        if self.frames and frame.tobytes() == self.frames[-1].tobytes():
            self.durations[-1] = min(self.durations[-1] + milliseconds, LONGEST_MS)
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

    async def type_command(self, command: str, description: str) -> None:
        """Type a command until Discord offers it with its description."""
        channel = pane(self.page, "Channel")
        await channel.get_by_placeholder("Message #videos").click()
        await self.take(LOOK_MS)
        for key in command:
            await self.page.keyboard.type(key)
            await self.page.wait_for_timeout(150)
            await self.take(150)
        await channel.get_by_text(description).first.wait_for()
        await self.take(LOOK_MS)

    async def open_thread(self) -> None:
        """Show the thread beside the channel."""
        await self.alone.evaluate("style => style.remove()")

    async def play(self, length: str, moments: Iterable[float], frame_ms: int) -> None:
        """Show the thread's newest video at these seconds; `length`: as its player tells it."""
        thread = pane(self.page, "Thread")
        video = thread.locator("video").last
        await thread.get_by_text(f"/ {length}").last.wait_for(timeout=300_000)  # it's transcoded first
        await hide_controls(self.page, "Thread")
        await video.evaluate("video => video.scrollIntoView({block: 'end'})")
        await self.page.wait_for_timeout(1500)
        await self.take(LOOK_MS)
        for moment in moments:
            await video.evaluate(SEEK, moment)
            await self.take(frame_ms)
        await self.take(LAST_MS)


@asynccontextmanager
async def recorded(world: World, path: Path) -> AsyncGenerator[Recording]:
    """Open the page, without its thread at first; save what was taken of it at the end."""
    async with serve_page(world, 0) as url, open_page(url, WIDTH, HEIGHT) as page:
        await page.add_style_tag(content=PAGE_STYLE)
        alone = await page.add_style_tag(content=ALONE_STYLE)
        await hide_controls(page, "Channel")
        recording = Recording(page, alone)
        yield recording
        recording.save(path)
