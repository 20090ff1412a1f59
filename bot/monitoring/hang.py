"""The end of a program that hangs: whoever runs it starts it anew, and the work goes on from its rows.

A blocked event loop can do nothing about itself, and Docker only shows an unhealthy container. So a thread
without Python in it waits for the loop's signs of life; after the last one it prints where every thread
stands, file by file and line by line without any values, and ends the process at once with exit code 1.
"""

import asyncio
import faulthandler
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

HUNG_AFTER = 120.0  # seconds; suspended machines are not counted, since their clock stands still
BEATS = 12  # in that time


@asynccontextmanager
async def ended_when_hung(after: float = HUNG_AFTER) -> AsyncGenerator[None]:
    """End the process when the event loop has not run for so many seconds."""
    living = asyncio.create_task(_beat(after), name="signs of life")
    try:
        yield
    finally:
        living.cancel()
        with suppress(asyncio.CancelledError):
            await living
        faulthandler.cancel_dump_traceback_later()


async def _beat(after: float) -> None:
    while True:
        faulthandler.dump_traceback_later(after, exit=True)
        await asyncio.sleep(after / BEATS)
