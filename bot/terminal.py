"""`veo-bot generate`: the provider's own full example in a terminal, with a progress bar."""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.media.files import Clip, MediaError, VideoStore
from bot.media.pictures import MAX_SIZE, PictureError, data_uri_of, ensure_picture
from bot.settings import ProviderSettings
from bot.veo.addresses import origin_of
from bot.veo.catalogue import VideoRequest
from bot.veo.client import VeoClient
from bot.veo.downloads import Downloads, open_public_session
from bot.veo.errors import UnavailableError, VeoError
from bot.veo.models import Task, TaskState

TYPICAL_SECONDS = 120  # the provider's documents: around 2 minutes for 8 seconds with audio


class GenerateError(Exception):
    """There is no video; `str()` says why and what is left to do."""


def read_pictures(*files: Path) -> tuple[str, ...]:
    """Return pictures as data URIs, checked as those that members offer.

    Raises:
        GenerateError: a file cannot be read, is no picture that can be used, or is too large.
    """
    return tuple(_read_picture(file) for file in files)


async def generate_in_terminal(settings: ProviderSettings, request: VideoRequest, output: Path) -> None:
    """Create, wait, and save the video to `output`, telling the person at the terminal how it goes.

    Raises:
        GenerateError: it failed.
    """
    console = Console()
    async with aiohttp.ClientSession() as session, open_public_session() as public:
        veo = VeoClient(
            session,
            settings.aimlapi_base_url,
            settings.aimlapi_key,
            legacy_urls=settings.aimlapi_legacy_urls,
        )
        try:
            task = await veo.create(request, uuid4().hex)
        except UnavailableError as error:
            raise GenerateError(f"{error} It may have been accepted: look before you try again.") from error
        except VeoError as error:
            raise GenerateError(f"The request was not accepted: {error}") from error
        console.print(f"Generation ID: {task.id}", markup=False, soft_wrap=True)
        task = await _wait(veo, task, settings, console)
        if task.state is TaskState.FAILED or task.video_url is None:
            raise GenerateError(f"No video: {task.failure_reason}")
        downloads = Downloads(session, public, {origin_of(settings.aimlapi_base_url)})
        clip = await _save(downloads, task.video_url, output)
    sound = "with sound" if clip.has_sound else "without sound"
    console.print(
        f"Saved {output} ({clip.size:,} bytes, {clip.seconds:.1f} s, {clip.width}x{clip.height}, {sound})",
        markup=False,
        soft_wrap=True,
    )


def _read_picture(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_SIZE + 1)  # one byte more is too large, however much follows
        ensure_picture(content)
    except OSError as error:
        raise GenerateError(f"{file} cannot be read: {error.strerror}.") from error
    except PictureError as error:
        raise GenerateError(f"{file}: {error.kind.sentence} {error.kind.advice}") from error
    return data_uri_of(content)


async def _wait(veo: VeoClient, task: Task, settings: ProviderSettings, console: Console) -> Task:
    started = time.monotonic()
    with _progress(console) as progress:
        bar = progress.add_task(task.status, total=TYPICAL_SECONDS)
        while task.state is TaskState.WORKING:
            waited = time.monotonic() - started
            if waited > settings.generation_deadline:
                raise GenerateError(f"Not ready after {waited:.0f} s. Its id is {task.id}.")
            # The bar shows time against the usual time; nobody knows the true progress.
            progress.update(bar, completed=min(waited, TYPICAL_SECONDS), description=task.status)
            await asyncio.sleep(settings.poll_interval)
            try:
                task = await veo.retrieve(task.id)
            except VeoError as error:
                progress.console.print(f"No answer ({error}); asking again.", markup=False)
        progress.update(bar, completed=TYPICAL_SECONDS, description=task.status)
    return task


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("(usually about 2 minutes)"),
        console=console,
    )


async def _save(downloads: Downloads, url: str, output: Path) -> Clip:
    with tempfile.TemporaryDirectory() as folder:
        try:
            clip = await VideoStore(downloads, Path(folder)).fetch("video", url)
            output.parent.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(shutil.move, clip.path, output)
        except MediaError as error:
            raise GenerateError(
                f"The video is made, but it cannot be saved: {error} It is at {url}"
            ) from error
        except OSError as error:
            raise GenerateError(
                f"{output} cannot be written: {error.strerror}. The video is at {url}"
            ) from error
    return clip
