"""Makes the README's animated picture of a film: the form, the price, the card with its shots, the film.

The shots' wait is shown in a few seconds, and the film plays faster than it is.
"""

import asyncio
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.films.rows import Film
from bot.jobs.steps.timing import Timing
from docs.browser import pane
from docs.recording import FRAME_MS, LOOK_MS, Recording, recorded
from sandbox.provider import Provider, Quality
from sandbox.recent import list_recent
from sandbox.script import FILM_SHOTS, FILM_TITLE
from sandbox.world import World, sandbox_settings, wait_until

SHOT_SECONDS = 8.0  # that a shot takes to be made
FILM_SECONDS = 600.0  # after which a film that should be ready is taken for missing
WAIT_FRAME_SECONDS, WAIT_FRAME_MS = 1, 200  # of the wait, which one frame shows
READ_MS = 1800  # for the form and the price
RENDERED = Quality(frames_per_second=5, crf=21, sample_rate=48_000)  # as often as a frame is taken
DURATION = 4  # seconds of a shot
STEP_SECONDS = 0.2  # of the film, from one frame to the next


async def record_film(path: Path) -> None:
    """Play one film from the command to its last shot, and save what the page showed."""
    async with Provider(generation_seconds=SHOT_SECONDS, render=RENDERED) as provider:
        timing = Timing(poll_interval=timedelta(seconds=0.5), card_interval=timedelta(seconds=1))
        with TemporaryDirectory() as folder:
            settings = sandbox_settings(provider, Path(folder))
            async with (
                World(provider, settings, timing, is_dated_now=True) as world,
                recorded(world, path) as recording,
            ):
                await _ask(recording)
                await _wait(recording, world)
                await recording.open_thread()
                seconds = DURATION * len(FILM_SHOTS)
                moments = [step * STEP_SECONDS for step in range(int(seconds / STEP_SECONDS))]
                await recording.play(f"0:{seconds:02}", moments, FRAME_MS)


async def _ask(recording: Recording) -> None:
    """Type the command, fill in its form, and agree to the price."""
    channel = pane(recording.page, "Channel")
    await recording.type_command("/film", "Make a film")
    await recording.page.keyboard.press("Enter")
    await channel.get_by_text("duration", exact=True).click()
    await recording.page.keyboard.type(str(DURATION))
    await recording.page.keyboard.press("Enter")
    await recording.take(LOOK_MS)
    await channel.locator("#send-message").click()
    form = channel.get_by_role("dialog")
    await form.wait_for()
    title, shots = form.locator("input, textarea").first, form.locator("textarea").last
    await recording.take(LOOK_MS)
    await title.fill(FILM_TITLE)
    await recording.take(LOOK_MS)
    for number in range(1, len(FILM_SHOTS) + 1):
        await shots.fill("\n".join(FILM_SHOTS[:number]))
        await recording.take(LOOK_MS)
    await form.get_by_role("button", name="Submit").click()
    offer = channel.get_by_role("article").filter(has_text="before you spend anything:")
    await offer.wait_for()
    await recording.take(READ_MS)
    await offer.get_by_role("button", name="Make the film").click()


async def _wait(recording: Recording, world: World) -> None:
    posted = asyncio.create_task(_posted(world))
    card = pane(recording.page, "Channel").get_by_role("article").filter(has_text="requested a film")
    await card.wait_for()
    while not posted.done():
        await asyncio.wait([posted], timeout=WAIT_FRAME_SECONDS)
        await recording.take(WAIT_FRAME_MS)
    await posted
    await recording.take(LOOK_MS)


async def _posted(world: World) -> Film:
    async def look() -> Film | None:
        rows = await list_recent(world.app.services.generations, world.guild.id, max_rows=1)
        film = await world.app.services.films.find(rows[0].film_id or "") if rows else None
        return film if film is not None and film.row.delivered_at is not None else None

    return await wait_until(look, seconds=FILM_SECONDS)
