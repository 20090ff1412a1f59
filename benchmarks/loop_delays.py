"""The delays of the event loop: the wait of everybody else in the process."""

import asyncio
import time


async def watch_loop(delays: list[float], interval: float) -> None:
    """Note, each `interval`, by how many seconds too late somebody who sleeps is woken; until cancelled."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(interval)
        delays.append(time.perf_counter() - began - interval)
