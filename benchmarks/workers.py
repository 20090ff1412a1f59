"""The throughput of one, two and four workers, and its cost; beside one worker on SQLite.

The workers are processes of their own on a PostgreSQL, with the program's own clients to Discord and to the
provider, whose fakes are both in this process. All requests wait already, their cards are there, and the
provider has every video at once, so that only the work is measured: thread, create call, poll, file, ffmpeg's
look into it, upload, the card's edits. The table says how many processors each side used. What limits a
worker here is none of them but its own budget of card edits (`EDITS_PER_SECOND`), of which a video takes two.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
from sqlalchemy import func, select

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, as the Makefile does


from bot.clock import utc_now  # noqa: E402
from bot.db.database import Database, open_database  # noqa: E402
from bot.db.models import Generation, Placement, Status  # noqa: E402
from sandbox.provider import QUICK, Provider  # noqa: E402
from tests.postgres import Postgres, open_server  # noqa: E402
from tests.wire_discord import WireDiscord  # noqa: E402
from tests.wire_discord.program import Program, bot_environment  # noqa: E402

REQUESTS = 80
REPEATS = 3
WORKERS = (1, 2, 4)
MEMBERS = 20
LOOK = 0.05  # seconds between two looks whether all are delivered
SECONDS = 90.0  # longest wait for anything
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Figures:
    """The figures of one run.

    Attributes:
        seconds: from the first moment that the requests could be taken until the last was delivered.
        workers, database, fakes: seconds of the processor that each side used, ffmpeg with the workers.
    """

    seconds: float
    workers: float
    database: float
    fakes: float


class Stage:
    """A Discord and a provider, the folder, and who is watched."""

    def __init__(self, wire: WireDiscord, provider: Provider, folder: Path, server: int | None) -> None:
        """`server`: the number of PostgreSQL's process; None: there is none."""
        self.wire = wire
        self.provider = provider
        self.folder = folder
        self.server = server
        self.url = f"sqlite+aiosqlite:///{folder}/veo.db"

    def worker(self, number: int) -> Program:
        """Return a worker, not started; each has a folder of its own."""
        environment = bot_environment(
            self.wire,
            self.provider,
            self.folder / f"worker-{number}",
            database_url=self.url,
            role="worker",
            max_running=REQUESTS,
            log_format="json",
        )
        return Program(["-m", "bot", "run"], environment, self.folder, is_fresh=True)

    def used_by_database(self) -> float:
        """Return the processor's seconds of PostgreSQL and all its processes."""
        if self.server is None:
            return 0.0
        return sum(map(used_by, [self.server, *children_of(self.server)]))


def used_by(pid: int) -> float:
    """Return the processor's seconds of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def children_of(pid: int) -> list[int]:
    """Return the numbers of a process's children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def post_cards(stage: Stage, count: int) -> list[int]:
    """Post a card for each request, as the gateway's answers would be; their ids."""
    path = f"{stage.wire.api_base}/channels/{stage.wire.channel.id}/messages"
    headers = {"Authorization": f"Bot {stage.wire.token}"}
    cards: list[int] = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(count):
            async with session.post(path, json={"content": "Waiting for its turn"}) as answer:
                cards.append(int((await answer.json())["id"]))
    return cards


async def insert(database: Database, stage: Stage, cards: Sequence[int]) -> None:
    """Write the requests as a gateway does."""
    now = utc_now()
    await database.write(
        lambda session: session.add_all(
            Generation(
                id=f"{card:016x}"[-16:],
                guild_id=stage.wire.guild.id,
                channel_id=stage.wire.channel.id,
                user_id=1 + number % MEMBERS,
                interaction_id=card,
                card_id=card,
                placement=Placement.THREAD,
                prompt="A fox in the snow",
                model="google/veo3",
                options={"duration": 4},
                status=Status.QUEUED,
                created_at=now,
                not_before=now,
            )
            for number, card in enumerate(cards)
        )
    )


async def wait_for_all(database: Database) -> None:
    """Return when everything is delivered."""
    query = select(func.count()).where(Generation.delivered_at.is_(None))
    async with asyncio.timeout(SECONDS):
        while await database.read(lambda session: session.scalar(query)):  # noqa: ASYNC110 another process writes
            await asyncio.sleep(LOOK)


async def measure(stage: Stage, workers: int, requests: int = REQUESTS) -> Figures:
    """Let so many workers carry the requests."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(stage.url))
        programs = [stage.worker(number) for number in range(workers)]
        for program in programs:
            await stack.enter_async_context(program)
        await asyncio.gather(*(program.wait_for_line('"ready"', SECONDS) for program in programs))
        cards = await post_cards(stage, requests)
        looks: list[Callable[[], float]] = [
            lambda: sum(used_by(program.pid) for program in programs),
            stage.used_by_database,
            time.process_time,
        ]
        before, began = [look() for look in looks], time.monotonic()
        await insert(database, stage, cards)
        await wait_for_all(database)
        seconds = time.monotonic() - began
        used = [look() - start for look, start in zip(looks, before, strict=True)]
        for program in programs:
            await program.stop()
        return Figures(seconds, *used)


@asynccontextmanager
async def open_stage(files: Path, server: int | None) -> AsyncGenerator[Stage]:
    """Open a new Discord and a new provider; `files`: where its videos are, so that none is rendered."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        wire = await stack.enter_async_context(WireDiscord())
        provider = await stack.enter_async_context(
            Provider(render=QUICK, files=files, generation_seconds=0, balance_usd=1e6)
        )
        yield Stage(wire, provider, folder, server)


async def run_on_sqlite(files: Path, requests: int = REQUESTS) -> Figures:
    """Measure one worker on SQLite."""
    async with open_stage(files, None) as stage:
        return await measure(stage, 1, requests)


async def run_on_postgres(postgres: Postgres, files: Path, workers: int) -> Figures:
    """Measure so many workers on PostgreSQL."""
    with postgres.lend() as url:
        async with open_stage(files, postgres.server and postgres.server.pid) as stage:
            stage.url = url
            return await measure(stage, workers)


async def main() -> None:
    """Measure everything and print the table."""
    with open_server() as server, tempfile.TemporaryDirectory(prefix="bench-files-") as folder:
        postgres, files = Postgres(server.address, server), Path(folder)
        runs = {
            "SQLite, 1 worker": partial(run_on_sqlite, files),
            **{
                f"PostgreSQL, {count} worker{'s' * (count > 1)}": partial(
                    run_on_postgres, postgres, files, count
                )
                for count in WORKERS
            },
        }
        print("rendering, not measured", file=sys.stderr)
        await run_on_sqlite(files, 1)
        found: dict[str, list[Figures]] = {name: [] for name in runs}
        for number in range(REPEATS):
            for name, run in runs.items():
                found[name].append(await run())
                print(f"{name}, {number + 1} of {REPEATS}: {found[name][-1]}", file=sys.stderr)
        print_table(found)


def print_table(found: dict[str, list[Figures]]) -> None:
    """Print the medians."""
    load = os.getloadavg()[0]
    print(f"{REQUESTS} requests, median of {REPEATS}, {os.cpu_count()} processors, load {load:.1f}:\n")
    print("| | videos a second | … a second of a processor | workers use | database | fakes |")
    print("|:--|--:|--:|--:|--:|--:|")
    for name, runs in found.items():
        rate = statistics.median(REQUESTS / run.seconds for run in runs)
        per_second = statistics.median(REQUESTS / run.workers for run in runs)
        shares = [
            statistics.median(getattr(run, side) / run.seconds for run in runs)
            for side in ("workers", "database", "fakes")
        ]
        cells = [f"{rate:.1f}", f"{per_second:.1f}", *(f"{share:.2f}" for share in shares)]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    asyncio.run(main())
