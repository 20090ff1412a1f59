"""The last frames of shots: of the file that lies here, or that the provider still has."""

import asyncio

from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.models import Generation
from bot.films.rows import record_frameless
from bot.films.takes import is_there
from bot.jobs.ports import DeliveryPostponedError, FindAttachment
from bot.media.downloads import FileGoneError, MediaError
from bot.media.files import VideoStore
from bot.media.last_frames import LastFrames, NoFrameError, VideoSources


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
            return await self._find(shot, VideoSources(kept=kept, address=shot.video_url), min_side)
        except (FileGoneError, NoFrameError):
            await self._database.write(lambda session: record_frameless(session, shot))
            raise

    async def give_up(self, generation_id: str) -> None:
        """Begin no shot of the film with a video's last frame, which couldn't be had for too long."""

        def note(session: Session) -> None:
            if (shot := session.get(Generation, generation_id)) is not None:
                record_frameless(session, shot)

        await self._database.write(note)

    async def _find(self, shot: Generation, places: VideoSources, min_side: int) -> bytes:
        """Take it from what was made or, where a shot is redone much later, from what was posted."""
        try:
            return await self._frames.find(places, min_side)
        except FileGoneError:
            if self.find_attachment is None:
                raise
        try:
            address = await self.find_attachment(shot)
        except DeliveryPostponedError as error:
            raise MediaError("Discord can't be asked for the video now.") from error
        return await self._frames.find(VideoSources(attachment=address), min_side)
