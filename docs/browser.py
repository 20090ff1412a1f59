"""The demo's page in Chromium, for the pictures."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from playwright.async_api import FrameLocator, Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PANE_STYLE = "[data-workbench], #new-messages { display: none !important }"  # the page's own controls
ADD_STYLE = """(head, text) => {
    const style = document.createElement("style");
    style.textContent = text;
    head.append(style);
}"""


@asynccontextmanager
async def open_page(url: str, width: int, height: int) -> AsyncGenerator[Page]:
    """Open the page in a fresh Chromium of this size."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.goto(url)
        yield page
        await browser.close()


def pane(page: Page, name: str) -> FrameLocator:
    """Return what one side of the page shows: `Channel` or `Thread`."""
    return page.frame_locator(f"iframe[title={name}]")


async def choose_viewer(page: Page, name: str) -> None:
    """Look at both sides as this person."""
    for side in ("Channel", "Thread"):
        await pane(page, side).get_by_label("Viewing as").select_option(label=name)


async def hide_controls(page: Page, name: str) -> None:
    """Show one side as Discord would, without what the page adds."""
    await pane(page, name).locator("head").evaluate(ADD_STYLE, PANE_STYLE)
