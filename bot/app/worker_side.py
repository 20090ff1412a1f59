"""The side that runs generations: the runner and its steps."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from bot.app.shared import Shared
from bot.clock import utc_now
from bot.eta.rate_limiter import RateLimiter
from bot.films.finishing import Finishing
from bot.films.late_shots import LateShots, open_card
from bot.films.queue import FilmQueue
from bot.films.runner import FilmRunner
from bot.films.shot_files import ShotFiles
from bot.jobs.ports import DeliveryPort, FilmPort, FindAttachment, HeldVideo, PostPort, Subject
from bot.jobs.runner import Runner
from bot.jobs.steps.base import Tools
from bot.jobs.steps.deliver import Deliver
from bot.jobs.steps.late import LateWatch
from bot.jobs.steps.lost_call import Settlement
from bot.jobs.steps.polling import Polling
from bot.jobs.steps.preparation import Preparation, Readiness
from bot.jobs.steps.submission import Submission
from bot.jobs.steps.timing import Patience
from bot.jobs.steps.upload import Upload
from bot.jobs.workflow import Workflow
from bot.media.fitting import Fitter
from bot.media.joining import Joiner
from bot.media.upload_limits import UploadLimits
from bot.media.upload_sizes import parse_limits
from bot.moderation.approval import Approval
from bot.usage.reconciliation import Reconciliation


@dataclass(frozen=True, slots=True)
class WorkerSide:
    """The parts of a worker."""

    runner: Runner
    polling: Polling
    reconciliation: Reconciliation


def build_worker(shared: Shared, delivery: DeliveryPort, held_videos: PostPort[HeldVideo]) -> WorkerSide:
    """Make the runner and its steps; nothing runs yet. `held_videos`: where moderators see videos first."""
    signals = shared.signals
    tools = Tools(shared.queue, shared.veo, delivery, shared.timing, utc_now, Patience(utc_now))
    limiter = RateLimiter(shared.settings.polls_per_second, signals.wait)
    polling = Polling(tools, shared.estimator, limiter, signals.stopping)
    approval = Approval(shared.database, delivery, _upload(shared, held_videos))
    workflow = _workflow(shared, tools, polling, approval)
    runner = Runner(shared.queue, workflow, work=signals.work, stopping=signals.stopping)
    reconciliation = Reconciliation(shared.database, shared.veo)
    return WorkerSide(runner, polling, reconciliation)


def _workflow(shared: Shared, tools: Tools, polling: Polling, approval: Approval) -> Workflow:
    database, videos, images = shared.database, shared.stores.videos, shared.stores.images
    open_film = LateShots(database).open_film
    return Workflow(
        tools,
        readiness=Readiness(tools),
        preparation=Preparation(tools, images, shared.stores.source_videos.give_up_frame),
        submission=Submission(tools, images, database),
        polling=polling,
        settlement=Settlement(tools),
        late_watch=LateWatch(tools, database, videos, shared.estimator, open_card),
        deliver=Deliver(tools, videos, images, _upload(shared, tools.delivery), approval, open_film),
    )


def _upload(shared: Shared, delivery: PostPort[Subject]) -> Upload[Subject]:
    limits = UploadLimits(shared.database, parse_limits(shared.settings.upload_limits_mib))
    return Upload(delivery, Fitter(shared.settings.data_dir / "videos"), limits)


def build_film_runner(shared: Shared, delivery: FilmPort, find_attachment: FindAttachment) -> FilmRunner:
    """Make what lets a film's shots begin in turn, and joins them."""
    settings, signals, timing = shared.settings, shared.signals, shared.timing
    queue = FilmQueue(
        shared.database,
        secrets.token_hex(8),
        lease=timedelta(seconds=settings.lease_seconds),
        models=settings.offered_models,
    )
    upload, patience = _upload(shared, delivery), Patience(utc_now)
    stores = shared.stores
    stores.source_videos.find_attachment = find_attachment
    files = ShotFiles(stores.videos, stores.posted_videos, shared.veo, find_attachment)
    finishing = Finishing(queue, files, stores.videos, Joiner(), delivery, upload, timing, utc_now, patience)
    return FilmRunner(queue, finishing, work=signals.work, stopping=signals.stopping)
