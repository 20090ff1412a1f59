"""The time of a preview of other rules for a server with 100,000 requests in 30 days.

The last one also needs the requests of the 30 days before, which are as many.

Everything that the command does is measured but Discord and the chart: reading the rows from SQLite, asking
all requests again (by the rules without the change, and by those with it where it concerns their member), and
keeping the proposal. For a word, all prompts are searched instead. The baseline is reading the same rows with
`sqlite3` alone. The event loop's longest stall is what other members notice. Tables go to standard output as
Markdown, progress to standard error.
"""

import asyncio
import gc
import random
import resource
import sqlite3
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, as the Makefile does

from loop_delays import watch_loop  # noqa: E402
from sqlalchemy import Table, insert  # noqa: E402

from bot.clock import utc_now  # noqa: E402
from bot.db.database import Database, open_database  # noqa: E402
from bot.db.models import Generation, Placement, Status  # noqa: E402
from bot.moderation.decisions import Decisions, Moderator  # noqa: E402
from bot.moderation.importing import Imports  # noqa: E402
from bot.moderation.rules import QuotaRules, Subject  # noqa: E402
from bot.moderation.service import Moderation  # noqa: E402
from bot.policy.documents import LimitKind, Period, Scope  # noqa: E402
from bot.preview.proposal import NewSettings, Proposal  # noqa: E402
from bot.preview.service import Preview, Previews, ServerNow  # noqa: E402

REQUESTS = 100_000  # in the last 30 days, and as many in the 30 days before
MEMBERS = 2_000
ROLES = 20
GUILD = 1
PRICE = 2_000_000.0  # credits
DAILY_LIMIT = 50
PROBE_SECONDS = 0.002
BY = Moderator(GUILD, 7)

PROPOSALS: Mapping[str, Proposal] = {
    "a limit for the server": Proposal(limits={LimitKind.DAY: 1}),
    "a limit for a role, of 20 with one": Proposal(
        scope=Scope.ROLE, subject_id=1, limits={LimitKind.WEEK: 3, LimitKind.AT_ONCE: 1}
    ),
    "a daily budget": Proposal(budgets={Period.DAY: 2_000 * PRICE}),
    "a limit in 30 days": Proposal(limits={LimitKind.MONTH: 10}),
    "a blocked word": Proposal(word="snow"),
    "the longest video": Proposal(settings=NewSettings.of({"longest_duration": 6})),
}


@dataclass
class Measured:
    """The cost of one preview; times in seconds."""

    name: str
    preview: Preview
    processor: float
    whole: float
    stall: float


async def main() -> None:
    """Measure, and print the table."""
    with TemporaryDirectory() as folder:
        async with open_database(f"sqlite+aiosqlite:///{folder}/veo.db") as database:
            print("writing rows", file=sys.stderr)
            await fill(database)
            decisions = Decisions(database)
            rules = QuotaRules(decisions, daily_limit=DAILY_LIMIT)
            for role in range(1, ROLES + 1):
                await rules.set_limits(BY, Subject(Scope.ROLE, role), {LimitKind.WEEK: 5 + role})
            previews = Previews(
                database, rules, Imports(decisions), Moderation(decisions), daily_limit=DAILY_LIMIT
            )
            gc.freeze()  # as the bot does once it has started
            found = [await measure(previews, name, proposal) for name, proposal in PROPOSALS.items()]
            plain = await asyncio.to_thread(read_alone, f"{folder}/veo.db")
    print("| preview of | requests | refused | processor, s | whole, s | longest stall, ms |")
    print("|:--|--:|--:|--:|--:|--:|")
    print(f"| *reading the rows alone* | {REQUESTS:,} | – | {plain:.2f} | – | – |")
    for one in found:
        numbers = one.preview.comparison
        print(
            f"| {one.name} | {numbers.requests:,} | {len(numbers.refused):,} | {one.processor:.2f} "
            f"| {one.whole:.2f} | {one.stall * 1000:.0f} |"
        )


async def fill(database: Database) -> None:
    """Write the requests of 60 days, a little more than half of them by the busiest tenth of the members."""
    chance, now = random.Random(1), utc_now()  # noqa: S311 nothing secret
    table = cast("Table", Generation.__table__)
    for start in range(0, 2 * REQUESTS, 10_000):
        rows = [new_values(chance, number, now) for number in range(start, start + 10_000)]
        await database.write(lambda session, rows=rows: session.execute(insert(table), rows))


def new_values(chance: random.Random, number: int, now: Any) -> dict[str, Any]:
    """Return the columns of a request; one in ten has failed."""
    at = now - timedelta(days=60) * (1 - (number + 0.5) / (2 * REQUESTS))
    has_failed = chance.random() < 0.1
    return {
        **dict.fromkeys(("created_at", "submitted_at", "not_before"), at),
        "finished_at": at + timedelta(seconds=chance.lognormvariate(4.5, 0.4)),
        "id": f"{number:016x}",
        "interaction_id": number + 1,
        "guild_id": GUILD,
        "channel_id": 2,
        "user_id": 1 + int(MEMBERS * chance.random() ** 3),
        "placement": Placement.THREAD,
        "prompt": "A fox in the snow",
        "model": "google/veo3",
        "options": {"duration": 8},
        "status": Status.FAILED if has_failed else Status.SUCCEEDED,
        "estimated_credits": PRICE,
        "credits_used": None if has_failed else PRICE,
        "attempts": 0,
        "submission": 1,
    }


def read_alone(path: str) -> float:
    """Return what reading the last 30 days' rows costs without anything else, in seconds of processor."""
    with closing(sqlite3.connect(path)) as connection:
        began = time.process_time()
        connection.execute(
            "SELECT id, user_id, created_at, estimated_credits, credits_used, finished_at, status, film_id"
            " FROM generations WHERE guild_id = ? ORDER BY created_at DESC LIMIT ?",
            (GUILD, REQUESTS),
        ).fetchall()
        return time.process_time() - began


async def measure(previews: Previews, name: str, proposal: Proposal) -> Measured:
    """Return what a preview cost."""
    print(name, file=sys.stderr)
    stalls: list[float] = []
    probe = asyncio.create_task(watch_loop(stalls, PROBE_SECONDS))
    await asyncio.sleep(0.05)
    stalls.clear()
    used, began = processor_seconds(), time.perf_counter()
    preview = await previews.show(BY, proposal, ServerNow(roles_of))
    used, whole = processor_seconds() - used, time.perf_counter() - began
    probe.cancel()
    return Measured(name, preview, used, whole, max(stalls))


async def roles_of(user_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return three roles for each member, as Discord would tell them."""
    return {user_id: frozenset({user_id % ROLES + 1, 500, 501}) for user_id in user_ids}


def processor_seconds() -> float:
    """Return what this process has used of processors, with all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    asyncio.run(main())
