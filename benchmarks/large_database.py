"""The commands' answer times, and the database's longest holds, with a million requests in it.

The whole program runs in a simulated Discord on a real SQLite file; most of the requests are of the server
that asks, 5,000 of the member. A first answer is the one that Discord waits for; the whole is the time until
the program has nothing more to say. Tables go to standard output as Markdown, progress to standard error.
"""

import asyncio
import logging
import random
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, as the Makefile does

import structlog  # noqa: E402
from simcord.http import router  # noqa: E402
from sqlalchemy import Table, insert  # noqa: E402

from bot.clock import utc_now  # noqa: E402
from bot.db.database import Database, open_database  # noqa: E402
from bot.db.guild_models import Action, AuditRow  # noqa: E402
from bot.db.models import Generation, Placement, Status  # noqa: E402
from bot.db.transactions import Transaction  # noqa: E402
from bot.jobs.steps.timing import Timing  # noqa: E402
from bot.provider.costs import CostSource  # noqa: E402
from sandbox.provider import QUICK, Provider  # noqa: E402
from sandbox.world import World, sandbox_settings  # noqa: E402

REQUESTS = 1_000_000  # in a year
OWN = 5_000  # of them the member's who asks
ACTIONS = 100_000  # in the moderators' log
MEMBERS = 20_000
PRICE = 2_000_000.0  # credits
KEEP = timedelta(days=90)  # prompts and links; older ones are erased already
FIRST_ID = 10**15  # of members, commands and messages, out of the way of those of the simulated Discord
MESSAGES = ("card_id", "thread_id", "result_id", "result_channel_id")
PAGE = 2_000  # rows written at once, between what the program writes

MEMBER_COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("veo", {"prompt": "A fox in the snow"}),
    ("usage", {}),
    ("videos", {}),
    ("privacy export", {}),
    ("privacy delete", {}),
)
MODERATOR_COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("quota rules", {}),
    ("quota usage", {}),
    ("quota set", {"videos": "3"}),
    ("quota set", {"videos": "30", "preview": False}),
    ("quota unset", {"preview": False}),
    ("quota budget", {"month": "unlimited", "preview": False}),
    ("veo-admin queue", {}),
    ("veo-admin log", {}),
    ("veo-admin doctor", {}),
    ("veo-admin blocked", {}),
    ("veo-admin words list", {}),
    ("veo-admin settings", {}),
    ("veo-admin pause", {}),
    ("veo-admin resume", {}),
)


@dataclass
class Watch:
    """The cost of one thing: seconds, and the longest transactions by the function that ran in them."""

    began: float = field(default_factory=time.perf_counter)
    first: float | None = None
    whole: float = 0.0
    reads: dict[str, float] = field(default_factory=dict[str, float])
    writes: dict[str, float] = field(default_factory=dict[str, float])

    def note(self, kind: dict[str, float], work: Callable[..., object], seconds: float) -> None:
        """Keep the longest of a function."""
        while isinstance(work, partial):
            work = cast("partial[object]", work).func
        kind[work.__qualname__] = max(kind.get(work.__qualname__, 0.0), seconds)


class Probe:
    """Watches the transactions and the answers of the program in this process."""

    def __init__(self) -> None:
        self.watch = Watch()

    @contextmanager
    def attached(self) -> Generator[None]:
        """Watch until the end."""
        run, read, serve = Transaction.run, Database.read, router.dispatch

        def timed_run(transaction: Transaction, session: Any) -> Any:
            began = time.perf_counter()
            try:
                return run(transaction, session)
            finally:
                self.watch.note(self.watch.writes, transaction.work, time.perf_counter() - began)

        async def timed_read(database: Database, work: Any, **more: Any) -> Any:
            def timed(session: Any) -> Any:
                began = time.perf_counter()
                try:
                    return work(session)
                finally:
                    self.watch.note(self.watch.reads, work, time.perf_counter() - began)

            return await read(database, timed, **more)

        def watched_serve(backend: Any, method: str, path: str, **more: Any) -> Any:
            if self.watch.first is None and path.endswith("/callback"):
                self.watch.first = time.perf_counter() - self.watch.began
            return serve(backend, method, path, **more)

        with (
            patch.object(Transaction, "run", timed_run),
            patch.object(Database, "read", timed_read),
            patch.object(router, "dispatch", watched_serve),
        ):
            yield

    async def measure(self, work: Callable[[], Awaitable[object]]) -> Watch:
        """Return what a piece of work cost."""
        self.watch = watch = Watch()
        await work()
        watch.whole = time.perf_counter() - watch.began
        return watch


async def main() -> None:
    """Measure, and print the tables."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with TemporaryDirectory(prefix="bench-") as folder:
        async with Provider(render=QUICK, files=Path(folder)) as provider:
            provider.hold = True  # no video is ever done
            settings = sandbox_settings(provider, Path(folder) / "data")
            async with World(provider, settings, Timing()) as world:
                print("writing rows", file=sys.stderr)
                async with open_database(settings.resolved_database_url) as database:
                    await fill(database, world.guild.id, world.alice.id)
                probe = Probe()
                with probe.attached():
                    show([found async for found in measure_all(world, probe)])


async def measure_all(world: World, probe: Probe) -> AsyncGenerator[tuple[str, Watch]]:
    """Yield what the program's start cost, and each command."""
    yield "a restart and a minute", await probe.measure(partial(restart, world))
    for member, commands in ((world.mona, MODERATOR_COMMANDS), (world.alice, MEMBER_COMMANDS)):
        for name, options in commands:
            print(name, file=sys.stderr)
            yield f"`/{name}`", await probe.measure(partial(member.slash, world.channel, name, **options))
            await asyncio.sleep(1)


async def restart(world: World) -> None:
    """Start the program again, and let it do what it does by itself."""
    await world.restart()
    await asyncio.sleep(60)


async def fill(database: Database, guild_id: int, user_id: int) -> None:
    """Write the requests of a year and the moderators' log."""
    chance, now = random.Random(1), utc_now()  # noqa: S311 nothing secret
    generations, audit = (cast("Table", kind.__table__) for kind in (Generation, AuditRow))
    for start in range(0, REQUESTS, PAGE):
        rows = [new_request(chance, number, guild_id, user_id, now) for number in range(start, start + PAGE)]
        await database.write(lambda session, rows=rows: session.execute(insert(generations), rows))
        await asyncio.sleep(0.01)
    for start in range(0, ACTIONS, PAGE):
        rows = [new_action(number, guild_id, now) for number in range(start, start + PAGE)]
        await database.write(lambda session, rows=rows: session.execute(insert(audit), rows))


def new_request(
    chance: random.Random, number: int, guild_id: int, user_id: int, now: datetime
) -> dict[str, Any]:
    """Return the columns of a request: one in ten has failed, one in ten is of another server."""
    at = now - timedelta(days=365) * (1 - (number + 0.5) / REQUESTS)
    done = at + timedelta(seconds=chance.lognormvariate(4.5, 0.4))
    has_failed, is_erased, is_own = chance.random() < 0.1, at < now - KEEP, number % (REQUESTS // OWN) == 0
    return {
        **dict.fromkeys(("created_at", "submitted_at", "not_before"), at),
        **dict.fromkeys(("finished_at", "posting_at", "delivered_at"), done),
        **dict.fromkeys(MESSAGES, None if is_erased else FIRST_ID + number),
        "interaction_id": FIRST_ID + number,
        "erased_at": done + KEEP if is_erased else None,
        "id": f"{number:016x}",
        "guild_id": guild_id if is_own or chance.random() < 0.9 else 1,
        "channel_id": 2,
        "user_id": user_id if is_own else FIRST_ID + int(MEMBERS * chance.random() ** 3),
        "placement": Placement.THREAD,
        "prompt": "" if is_erased else "A fox in the snow, seen from far above, in the light of the evening",
        "model": "google/veo3",
        "options": {"duration": 8},
        "status": Status.FAILED if has_failed else Status.SUCCEEDED,
        "provider_id": None if is_erased else f"{number:032x}:google/veo3",
        "estimated_credits": PRICE,
        "credits_used": None if has_failed else PRICE,
        "cost_source": None if has_failed else CostSource.LEDGER,
        "attempts": 0,
        "submission": 1,
    }


def new_action(number: int, guild_id: int, now: datetime) -> dict[str, Any]:
    """Return the columns of what a moderator did."""
    return {
        "guild_id": guild_id,
        "at": now - timedelta(days=365) * (1 - (number + 0.5) / ACTIONS),
        "actor_id": FIRST_ID + number % 10,
        "action": Action.GRANT,
        "subject": f"member:{FIRST_ID + number % MEMBERS}",
        "new": {"videos": 5},
    }


def show(found: list[tuple[str, Watch]]) -> None:
    """Print the tables."""
    print("| | first answer, s | whole, s | longest read, ms | longest write, ms |")
    print("|:--|--:|--:|--:|--:|")
    for name, watch in found:
        first = "–" if watch.first is None else f"{watch.first:.2f}"
        longest = [f"{1000 * max(kind.values(), default=0.0):.0f}" for kind in (watch.reads, watch.writes)]
        print(f"| {name} | {first} | {watch.whole:.2f} | {longest[0]} | {longest[1]} |")
    for name, watch in found:
        for kind, values in (("read", watch.reads), ("write", watch.writes)):
            for work, seconds in values.items():
                if seconds > 0.05:
                    print(f"{name}: {kind} {work} {1000 * seconds:.0f} ms", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main())
