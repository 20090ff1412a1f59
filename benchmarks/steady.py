"""50 commands a second for a minute, also while eight other programs want the processors, beside a bare bot.

What is measured and how is that of `answer.py`; here nobody waits for an answer before the next command is
sent, so a program that falls behind falls further behind. "Accepted" are the requests with a card.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import AsyncExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

from subjects import MAX_RUNNING, Round, Subject, bare_bot, count_requests, is_settled, percentile, veo_bot

from sandbox.provider import QUICK, Provider
from tests.wire_discord import Interaction

A_SECOND = 50  # commands
SECONDS = 60
OTHERS = (0, 8)  # programs that do nothing but use a processor
WAIT = 30.0  # longest wait for a start, or for an answer after the last command; seconds
SETTLE_SECONDS = 30.0  # longest wait for what follows the answers
MEMBERS = count(1)  # a member of their own for each command, so that no quota has much to count


async def main() -> None:
    """Measure and print the table."""
    print(f"{os.cpu_count()} processors.\n")
    print("| other programs | | sent | answered in time | accepted | p50, ms | p99, ms |")
    print("|--:|:--|--:|--:|--:|--:|--:|")
    for others in OTHERS:
        for name, round_ in (await _measure_beside(others)).items():
            times = [f"{percentile(round_.times, part) * 1000:.0f}" for part in (50, 99)]
            counts = map(str, (round_.sent, len(round_.times), round_.accepted or "–"))
            print(f"| {others} | {name} | {' | '.join([*counts, *times])} |", flush=True)


async def _measure_beside(others: int) -> dict[str, Round]:
    """Measure the bare bot, then the bot, while as many other programs compute."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        provider = await stack.enter_async_context(Provider(render=QUICK, files=folder))
        provider.hold = True
        subjects = [await bare_bot(stack, folder), await veo_bot(stack, folder, provider)]
        for subject in subjects:
            await stack.enter_async_context(subject.program())
            await subject.wire.wait_for_sessions(seconds=WAIT)
        await _finish(subjects[1], [await _send(subjects[1]) for _ in range(MAX_RUNNING)])
        await provider.called("retrieve", MAX_RUNNING)  # the provider is full, as it stays from here on
        await provider.rendered()  # no encoder runs while answers are measured
        stack.enter_context(_busy(others))
        return {subject.name: await _measure(subject) for subject in subjects}


@contextmanager
def _busy(programs: int) -> Generator[None]:
    """Keep as many programs computing as the comparison wants."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(programs)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


async def _measure(subject: Subject) -> Round:
    """Send commands at their time, however the answers come, and wait for what follows."""
    _, before = count_requests(subject)
    began, sent = time.perf_counter(), list[Interaction]()
    for number in range(A_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, began + number / A_SECOND - time.perf_counter()))
        sent.append(await _send(subject))
    await _finish(subject, sent)
    times = [interaction.seconds for interaction in sent if interaction.seconds is not None]
    return Round(len(sent), times, count_requests(subject)[1] - before)


async def _send(subject: Subject) -> Interaction:
    return await subject.wire.interact(next(MEMBERS), subject.command, subject.options)


async def _finish(subject: Subject, sent: list[Interaction]) -> None:
    """Wait for the answers, and until everything recorded has its card or it's clear that some never will."""
    await asyncio.gather(*(interaction.answered(WAIT) for interaction in sent), return_exceptions=True)
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_SECONDS):
            while not await asyncio.to_thread(is_settled, subject):  # noqa: ASYNC110 it happens in a database
                await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main())
