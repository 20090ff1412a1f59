"""Whole videos are looked for in the message, here and at the provider, until one is large enough."""

from pathlib import Path
from typing import cast

import pytest

from bot.media.downloads import Downloads, FileGoneError, MediaError
from bot.media.files import Clip
from bot.media.last_frames import VideoSources
from bot.media.whole_videos import MAX_SIZE, VideoTooLargeError, WholeVideos

SOURCES = VideoSources("posted", None, "made")


class Places:
    """Stands in for both downloads: has a file at each address, or a trouble."""

    def __init__(self) -> None:
        self.sides: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        self.asked: list[str] = []
        self.is_away = False

    async def fetch(self, url: str, path: Path, *_: object) -> None:
        self.asked.append(url)
        if self.is_away:
            raise MediaError("503")
        if url not in self.sides:
            raise FileGoneError("404")
        path.write_bytes(url.encode())  # noqa: ASYNC240 a few bytes

    async def probe(self, path: Path) -> Clip:
        url = path.read_bytes().decode()  # noqa: ASYNC240 a few bytes
        return Clip(path, self.sizes.get(url, 9), 4, 16, self.sides[url])


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Places:
    places = Places()
    monkeypatch.setattr("bot.media.whole_videos.probe", places.probe)
    return places


async def fetched(places: Places, folder: Path) -> str:
    downloads = cast("Downloads", places)
    target = folder / "video"
    videos = WholeVideos(folder, from_discord=downloads, from_provider=downloads)
    await videos.fetch(SOURCES, target)
    assert [path.name for path in folder.iterdir()] == ["video"], "work was left behind"  # noqa: ASYNC240
    return target.read_text()


async def test_the_message_comes_first_and_what_is_small_there_is_looked_for_elsewhere(
    places: Places, tmp_path: Path
) -> None:
    places.sides = {"posted": 16, "made": 16}
    assert await fetched(places, tmp_path) == "posted"
    assert places.asked == ["posted", "made"], "16 pixels were enough"


async def test_a_video_that_is_too_large_in_one_place_is_taken_from_another(
    places: Places, tmp_path: Path
) -> None:
    places.sides = {"posted": 16, "made": 8}
    places.sizes = {"posted": MAX_SIZE + 1}
    assert await fetched(places, tmp_path) == "made"
    places.sizes["made"] = MAX_SIZE + 1
    with pytest.raises(VideoTooLargeError):
        await fetched(places, tmp_path)


async def test_gone_means_gone_everywhere(places: Places, tmp_path: Path) -> None:
    with pytest.raises(FileGoneError):
        await fetched(places, tmp_path)
    places.is_away = True
    with pytest.raises(MediaError, match="503"):
        await fetched(places, tmp_path)
