"""`veo-bot film`: shots are requested once each, fetched and joined. A later run takes up what one leaves."""

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from errno import EEXIST
from pathlib import Path

from rich.progress import Progress

from bot.cli.desk import (
    Desk,
    GenerateError,
    NotAcceptedError,
    UnmadeError,
    open_desk,
    price_line,
    sentence,
)
from bot.cli.film_plan import PlannedShot
from bot.cli.film_shots import ShotFolder, ShotRecord
from bot.cli.patient_console import progress_on, stopped_by_signals
from bot.clock import utc_now
from bot.db.backup import sync_to_disk
from bot.films.script import MAX_SHOTS
from bot.media.downloads import MediaError
from bot.media.files import Clip, VideoStore, probe
from bot.media.images import data_uri_of
from bot.media.joining import Joiner
from bot.media.last_frames import LastFrames, VideoPlaces
from bot.money import usd
from bot.provider.catalogue import VideoRequest
from bot.provider.errors import UnknownTaskError, VeoError
from bot.provider.models import Task, TaskState
from bot.provider_settings import ProviderSettings

AGAIN = "run the same command again."
PATIENCE = timedelta(minutes=15)  # after which the provider's log hardly still gets to know a request


@dataclass(frozen=True, slots=True)
class Film:
    """What is to be made, and where."""

    shots: Sequence[PlannedShot]
    output: Path

    @property
    def folder(self) -> ShotFolder:
        """Where its shots are until it's whole."""
        return ShotFolder(self.output.with_name(f"{self.output.name}.shots"))

    def wish(self, number: int) -> str:
        """Return what a shot is known by in its record."""
        before = self.folder.read(number - 1)
        return self.shots[number - 1].wish(before.request_id if before else "")


async def survey_in_terminal(settings: ProviderSettings, film: Film) -> bool:
    """Say what the film will cost; return whether anything is left to pay.

    Raises:
        GenerateError: it can't be made like this. Nothing was requested.
    """
    if film.output.exists():
        raise GenerateError(f"{film.output} is there already. Nothing was requested.")
    async with open_desk(settings, AGAIN) as desk:
        unpaid = [number for number in range(1, MAX_SHOTS + 1) if await _is_unpaid(desk, film, number)]
        if count := len(film.shots) - len(unpaid):
            desk.say(f"{count} of {len(film.shots)} shots were requested earlier.")
        if unpaid:
            prices = [await desk.price_of(film.shots[number - 1].video) for number in unpaid]
            known = [price for price in prices if price is not None]
            total = sum(known) if len(known) == len(prices) else None
            desk.say(price_line(total, f" for {len(unpaid)} shot{'s' if len(unpaid) > 1 else ''}"))
    return bool(unpaid)


async def _is_unpaid(desk: Desk, film: Film, number: int) -> bool:
    """Whether a shot is to be requested, for the first time or once more."""
    record = film.folder.read(number)
    if record is None:
        return number <= len(film.shots)
    if number <= len(film.shots):
        if record.is_failed and await _stays_failed(desk, record):
            return True
        if record.wish == film.wish(number):
            film.folder.note(number, is_failed=False)
            return False
    raise GenerateError(
        f"{film.folder.path(number)} is of a shot that this film doesn't have. Nothing was requested. Use "
        "another --output, or delete that file to give up the shot. It isn't refunded."
    )


async def _stays_failed(desk: Desk, record: ShotRecord) -> bool:
    """Ask once more about a shot of which there was no video: it may have come late."""
    if record.task_id is None:  # it wasn't accepted
        return True
    try:
        return (await desk.veo.retrieve(record.task_id)).state is TaskState.FAILED
    except UnknownTaskError:  # the provider forgets what is old
        return True
    except VeoError as error:
        raise GenerateError(
            f"I can't ask for {record.task_id}: {sentence(error)} Nothing was requested."
        ) from error


async def make_in_terminal(settings: ProviderSettings, film: Film) -> None:
    """Make the film, telling the person how it goes.

    Raises:
        GenerateError: it isn't whole; what there is stays.
    """
    folder = film.folder.folder
    async with open_desk(settings, AGAIN) as desk:
        try:
            store = await asyncio.to_thread(VideoStore, desk.downloads, folder)
        except OSError as error:
            raise GenerateError(
                f"I can't write {folder}: {error.strerror}. Nothing was requested."
            ) from error
        frames = LastFrames(folder, from_discord=desk.downloads, from_provider=desk.downloads)
        try:
            with stopped_by_signals(), progress_on(desk.console) as progress:
                await _Making(film, film.folder, desk, store, frames, progress).make()
        except asyncio.CancelledError:
            may_come = f"The provider may still finish and charge what was requested. To go on, {AGAIN}"
            desk.say(may_come if film.folder.has_any() else "Nothing was requested.")
            raise


@dataclass(frozen=True, slots=True)
class _Making:
    film: Film
    folder: ShotFolder
    desk: Desk
    store: VideoStore
    frames: LastFrames
    progress: Progress

    async def make(self) -> None:
        numbers = range(1, len(self.film.shots) + 1)
        clips: list[Clip | None] = [None] * len(numbers)
        if any(shot.awaits for shot in self.film.shots):
            for number in numbers:
                clips[number - 1] = await self._try(number, clips[number - 2])
                if clips[number - 1] is None:
                    break
        else:
            clips = list(await asyncio.gather(*(self._try(number, None) for number in numbers)))
        whole = [clip for clip in clips if clip is not None]
        if len(whole) < len(clips):
            missing = ", ".join(f"shot {n}" for n, clip in zip(numbers, clips, strict=True) if clip is None)
            raise GenerateError(
                f"The film isn't finished. Missing: {missing}. What there is stays in {self.folder.folder}. "
                f"To go on, {AGAIN} You can change the words of a shot that failed."
            )
        await self._join(whole)

    async def _try(self, number: int, before: Clip | None) -> Clip | None:
        """Return a shot's file; None: there is none now, and it was said why."""
        desk = replace(self.desk, label=f"Shot {number}: ")
        try:
            return await self._made_or_failed(desk, number, before)
        except GenerateError as error:
            desk.say(str(error))
        except OSError as error:
            desk.say(f"I can't use {error.filename or self.folder.folder}: {error.strerror}.")
        return None

    async def _made_or_failed(self, desk: Desk, number: int, before: Clip | None) -> Clip | None:
        """Return a shot's file, or note that there will be none."""
        try:
            return await self._made(desk, number, before)
        except NotAcceptedError as error:
            desk.say(str(error))
            self.folder.take_back(number)
        except UnmadeError as error:
            desk.say(str(error))
            cost = await desk.tell_cost(desk.name or "", None)
            self.folder.note(number, is_failed=True, cost=cost)
        return None

    async def _made(self, desk: Desk, number: int, before: Clip | None) -> Clip:
        name = str(number)
        record = self.folder.read(number)
        if record is not None and self.store.path(name).exists():
            with suppress(MediaError):  # damaged, as by a power failure
                return await probe(self.store.path(name))
        task = await self._task(desk, number, record, before)
        desk.name, told = task.id, task.credits_used
        self.folder.note(number, task_id=task.id)
        desk.say(f"Generation ID: {task.id}")
        task = await desk.wait(task, self.progress)
        clip = await desk.fetch(task, self.store, name)
        desk.tell_saved(clip, clip.path)
        self.folder.note(number, cost=await desk.tell_cost(task.id, task.credits_used or told))
        return clip

    async def _task(self, desk: Desk, number: int, record: ShotRecord | None, before: Clip | None) -> Task:
        """Return the task of a shot, requested now unless it was before."""
        if record is not None:
            desk.request = record.request_id, record.sent_at
            if not record.is_failed:
                return await self._task_again(desk, number, record)
        video = await self._video(number, before)
        lost = await self._lost(desk, record) if record else 0
        self.store.discard(str(number))
        self.folder.create(number, self.film.wish(number), desk.begin(), lost)
        return await desk.send(video)

    async def _task_again(self, desk: Desk, number: int, record: ShotRecord) -> Task:
        """Return the task of a shot that was requested by an earlier run."""
        try:
            if record.task_id:
                return await desk.find_task(record.task_id)
            return await desk.look_up(record.request_id, record.sent_at)
        except NotAcceptedError:
            raise
        except GenerateError as error:
            is_unknown = record.task_id is None or isinstance(error.__cause__, UnknownTaskError)
            if not is_unknown or utc_now() - record.sent_at < PATIENCE:
                raise
            path = self.folder.path(number)
            raise GenerateError(
                f"{error} To request it again instead, delete {path}. It may cost twice."
            ) from error

    async def _lost(self, desk: Desk, record: ShotRecord) -> float | None:
        """Return what a shot's failed tries cost, the last one of which may have been charged since."""
        if record.cost is None and record.task_id:
            record = record.model_copy(update={"cost": await desk.find_cost(record.task_id)})
        return record.spent

    async def _video(self, number: int, before: Clip | None) -> VideoRequest:
        shot = self.film.shots[number - 1]
        if before is None or not shot.awaits:
            return shot.video
        [side] = shot.video.model.sides(1)
        try:
            frame = await self.frames.find(VideoPlaces(kept=before.path), side)
        except MediaError as error:
            raise GenerateError(f"I can't read the last frame of the shot before: {error}") from error
        return shot.video.with_images([data_uri_of(frame)])

    async def _join(self, clips: Sequence[Clip]) -> None:
        """Put the film in its place; only then are the shots deleted."""
        folder, output = self.folder.folder, self.film.output
        self.desk.say("Joining the shots …")
        try:
            joined = await Joiner().join(clips, folder / "film.mp4")
            await asyncio.to_thread(_move, joined.path, output)
        except (MediaError, OSError, RuntimeError) as error:
            raise GenerateError(
                f"All shots are there, but I can't make {output} of them: {error} They stay in {folder}."
            ) from error
        self.desk.tell_saved(joined, output)
        self._tell_total(len(clips))
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _tell_total(self, count: int) -> None:
        """Say what all shots cost, if that is known."""
        records = [record for record in map(self.folder.read, range(1, count + 1)) if record]
        costs = [record.cost for record in records if record.cost is not None]
        if len(costs) == count:
            lost = [record.lost for record in records]
            doubt = ", and I don't know whether a failed try cost something" if None in lost else ""
            self.desk.say(f"Its shots cost ${usd(sum(costs) + sum(filter(None, lost))):,.2f}{doubt}.")


def _move(file: Path, output: Path) -> None:
    """Put a file in its place, on disk, since what it's made from is deleted then.

    Raises:
        OSError: it can't be written, or there is something else now.
    """
    if output.exists():
        raise FileExistsError(EEXIST, "It's there already", str(output))
    sync_to_disk(file)
    file.replace(output)
    sync_to_disk(output.parent)
