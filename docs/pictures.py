"""Makes the pictures in docs/: the real bot on the simulated Discord, in Chromium (`make pictures`)."""

import asyncio
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Page

from bot.jobs.steps.timing import Timing
from bot.log import configure_logging
from docs.browser import choose_viewer, open_page, pane
from docs.film_recording import record_film
from docs.moderator_pictures import take_moderator_pictures
from docs.veo_recording import record_veo
from sandbox.page import serve_page
from sandbox.provider import FULL, Provider
from sandbox.script import IMAGE_PROMPT, OFFERED_PROMPT, draw_hills
from sandbox.world import World, sandbox_settings

DOCS = Path(__file__).parent
WIDTH, HEIGHT = 1500, 900
PROMPTS = (
    "A red dragon glides over a mountain lake at sunrise",
    "A paper boat sails through a rainy street",
    "A lighthouse in a storm, seen from the sea",
)


async def main() -> None:
    """Play what the pictures show, and take them."""
    configure_logging("ERROR", "text")  # the page tries again where people act while it looks
    with TemporaryDirectory() as folder:
        async with Provider(generation_seconds=1, render=FULL) as provider:
            settings = sandbox_settings(provider, Path(folder), max_running=1)
            timing = Timing(poll_interval=timedelta(seconds=0.3), card_interval=timedelta())
            async with World(provider, settings, timing, is_dated_now=True) as world:
                await _play(world)
                async with serve_page(world, 0) as url, open_page(url, WIDTH, HEIGHT) as page:
                    await _take_moderators(page)
                    await _take_members(world, page)
                    await _take_offer(world, page)
                    world.provider.release()
    await take_moderator_pictures(DOCS)
    await record_veo(DOCS / "veo.webp")
    await record_film(DOCS / "film.webp")


async def _play(world: World) -> None:
    await world.mona.slash(world.channel, "veo-admin settings", moderators_channel=world.moderators_channel)
    for number, prompt in enumerate(PROMPTS):
        person = world.alice if number % 2 == 0 else world.mona
        model = "google/veo3" if number else "google/veo-3.0-fast"
        await person.slash(world.channel, "veo", prompt=prompt, duration=4, model=model)
        await world.wait_for_delivery(seconds=60)
    await world.mona.slash(world.channel, "quota grant", member=world.alice, videos=2, reason="the winner")
    thread = world.channel.threads[1]  # of mona's video
    modal = await world.alice.click(thread.history()[-1], label="Report")
    await world.alice.submit_modal(modal, {"reason": "The boat carries a brand's logo"})
    await world.mona.slash(world.channel, "quota usage", period="day")
    await asyncio.sleep(3)  # the moderators' channel is written to in the background


async def _take_moderators(page: Page) -> None:
    """Take the answer to /quota usage, and the moderators' channel."""
    await pane(page, "Thread").get_by_text("/ 0:04").last.wait_for(timeout=90_000)  # the video is transcoded
    await page.get_by_label("Thread", exact=True).select_option(label="moderators")
    await choose_viewer(page, "mona")
    await page.wait_for_timeout(3000)
    await page.screenshot(path=DOCS / "moderators.png")


async def _take_members(world: World, page: Page) -> None:
    """Take the cards of who waits, the way through one's own videos, and a video from an image."""
    await choose_viewer(page, "alice")
    image = ("hills.png", draw_hills())
    async with world.turn:
        await world.alice.slash(world.channel, "veo", prompt=IMAGE_PROMPT, duration=4, image=image)
    await world.wait_for_delivery(seconds=60)
    world.provider.hold = True
    async with world.turn:
        await world.mona.slash(world.channel, "veo", prompt=PROMPTS[1])
        await world.provider.called("retrieve")
        await world.alice.slash(world.channel, "veo", prompt=PROMPTS[2])
    await asyncio.sleep(2)  # cards learn their place in the queue in the background
    async with world.turn:
        await world.alice.slash(world.channel, "videos")
    await page.get_by_label("Thread", exact=True).select_option(label=IMAGE_PROMPT)
    await pane(page, "Thread").get_by_text("/ 0:04").last.wait_for(timeout=90_000)
    await page.wait_for_timeout(2000)
    await page.screenshot(path=DOCS / "members.png")


async def _take_offer(world: World, page: Page) -> None:
    """Take what a member is told before anything is spent, while others wait too."""
    async with world.turn:
        await world.mona.slash(world.channel, "quota budget", day="60 USD", preview=False)
        await world.mona.slash(world.channel, "veo-admin settings", ask_first=True)
        await world.alice.slash(world.channel, "veo", prompt=OFFERED_PROMPT)
    offer = pane(page, "Channel").get_by_role("article").filter(has_text="before you spend anything:")
    await offer.wait_for()
    await offer.screenshot(path=DOCS / "offer.png")


if __name__ == "__main__":
    asyncio.run(main())
