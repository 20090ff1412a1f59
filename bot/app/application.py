"""The composition root: opens every part of a role in order, ties them together, closes them in reverse."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import aiohttp

from bot.admission.prices import PriceList
from bot.app.gateway_side import build_gateway
from bot.app.shared import Shared, open_shared, timing_of
from bot.app.worker_side import WorkerSide, build_film_runner, build_worker
from bot.db.database import Database
from bot.db.models import Generation
from bot.discord_client.client import RestClient, VeoBot
from bot.eta.duration_estimator import history_loader, provider_stats
from bot.eta.rate_limiter import RateLimiter
from bot.films.rows import Film, fetch_film
from bot.films.successors import FilmSuccessors
from bot.jobs.ports import ReadRow
from bot.jobs.position_updater import PositionUpdater, QueueEstimate
from bot.jobs.retirement import Departures
from bot.jobs.runner import Runner
from bot.jobs.steps.timing import Timing
from bot.library.takedowns import Takedowns
from bot.moderation.outbox_relay import OutboxRelay
from bot.moderation.reviews import Reviews
from bot.moderation.strike_notices import StrikeNotices
from bot.monitoring.health import watch_for_damage
from bot.monitoring.monitoring import Monitoring, Parts, open_monitoring
from bot.policy.store import RecentPolicies
from bot.requests.successors import Successors
from bot.roles import Role
from bot.services import Services
from bot.settings import Settings
from bot.signals import Signals
from cogs.cards.film_card import FindFilm
from cogs.cards.video_posts import attachment_finder
from cogs.delivery.card_throttle import CardEdits
from cogs.delivery.delivery import DiscordDelivery
from cogs.delivery.film_delivery import FilmDelivery
from cogs.delivery.held_videos import HeldVideos
from cogs.delivery.moderator_channel import DiscordModeratorChannel
from cogs.delivery.removed_messages import DiscordRemovedMessages
from cogs.delivery.strike_messages import DiscordMemberMessages
from cogs.moderation.targets import has_left_if_known
from cogs.ui.servers import Servers

__all__ = ["App", "open_app", "timing_of"]

EDITS_PER_SECOND = 10  # of cards; Discord takes 50 requests a second from a bot, of all kinds

Task = Callable[[], Awaitable[None]]
Side = TypeVar("Side")


@dataclass(frozen=True, slots=True)
class App:
    """The opened parts of a process.

    Attributes:
        client: speaks to Discord; a gateway's is the bot itself.
        tasks: run until the program stops, by name.
        prices: the provider's.
        gateway: None: this process has no connection to the gateway.
        worker: None: this process runs no generations.
    """

    client: VeoBot | RestClient
    tasks: Mapping[str, Task]
    monitoring: Monitoring
    signals: Signals
    prices: PriceList
    gateway: VeoBot | None
    worker: WorkerSide | None

    @property
    def bot(self) -> VeoBot:
        """The connected client."""
        return _side(self.gateway)

    @property
    def services(self) -> Services:
        """The services that commands call."""
        return _side(self.gateway).services

    @property
    def runner(self) -> Runner:
        """The runner that runs generations."""
        return _side(self.worker).runner

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the program is to stop."""
        return self.signals.stopping

    async def run_tasks(self) -> None:
        """Run all tasks until `stop`."""
        async with asyncio.TaskGroup() as group:
            for name, task in self.tasks.items():
                group.create_task(_run(task), name=name)

    def stop(self) -> None:
        """Ask the tasks to end; `run_tasks()` returns when they have."""
        self.signals.stopping.set()
        self.signals.work.set()


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    timing: Timing | None = None,
    connector: aiohttp.BaseConnector | None = None,
) -> AsyncGenerator[App]:
    """Open all parts of the process's role; nothing runs yet but the small server for those who watch.

    Args:
        settings: what the operator chose.
        timing: in place of what the settings say.
        connector: how the HTTP session reaches the provider; by default aiohttp's own.

    Raises:
        DatabaseError: the database cannot be used.
        FolderError: there can be no files.
        ListenError: the address of the server cannot be listened on.
    """
    async with open_shared(settings, timing, connector) as shared:
        gateway = None if settings.role is Role.WORKER else build_gateway(shared)
        client = RestClient() if gateway is None else gateway
        servers = Servers(client)
        delivery = DiscordDelivery(
            client,
            _card_edits(shared),
            servers,
            _read_row(shared.database),
            _successors(shared, find_film := _find_film(shared.database)),
            find_film,
            QueueEstimate(shared.queue.line, shared.estimator).eta_of_sent,
        )
        films = FilmDelivery(client, delivery.posts, delivery.cards, servers, find_film)
        moderator_channel = DiscordModeratorChannel(client, servers, delivery.posts)
        held_videos = HeldVideos(client, moderator_channel, servers)
        worker = None if settings.role is Role.GATEWAY else build_worker(shared, delivery, held_videos)
        parts = Parts(
            shared.database,
            shared.veo,
            worker and worker.polling,
            client,
            gateway,
            moderator_channel,
            shared.signals.stopping,
        )
        async with open_monitoring(settings, shared.provider_record, parts) as monitoring:
            tasks = _tasks_of_all(shared)
            if gateway is not None:
                tasks |= _tasks_of_gateway(shared, gateway, delivery, moderator_channel, servers)
            if worker is not None:
                tasks |= _tasks_of_worker(shared, worker, monitoring)
                tasks["films"] = build_film_runner(shared, films, attachment_finder(client)).run
            yield App(client, tasks, monitoring, shared.signals, shared.prices, gateway, worker)


def _read_row(database: Database) -> ReadRow:
    """Return what reads a row as it is now."""

    async def read(name: str) -> Generation | None:
        return await database.read(lambda session: session.get(Generation, name))

    return read


def _find_film(database: Database) -> FindFilm:
    """Return what reads a film as it stands."""

    async def find(film_id: str) -> Film | None:
        return await database.read(lambda session: fetch_film(session, film_id))

    return find


def _successors(shared: Shared, find_film: FindFilm) -> Successors:
    policies = RecentPolicies(shared.database)
    return FilmSuccessors(shared.settings.offered_models, shared.prices, policies, find_film)


def _card_edits(shared: Shared) -> CardEdits:
    wait = shared.signals.wait
    limiter = RateLimiter(EDITS_PER_SECOND, wait)
    interval = shared.timing.card_interval.total_seconds()
    return CardEdits(interval, limiter, wait)


def _tasks_of_all(shared: Shared) -> dict[str, Task]:
    """Return what every process runs: it keeps its own memory fresh, and its own folder tidy."""
    stopping = shared.signals.stopping
    return {
        "retention": shared.retention().run,
        "prices": shared.prices.run,
        "durations": provider_stats(shared.estimator, shared.veo, stopping).run,
        "history": history_loader(shared.estimator, shared.database, stopping).run,
        "damage": partial(watch_for_damage, shared.database, stopping),
    }


def _tasks_of_gateway(
    shared: Shared,
    gateway: VeoBot,
    delivery: DiscordDelivery,
    moderator_channel: DiscordModeratorChannel,
    servers: Servers,
) -> dict[str, Task]:
    """Return what gateways run: what is about one server is done by the process that has its shard."""
    database, stopping, is_ours = shared.database, shared.signals.stopping, shared.has
    messages, has_left = DiscordMemberMessages(gateway, servers), partial(has_left_if_known, gateway)
    positions = PositionUpdater(shared.queue.line, delivery, shared.estimator, stopping, is_ours=is_ours)
    departures = Departures(gateway.services.cancellation, servers.is_gone, stopping, is_ours=is_ours)
    reviews = Reviews(database, work=shared.signals.work, has_left=has_left, show=delivery.show_state)
    return {
        "outbox": OutboxRelay(database, moderator_channel, stopping).run,
        "positions": positions.run,
        "departures": departures.run,
        "reviews": partial(reviews.run, stopping),
        "strikes": StrikeNotices(database, messages, stopping).run,
        "takedowns": Takedowns(database, DiscordRemovedMessages(gateway), stopping).run,
    }


def _tasks_of_worker(shared: Shared, worker: WorkerSide, monitoring: Monitoring) -> dict[str, Task]:
    """Return also the alerts: they go by what the provider answers to this process."""
    charges = partial(worker.reconciliation.run, shared.signals.stopping)
    return {"alerts": monitoring.alerts.run, "charges": charges, "runner": worker.runner.run}


async def _run(task: Task) -> None:
    await task()


def _side(side: Side | None) -> Side:
    """Return a side that is there.

    Raises:
        LookupError: this process has another role.
    """
    if side is None:
        raise LookupError("this process has another role")
    return side
