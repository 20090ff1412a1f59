"""Serving one video in a terminal: asking, waiting, fetching. A paid video can be fetched again."""

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
from rich.progress import Progress

from bot.cli.desk_errors import GenerateError, NotAcceptedError, UnmadeError
from bot.cli.patient_console import PatientConsole
from bot.cli.provider_words import advised, sentence
from bot.clock import utc_now
from bot.jobs.steps.lost_call import Found, find_named_call
from bot.jobs.steps.signs import Evidence, Sign, sign_of
from bot.jobs.steps.timing import Stopwatch, Timing
from bot.media.downloads import Downloads, FileGoneError, MediaError, open_public_session
from bot.media.files import Clip, NoVideoError, VideoStore
from bot.money import usd
from bot.provider.addresses import origin_of
from bot.provider.catalogue import VideoRequest
from bot.provider.client import VeoClient
from bot.provider.errors import RateLimitError, UnavailableError, UnknownTaskError, UnreachableError, VeoError
from bot.provider.models import Task, TaskState
from bot.provider.pricing import quote
from bot.provider_settings import ProviderSettings

TYPICAL_SECONDS = 120  # the provider's documents: around 2 minutes for 8 seconds with audio
LOOKUP_SECONDS = 300.0  # for a request of unknown fate, in the provider's log, which is filled late
LOOKED_BACK = timedelta(days=7)  # in the log, for a request that is fetched later
FETCHES = 4  # of a file, each at the address that the provider tells then
REQUEST_ID = re.compile(r"[0-9a-f]{32}")  # ours
SURE = "If you're sure of the ID, try again in a few minutes."
COST_UNKNOWN = "The provider hasn't said yet what it cost."


@dataclass(slots=True)
class Desk:
    """The parts that serve one video.

    Attributes:
        again: what to do to fetch the video later, with `{name}` for what it's known by.
        label: what begins each line that's said of it.
        request: our name for the create call, and when it was sent; None: it was not.
        name: by what the video can be fetched later; None: nothing was asked for.
        is_ready: the provider has made it.
    """

    veo: VeoClient
    downloads: Downloads
    settings: ProviderSettings
    console: PatientConsole
    again: str
    label: str = ""
    request: tuple[str, datetime] | None = None
    name: str | None = None
    is_ready: bool = False

    def say(self, text: str) -> None:
        """Print a line."""
        self.console.say(f"{self.label}{text}")

    async def price_of(self, request: VideoRequest) -> float | None:
        """Return what a video will cost in credits; None: the provider doesn't say, or can't be asked."""
        try:
            pricing = (await self.veo.fetch_listing(request.model.id)).pricing
        except VeoError:
            return None
        return pricing and quote(pricing, request)

    def begin(self) -> tuple[str, datetime]:
        """Name the request that is about to be sent."""
        self.name = uuid4().hex
        self.request = self.name, utc_now()
        self.say(f"Request ID: {self.name}")
        return self.request

    async def send(self, request: VideoRequest) -> Task:
        """Ask for the video that was begun; a request of unknown fate is looked up.

        Raises:
            NotAcceptedError: it was refused.
            GenerateError: its fate stays unknown.
        """
        name, sent_at = self.request or self.begin()
        try:
            return await self.veo.create(request, name)
        except UnavailableError as error:
            self.say(f"{sentence(error)} The provider may have accepted it, so I'm searching its log.")
            return await self.look_up(name, sent_at)
        except VeoError as error:
            raise NotAcceptedError(f"The provider didn't accept the request: {advised(error)}") from error

    async def find_again(self, name: str) -> Task:
        """Return the task of a generation ID, or of the request ID that was printed before it.

        Raises:
            GenerateError: there is none, as far as can be told.
        """
        self.name = name
        if REQUEST_ID.fullmatch(name):
            self.request = name, utc_now() - LOOKED_BACK
            return await self.look_up(*self.request)
        return await self.find_task(name)

    async def find_task(self, name: str) -> Task:
        """Return the task of a generation ID.

        Raises:
            GenerateError: there is none, as far as can be told.
        """
        try:
            return await self._task_of(name)
        except ValueError:
            raise GenerateError(f"{name} isn't one of the provider's IDs.") from None
        except UnknownTaskError as error:
            raise GenerateError(f"The provider doesn't know {name}: {sentence(error)} {SURE}") from error
        except VeoError as error:
            raise GenerateError(f"I can't ask for {name}: {advised(error)}") from error

    async def look_up(self, request_id: str, sent_at: datetime) -> Task:
        """Ask the log, which is filled late, for a while.

        Raises:
            NotAcceptedError: the request was refused.
            GenerateError: the log does not know it.
        """
        deadline = time.monotonic() + LOOKUP_SECONDS
        while True:
            try:
                call = await find_named_call(self.veo, request_id, sent_at)
                if isinstance(call, Found):
                    return await self._task_of(call.task_id)
                if call is not None:
                    raise NotAcceptedError(
                        "The provider's log says that this request failed, but not why. There is no video, "
                        "and the provider says that it never charges for failed requests. Try again."
                    )
            except VeoError as error:
                self.say(f"No answer ({error}). Trying again.")
            if time.monotonic() > deadline:
                raise GenerateError(
                    f"I don't know yet whether the provider accepted the request and will "
                    f"charge it. {self.later(request_id)}"
                )
            await asyncio.sleep(self.settings.poll_interval)

    async def wait(self, task: Task, progress: Progress) -> Task:
        """Ask until there is a video; one answer that there is none proves nothing (`bot.jobs.steps.signs`).

        Raises:
            UnmadeError: there is none.
            GenerateError: there is none yet.
        """
        three_answers = timedelta(seconds=2 * self.settings.poll_interval)
        evidence = Evidence(Timing(stated_window=three_answers))
        watch = Stopwatch(utc_now(), utc_now)
        started = watch.now()
        bar = progress.add_task(f"{self.label}{task.status}", total=TYPICAL_SECONDS)
        while task.state is not TaskState.COMPLETED:
            sign = sign_of(task)
            if sign is Sign.BARE and evidence.sign is not sign:
                self.say("The provider says there's no video, but not why. Asking for a few more minutes.")
            if evidence.add(sign, watch.now()):
                again = f"To ask once more: {self.again.format(name=task.id)}"
                raise UnmadeError(sentence(task.failure_reason), again)
            # The bar shows time against the usual time; nobody knows the true progress.
            waited = (watch.now() - started).total_seconds()
            description = f"{self.label}{task.status}"
            progress.update(bar, completed=min(waited, TYPICAL_SECONDS), description=description)
            task = await self._next_answer(task.id, watch, started)
        progress.update(bar, completed=TYPICAL_SECONDS, description=f"{self.label}{task.status}")
        self.is_ready = True
        return task

    async def _next_answer(self, task_id: str, watch: Stopwatch, started: datetime) -> Task:
        """Ask until there's an answer, whatever it says.

        Raises:
            GenerateError: the time is up.
        """
        while True:
            waited = (watch.now() - started).total_seconds()
            if waited > self.settings.generation_deadline:
                raise GenerateError(f"Not ready after {waited:.0f} s. {self.may_come(task_id)}")
            await asyncio.sleep(self.settings.poll_interval)
            try:
                return await self.veo.retrieve(task_id)
            except VeoError as error:
                self.say(f"No answer ({error}). Trying again.")

    async def fetch(self, task: Task, store: VideoStore, name: str) -> Clip:
        """Return the file of a finished video, downloaded into a folder.

        Raises:
            GenerateError: it can't be had or written now.
        """
        try:
            for _ in range(FETCHES - 1):
                with suppress(FileGoneError, NoVideoError):
                    return await store.fetch(name, task.video_url or "")
                self.say("The video isn't at its address. I'm asking the provider for that again.")
                await asyncio.sleep(self.settings.poll_interval)
                task = await self._renewed(task)
            return await store.fetch(name, task.video_url or "")
        except MediaError as error:
            raise GenerateError(
                f"The video is ready, but I can't download it: {error} Its address: {task.video_url} "
                f"{self.later(task.id)}"
            ) from error

    async def _renewed(self, task: Task) -> Task:
        """Return a finished task as the provider tells it now, if it does."""
        try:
            fresh = await self.veo.retrieve(task.id)
        except VeoError:
            return task
        return fresh if fresh.video_url else task

    async def save(self, task: Task, target: Path) -> Clip:
        """Write a finished video to a file that was reserved for it.

        Raises:
            GenerateError: it can't be had or written now.
        """
        try:
            # Beside it, so that it's there as a whole or not at all, also on a disk without room.
            with tempfile.TemporaryDirectory(prefix=".veo-", dir=target.parent) as folder:
                clip = await self.fetch(task, VideoStore(self.downloads, Path(folder)), "video")
                clip.path.replace(target)
        except OSError as error:
            raise GenerateError(
                f"I can't write {target}: {error.strerror}. The video is at {task.video_url}. "
                f"{self.later(task.id)}"
            ) from error
        return clip

    def tell_saved(self, clip: Clip, target: Path) -> None:
        """Say what was saved where."""
        sound = "sound" if clip.has_sound else "no sound"
        self.say(
            f"Saved {target} ({clip.size:,} bytes, {clip.seconds:.1f} s, {clip.width}x{clip.height}, {sound})"
        )

    async def tell_cost(self, task_id: str, reported: float | None) -> float | None:
        """Say what a video cost in credits, and return that; `reported`: what its own answers said of it."""
        cost = reported or await self.find_cost(task_id)
        self.say(COST_UNKNOWN if cost is None else f"It cost ${usd(cost):,.2f}.")
        return cost

    def may_come(self, name: str) -> str:
        """Say what became of a video that isn't waited for."""
        if self.is_ready:
            return f"The video is ready. {self.later(name)}"
        return f"The provider may still finish and charge the video. {self.later(name)}"

    def later(self, name: str) -> str:
        """Say how a video is fetched later."""
        return f"Fetch it later: {self.again.format(name=name)}"

    async def find_cost(self, task_id: str) -> float | None:
        """Return what the log or the ledger says of the cost, if they say it already."""
        try:
            entry = await self.veo.find(*self.request) if self.request else None
            if entry is not None and entry.cost is not None:
                return entry.cost.credits
            charges = await self.veo.fetch_charges(utc_now() - LOOKED_BACK)
        except VeoError:
            return None
        return next((found.credits for found in charges if found.task_id == task_id), None)

    async def _task_of(self, task_id: str) -> Task:
        """Return how a task stands; while the provider does not tell, it is taken for one that works."""
        try:
            return await self.veo.retrieve(task_id)
        except (UnavailableError, UnreachableError, RateLimitError) as error:
            self.say(f"No answer ({error}). Trying again.")
            return Task(id=task_id)


@asynccontextmanager
async def open_desk(settings: ProviderSettings, again: str) -> AsyncGenerator[Desk]:
    """Open what a desk needs; `again`: as in `Desk`."""
    async with aiohttp.ClientSession() as session, open_public_session() as public:
        veo = VeoClient(
            session,
            settings.aimlapi_base_url,
            settings.aimlapi_key,
            legacy_urls=settings.aimlapi_legacy_urls,
        )
        downloads = Downloads(session, public, {origin_of(settings.aimlapi_base_url)})
        yield Desk(veo, downloads, settings, PatientConsole(), again)
