"""`veo-bot film`: shots are requested once each, fetched and joined. A later run takes up what one leaves."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from errno import EEXIST
from pathlib import Path

from rich.progress import Progress

from bot.cli.desk import Desk, open_desk
from bot.cli.desk_errors import GenerateError, NotAcceptedError, UnmadeError
from bot.cli.film_shots import ShotFolder, ShotRecord, cost_line
from bot.cli.film_survey import AGAIN, Film
from bot.cli.patient_console import progress_on, stopped_by_signals
from bot.clock import utc_now
from bot.db.backup import sync_to_disk
from bot.db.film_models import Transition
from bot.media.downloads import DownloadTooLargeError, FileGoneError, MediaError
from bot.media.files import Clip, NoVideoError, VideoStore, probe
from bot.media.images import data_uri_of
from bot.media.joining import Joiner, JoiningRefusedError, JoiningStoppedError, JoiningTimeoutError
from bot.media.last_frames import LastFrames, NoFrameError, VideoSources
from bot.provider.catalogue import VideoRequest
from bot.provider.errors import UnknownTaskError
from bot.provider.models import Task
from bot.provider_settings import ProviderSettings

PATIENCE = timedelta(minutes=15)  # after which what the provider doesn't know or have hardly comes yet
LASTING = (UnknownTaskError, FileGoneError, NoVideoError, DownloadTooLargeError)  # if nothing else comes


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
        progress = progress_on(desk.console)
        making = _Making(film, film.folder, desk, store, frames, progress)
        try:
            with stopped_by_signals(), progress:
                await making.make()
        except asyncio.CancelledError:
            desk.say(making.state)
            raise


@dataclass(slots=True)
class _Making:
    film: Film
    folder: ShotFolder
    desk: Desk
    store: VideoStore
    frames: LastFrames
    progress: Progress
    is_joining: bool = False

    @property
    def state(self) -> str:
        """Say what may still come of a film that isn't made any more."""
        if self.is_joining:
            return f"All shots are there. To go on, {AGAIN}"
        if self.folder.has_any():
            return f"The provider may still finish and charge what was requested. To go on, {AGAIN}"
        return "Nothing was requested."

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
            self.folder.update(number, is_failed=True, cost=cost)
        return None

    async def _made(self, desk: Desk, number: int, before: Clip | None) -> Clip:
        record = self.folder.read(number)
        if record is not None:
            desk.request = record.request_id, record.sent_at
        if record is None or record.is_failed or self.film.is_outdated(number, record):
            task = await self._requested(desk, number, record, before)
        elif clip := await self._kept(desk, number, record):
            return clip
        else:
            task = await self._task_again(desk, number, record)
        desk.name, reported = task.id, task.credits_used
        self.folder.update(number, task_id=task.id)
        desk.say(f"Generation ID: {task.id}")
        task = await desk.wait(task, self.progress)
        clip = await self._fetched(desk, number, task)
        desk.tell_saved(clip, clip.path)
        self.folder.update(number, cost=await desk.tell_cost(task.id, task.credits_used or reported))
        return clip

    async def _requested(
        self, desk: Desk, number: int, record: ShotRecord | None, before: Clip | None
    ) -> Task:
        """Request a shot; `record`: of an earlier try."""
        video = await self._video(number, before)
        lost = await self._lost(desk, record) if record else 0
        self.store.discard(str(number))
        wish, earlier = self.film.shots[number - 1].wish, self.film.before(number)
        name, sent_at = desk.begin()
        begun = ShotRecord(wish=wish, before=earlier, request_id=name, sent_at=sent_at, lost=lost)
        self.folder.write(number, begun)
        return await desk.send(video)

    async def _kept(self, desk: Desk, number: int, record: ShotRecord) -> Clip | None:
        """Return the file that an earlier run has fetched; None: it's missing or damaged."""
        path = self.store.path(str(number))
        if not path.exists():
            return None
        try:
            clip = await probe(path)
        except NoVideoError:  # damaged, as by a power failure
            return None
        except MediaError as error:
            raise GenerateError(f"I can't read {path}: {error} To try once more, {AGAIN}") from error
        if record.cost is None and record.task_id:  # it was stopped before that was known
            self.folder.update(number, cost=await desk.find_cost(record.task_id))
        return clip

    async def _fetched(self, desk: Desk, number: int, task: Task) -> Clip:
        """Return the file of a finished shot."""
        try:
            return await desk.fetch(task, self.store, str(number))
        except GenerateError as error:
            if not self._lasts(number, error):
                raise
            raise GenerateError(f"{error} {self._again(number)}") from error

    def _lasts(self, number: int, error: GenerateError) -> bool:
        """Whether hardly anything else comes of a shot's request, however long one waits."""
        record = self.folder.read(number)
        if record is None or utc_now() - record.sent_at < PATIENCE:
            return False
        return record.task_id is None or isinstance(error.__cause__, LASTING)

    def _again(self, number: int) -> str:
        path = self.folder.path(number)
        return f"To have shot {number} made again, delete {path}. You'll pay for it again."

    async def _task_again(self, desk: Desk, number: int, record: ShotRecord) -> Task:
        """Return the task of a shot that was requested by an earlier run."""
        try:
            if record.task_id:
                return await desk.find_task(record.task_id)
            return await desk.look_up(record.request_id, record.sent_at)
        except NotAcceptedError:
            raise
        except GenerateError as error:
            if not self._lasts(number, error):
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
            frame = await self.frames.find(VideoSources(kept=before.path), side)
        except MediaError as error:
            advice = f" {self._again(number - 1)}" if isinstance(error, NoFrameError) else ""
            raise GenerateError(f"I can't read the last frame of the shot before: {error}{advice}") from error
        return shot.video.with_images([data_uri_of(frame)])

    async def _join(self, clips: Sequence[Clip]) -> None:
        """Put the film in its place; only then are the shots deleted."""
        folder, output, self.is_joining = self.folder.folder, self.film.output, True
        self.desk.say("Joining the shots …")
        try:
            joined = await self._joined(clips, folder / "film.mp4")
            # Without waiting from here on, so that Ctrl-C comes before all of it or after.
            self.folder.record_joined(joined.path, self.film.transition)
            _move(joined.path, output)
        except (MediaError, OSError, RuntimeError) as error:
            reason = f"{error.strerror}." if isinstance(error, OSError) else error
            raise GenerateError(
                f"All shots are there, but I can't make {output} from them: {reason} They stay in {folder}."
                f"{self._way_on(error)}"
            ) from error
        self.desk.tell_saved(joined, output)
        self.desk.say(cost_line([record for record in self.film.records if record]))
        self.folder.clear()

    def _way_on(self, error: Exception) -> str:
        """Return what else there is to try where a crossfade was stopped, as by a system without memory."""
        if self.film.transition is Transition.CUT or not isinstance(error, JoiningStoppedError):
            return ""
        return f" To try once more, {AGAIN} With `--transition cut`, joining them needs less memory."

    async def _joined(self, clips: Sequence[Clip], file: Path) -> Clip:
        """Return the film, with cuts where the crossfades can't be made."""
        try:
            return await Joiner().join(clips, file, self.film.transition)
        except (JoiningTimeoutError, JoiningRefusedError) as error:
            if self.film.transition is Transition.CUT:
                raise
            self.desk.say(f"I can't make the crossfades: {error} The film gets cuts instead.")
            return await Joiner().join(clips, file)


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
