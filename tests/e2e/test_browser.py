"""The demo's page as a person uses it, in Chromium: /veo typed by hand, an offer taken, videos played."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import FrameLocator, Page, async_playwright, expect

from sandbox.page import serve_page
from sandbox.script import DURATION, FILM_SHOTS, FILM_TITLE
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import rows, the_result
from tests.e2e.quoting import BUTTONS, GENERATE, HEADING, ask_first

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PAGE_MS = 120_000  # the page transcodes each video before it shows it, on a machine that may be busy
PROMPT = "a blue whale sings"
WORDS = (
    "Only you can see this",
    "Veo 3 · 8 seconds · 16:9 · 720P",
    "Price: about $4.16 (8,320,000 credits), from the video service's price list.",
    "Your limit: 49 more videos after this one",
    "The server's video budget has money left after this one.",
    "Wait: about 3 minutes, based on earlier videos.",
    PROMPT,
    "Nothing counts until you click Generate. This offer expires in 1",
)  # of an offer, before this bot has made any video

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"
)


@asynccontextmanager
async def running_demo(folder: Path) -> AsyncGenerator[str]:
    """Start the demo in `folder` and yield its page's address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *["-m", "sandbox.demo", "--port", "0", "--seconds", "1"],
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert process.stdout is not None
    try:
        seen = ""
        async for line in process.stdout:
            seen += line.decode()
            if "Open http" in seen:
                reading = asyncio.create_task(process.stdout.read())  # a full pipe would stop the demo
                yield seen.split("Open ")[1].split()[0]
                reading.cancel()
                break
        else:
            pytest.fail(f"the demo ended before it served the page:\n{seen}")
    finally:
        if process.returncode is None:
            process.terminate()
        assert await process.wait() == 0, "the demo did not end cleanly"


@asynccontextmanager
async def browser_page(url: str) -> AsyncGenerator[Page]:
    """Open `url` in a fresh Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        try:
            page = await browser.new_page(viewport={"width": 1500, "height": 900})
            page.set_default_timeout(PAGE_MS)
            await page.goto(url)
            yield page
        finally:
            await browser.close()


async def type_veo(page: Page, channel: FrameLocator) -> None:
    """Type /veo, pick it from the list, type the prompt and send that, as a person does."""
    await channel.get_by_placeholder("Message #videos").click()
    await page.keyboard.type("/veo", delay=50)
    await channel.get_by_text("Make a short video").first.wait_for()
    await page.keyboard.press("Enter")
    await channel.get_by_text("Describe the video").first.wait_for()
    await page.keyboard.type(PROMPT)
    await page.keyboard.press("Enter")


async def thread_with_video(page: Page, length: str, *, name: str = PROMPT) -> FrameLocator:
    """Return the pane of the thread with that name, once it plays a video of that length."""
    threads = page.get_by_label("Thread", exact=True)
    await threads.get_by_role("option", name=name).wait_for(state="attached")  # the scenes have others
    thread = page.frame_locator("iframe[title=Thread]")
    # The player knows the length as soon as it has the file.
    await thread.get_by_text(f"/ {length}").last.wait_for()
    return thread


async def play(thread: FrameLocator, *, seconds: int = 8) -> None:
    """Play the newest video as far as its images move, and check that it is as long as was asked for."""
    video = thread.locator("video").last
    await thread.get_by_role("button", name="Play").last.click()
    await video.evaluate(
        """video => new Promise((resolve, reject) => {
            const check = () => video.currentTime > 0.5 ? resolve() : requestAnimationFrame(check);
            check();
            setTimeout(() => reject(`stuck at ${video.currentTime} s`), 60000);
        })"""
    )
    image = await video.evaluate("video => [video.videoWidth, video.videoHeight, video.duration]")
    assert image[:2] == [1280, 720], "the page shows another image than the one asked for"
    assert image[2] == pytest.approx(seconds, abs=0.2), "the video has another length"


@needs_chromium
@pytest.mark.timeout(400)
async def test_a_person_types_veo_and_watches_the_video_in_the_thread(
    open_world: OpenWorld, tmp_path: Path
) -> None:
    async with open_world() as world, serve_page(world, 0) as url, browser_page(url) as page:
        channel = page.frame_locator("iframe[title=Channel]")
        await type_veo(page, channel)
        thread = await thread_with_video(page, "0:08")
        link = channel.get_by_role("link", name="Watch the video")
        await expect(link, "the card is below what is shown").to_be_in_viewport()
        assert await link.get_attribute("href") == the_result(world).jump_url
        await play(thread)
        await page.screenshot(path=tmp_path / "page.png")


@needs_chromium
@pytest.mark.nightly
@pytest.mark.timeout(400)
async def test_make_demo_serves_the_page(tmp_path: Path) -> None:
    async with running_demo(tmp_path) as url, browser_page(url) as page:
        seconds = DURATION * len(FILM_SHOTS)
        await play(await thread_with_video(page, f"0:{seconds}", name=FILM_TITLE), seconds=seconds)
        await page.get_by_label("Thread", exact=True).select_option(label="moderators")
        moderators = page.frame_locator("iframe[title=Thread]")
        await moderators.get_by_label("Viewing as").select_option(label="mona")
        for decided in ("Approved by", "Allowed once by"):
            await moderators.get_by_role("article").filter(has_text=decided).wait_for()
        await page.screenshot(path=tmp_path / "moderators.png")
        await type_veo(page, page.frame_locator("iframe[title=Channel]"))
        await play(await thread_with_video(page, "0:08"))


@needs_chromium
@pytest.mark.nightly
@pytest.mark.timeout(400)
async def test_a_person_reads_the_offer_and_presses_generate_and_the_video_comes(
    open_world: OpenWorld, tmp_path: Path
) -> None:
    # A wait beyond the deadline would not be foretold.
    async with open_world(timing={"deadline": 600}) as world:
        await ask_first(world)
        await world.mona.slash(world.channel, "quota budget", day="20 USD")
        async with serve_page(world, 0) as url, browser_page(url) as page:
            channel = page.frame_locator("iframe[title=Channel]")
            await type_veo(page, channel)

            offer = channel.get_by_role("article").filter(has_text=HEADING.strip("*"))
            await offer.wait_for()
            text = await offer.inner_text()
            assert [words for words in WORDS if words not in text] == [], text
            shown = [label for label in BUTTONS if await offer.get_by_role("button", name=label).is_visible()]
            assert shown == BUTTONS
            assert await rows(world) == [], "it was asked for before the click"
            await page.screenshot(path=tmp_path / "offer.png")

            await offer.get_by_role("button", name=GENERATE).click()
            await channel.get_by_role("article").filter(has_text="Requested.").wait_for()
            assert await channel.get_by_role("button", name=GENERATE).count() == 0, "it can be clicked again"
            await thread_with_video(page, "0:08")
            assert [row.prompt for row in await rows(world)] == [PROMPT]
            await page.screenshot(path=tmp_path / "page.png")
