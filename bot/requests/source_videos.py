"""The videos that others go on from, found again by their rows: their last frames, or the whole of them."""

import asyncio
from pathlib import Path

from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import Generation, is_there
from bot.jobs.ports import DeliveryPostponedError, FindAttachment
from bot.media.downloads import FileGoneError, MediaError
from bot.media.files import VideoStore
from bot.media.last_frames import LastFrames, VideoSources
from bot.media.whole_videos import WholeVideos


class SourceVideos:
    """Finds them (`FindFrame` and `FindVideo` of `bot.media.image_store`).

    Attributes:
        find_attachment: says where a video is on Discord; None as long as the program has no way there.
    """

    def __init__(
        self, database: Database, videos: VideoStore, frames: LastFrames, whole: WholeVideos
    ) -> None:
        self._database = database
        self._videos = videos
        self._frames = frames
        self._whole = whole
        self.find_attachment: FindAttachment | None = None

    async def find_frame(self, generation_id: str, min_side: int) -> bytes:
        """Return the last frame of a video, with so many pixels on its shorter side at least.

        It's of what was made or, where a shot is redone much later, of what was posted.

        Raises:
            FileGoneError: the video was taken down, or is nowhere any more.
            NoFrameError: it can't be read.
            MediaError: it can't be had now.
        """
        shot = await self._fetch(generation_id)
        path = self._videos.path(generation_id)
        is_here = await asyncio.to_thread(path.exists)
        kept = path if is_here else self._videos.find_original(generation_id)
        try:
            return await self._frames.find(VideoSources(kept=kept, address=shot.video_url), min_side)
        except FileGoneError:
            if self.find_attachment is None:
                raise
        return await self._frames.find(VideoSources(attachment=await self._attachment(shot)), min_side)

    async def find_video(self, generation_id: str, path: Path | None) -> None:
        """Write a video to `path`; None: only look whether it was taken down.

        Raises:
            FileGoneError: it was taken down, or is nowhere any more.
            MediaError: it can't be had now.
        """
        source = await self._fetch(generation_id)
        if path is not None:
            kept = self._videos.find_original(generation_id)
            sources = VideoSources(await self._attachment(source), kept, source.video_url)
            await self._whole.fetch(sources, path)

    async def give_up_frame(self, film_id: str, generation_id: str) -> None:
        """Begin no shot of a film with a video's last frame, which can't be had or couldn't for too long."""
        await self._database.write(lambda session: record_frameless(session, film_id, generation_id))

    async def _fetch(self, generation_id: str) -> Generation:
        source = await self._database.read(lambda session: session.get(Generation, generation_id))
        if source is None or not is_there(source):
            raise FileGoneError("The video before is gone.")
        return source

    async def _attachment(self, source: Generation) -> str | None:
        try:
            return await self.find_attachment(source) if self.find_attachment is not None else None
        except DeliveryPostponedError as error:
            raise MediaError("Discord can't be asked for the video now.") from error


def record_frameless(session: Session, film_id: str, take_id: str) -> None:
    """Note that a shot of a film couldn't be begun with a take's last frame, so that no other one is."""
    row = session.get(FilmRow, film_id, with_for_update=True)
    if row is not None and take_id not in (row.frameless_shots or ()):
        row.frameless_shots = [*(row.frameless_shots or ()), take_id]
