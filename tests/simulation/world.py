"""The simulated world: its clock, its chance, its provider, its Discord, its disk, and who uses them."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Coroutine
from contextvars import Context
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from bot.db.transactions import InDoubtError
from bot.settings import Settings
from sandbox.world import sandbox_settings
from tests.simulation.discord import Discord, Kind
from tests.simulation.disk import Disk
from tests.simulation.events import EventLog
from tests.simulation.ffmpeg import SimulatedFfmpeg
from tests.simulation.guard import shown
from tests.simulation.loop import OWNER
from tests.simulation.process import Process
from tests.simulation.provider import SimulatedProvider
from tests.simulation.room import Rooms
from tests.simulation.rules import RuleWatch
from tests.simulation.scenario import Scenario
from tests.simulation.visits import EPOCH

MODELS = ("google/veo3", "google/veo-3.0-fast")
FRAMED = ("google/veo-3.0-i2v", "google/veo-3.0-i2v-fast")  # which make a film's later shots from a frame
LATENCY: dict[str, tuple[float, float]] = {  # seconds of one way: the median, and how much it varies
    "database": (0.002, 1.0),
    "provider": (0.15, 0.6),
    "Discord": (0.12, 0.8),
    "ffmpeg": (0.2, 0.7),
}


class World:
    """Everything that a run consists of.

    Attributes:
        findings: promises that were broken.
        processes: those that are to run.
        skew: by how much the machine's clock is wrong.
        models: that are asked for, by id.
        sold: the same, and what makes the shots of their films.
    """

    def __init__(self, scenario: Scenario, folder: Path, template: Path, *, is_logged: bool) -> None:
        self.scenario = scenario
        self.loop = asyncio.get_running_loop()
        self.log = EventLog(
            lambda: shown(timedelta(seconds=self.loop.time())), str(folder), is_kept=is_logged
        )
        self.findings: list[str] = []
        self.discord = Discord(self.loop.time, self.stream("Discord"))
        self.rooms = Rooms(self.discord, self.loop.time)
        self.provider = SimulatedProvider(
            self.stream("provider"), self.loop.time, folder, log_delay=scenario.log_delay
        )
        self.ffmpeg = SimulatedFfmpeg(self.stream("ffmpeg"), scenario.ffmpeg_share, scenario.joining)
        (folder / "data").mkdir(mode=0o700)
        file = folder / "data" / "veo.db"
        shutil.copyfile(template, file)
        file.chmod(0o600)
        self.disk = Disk(file, self.loop.time)
        self.books = sqlite3.connect(file, isolation_level=None)
        self.settings: Settings = sandbox_settings(
            self.provider,
            folder / "data",
            max_running=scenario.max_running,
            max_waiting=5,
            default_daily_limit=scenario.daily_limit,
        )
        self.rules = RuleWatch(self)
        self.rebirths = self.stream("rebirths")
        self.processes: list[Process] = []
        self.skew = timedelta()
        self.models = MODELS
        self.sold = (*MODELS, *FRAMED)
        self._tasks = set[asyncio.Task[Any]]()

    def stream(self, name: str) -> random.Random:
        """Return chance of its own, so that less of one thing does not change the others."""
        return random.Random(f"{self.scenario.seed} {name}")

    def now(self) -> datetime:
        """Return the moment by the clock of the process that asks, which may be wrong."""
        process = cast("Process | None", OWNER.get())
        skew = timedelta() if process is None else self.skew + process.drift
        return EPOCH + timedelta(seconds=self.loop.time()) + skew

    def latency(self, where: str, chance: random.Random) -> float:
        """Return how long one way takes, in seconds."""
        median, spread = LATENCY[where]
        return median * chance.lognormvariate(0, spread)

    def note(self, who: str, what: str) -> None:
        """Write down what happened."""
        self.log.add(who, what)

    def has_ended(self, generation_id: str) -> bool:
        """Whether a request is over: what it was before is not shown then (`cogs.delivery.card_updates`)."""
        query = "SELECT finished_at IS NOT NULL FROM generations WHERE id = ?"
        found = self.books.execute(query, (generation_id,)).fetchone()
        return found is not None and bool(found[0])

    def show_film(self, film_id: str) -> None:
        """Let a film's card say how its shots stand (`cogs.cards.film_card`)."""
        for card in self.discord.of(film_id, Kind.CARD):
            card.said = self.film_state(film_id)

    def film_state(self, film_id: str) -> str:
        """Return what is to be said of a film's shots, and whether they may still come."""
        query = "SELECT status, late_until IS NOT NULL FROM generations WHERE film_id = ? ORDER BY rowid"
        found = self.books.execute(query, (film_id,))
        return " ".join(f"{status} and asked for" if late else status for status, late in found)

    def broken(self, finding: str) -> None:
        """Write down a promise that was broken."""
        self.findings.append(finding)
        self.log.add("BROKEN", finding)

    def committed(self, process: Process) -> None:
        """Look at what has just been written; all processes look for work as they would in a second."""
        self.rules.look(process)
        for other in self.processes:
            if other.opened is not None:
                work = other.opened.shared.signals.work
                self.loop.call_later(1.0, work.set, context=Context())

    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run something of the world's own, in no process."""
        task = self.loop.create_task(coroutine, name=name, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def note_loop_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Write down what asyncio says about a task that ended with an error that nobody looked at."""
        error = context.get("exception")
        if not isinstance(error, asyncio.CancelledError | InDoubtError):  # the latter: of a killed process
            task = context.get("future") or context.get("task")
            name = task.get_name() if isinstance(task, asyncio.Task) else task
            self.findings.append(f"a task ended silently: {name}: {context.get('message')}: {error!r}")
