"""The last frames of shots: of the file that lies here, or that the provider still has."""

import asyncio

from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import Generation, is_there
from bot.jobs.ports import DeliveryPostponedError, FindAttachment
from bot.media.downloads import FileGoneError, MediaError
from bot.media.files import VideoStore
from bot.media.last_frames import LastFrames, VideoSources


class ShotFrames:
    """Finds what the next shot begins with (`bot.media.image_store.FindFrame`).

    Attributes:
        find_attachment: says where the video is on Discord; None as long as the program has no way there.
    """

    def __init__(self, database: Database, videos: VideoStore, frames: LastFrames) -> None:
        self._database = database
        self._videos = videos
        self._frames = frames
        self.find_attachment: FindAttachment | None = None

    async def find(self, generation_id: str, min_side: int) -> bytes:
        """Return the last frame of a video, with so many pixels on its shorter side at least.

        Raises:
            FileGoneError: the video was taken down, or is nowhere any more.
            NoFrameError: it can't be read.
            MediaError: it can't be had now.
        """
        shot = await self._database.read(lambda session: session.get(Generation, generation_id))
        if shot is None or not is_there(shot):
            raise FileGoneError("The shot before is gone.")
        path = self._videos.path(generation_id)
        is_here = await asyncio.to_thread(path.exists)
        kept = path if is_here else self._videos.find_original(generation_id)
        return await self._find(shot, VideoSources(kept=kept, address=shot.video_url), min_side)

    async def give_up(self, film_id: str, generation_id: str) -> None:
        """Begin no shot of a film with a video's last frame, which can't be had or couldn't for too long."""
        await self._database.write(lambda session: record_frameless(session, film_id, generation_id))

    async def _find(self, shot: Generation, sources: VideoSources, min_side: int) -> bytes:
        """Take it from what was made or, where a shot is redone much later, from what was posted."""
        try:
            return await self._frames.find(sources, min_side)
        except FileGoneError:
            if self.find_attachment is None:
                raise
        try:
            address = await self.find_attachment(shot)
        except DeliveryPostponedError as error:
            raise MediaError("Discord can't be asked for the video now.") from error
        return await self._frames.find(VideoSources(attachment=address), min_side)


def record_frameless(session: Session, film_id: str, take_id: str) -> None:
    """Note that a shot of a film couldn't be begun with a take's last frame, so that no other one is."""
    row = session.get(FilmRow, film_id, with_for_update=True)
    if row is not None and take_id not in (row.frameless_shots or ()):
        row.frameless_shots = [*(row.frameless_shots or ()), take_id]
