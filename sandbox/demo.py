"""`make demo`: the real bot on a simulated Discord, with the fake provider behind it.

First one scripted request, told step by step; then a page where a person can type /veo.
"""

import argparse
import asyncio
import re
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import discord
from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.log import configure_logging
from bot.media import probe
from bot.models import Generation, Status
from bot.steps.timing import Timing
from sandbox.page import serve_page
from sandbox.provider import Provider
from sandbox.world import World, sandbox_settings

PROMPT = "A red dragon glides over a mountain lake at sunrise"
FAIL_MARK = "[fail]"  # the fake provider's safety filter stops prompts with it
DURATION = 4  # seconds of video; the page's player needs longer for more
POLL_INTERVAL = timedelta(seconds=0.5)
SCRIPT_SECONDS = 120.0  # more than the slowest machine needs
STATE_LINE = 2  # of the card: how the video stands
TIMESTAMP = re.compile(r"<t:(\d+):R>")
ESCAPE = re.compile(r"\\(?=\W)")
FOLDER = Path("data") / "demo"


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the script; then serve the page until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop after the scripted part")
    parser.add_argument("--fail", action="store_true", help="script a request that the provider refuses")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a generation takes")
    parser.add_argument("--port", type=int, default=8765, help="of the page; 0 takes a free one")
    options = parser.parse_args(arguments)
    configure_logging("WARNING", "text")
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        arrived = asyncio.run(_demo(options))
    except KeyboardInterrupt:
        return
    sys.exit(0 if arrived else 1)


async def _demo(options: argparse.Namespace) -> bool:
    console = Console()
    async with Provider(generation_seconds=options.seconds) as provider:
        settings = sandbox_settings(provider, FOLDER)
        timing = Timing(poll_interval=POLL_INTERVAL)
        async with World(provider, settings, timing, is_dated_now=True) as world:
            arrived = await _play_script(world, console, fails=options.fail)
            console.print(f"Recorded in {FOLDER / 'veo.db'}", soft_wrap=True)
            if arrived and not options.once:
                await _serve(world, console, options.port)
    return arrived


async def _play_script(world: World, console: Console, *, fails: bool) -> bool:
    """Show one request as a member sees it; return whether what was expected arrived."""
    prompt = f"{PROMPT} {FAIL_MARK}" if fails else PROMPT
    console.print(
        Panel(f"/veo prompt: {prompt} duration: {DURATION}", title="alice types in #videos"), markup=False
    )
    result = await world.alice.slash(world.channel, "veo", prompt=prompt, duration=DURATION)
    if result.response is None:
        console.print("The bot did not answer.")
        return False
    _show(console, "the bot answers with the card", _as_seen(world, result.response.content))
    generation = await _follow(world, console)
    for thread in world.channel.threads:
        for message in thread.history():
            _show(console, f"in the thread “{thread.name}”", _as_seen(world, message.content))
            for attachment in message.attachments:
                await _show_video(console, attachment)
    expected = Status.FAILED if fails else Status.SUCCEEDED
    return generation.status is expected and generation.result_id is not None


async def _follow(world: World, console: Console) -> Generation:
    """Show each change of the card's state until the result is posted."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    delivery = asyncio.create_task(world.wait_for_delivery(seconds=SCRIPT_SECONDS))
    with Progress(*columns, console=console) as progress:
        bar, shown = progress.add_task(""), ""
        while shown == "" or not delivery.done():
            await asyncio.wait([delivery], timeout=0.1)
            state = world.channel.history()[0].content.splitlines()[STATE_LINE]
            if state != shown:
                progress.update(bar, description="waiting for the video")
                progress.console.print(f"  The card says: {_as_seen(world, state)}", markup=False)
                shown = state
    return await delivery


async def _show_video(console: Console, attachment: discord.Attachment) -> None:
    """Save the attachment as a member would, and say what is in the saved file."""
    path = FOLDER / attachment.filename
    await attachment.save(path)
    clip = await probe(path)
    sound = "with sound" if clip.has_sound else "without sound"
    _show(
        console,
        "attached",
        f"{attachment.filename}: {clip.size:,} bytes, {clip.seconds:.1f} seconds, "
        f"{clip.width}x{clip.height}, {clip.codec}, {sound}\nAlt text: {attachment.description}\n"
        f"Saved as {path}",
    )


async def _serve(world: World, console: Console, port: int) -> None:
    """Serve the page until the program is interrupted."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with serve_page(world, port) as url:
        console.print(f"Open {url} and type /veo. Ctrl-C ends the demo.", soft_wrap=True)
        await stopping.wait()


def _as_seen(world: World, text: str) -> str:
    """Return a message's text about as Discord shows it: names for mentions, no markup."""
    for person in (world.alice, world.mona):
        text = text.replace(person.mention, f"@{person.name}")
    text = TIMESTAMP.sub(lambda found: f"{max(0, int(time.time()) - int(found[1]))} seconds ago", text)
    return ESCAPE.sub("", text.replace("**", "").replace("-# ", ""))


def _show(console: Console, title: str, text: str) -> None:
    console.print(Panel(text, title=title, title_align="left"), markup=False)


if __name__ == "__main__":
    main()
