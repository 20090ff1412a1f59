"""The demo as a person uses it: the page in Chromium, /veo typed by hand, the video played."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PAGE_MS = 120_000  # the page transcodes each video before it shows it, on a machine that may be busy
PROMPT = "a blue whale sings"


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


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")
@pytest.mark.timeout(400)
async def test_a_person_types_veo_and_watches_the_video_in_the_thread(tmp_path: Path) -> None:
    async with running_demo(tmp_path) as url, browser_page(url) as page:
        channel = page.frame_locator("iframe[title=Channel]")
        await channel.get_by_placeholder("Message #videos").click()
        await page.keyboard.type("/veo", delay=50)
        await channel.get_by_text("Make a short video").first.wait_for()
        await page.keyboard.press("Enter")
        await channel.get_by_text("What the video should show").first.wait_for()
        await page.keyboard.type(PROMPT)
        await page.keyboard.press("Enter")

        threads = page.get_by_label("Beside it")
        await threads.get_by_role("option", name=PROMPT).wait_for(state="attached")  # the scenes have others
        thread = page.frame_locator("iframe[title=Thread]")
        video = thread.locator("video").last
        # The player knows the length as soon as it has the file.
        await thread.get_by_text("/ 0:08").last.wait_for()
        await thread.get_by_role("button", name="Play").last.click()
        await video.evaluate(
            """video => new Promise((resolve, reject) => {
                const check = () => video.currentTime > 0.5 ? resolve() : requestAnimationFrame(check);
                check();
                setTimeout(() => reject(`stuck at ${video.currentTime} s`), 60000);
            })"""
        )
        picture = await video.evaluate("video => [video.videoWidth, video.videoHeight, video.duration]")
        assert picture[:2] == [1280, 720], "the page shows another picture than the one asked for"
        assert picture[2] == pytest.approx(8, abs=0.2), "the video has another length than the default"
        await page.screenshot(path=tmp_path / "page.png")
