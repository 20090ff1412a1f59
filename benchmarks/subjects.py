"""The subjects of the benchmarks of answers: veo-bot and a bare bot, each a process with its own Discord."""

import os
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, as the Makefile does

from sandbox.provider import Provider  # noqa: E402
from tests.wire_discord import WireDiscord  # noqa: E402
from tests.wire_discord.program import Program, bot_environment  # noqa: E402

BARE_BOT = str(ROOT / "benchmarks" / "bare_bot.py")
MAX_RUNNING = 10  # generations at the provider; all others wait in the database, as on a busy day
COMMAND = {"prompt": "A fox in the snow", "duration": 4}


@dataclass
class Round:
    """The outcome of commands that were sent at the same time, over several rounds.

    Attributes:
        sent: commands.
        times: seconds to each answer that Discord took.
        accepted: requests that the bot recorded.
        processor: seconds that the program used.
    """

    sent: int = 0
    times: list[float] = field(default_factory=list[float])
    accepted: int = 0
    processor: float = 0.0

    @property
    def per_command(self) -> float:
        """Milliseconds of processor time for one command."""
        return 1000 * self.processor / self.sent


@dataclass
class Subject:
    """A program that is measured, with a Discord of its own.

    Attributes:
        database: where the bot keeps what it accepted; None for the bare bot.
        rounds: by how many commands were sent at the same time.
        starts: seconds from starting the process to READY on the gateway.
    """

    name: str
    wire: WireDiscord
    arguments: list[str]
    environment: dict[str, str]
    folder: Path
    command: str
    options: dict[str, object]
    database: Path | None = None
    pid: int = 0
    rounds: defaultdict[int, Round] = field(default_factory=lambda: defaultdict(Round))
    starts: list[float] = field(default_factory=list[float])

    def program(self) -> Program:
        """Return the program, not started."""
        return Program(self.arguments, self.environment, self.folder, is_fresh=True)


async def bare_bot(stack: AsyncExitStack, folder: Path) -> Subject:
    """Return the least that answers a command."""
    wire = await stack.enter_async_context(WireDiscord())
    environment = {
        "DISCORD_API_BASE": wire.api_base,
        "DISCORD_GATEWAY_URL": wire.gateway_url,
        "DISCORD_TOKEN": wire.token,
    }
    return Subject("bare discord.py", wire, [BARE_BOT], environment, folder, "ok", {})


async def veo_bot(stack: AsyncExitStack, folder: Path, provider: Provider) -> Subject:
    """Return the bot with limits that nobody reaches."""
    wire = await stack.enter_async_context(WireDiscord())
    data = folder / "data"
    environment = bot_environment(
        wire,
        provider,
        data,
        poll_interval=10,
        default_daily_limit=1_000_000,
        max_running=MAX_RUNNING,
        max_waiting=1_000_000,
        max_actions=1_000_000,
    )
    arguments = ["-m", "bot", "run"]
    return Subject("veo-bot", wire, arguments, environment, folder, "veo", dict(COMMAND), data / "veo.db")


def count_requests(subject: Subject) -> tuple[int, int]:
    """Return how many the bot has recorded, and of how many it has recorded the card."""
    if subject.database is None:
        return 0, 0
    with closing(sqlite3.connect(subject.database)) as database:
        return database.execute("SELECT count(*), count(card_id) FROM generations").fetchone()


def is_settled(subject: Subject) -> bool:
    """Return whether each accepted request has its card."""
    recorded, shown = count_requests(subject)
    return recorded == shown


def processor_seconds(pid: int) -> float:
    """Return what a process has used so far; in Linux's file it follows the name, which may hold spaces."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values: Sequence[float], part: int) -> float:
    """Return the smallest value that `part` per cent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * part // 100) - 1)]
