"""The last frames of shots: of the file that lies here, or that the provider still has."""

import asyncio

from bot.db.database import Database
from bot.db.models import Generation
from bot.films.rows import is_there, note_frameless
from bot.media.downloads import FileGoneError
from bot.media.files import VideoStore
from bot.media.last_frames import LastFrames, NoFrameError, VideoPlaces


class ShotFrames:
    """Finds what the next shot begins with (`bot.media.image_store.FindFrame`)."""

    def __init__(self, database: Database, videos: VideoStore, frames: LastFrames) -> None:
        self._database = database
        self._videos = videos
        self._frames = frames

    async def find(self, generation_id: str, min_side: int) -> bytes:
        """Return the last frame of a video, with so many pixels on its shorter side at least.

        Raises:
            FileGoneError: the video was taken down, or is nowhere any more.
            NoFrameError: it can't be read. No shot of the film is begun with it after either of these.
            MediaError: it can't be had now.
        """
        shot = await self._database.read(lambda session: session.get(Generation, generation_id))
        if shot is None or not is_there(shot):
            raise FileGoneError("The shot before is gone.")
        path = self._videos.path(generation_id)
        is_here = await asyncio.to_thread(path.exists)
        kept = path if is_here else self._videos.find_original(generation_id)
        try:
            return await self._frames.find(VideoPlaces(kept=kept, address=shot.video_url), min_side)
        except (FileGoneError, NoFrameError):
            await self._database.write(lambda session: note_frameless(session, shot))
            raise
