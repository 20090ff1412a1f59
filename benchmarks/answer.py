"""`make bench`: how fast /veo is answered, and how fast the program starts, beside a bare discord.py bot.

The programs run as processes of their own and reach this process's small Discord over real sockets. The
provider holds all generations, so that only answers are measured. Tables go to standard output as Markdown,
progress to standard error.

Discord takes no answer after three seconds, so what came later is "unanswered". "Accepted" are the requests
that the bot recorded; what it answered and did not record, it refused. "Time" is the program's own time of a
processor from the first command until all that follows the answers is done, divided by the commands.

What limits it: the programs and this process share the machine's processors, so that sending many commands
takes time from answering them; nothing else should run. p99 of a single command is its slowest.
Without a network, ratios say more about work done than about what a member would feel.
"""

import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

from subjects import (
    MAX_RUNNING,
    Round,
    Subject,
    bare_bot,
    count_requests,
    is_settled,
    percentile,
    processor_seconds,
    veo_bot,
)

from sandbox.provider import QUICK, Provider

ROUNDS = {1: 60, 50: 8, 200: 5, 500: 3, 1000: 3}  # by how many commands are sent at the same time
STARTS = 5
SECONDS = 30.0  # longest wait for an answer, or a start
SETTLE_SECONDS = 120.0  # longest wait for what follows a thousand answers


async def main() -> None:
    """Measure everything and print the tables."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        provider = await stack.enter_async_context(Provider(render=QUICK, files=folder))
        provider.hold = True
        bare, veo = await bare_bot(stack, folder), await veo_bot(stack, folder, provider)
        await _measure_starts([bare, veo])
        for subject in (bare, veo):
            subject.pid = (await stack.enter_async_context(subject.program())).pid
            await subject.wire.wait_for_sessions(seconds=SECONDS)
        await _warm_up([bare, veo])
        await provider.called("retrieve", MAX_RUNNING)  # the provider is full, as it stays from here on
        await provider.rendered()  # no encoder runs while answers are measured
        for simultaneous, rounds in ROUNDS.items():
            for number in range(rounds):
                _tell(f"{simultaneous} at once, round {number + 1} of {rounds}")
                for subject in (bare, veo):
                    await _ask(subject, simultaneous, subject.rounds[simultaneous])
    _print_tables(bare, veo)


async def _measure_starts(subjects: Sequence[Subject]) -> None:
    """Start each program several times, after one start that makes the database and fills the disk cache."""
    for number in range(STARTS + 1):
        _tell(f"start {number} of {STARTS}" if number else "first start, not measured")
        for subject in subjects:
            started_at = time.perf_counter()
            async with subject.program() as program:
                await subject.wire.wait_for_sessions(seconds=SECONDS)
                if number:
                    subject.starts.append(time.perf_counter() - started_at)
                await program.kill()
            await subject.wire.wait_for_sessions(0, seconds=SECONDS)


async def _warm_up(subjects: Sequence[Subject]) -> None:
    """Let the provider fill up, and everything be loaded that is loaded late."""
    for subject in subjects:
        for _ in range(2):
            await _ask(subject, MAX_RUNNING, Round())


MEMBERS = count(1)  # a member of their own for each command, so that no quota has much to count


async def _ask(subject: Subject, simultaneous: int, found: Round) -> None:
    """Send commands at the same time, and note what became of them once all that follows is done."""
    processor, (before, _) = processor_seconds(subject.pid), count_requests(subject)
    sent = [
        await subject.wire.interact(next(MEMBERS), subject.command, subject.options)
        for _ in range(simultaneous)
    ]
    await asyncio.gather(*(interaction.answered(SECONDS) for interaction in sent), return_exceptions=True)
    async with asyncio.timeout(SETTLE_SECONDS):
        while not await asyncio.to_thread(is_settled, subject):  # noqa: ASYNC110 it happens in a database
            await asyncio.sleep(0.02)
    found.sent += simultaneous
    found.times += [interaction.seconds for interaction in sent if interaction.seconds is not None]
    found.accepted += count_requests(subject)[0] - before
    found.processor += processor_seconds(subject.pid) - processor


def _print_tables(bare: Subject, veo: Subject) -> None:
    python = platform.python_version()
    load = os.getloadavg()[0]
    print(f"Python {python}, {os.cpu_count()} processors, load {load:.1f}, Discord on the same machine.\n")
    print("Time from the command to its answer, in milliseconds:\n")
    print(f"| at once | {bare.name} p50 | p99 | {veo.name} p50 | p99 | ratio p50 | p99 |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for simultaneous in ROUNDS:
        rounds = (bare.rounds[simultaneous], veo.rounds[simultaneous])
        cells = [percentile(round_.times, part) * 1000 for round_ in rounds for part in (50, 99)]
        ratios = [cells[2] / cells[0], cells[3] / cells[1]]
        columns = [str(simultaneous), *(f"{cell:.1f}" for cell in cells)]
        print(f"| {' | '.join([*columns, *(f'{ratio:.1f}' for ratio in ratios)])} |")
    _print_outcomes(bare, veo)
    print(f"\nTime from starting the process to READY, in seconds (median of {STARTS}):\n")
    print(f"| {bare.name} | {veo.name} | ratio |\n|--:|--:|--:|")
    medians = [statistics.median(subject.starts) for subject in (bare, veo)]
    print(f"| {medians[0]:.2f} | {medians[1]:.2f} | {medians[1] / medians[0]:.1f} |")


def _print_outcomes(bare: Subject, veo: Subject) -> None:
    print("\nWhat became of them, and the time of a processor that one takes, in milliseconds:\n")
    print(
        f"| at once | sent | {bare.name} unanswered | {veo.name} unanswered | refused | accepted "
        f"| {bare.name} time | {veo.name} time |"
    )
    print("|--:|--:|--:|--:|--:|--:|--:|--:|")
    for simultaneous in ROUNDS:
        plain, own = bare.rounds[simultaneous], veo.rounds[simultaneous]
        refused = max(0, len(own.times) - own.accepted)
        counts = (own.sent, plain.sent - len(plain.times), own.sent - len(own.times), refused, own.accepted)
        columns = [str(simultaneous), *map(str, counts)]
        print(f"| {' | '.join(columns)} | {plain.per_command:.1f} | {own.per_command:.1f} |")


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main())
