"""Makes the animated picture at the top of the README: /veo typed, the card counting, the video in a thread.

The wait of a minute is shown in a few seconds.
"""

import asyncio
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.jobs.steps.timing import Timing
from docs.browser import pane
from docs.recording import FRAME_MS, LOOK_MS, Recording, recorded
from sandbox.provider import FULL, Provider
from sandbox.recent import list_recent
from sandbox.world import World, sandbox_settings

PROMPT = "A red dragon glides over a mountain lake at sunrise"
GENERATION_SECONDS = 60
EARLIER = 8  # videos from which the bot learns how long they take
KEYS_A_FRAME = 3
WAIT_FRAME_SECONDS, WAIT_FRAME_MS = 2, 150  # of the wait, which one frame shows
VIDEO_SECONDS, VIDEO_FRAMES_A_SECOND = 6, 8  # of the video, that are shown

# As Discord's own client counts; the page draws a time once.
COUNT = """times => times.forEach(time => {
    const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
    if (seconds < 0 || !time.textContent.startsWith("in ")) return;
    const [unit, count] = seconds < 60 ? ["second", seconds] : ["minute", Math.round(seconds / 60)];
    time.textContent = `in ${count} ${unit}${count === 1 ? "" : "s"}`;
})"""


async def record_veo(path: Path) -> None:
    """Play one request from the command to the video, and save what the page showed."""
    async with Provider(generation_seconds=GENERATION_SECONDS, render=FULL) as provider:
        timing = Timing(poll_interval=timedelta(seconds=1), card_interval=timedelta(seconds=1))
        with TemporaryDirectory() as folder:
            settings = sandbox_settings(provider, Path(folder))
            async with World(provider, settings, timing, is_dated_now=True) as world:
                await _learn(world)
                async with recorded(world, path) as recording:
                    await _type_veo(recording)
                    await _wait(recording, world)
                    await recording.open_thread()
                    await recording.play(
                        length="0:08",
                        moments=[
                            frame / VIDEO_FRAMES_A_SECOND
                            for frame in range(VIDEO_SECONDS * VIDEO_FRAMES_A_SECOND)
                        ],
                        frame_ms=1000 // VIDEO_FRAMES_A_SECOND,
                    )


async def _learn(world: World) -> None:
    """Make videos on another server, so that the bot knows how long they take."""
    for _ in range(EARLIER):
        await world.mona.slash(world.channel, "veo", prompt=PROMPT)
    for row in await list_recent(world.app.services.generations, world.guild.id, max_rows=EARLIER):
        await world.wait_for_delivery(generation_id=row.id, seconds=GENERATION_SECONDS + 120)
    world.found_server()


async def _type_veo(recording: Recording) -> None:
    channel, keyboard = pane(recording.page, "Channel"), recording.page.keyboard
    await recording.type_command("/veo", "Make a short video")
    await keyboard.press("Enter")
    await channel.get_by_text("Describe the video").first.wait_for()
    await recording.take(LOOK_MS)
    for start in range(0, len(PROMPT), KEYS_A_FRAME):
        await keyboard.type(PROMPT[start : start + KEYS_A_FRAME])
        await recording.take(FRAME_MS)
    await recording.take(LOOK_MS)
    await keyboard.press("Enter")
    await channel.get_by_role("article").first.wait_for()
    await recording.take(LOOK_MS)


async def _wait(recording: Recording, world: World) -> None:
    delivered = asyncio.create_task(world.wait_for_delivery(seconds=GENERATION_SECONDS + 120))
    while not delivered.done():
        await asyncio.wait([delivered], timeout=WAIT_FRAME_SECONDS)
        await pane(recording.page, "Channel").locator("time").evaluate_all(COUNT)
        await recording.take(WAIT_FRAME_MS)
    await delivered
