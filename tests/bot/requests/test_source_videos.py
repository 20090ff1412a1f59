"""The last frame of a shot is taken from what was made, or much later from what was posted."""

from pathlib import Path
from typing import cast

import pytest

from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.films.service import Films
from bot.jobs.ports import DeliveryPostponedError
from bot.media.downloads import Downloads, FileGoneError, MediaError
from bot.media.files import VideoStore
from bot.media.last_frames import LastFrames
from bot.media.whole_videos import VideoSources, WholeVideos
from bot.requests.source_videos import SourceVideos
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import accept, desk, end, films

__all__ = ["desk", "films"]


class Frames:
    """Has the frame of what was posted alone."""

    async def find(self, places: VideoSources, _: int) -> bytes:
        if places.attachment is None:
            raise FileGoneError("404")
        return places.attachment.encode()


@pytest.mark.parametrize("answer", ["posted", None, DeliveryPostponedError("503")])
async def test_a_frame_is_taken_from_the_message_where_nothing_else_is_left(
    films: Films,
    database: Database,
    clock: StoppedClock,
    tmp_path: Path,
    answer: str | DeliveryPostponedError | None,
) -> None:
    film = await accept(films, 2)
    await end(database, clock, film.shots[0], Status.SUCCEEDED, video_url="dead")

    async def find_attachment(_: Generation) -> str | None:
        if isinstance(answer, DeliveryPostponedError):
            raise answer
        return answer

    videos = VideoStore(cast("Downloads", None), tmp_path)
    frames = SourceVideos(database, videos, cast("LastFrames", Frames()), cast("WholeVideos", None))
    frames.find_attachment = find_attachment
    if answer == "posted":
        assert await frames.find_frame(film.shots[0].id, 0) == b"posted"
    else:
        with pytest.raises(FileGoneError if answer is None else MediaError):
            await frames.find_frame(film.shots[0].id, 0)
