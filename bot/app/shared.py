"""The parts of every process, whatever its role: the database, the provider, the files, the figures."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp

from bot.admission.prices import PriceList
from bot.db.database import Database, open_database
from bot.discord_client.client import use_addresses
from bot.eta.duration_estimator import DurationEstimator, load_finishes
from bot.file_modes import restrict_files
from bot.jobs.pause_state import UnknownModels
from bot.jobs.queue import GenerationQueue
from bot.jobs.retirement import Retirement
from bot.jobs.steps.timing import Timing
from bot.media.downloads import Downloads, open_public_session
from bot.media.files import SmallFiles, VideoStore
from bot.media.image_store import ImageStore
from bot.media.last_frames import LastFrames
from bot.media.orphaned_files import OrphanedFiles
from bot.media.whole_videos import WholeVideos
from bot.monitoring.alert_inputs import ProviderRecord
from bot.monitoring.monitoring import record_call
from bot.privacy.retention import Retention
from bot.provider.addresses import origin_of
from bot.provider.choosing import extenders_of
from bot.provider.client import VeoClient
from bot.requests.source_videos import SourceVideos
from bot.settings import Settings
from bot.signals import Signals


class FolderError(Exception):
    """DATA_DIR cannot be used; `str()` is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The files of generations.

    Attributes:
        posted_videos: the folder of `videos`, filled from Discord.
        source_videos: what `images` takes last frames and whole videos from.
    """

    videos: VideoStore
    posted_videos: VideoStore
    images: ImageStore
    last_frames: LastFrames
    source_videos: SourceVideos
    whole_videos: WholeVideos
    uploads: SmallFiles


@dataclass(frozen=True, slots=True)
class Shared:
    """The opened parts that both sides are made of."""

    settings: Settings
    timing: Timing
    signals: Signals
    provider_record: ProviderRecord
    database: Database
    veo: VeoClient
    queue: GenerationQueue
    stores: Stores
    estimator: DurationEstimator
    prices: PriceList

    @property
    def keep(self) -> timedelta | None:
        """The time for which members' words are kept; None: until they ask."""
        days = self.settings.prompt_retention_days
        return timedelta(days=days) if days else None

    def has(self, guild_id: int) -> bool:
        """Whether this process looks after a server: it's one of its shards'."""
        return self.settings.shards is None or self.settings.shards.has(guild_id)

    def retention(self) -> Retention:
        """Return what forgets in the database, and deletes files in this process's folder."""
        orphaned_files = OrphanedFiles(self.database, self.stores.videos, self.stores.images)
        return Retention(
            self.database,
            self.stores.videos,
            orphaned_files,
            keep=self.keep,
            stopping=self.signals.stopping,
        )


def timing_of(settings: Settings) -> Timing:
    """Return the timing that the settings ask for."""
    return Timing(
        poll_interval=timedelta(seconds=settings.poll_interval),
        deadline=timedelta(seconds=settings.generation_deadline),
        card_interval=timedelta(seconds=settings.card_interval),
    )


@asynccontextmanager
async def open_shared(
    settings: Settings, timing: Timing | None, connector: aiohttp.BaseConnector | None
) -> AsyncGenerator[Shared]:
    """Open what both sides need; the arguments are those of `bot.app.application.open_app`.

    Raises:
        DatabaseError: the database cannot be used.
        FolderError: there can be no files.
    """
    use_addresses(settings.discord_api_base, settings.discord_gateway_url)
    await asyncio.to_thread(_make_folder, settings.data_dir)
    await asyncio.to_thread(restrict_files, settings.data_dir, settings.resolved_database_url)
    record, timing = ProviderRecord(), timing or timing_of(settings)
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
            tell=partial(record_call, record),
        )
        signals, queue = Signals(), _queue(settings, database)
        priced = (*settings.offered_models, *extenders_of(settings.offered_models))
        retire, unknown = Retirement(database, queue.lease).end, UnknownModels(database).fetch
        yield Shared(
            settings=settings,
            timing=timing,
            signals=signals,
            provider_record=record,
            database=database,
            veo=veo,
            queue=queue,
            stores=_stores(settings, database, session, public),
            estimator=await _estimator(settings, timing, database),
            prices=PriceList(veo, signals.stopping, priced, unknown=unknown, retire=retire),
        )


def _queue(settings: Settings, database: Database) -> GenerationQueue:
    return GenerationQueue(
        database,
        secrets.token_hex(8),
        max_running=settings.max_running,
        lease=timedelta(seconds=settings.lease_seconds),
    )


def _make_folder(folder: Path) -> None:
    """Make DATA_DIR where it is not there yet, for its owner only.

    Raises:
        FolderError: it cannot be made, or something else has its place.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> FolderError:
    return FolderError(f"The folder {folder} cannot be used: {error.strerror}")


def _stores(
    settings: Settings, database: Database, session: aiohttp.ClientSession, public: aiohttp.ClientSession
) -> Stores:
    """Open the stores; only what a setting names may be fetched from a private network, and that alone.

    Raises:
        FolderError: their folders can neither be found nor made.
    """
    cdn = {origin_of(settings.discord_cdn_url)} if settings.discord_cdn_url else set[str]()
    from_provider = Downloads(session, public, {origin_of(settings.aimlapi_base_url)})
    from_discord, videos = Downloads(session, public, cdn), settings.data_dir / "videos"
    try:
        store = VideoStore(from_provider, videos)
        frames = LastFrames(videos, from_discord=from_discord, from_provider=from_provider)
        whole = WholeVideos(videos, from_discord=from_discord, from_provider=from_provider)
        sources = SourceVideos(database, store, frames, whole)
        pictures = settings.data_dir / "pictures"
        images = ImageStore(from_discord, pictures, sources.find_frame, sources.find_video)
        uploads = SmallFiles(from_discord, pictures)
        posted = VideoStore(from_discord, videos)
        return Stores(store, posted, images, frames, sources, whole, uploads)
    except OSError as error:
        raise _unusable(settings.data_dir, error) from error


async def _estimator(settings: Settings, timing: Timing, database: Database) -> DurationEstimator:
    estimator = DurationEstimator(
        interval=timing.poll_interval.total_seconds(),
        rate=settings.polls_per_second,
        deadline=timing.deadline,
        max_running=settings.max_running,
    )
    estimator.learn_from(await load_finishes(database))
    return estimator
