"""Video files: fetched from the fake provider's CDN, looked into with the real ffmpeg, thrown away."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.media.downloads import FETCH_ATTEMPTS, FileGoneError, MediaError
from bot.media.files import VideoStore, probe
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import downloads_of
from tests.bot.rows import MODEL, PROMPT

MakeVideo = Callable[..., Awaitable[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the store keeps its files."""
    return tmp_path / "videos"


@pytest.fixture
def store(session: aiohttp.ClientSession, folder: Path) -> VideoStore:
    """The store under test."""
    return VideoStore(downloads_of(session), folder)


@pytest.fixture
def make_video(veo: VeoClient) -> MakeVideo:
    """Have a video made, and return its address."""

    async def make(**options: Any) -> str:
        task = await veo.create(build_request(MODEL, PROMPT, {"duration": 4, **options}), "ours")

        async def is_completed() -> bool:
            return (await veo.retrieve(task.id)).video_url is not None

        await until("the video is made", is_completed)
        return (await veo.retrieve(task.id)).video_url or ""

    return make


def mode_of(path: Path) -> int:
    return path.stat().st_mode


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("options", "width", "height"),
    [
        ({}, 1280, 720),
        ({"aspect_ratio": "9:16", "generate_audio": False}, 720, 1280),
        ({"duration": 6, "resolution": "1080P"}, 1920, 1080),
    ],
    ids=str,
)
async def test_a_video_is_fetched_and_looked_into(
    store: VideoStore, folder: Path, make_video: MakeVideo, options: dict[str, Any], width: int, height: int
) -> None:
    clip = await store.fetch("g1", await make_video(**options))
    assert clip.path == store.path("g1")
    assert names_in(folder) == [clip.path.name]
    assert clip.size == clip.path.stat().st_size > 1000
    assert clip.seconds == pytest.approx(options.get("duration", 4), abs=0.3)
    assert (clip.width, clip.height, clip.codec) == (width, height, "h264")
    assert clip.has_sound is options.get("generate_audio", True)


async def test_a_file_that_is_here_is_not_fetched_again(
    store: VideoStore, provider: Provider, make_video: MakeVideo
) -> None:
    url = await make_video()
    first = await store.fetch("g1", url)
    second = await store.fetch("g1", "https://nowhere.invalid/gone.mp4")
    assert first == second
    assert provider.count("cdn") == 1


async def test_a_file_that_is_here_and_could_not_be_read_in_time_stays(
    store: VideoStore, provider: Provider, make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await make_video()
    clip = await store.fetch("g1", url)
    monkeypatch.setattr("bot.media.streams.PROBE_TIMEOUT", 0)
    with pytest.raises(MediaError, match="not be read in time"):
        await store.fetch("g1", url)
    assert (clip.path.exists(), provider.count("cdn")) == (True, 1)


async def test_a_discarded_file_is_gone(store: VideoStore, folder: Path, make_video: MakeVideo) -> None:
    await store.fetch("g1", await make_video())
    store.discard("g1")
    store.discard("g1")
    assert names_in(folder) == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(500),
        Fault.status(503, body="html"),
        Fault.status(429, retry_after=0),
        Fault.truncated_download(),
        Fault.reset(),
    ],
    ids=str,
)
async def test_a_passing_trouble_is_outlasted(
    store: VideoStore, provider: Provider, make_video: MakeVideo, fault: Fault
) -> None:
    url = await make_video()
    provider.faults.add("cdn", fault, times=FETCH_ATTEMPTS - 1)
    clip = await store.fetch("g1", url)
    assert clip.width == 1280


async def test_a_slow_download_is_waited_for(
    store: VideoStore, provider: Provider, make_video: MakeVideo
) -> None:
    url = await make_video()
    provider.faults.add("cdn", Fault.slow_download(0.5))
    assert (await store.fetch("g1", url)).width == 1280
    assert provider.count("cdn") == 1


@pytest.mark.parametrize(
    "fault", [Fault.status(500), Fault.status(503), Fault.truncated_download(), Fault.reset()], ids=str
)
async def test_a_lasting_trouble_ends_after_some_tries_and_leaves_nothing(
    store: VideoStore, folder: Path, provider: Provider, make_video: MakeVideo, fault: Fault
) -> None:
    url = await make_video()
    provider.faults.add("cdn", fault, times=None)
    with pytest.raises(
        MediaError, match=r"^The download failed \(Client\w+\)\.$|^The download failed \(Server"
    ):
        await store.fetch("g1", url)
    assert provider.count("cdn") >= FETCH_ATTEMPTS
    assert names_in(folder) == []


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_file_that_is_gone_is_asked_for_once(
    store: VideoStore, folder: Path, provider: Provider, make_video: MakeVideo, status: int
) -> None:
    url = await make_video()
    provider.faults.add("cdn", Fault.status(status, body="html"), times=None)
    with pytest.raises(FileGoneError, match=f"answered {status}"):
        await store.fetch("g1", url)
    assert provider.count("cdn") == 1
    assert names_in(folder) == []


@pytest.mark.parametrize("status", [400, 401, 418])
async def test_another_refusal_is_no_reason_to_try_again(
    store: VideoStore, folder: Path, provider: Provider, make_video: MakeVideo, status: int
) -> None:
    url = await make_video()
    provider.faults.add("cdn", Fault.status(status), times=None)
    with pytest.raises(MediaError):
        await store.fetch("g1", url)
    assert provider.count("cdn") == 1
    assert names_in(folder) == []


@pytest.mark.parametrize(
    "url", ["", "video.mp4", "ftp://host/v.mp4", "file:///etc/hostname", "http://", "http://[x"]
)
async def test_an_address_that_is_none_is_no_video(store: VideoStore, folder: Path, url: str) -> None:
    with pytest.raises(MediaError):
        await store.fetch("g1", url)
    assert names_in(folder) == []


async def test_what_is_no_video_is_not_kept(
    store: VideoStore, folder: Path, provider: Provider, make_video: MakeVideo
) -> None:
    url = await make_video()
    provider.faults.add("cdn", Fault.status(200, body="html"))
    with pytest.raises(MediaError, match="no video"):
        await store.fetch("g1", url)
    assert names_in(folder) == []


async def test_an_empty_file_is_no_video(
    store: VideoStore, folder: Path, provider: Provider, make_video: MakeVideo
) -> None:
    url = await make_video()
    provider.faults.add("cdn", Fault.status(200, body="empty"))
    with pytest.raises(MediaError, match="no video"):
        await store.fetch("g1", url)
    assert names_in(folder) == []


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
async def test_a_cut_file_is_damaged(
    store: VideoStore, tmp_path: Path, make_video: MakeVideo, kept: float
) -> None:
    whole = (await store.fetch("g1", await make_video())).path.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(MediaError, match="damaged"):
        await probe(cut)


async def test_a_name_that_looks_like_an_option_is_only_a_name(
    store: VideoStore, tmp_path: Path, make_video: MakeVideo
) -> None:
    clip = await store.fetch("g1", await make_video())
    odd = tmp_path / "-y http: %d.mp4"
    odd.write_bytes(clip.path.read_bytes())
    assert (await probe(odd)).size == clip.size


async def test_the_folder_is_for_its_owner_only(store: VideoStore, folder: Path) -> None:
    assert store.path("g1").parent == folder
    assert mode_of(folder) & 0o077 == 0
