"""The composition root: opens every part in order, ties them together, closes them in reverse."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from bot.admission.allowance import Allowances
from bot.admission.judge import Admission
from bot.admission.prices import PriceList
from bot.client import VeoBot, use_addresses
from bot.clock import utc_now
from bot.database import Database, open_database
from bot.drafts import Drafts
from bot.generations import GenerationService
from bot.media.files import VideoStore
from bot.media.fitting import Fitter
from bot.media.picture_store import PictureStore
from bot.media.upload_limits import UploadLimits, parse_limits
from bot.moderation.checkup import Checkup
from bot.moderation.decisions import Decisions
from bot.moderation.feed import Feed
from bot.moderation.reports import Reports
from bot.moderation.rules import QuotaRules
from bot.moderation.service import Moderation
from bot.operating.leftovers import Leftovers
from bot.operating.ownership import restrict_files
from bot.privacy.retention import Retention
from bot.privacy.service import Privacy
from bot.results.history import History
from bot.results.removal import Removal
from bot.results.reposts import Reposts
from bot.services import Services
from bot.settings import Settings
from bot.signals import Signals
from bot.timing.poll_limiter import PollLimiter
from bot.timing.timetable import Measures, Timetable, recall_finishes
from bot.usage.reports import UsageReports
from bot.veo.addresses import origin_of
from bot.veo.client import VeoClient
from bot.veo.downloads import Downloads, open_public_session
from bot.watch.metrics import Metrics
from bot.watch.watch import Parts, Recorders, Watch, open_watch
from bot.work.cancellation import Cancellation
from bot.work.foresight import Foresight
from bot.work.line import Line
from bot.work.queue import GenerationQueue
from bot.work.runner import Runner
from bot.work.steps.handover import Handover
from bot.work.steps.polling import Polling
from bot.work.steps.posting import Posting
from bot.work.steps.preparation import Preparation
from bot.work.steps.submission import Submission
from bot.work.steps.timing import Timing
from bot.work.workflow import Workflow
from cogs.ui.board import DiscordBoard
from cogs.ui.delivery import DiscordDelivery
from cogs.ui.edit_budget import EditBudget

EDITS_PER_SECOND = 10  # of cards; Discord takes 50 requests a second from a bot, of all kinds


@dataclass(frozen=True, slots=True)
class Stores:
    """The files of generations."""

    videos: VideoStore
    pictures: PictureStore


@dataclass(frozen=True, slots=True)
class App:
    """The opened parts that somebody outside starts or asks: the client, the services, the tasks."""

    bot: VeoBot
    services: Services
    runner: Runner
    feed: Feed
    retention: Retention
    prices: PriceList
    measures: Measures
    line: Line
    watch: Watch
    signals: Signals

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the program is to stop."""
        return self.signals.stopping

    async def run_tasks(self) -> None:
        """Carry generations, and keep up all that stands beside that, until `stop`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.feed.run(), name="feed")
            group.create_task(self.retention.run(), name="retention")
            group.create_task(self.prices.run(), name="prices")
            group.create_task(self.measures.run(), name="measures")
            group.create_task(self.line.run(), name="line")
            group.create_task(self.watch.alerts.run(), name="alerts")
            await self.runner.run()

    def stop(self) -> None:
        """Ask the tasks to end; `run_tasks()` returns when they have."""
        self.signals.stopping.set()
        self.signals.work.set()


def timing_of(settings: Settings) -> Timing:
    """Return the timing that the settings ask for."""
    return Timing(
        poll_interval=timedelta(seconds=settings.poll_interval),
        deadline=timedelta(seconds=settings.generation_deadline),
        card_interval=timedelta(seconds=settings.card_interval),
    )


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    timing: Timing | None = None,
    connector: aiohttp.BaseConnector | None = None,
) -> AsyncGenerator[App]:
    """Open all parts; nothing runs yet but the small server for those who watch.

    Args:
        settings: what the operator chose.
        timing: in place of what the settings say.
        connector: how the HTTP session reaches the provider; by default aiohttp's own.

    Raises:
        DatabaseError: the database cannot be used.
        ListenError: the address of the server cannot be listened on.
    """
    use_addresses(settings.discord_api_base, settings.discord_gateway_url)
    await asyncio.to_thread(restrict_files, settings.data_dir, settings.resolved_database_url)
    signals, recorders = Signals(), Recorders()
    metrics = recorders.metrics
    async with (
        open_database(settings.resolved_database_url) as database,
        aiohttp.ClientSession(connector=connector) as session,
        open_public_session() as public,
    ):
        veo = VeoClient(
            session,
            settings.aimlapi_base_url,
            settings.aimlapi_key,
            legacy_urls=settings.aimlapi_legacy_urls,
            tell=recorders.note_call,
        )
        prices = PriceList(veo, signals.stopping)
        queue = _queue(settings, database, metrics)
        stores = await _stores(settings, session, public, queue)
        timing = timing or timing_of(settings)
        timetable = await _timetable(settings, timing, database)
        foresight = Foresight(queue, timetable)
        services = _services(settings, database, veo, prices, stores.videos, foresight, signals, metrics)
        bot = VeoBot(database=database, services=services)
        delivery = DiscordDelivery(bot, _edit_budget(timing, signals, metrics), metrics)
        posting = _posting(settings, database, delivery)
        limiter = PollLimiter(settings.polls_per_second, signals.wait)
        polling = Polling(queue, veo, delivery, timetable, limiter, timing, utc_now, signals.stopping)
        workflow = _workflow(timing, queue, veo, stores, delivery, posting, polling, metrics)
        board = DiscordBoard(bot)
        parts = Parts(database, veo, polling, bot, board, signals.stopping)
        async with open_watch(settings, recorders, parts) as watch:
            yield App(
                bot,
                services,
                Runner(queue, workflow, work=signals.work, stopping=signals.stopping),
                Feed(database, board, signals.stopping),
                _retention(settings, database, stores, signals),
                prices,
                Measures(timetable, veo, signals.stopping),
                Line(queue, delivery, timetable, signals.stopping),
                watch,
                signals,
            )


async def _stores(
    settings: Settings, session: aiohttp.ClientSession, public: aiohttp.ClientSession, queue: GenerationQueue
) -> Stores:
    """Open the stores; only what a setting names may be fetched from a private network, and that alone."""
    provider = {origin_of(settings.aimlapi_base_url)}
    cdn = {origin_of(settings.discord_cdn_url)} if settings.discord_cdn_url else set[str]()
    videos = VideoStore(Downloads(session, public, provider), settings.data_dir / "videos")
    pictures = PictureStore(Downloads(session, public, cdn), settings.data_dir / "pictures")
    unfinished = await queue.list_unfinished()
    videos.discard_all_but(unfinished)
    pictures.discard_all_but(unfinished)
    return Stores(videos, pictures)


def _services(
    settings: Settings,
    database: Database,
    veo: VeoClient,
    prices: PriceList,
    videos: VideoStore,
    foresight: Foresight,
    signals: Signals,
    metrics: Metrics,
) -> Services:
    daily_limit = settings.default_daily_limit
    decisions = Decisions(database)
    admission = Admission(prices, daily_limit=daily_limit, max_waiting=settings.max_waiting)
    generations = GenerationService(
        database, admission=admission, work=signals.work, stopping=signals.stopping, metrics=metrics
    )
    return Services(
        generations=generations,
        drafts=Drafts(database, generations, admission, foresight),
        cancellation=Cancellation(database, work=signals.work),
        history=History(database),
        removal=Removal(database),
        reposts=Reposts(database, videos),
        allowances=Allowances(database, daily_limit=daily_limit),
        rules=QuotaRules(decisions, daily_limit=daily_limit),
        moderation=Moderation(decisions),
        usage=UsageReports(database),
        reports=Reports(database),
        privacy=Privacy(database),
        checkup=Checkup(database, veo),
    )


def _queue(settings: Settings, database: Database, metrics: Metrics) -> GenerationQueue:
    return GenerationQueue(
        database,
        secrets.token_hex(8),
        max_running=settings.max_running,
        lease=timedelta(seconds=settings.lease_seconds),
        metrics=metrics,
    )


async def _timetable(settings: Settings, timing: Timing, database: Database) -> Timetable:
    interval = timing.poll_interval.total_seconds()
    timetable = Timetable(
        interval=interval,
        rate=settings.polls_per_second,
        deadline=timing.deadline,
        max_running=settings.max_running,
    )
    timetable.learn_from(await recall_finishes(database))
    return timetable


def _posting(settings: Settings, database: Database, delivery: DiscordDelivery) -> Posting:
    limits = UploadLimits(database, parse_limits(settings.upload_limits_mib))
    return Posting(delivery, Fitter(settings.data_dir / "videos"), limits)


def _retention(settings: Settings, database: Database, stores: Stores, signals: Signals) -> Retention:
    keep = timedelta(days=settings.prompt_retention_days) if settings.prompt_retention_days else None
    leftovers = Leftovers(database, stores.videos, stores.pictures)
    return Retention(database, stores.videos, leftovers, keep=keep, stopping=signals.stopping)


def _edit_budget(timing: Timing, signals: Signals, metrics: Metrics) -> EditBudget:
    wait = signals.wait
    limiter = PollLimiter(EDITS_PER_SECOND, wait)
    return EditBudget(timing.card_interval.total_seconds(), limiter, wait, metrics)


def _workflow(
    timing: Timing,
    queue: GenerationQueue,
    veo: VeoClient,
    stores: Stores,
    delivery: DiscordDelivery,
    posting: Posting,
    polling: Polling,
    metrics: Metrics,
) -> Workflow:
    return Workflow(
        queue,
        delivery,
        preparation=Preparation(queue, stores.pictures, timing, utc_now),
        submission=Submission(queue, veo, stores.pictures, timing, utc_now),
        polling=polling,
        handover=Handover(queue, stores.videos, stores.pictures, delivery, posting, timing, utc_now, metrics),
    )
