"""The videos that others go on from as a whole, found again by their rows."""

from pathlib import Path

from bot.db.database import Database
from bot.db.models import Generation, is_there
from bot.jobs.ports import DeliveryPostponedError, FindAttachment
from bot.media.downloads import FileGoneError, MediaError
from bot.media.files import VideoStore
from bot.media.last_frames import VideoSources
from bot.media.whole_videos import WholeVideos


class SourceVideos:
    """Finds them (`bot.media.image_store.FindVideo`).

    Attributes:
        find_attachment: says where a video is on Discord; None as long as the program has no way there.
    """

    def __init__(self, database: Database, videos: VideoStore, whole: WholeVideos) -> None:
        self._database = database
        self._videos = videos
        self._whole = whole
        self.find_attachment: FindAttachment | None = None

    async def find(self, generation_id: str, path: Path | None) -> None:
        """Write a video to `path`; None: only look whether it was taken down.

        Raises:
            FileGoneError: it was taken down, or is nowhere any more.
            MediaError: it can't be had now.
        """
        source = await self._database.read(lambda session: session.get(Generation, generation_id))
        if source is None or not is_there(source):
            raise FileGoneError("The video before is gone.")
        if path is None:
            return
        try:
            attachment = self.find_attachment and await self.find_attachment(source)
        except DeliveryPostponedError as error:
            raise MediaError("Discord can't be asked for the video now.") from error
        kept = self._videos.find_original(generation_id)
        await self._whole.fetch(VideoSources(attachment, kept, source.video_url), path)
