"""`veo-bot generate`: one video in a terminal, with a progress bar. What is paid for can be fetched again."""

import asyncio
import re
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp

from bot.cli.patient_console import PatientConsole, open_console, progress_on, stopped_by_signals
from bot.cli.target_file import leave_place, take_place
from bot.clock import utc_now
from bot.media.downloads import Downloads, open_public_session
from bot.media.files import Clip, MediaError, VideoStore
from bot.media.image_cleaning import clean_image
from bot.media.images import MAX_SIZE, ImageError, data_uri_of
from bot.money import usd
from bot.provider.addresses import origin_of
from bot.provider.catalogue import VideoRequest
from bot.provider.client import VeoClient
from bot.provider.errors import RateLimitError, UnavailableError, UnknownTaskError, UnreachableError, VeoError
from bot.provider.models import Task, TaskState
from bot.provider.pricing import quote
from bot.provider_settings import ProviderSettings

TYPICAL_SECONDS = 120  # the provider's documents: around 2 minutes for 8 seconds with audio
LOOKUP_SECONDS = (
    300.0  # for which the provider's log is asked about a request of unknown fate; it is filled late
)
LOOKED_BACK = timedelta(days=7)  # in the log, for a request that is fetched later
REQUEST_ID = re.compile(r"[0-9a-f]{32}")  # ours
SIGNS = 3  # answers in a row that there is no video
SURE = "If you're sure of the ID, try again in a few minutes."
COST_UNKNOWN = "The provider doesn't say yet what it cost."


class GenerateError(Exception):
    """There is no video; `str()` says why and what is left to do."""


def read_images(files: Sequence[Path], sides: Sequence[int]) -> tuple[str, ...]:
    """Return images as data URIs, checked and cleaned as those that members offer.

    Args:
        files: where they are.
        sides: pixels that each needs on its shorter side; 0: any.

    Raises:
        GenerateError: a file cannot be read, is no image that can be used, or is too large.
    """
    return tuple(_read_image(file, side) for file, side in zip(files, sides, strict=True))


async def generate_in_terminal(settings: ProviderSettings, request: VideoRequest, output: Path) -> None:
    """Ask for a video, wait, and save it to `output` or beside it, telling the person how it goes.

    Raises:
        GenerateError: it failed.
    """
    await _serve(settings, output, lambda desk: desk.ask(request))


async def resume_in_terminal(settings: ProviderSettings, name: str, output: Path) -> None:
    """Wait for a video that was asked for before, and save it; `name`: its generation ID or request ID.

    Raises:
        GenerateError: it failed.
    """
    await _serve(settings, output, lambda desk: desk.find_again(name))


@dataclass(slots=True)
class _Desk:
    """What serves one video.

    Attributes:
        request: our name for the create call, and when it was sent; None: it was not.
        name: by what the video can be fetched later; None: nothing was asked for.
    """

    veo: VeoClient
    downloads: Downloads
    settings: ProviderSettings
    console: PatientConsole
    request: tuple[str, datetime] | None = None
    name: str | None = None

    def say(self, text: str) -> None:
        self.console.say(text)

    async def ask(self, request: VideoRequest) -> Task:
        """Say the price and ask for the video; a request of unknown fate is looked up."""
        self.say(await self._price_line(request))
        self.name = uuid4().hex
        self.request = self.name, utc_now()
        self.say(f"Request ID: {self.name}")
        try:
            return await self.veo.create(request, self.name)
        except UnavailableError as error:
            self.say(f"{_sentence(error)} The provider may have accepted it, so I'm searching its log.")
            return await self._look_up(*self.request)
        except VeoError as error:
            raise GenerateError(f"The provider didn't accept the request: {error}") from error

    async def find_again(self, name: str) -> Task:
        """Return the task of a generation ID, or of the request ID that was printed before it."""
        self.name = name
        if REQUEST_ID.fullmatch(name):
            self.request = name, utc_now() - LOOKED_BACK
            return await self._look_up(*self.request)
        try:
            return await self._task_of(name)
        except ValueError:
            raise GenerateError(f"{name} isn't an ID that the provider gives.") from None
        except UnknownTaskError as error:
            raise GenerateError(f"The provider doesn't know {name}: {_sentence(error)} {SURE}") from error
        except VeoError as error:
            raise GenerateError(f"I can't ask for {name}: {error}") from error

    async def finish(self, task: Task, place: Path) -> None:
        """Wait for the video and save it to a place that was taken for it."""
        self.name = task.id
        self.say(f"Generation ID: {task.id}")
        told = task.credits_used
        task = await self._wait(task)
        clip = await _save(self.downloads, task, place)
        sound = "sound" if clip.has_sound else "no sound"
        self.say(
            f"Saved {place} ({clip.size:,} bytes, {clip.seconds:.1f} s, {clip.width}x{clip.height}, {sound})"
        )
        cost = task.credits_used or told or await self._charge(task.id)
        self.say(COST_UNKNOWN if cost is None else f"It cost ${usd(cost):,.2f}.")

    async def _price_line(self, request: VideoRequest) -> str:
        try:
            pricing = (await self.veo.fetch_listing(request.model.id)).pricing
        except VeoError:
            pricing = None
        price = pricing and quote(pricing, request)
        return "Price: unknown." if price is None else f"Price: about ${usd(price):,.2f}."

    async def _charge(self, task_id: str) -> float | None:
        """Return what the log or the ledger says of the cost, if they say it already."""
        try:
            entry = await self.veo.find(*self.request) if self.request else None
            if entry is not None and entry.cost is not None:
                return entry.cost.credits
            charges = await self.veo.fetch_charges(utc_now() - LOOKED_BACK)
        except VeoError:
            return None
        return next((found.credits for found in charges if found.task_id == task_id), None)

    async def _look_up(self, request_id: str, sent_at: datetime) -> Task:
        """Ask the log, which is filled late, for a while.

        Raises:
            GenerateError: it does not know the request, or the request was refused.
        """
        deadline = time.monotonic() + LOOKUP_SECONDS
        while True:
            try:
                entry = await self.veo.find(request_id, sent_at)
                if entry is not None and entry.inference_id and not entry.is_refused:
                    return await self._task_of(entry.inference_id)
                if entry is not None:
                    raise GenerateError(
                        "The provider's log says that this request failed, but not why. There is no video, "
                        "and failed requests aren't charged. Try again."
                    )
            except VeoError as error:
                self.say(f"No answer ({error}). Trying again.")
            if time.monotonic() > deadline:
                raise GenerateError(
                    f"I don't know yet whether the provider accepted the request and will "
                    f"charge it. {_later(request_id)}"
                )
            await asyncio.sleep(self.settings.poll_interval)

    async def _task_of(self, task_id: str) -> Task:
        """Return how a task stands; while the provider does not tell, it is taken for one that works."""
        unasked = Task(id=task_id)
        try:
            return await self.veo.retrieve(task_id)
        except (UnavailableError, UnreachableError, RateLimitError) as error:
            self.say(f"No answer ({error}). Trying again.")
            return unasked

    async def _wait(self, task: Task) -> Task:
        """Ask until there is a video; one answer that there is none proves nothing (`bot.jobs.steps.signs`).

        Raises:
            GenerateError: there is none.
        """
        started, signs = time.monotonic(), 0
        with progress_on(self.console) as progress:
            bar = progress.add_task(task.status, total=TYPICAL_SECONDS)
            while task.state is not TaskState.COMPLETED:
                waited = time.monotonic() - started
                signs = signs + 1 if task.state is TaskState.FAILED else 0
                if signs >= SIGNS:
                    raise GenerateError(f"No video: {_sentence(task.failure_reason)} {_if_it_comes(task.id)}")
                if waited > self.settings.generation_deadline:
                    raise GenerateError(f"Not ready after {waited:.0f} s. {_may_come(task.id)}")
                # The bar shows time against the usual time; nobody knows the true progress.
                progress.update(bar, completed=min(waited, TYPICAL_SECONDS), description=task.status)
                await asyncio.sleep(self.settings.poll_interval)
                try:
                    task = await self.veo.retrieve(task.id)
                except VeoError as error:
                    self.say(f"No answer ({error}). Trying again.")
            progress.update(bar, completed=TYPICAL_SECONDS, description=task.status)
        return task


async def _serve(settings: ProviderSettings, output: Path, begin: Callable[[_Desk], Awaitable[Task]]) -> None:
    try:
        place = await asyncio.to_thread(take_place, output)
    except OSError as error:
        raise GenerateError(f"I can't write {output}: {error.strerror}. Nothing was requested.") from error
    try:
        async with _open(settings) as desk:
            await _serve_at(desk, place, begin)
    finally:
        leave_place(place)


async def _serve_at(desk: _Desk, place: Path, begin: Callable[[_Desk], Awaitable[Task]]) -> None:
    try:
        with stopped_by_signals():
            await desk.finish(await begin(desk), place)
    except asyncio.CancelledError:
        desk.say(_may_come(desk.name) if desk.name else "Nothing was requested.")
        raise


@asynccontextmanager
async def _open(settings: ProviderSettings) -> AsyncGenerator[_Desk]:
    async with aiohttp.ClientSession() as session, open_public_session() as public:
        veo = VeoClient(
            session,
            settings.aimlapi_base_url,
            settings.aimlapi_key,
            legacy_urls=settings.aimlapi_legacy_urls,
        )
        downloads = Downloads(session, public, {origin_of(settings.aimlapi_base_url)})
        yield _Desk(veo, downloads, settings, open_console())


def _may_come(name: str) -> str:
    return f"The provider may still finish and charge the video. {_later(name)}"


def _later(name: str) -> str:
    return f"Fetch it later: veo-bot generate --resume {name}"


def _if_it_comes(name: str) -> str:
    return f"To ask once more: veo-bot generate --resume {name}"


def _sentence(said: str | VeoError) -> str:
    return text if (text := str(said)).endswith((".", "!", "?")) else f"{text}."


def _read_image(file: Path, side: int) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_SIZE + 1)  # one byte more is too large, however much follows
        return data_uri_of(clean_image(content, side))
    except OSError as error:
        raise GenerateError(f"I can't read {file}: {error.strerror}.") from error
    except ImageError as error:
        raise GenerateError(f"{file}: {error.kind.sentence} {error.kind.advice}") from error


async def _save(downloads: Downloads, task: Task, place: Path) -> Clip:
    with tempfile.TemporaryDirectory() as folder:
        try:
            clip = await VideoStore(downloads, Path(folder)).fetch("video", task.video_url or "")
            await asyncio.to_thread(shutil.move, clip.path, place)
        except MediaError as error:
            raise GenerateError(
                f"The video is ready, but I can't download it: {error} It is at {task.video_url}. "
                f"{_later(task.id)}"
            ) from error
        except OSError as error:
            raise GenerateError(
                f"I can't write {place}: {error.strerror}. The video is at {task.video_url}. "
                f"{_later(task.id)}"
            ) from error
    return clip
