"""`make chaos`: many requests, a share of all calls failing, and the program killed again and again.

Prints the seed, a table of what came of it, and every broken promise; exits with 1 if there is one.
What is scheduled follows from the seed; how it falls together with the machine's timing does not.
"""

import argparse
import asyncio
import logging
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import structlog

from sandbox.generations import CostAnswer
from sandbox.provider import QUICK, Provider
from sandbox.world import wait_until
from tests.process.havoc import EDIT, POST, THREAD, DiscordHavoc, ProviderHavoc
from tests.process.meddling import ask, cancel, lock_database, puzzle, vandalise
from tests.process.scene import ANSWER_SECONDS, Row, Scene
from tests.process.truth import find_lies, is_lost
from tests.process.upheavals import Upheavals
from tests.wire_discord import WireDiscord

LOG_SECONDS = 2.0  # by which the provider's log lags behind
# Which answers tell a cost, one of these in each run.
ANSWERS: Sequence[Sequence[CostAnswer]] = (["create"], ["header"], ["poll"], [])
FINAL = ("Ready", "No video", "cancelled")  # one of these stands on a card that is final
GAP = 0.1  # seconds between two requests, on average
SETTLE_SECONDS = 240.0
SETTINGS: dict[str, object] = {
    "imageio_ffmpeg_exe": Path(__file__).with_name("flaky_ffmpeg.py"),
    "call_seconds": 3,  # of some calls the provider never answers
    "real_ffmpeg": imageio_ffmpeg.get_ffmpeg_exe(),
    "full_disk": 0.1,
    "max_running": 40,
    "max_waiting": 1000,
    "default_daily_limit": 1000,
    "poll_interval": 0.5,
    "log_level": "INFO",
}


@dataclass
class Report:
    """What came of a run; `broken` has a sentence for each promise that was not kept, `log` all lines."""

    seed: int
    kills: int = 0
    provider_faults: int = 0
    discord_faults: int = 0
    seconds: float = 0
    rows: list[Row] = field(default_factory=list[Row])
    calls: list[int] = field(default_factory=list[int])
    paid: list[int] = field(default_factory=list[int])
    posts: list[int] = field(default_factory=list[int])
    broken: list[str] = field(default_factory=list[str])
    log: list[str] = field(default_factory=list[str])

    @property
    def suspects(self) -> set[str]:
        """Ids of the generations that `broken` names."""
        return {row.id for row in self.rows if any(row.id in sentence for sentence in self.broken)}

    def table(self) -> str:
        """Return the run as a Markdown table."""
        outcomes = Counter(_outcome(row) for row in self.rows)
        lines = [
            ("seed", self.seed),
            ("accepted requests", len(self.rows)),
            ("SIGKILLs", self.kills),
            ("calls to the provider that went wrong", self.provider_faults),
            ("calls to Discord that went wrong", self.discord_faults),
            ("delivered", sum(row.is_delivered for row in self.rows)),
            *((f"… with {name}", count) for name, count in outcomes.most_common()),
            ("create calls per request, refused ones included", _spread(self.calls)),
            ("create calls accepted (paid) per request", _spread(self.paid)),
            ("results posted per request", _spread(self.posts)),
            ("quota slots used at the end", sum(_counts(row) for row in self.rows)),
            ("seconds", round(self.seconds)),
            ("broken promises", len(self.broken)),
        ]
        return "\n".join(
            ["| what | value |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in lines)]
        )


def _outcome(row: Row) -> str:
    if row.status == "cancelled":
        return f"cancelled {'after' if row.is_sent else 'before'} it was sent"
    return row.failure_kind or "video"


def _counts(row: Row) -> bool:
    return row.is_sent if row.status == "cancelled" else row.failure_kind is None


def _spread(values: list[int]) -> str:
    return ", ".join(f"{count} × {value}" for value, count in sorted(Counter(values).items()))


async def run_chaos(*, generations: int, kills: int, share: float, seed: int, folder: Path) -> Report:
    """Let `generations` requests be accepted while `share` of all calls go wrong, with `kills` SIGKILLs."""
    chance = random.Random(seed)
    report = Report(seed)
    wire, provider = (
        WireDiscord(answer_seconds=ANSWER_SECONDS),
        Provider(
            generation_seconds=1.5,
            render=QUICK,
            files=folder,
            balance_usd=1e6,
            log_delay_seconds=LOG_SECONDS,
        ),
    )
    channels = [wire.channel.id, *(wire.add_channel(name).id for name in ("two", "three", "quiet", "closed"))]
    quiet, closed = channels[-2:]
    forbidden = {(THREAD, quiet), (THREAD, closed), (POST, closed), (EDIT, closed)}
    wire.faults = discord_havoc = DiscordHavoc(random.Random(chance.random()), share, forbidden)
    provider.faults = provider_havoc = ProviderHavoc(random.Random(chance.random()), share, provider.key)
    started = time.monotonic()
    async with wire, provider:
        provider.generations.cost_answers = frozenset(chance.choice(ANSWERS))
        scene = Scene(wire, provider, folder)
        upheavals = Upheavals(scene, provider_havoc, chance, generations)
        await upheavals.prepare()
        await _ask_and_kill(scene, provider_havoc, upheavals, chance, channels, generations, kills, report)
        report.rows = scene.rows()
        report.provider_faults, report.discord_faults = provider_havoc.taken, discord_havoc.taken
        report.seconds = time.monotonic() - started
        _check(scene, report, closed, upheavals)
    return report


async def _ask_and_kill(
    scene: Scene,
    havoc: ProviderHavoc,
    upheavals: Upheavals,
    chance: random.Random,
    channels: list[int],
    generations: int,
    kills: int,
    report: Report,
) -> None:
    kill_at = sorted(chance.sample(range(generations // 10, generations), kills))
    async with AsyncExitStack() as stack:
        program = await stack.enter_async_context(scene.start(settings=SETTINGS))
        await scene.wire.wait_for_sessions()
        while (accepted := _count(scene)) < generations or kill_at:
            if kill_at and accepted >= kill_at[0]:
                kill_at.pop(0)
                await program.kill()
                report.kills += 1
                report.log += program.lines
                program = await stack.enter_async_context(scene.start(settings=SETTINGS))
            if not program.is_running:
                raise RuntimeError(f"the program ended by itself:\n{program.output}")
            vandalise(scene, chance)
            if accepted:
                await cancel(scene, chance)
            await lock_database(scene, chance, 2 / generations)
            await upheavals.pass_by(accepted)
            await puzzle(scene, chance)
            await ask(scene, chance, chance.choice([*channels, *upheavals.places]))
            await asyncio.sleep(chance.expovariate(1 / GAP))
        havoc.is_strict = False
        await upheavals.end()
        try:
            await scene.settle(SETTLE_SECONDS)
        except TimeoutError:
            report.broken.append(f"not all was delivered within {SETTLE_SECONDS:.0f} s")
        with suppress(TimeoutError):  # what is lost is told below
            await wait_until(lambda: _is_all_there(scene, upheavals), seconds=SETTLE_SECONDS)
        await scene.wire.wait_for_sessions()
        if await program.stop() != 0:
            report.broken.append("SIGTERM did not end the program cleanly")
        report.log += program.lines


async def _is_all_there(scene: Scene, upheavals: Upheavals) -> bool | None:
    """Whether every video is delivered that was paid for and is still asked for."""
    seen = (row for row in scene.rows() if not upheavals.is_gone(row))
    return None if any(is_lost(scene, row) for row in seen) else True


def _count(scene: Scene) -> int:
    if not scene.database.exists():
        return 0
    with closing(sqlite3.connect(scene.database, timeout=10)) as connection:
        try:
            return connection.execute("SELECT count(*) FROM generations").fetchone()[0]
        except sqlite3.OperationalError:  # the tables are being made
            return 0


def _check(scene: Scene, report: Report, closed: int, upheavals: Upheavals) -> None:
    report.broken += upheavals.find_broken()
    cards = {message.id: message for message in scene.wire.messages()}
    for row in report.rows:
        report.calls.append(scene.create_calls(row.id))
        report.paid.append(scene.provider.count_accepted(row.id))
        report.posts.append(len(scene.results(row.id)))
        if report.paid[-1] > 1:
            report.broken.append(f"{row.id} was paid {report.paid[-1]} times")
        if row.status == "cancelled" and report.paid[-1] and not row.is_sent:
            report.broken.append(f"{row.id} was cancelled as free, but is paid for")
        if upheavals.is_gone(row):
            continue  # nobody sees there what it was told
        ended = f"{row.status}, {row.failure_kind}"
        report.broken += [f"{row.id} {lie} ({ended})" for lie in find_lies(scene, row)]
        card = cards.get(row.card_id or 0)
        if card and card.channel_id != closed and not any(word in card.content for word in FINAL):
            report.broken.append(f"the card of {row.id} is not final: {card.content!r}")


def main() -> None:
    """Run, print, and exit with 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", type=int, default=300)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.1, help="of all calls that fail")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    # This process cancels, and would say so between the lines of the table.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(f"seed {options.seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        report = asyncio.run(run_chaos(**vars(options), folder=Path(folder)))
    print(report.table())
    for sentence in report.broken:
        print(f"BROKEN: {sentence}")
    for line in report.log:
        if any(row_id in line for row_id in report.suspects):
            print(line)
    sys.exit(1 if report.broken else 0)


if __name__ == "__main__":
    main()
