"""One process of the bot: the real composition, with a Discord at the port; it may be ended at any await."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import structlog

from bot.admission.prices import REFRESH_INTERVAL, PriceList
from bot.app.gateway_side import build_services
from bot.app.shared import Shared, open_shared
from bot.app.worker_side import build_film_runner, build_worker
from bot.db.database import DatabaseAwayError
from bot.db.models import Generation
from bot.eta.duration_estimator import history_loader, provider_stats
from bot.jobs.position_updater import PositionUpdater
from bot.jobs.retirement import Departures, Retirement
from bot.library.takedowns import Takedowns
from bot.moderation.outbox_relay import OutboxRelay
from bot.services import Services
from cogs.delivery.failed_destinations import FailedDestinations
from cogs.delivery.held_videos import HeldVideos
from cogs.delivery.moderator_channel import DiscordModeratorChannel
from cogs.delivery.posting import Posts
from cogs.ui.servers import Servers
from tests.simulation.client import SimulatedClient
from tests.simulation.delivery import SimulatedDelivery
from tests.simulation.film_delivery import SimulatedFilmDelivery
from tests.simulation.loop import OWNER, SimulatedTask
from tests.simulation.takedowns import SimulatedRemovedMessages
from tests.simulation.wire import MemoryConnector

if TYPE_CHECKING:
    from tests.simulation.world import World

SELDOM = 24 * 3600.0  # seconds between two fetches of what hardly changes
SUPERVISOR_WAIT = 5.0  # seconds until what ended by itself is started again
ROUNDS = 200  # turns of the loop in which all tasks of a killed process have to be over

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class KilledError(asyncio.CancelledError):
    """The process was killed here."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The parts of a process that runs."""

    shared: Shared
    services: Services


class Process:
    """A process that is started, stopped or killed.

    Attributes:
        name: for the log.
        drift: by how much its clock differs from those of the others.
        tasks: all that it runs.
        began: when it was started, in the loop's seconds.
        held_until: when it goes on, in the loop's seconds; until then, it stands still.
        fuse: it dies at the so-many-th next step to or from the outside; None: it does not.
        brake: at the so-many-th next step it stands still, and for how many seconds.
    """

    def __init__(self, world: "World", name: str, chance: random.Random) -> None:
        self.world = world
        self.name = name
        self.drift = timedelta(seconds=chance.uniform(-1, 1))
        self.held_until = 0.0
        self.began = world.loop.time()
        self.tasks: dict[SimulatedTask, None] = {}
        self.is_dead = False
        self.died = asyncio.Event()
        self.fuse: int | None = None
        self.brake: tuple[int, float] | None = None
        self.opened: Opened | None = None
        self._chance = chance
        self._main: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, and return once it serves; a start that finds no database is repeated, as by Docker."""
        while not await self._has_started():
            self.world.note(self.name, "finds no database, ends and is started again")
            await asyncio.sleep(SUPERVISOR_WAIT)

    async def _has_started(self) -> bool:
        """Start it once; return whether it serves or is over for another reason than the database."""
        ready = asyncio.Event()
        self._main = self.spawn(self._live(ready), "main")
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({waiting, self._main}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if ready.is_set() or self.is_dead or self._main.cancelled():
            return True
        if isinstance(error := self._main.exception(), DatabaseAwayError):
            return False
        self.world.broken(f"{self.name} ended at its start with {error!r}")
        return True

    async def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        if self._main is None or self.opened is None:
            return
        self.world.note(self.name, "is stopped")
        self.opened.shared.signals.stopping.set()
        self.opened.shared.signals.work.set()
        self.opened = None
        await asyncio.wait({self._main})
        left = [task for task in self.tasks if not task.done()]
        for task in left:
            task.cancel()
        if not self.is_dead and self._main.exception() is not None:
            self.world.broken(f"{self.name} ended with {self._main.exception()!r}")
        self.is_dead = True

    def kill(self) -> None:
        """End it at once: whatever its tasks still try to do outside fails."""
        if not self.is_dead:
            self.world.note(self.name, "is killed")
            self.is_dead = True
            self.died.set()
            self.opened = None
            self.world.spawn(self._bury(), f"bury {self.name}")

    def spawn(self, coroutine: Any, name: str) -> asyncio.Task[Any]:
        """Run something in this process."""
        context = copy_context()
        context.run(OWNER.set, self)
        return asyncio.get_running_loop().create_task(coroutine, name=name, context=context)

    async def go(self, where: str) -> None:
        """Go outside, which takes a moment; the process may not live that long."""
        await asyncio.sleep(self.world.latency(where, self._chance))
        await self._stand_still()
        self.survive(where)

    async def come_back(self, where: str) -> None:
        """Come back from there; what was done there stays done."""
        self.survive(where)
        await asyncio.sleep(self.world.latency(where, self._chance))
        await self._stand_still()
        self.survive(where)

    async def _stand_still(self) -> None:
        if self.brake is not None:
            steps, seconds = self.brake
            self.brake = None if steps <= 1 else (steps - 1, seconds)
            if self.brake is None:
                self.held_until = self.world.loop.time() + seconds
                self.world.note(self.name, f"stands still for {seconds} s")
        while (left := self.held_until - self.world.loop.time()) > 0:  # noqa: ASYNC110 it is held up by time
            await asyncio.sleep(left)

    def survive(self, where: str) -> None:
        """Take a step, at which the process may die.

        Raises:
            KilledError: it did, or had before.
        """
        if self.fuse is not None and not self.is_dead:
            self.fuse -= 1
            if self.fuse <= 0:
                self.fuse = None
                self.world.note(self.name, f"dies at the {where}")
                self.kill()
        if self.is_dead:
            raise KilledError

    async def _bury(self) -> None:
        for _ in range(ROUNDS):
            if not self.tasks:
                return
            for task in list(self.tasks):
                task.cancel()
            await asyncio.sleep(0)
        names = sorted(task.get_name() for task in self.tasks)
        self.world.broken(f"{self.name} was killed, and goes on: {names}")

    async def _live(self, ready: asyncio.Event) -> None:
        connector = MemoryConnector(
            self.world.provider.answerer,
            lambda: self.world.latency("provider", self._chance),
            lambda: self.survive("provider"),
        )
        async with open_shared(self.world.settings, None, connector) as shared:
            prices = self._prices(shared)
            self.opened = Opened(shared, build_services(shared, prices))
            delivery = SimulatedDelivery(self)
            tasks = self._tasks(shared, prices, delivery)
            ready.set()
            async with asyncio.TaskGroup() as group:
                for name, task in tasks.items():
                    group.create_task(_run(task), name=f"{self.name} {name}")

    def _prices(self, shared: Shared) -> PriceList:
        """Make what `open_shared` makes, for the models that are asked for; looks are rare."""
        return PriceList(
            shared.veo,
            shared.signals.stopping,
            [model for model in shared.settings.offered_models if model.id in self.world.sold],
            retire=Retirement(shared.database, shared.queue.lease).end,
            interval=REFRESH_INTERVAL if self.world.scenario.retirements else SELDOM,
        )

    def _moderator_channel(self) -> tuple[DiscordModeratorChannel, HeldVideos]:
        """Make what serves the moderators' channel; it only searches, so that it needs no threads."""
        client, seconds = cast("Any", SimulatedClient(self)), self.world.loop.time
        servers = Servers(client, seconds)
        posts = Posts(client, FailedDestinations(seconds), cast("Any", None))
        moderator_channel = DiscordModeratorChannel(client, servers, posts)
        return moderator_channel, HeldVideos(client, moderator_channel, servers)

    def _tasks(
        self, shared: Shared, prices: PriceList, delivery: SimulatedDelivery
    ) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Return what runs until it stops, as in `bot.app.application`; monitoring is left out."""
        stopping = shared.signals.stopping
        moderator_channel, held_videos = self._moderator_channel()
        worker = build_worker(shared, delivery, held_videos)
        assert self.opened is not None
        services = self.opened.services
        removed_messages = SimulatedRemovedMessages(self, services)
        departures = Departures(services.cancellation, delivery.is_removed_from, stopping)

        seldom = 7 * SELDOM if self.world.scenario.is_long else SELDOM

        async def reconcile() -> None:
            await worker.reconciliation.run(stopping)

        async def review() -> None:
            await services.reviews.run(stopping)

        return {
            "runner": worker.runner.run,
            "films": build_film_runner(shared, SimulatedFilmDelivery(self), _in_no_message).run,
            "reviews": review,
            "charges": reconcile,
            "retention": shared.retention().run,
            "prices": prices.run,
            "outbox": OutboxRelay(shared.database, moderator_channel, stopping).run,
            "positions": PositionUpdater(shared.queue.line, delivery, shared.estimator, stopping).run,
            "departures": departures.run,
            "takedowns": Takedowns(shared.database, removed_messages, stopping).run,
            "durations": provider_stats(shared.estimator, shared.veo, stopping, interval=seldom).run,
            "history": history_loader(shared.estimator, shared.database, stopping, interval=seldom).run,
        }


async def _run(task: Callable[[], Awaitable[None]]) -> None:
    await task()


async def _in_no_message(_: Generation) -> str | None:
    """Find no video in a message: Discord's files are not served here, and the provider's stay."""
    return None
