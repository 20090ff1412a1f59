"""`make demo`: the real bot on a simulated Discord, with the fake provider behind it.

First a script, told step by step: videos from words and from an image, the wait in line, a limit and what it
would have done, a price, a moderator's answers, a film and a redo; then a page to type in.
"""

import argparse
import asyncio
import shutil
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from bot.jobs.steps.timing import Timing
from bot.log import configure_logging
from sandbox.page import serve_page
from sandbox.ports import why_not
from sandbox.provider import Provider
from sandbox.script import Script
from sandbox.stage import Stage
from sandbox.world import World, sandbox_settings

POLL_INTERVAL = timedelta(seconds=0.5)
CARD_INTERVAL = timedelta(seconds=1)  # a video takes seconds here, not minutes
FOLDER = Path("data") / "demo"


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the script; then serve the page until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop after the scripted part")
    parser.add_argument("--fail", action="store_true", help="include a request that the provider rejects")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a generation takes")
    parser.add_argument("--port", type=int, default=8765, help="port of the page; 0: any free port")
    options = parser.parse_args(arguments)
    if not options.once and (problem := why_not(options.port)):  # before a minute of scenes
        parser.error(f"argument --port: {problem}")
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
        settings = sandbox_settings(provider, FOLDER, max_running=1)  # so that there is a line to wait in
        timing = Timing(poll_interval=POLL_INTERVAL, card_interval=CARD_INTERVAL)
        async with World(provider, settings, timing, is_dated_now=True) as world:
            arrived = await Script(world, Stage(world, console, FOLDER)).play(fails=options.fail)
            console.print(f"Recorded in {FOLDER / 'veo.db'}", soft_wrap=True)
            if arrived and not options.once:
                await _serve(world, console, options.port)
    return arrived


async def _serve(world: World, console: Console, port: int) -> None:
    """Serve the page until the program is interrupted."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with serve_page(world, port) as url:
        console.print(f"Open {url} and type /veo. Press Ctrl-C to stop.", soft_wrap=True)
        await stopping.wait()


if __name__ == "__main__":
    main()
