"""What lies in the folder of videos: what is kept, what goes, and files that cannot be written or read."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.db.models import Status
from bot.media import files
from bot.media.file_age import LEFTOVER_AGE
from bot.media.files import Clip, MediaError, NoVideoError, VideoStore, probe
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, downloads_of
from tests.bot.rows import MODEL, PROMPT, insert
from tests.bot.troubles import Logs, count_events, download_to_full_disk, make_useless

UNREAD = "could not run ffmpeg, so a video stays unchecked"

BreakFfmpeg = Callable[[], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the store keeps its files."""
    folder = tmp_path / "videos"
    folder.mkdir()
    return folder


@pytest.fixture
def store(session: aiohttp.ClientSession, folder: Path) -> VideoStore:
    """The store under test."""
    return VideoStore(downloads_of(session), folder)


@pytest.fixture
async def url(veo: VeoClient) -> str:
    """The address of a video that was made while ffmpeg could be run."""
    return await make_video(veo)


async def make_video(veo: VeoClient) -> str:
    task = await veo.create(build_request(MODEL, PROMPT, {"duration": 4}), "ours")

    async def is_completed() -> bool:
        return (await veo.retrieve(task.id)).video_url is not None

    await until("the video is made", is_completed)
    return (await veo.retrieve(task.id)).video_url or ""


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, text: str, *, age: float = 0) -> None:
    """Write a file that was last changed `age` seconds ago."""
    path.write_text(text)
    moment = time.time() - age
    os.utime(path, (moment, moment))


async def test_what_a_dead_process_left_half_done_is_cleaned_up(
    session: aiohttp.ClientSession, folder: Path
) -> None:
    for name in ("veo-old.part", "veo-old-0123abcd.part"):  # an earlier version's, and this one's
        write(folder / name, "half", age=LEFTOVER_AGE + 60)
    write(folder / "veo-young.part", "half", age=LEFTOVER_AGE - 60)
    write(folder / "veo-whole.mp4", "whole", age=LEFTOVER_AGE * 9)
    VideoStore(downloads_of(session), folder)
    assert names_in(folder) == ["veo-whole.mp4", "veo-young.part"], "a living process may be writing it"


def test_smaller_forms_go_with_their_video(store: VideoStore, folder: Path) -> None:
    for name in ("veo-a.mp4", "veo-a.fit-100.mp4", "veo-ab.mp4", "veo-ab.fit-100.mp4", "veo-ab.fit-50.mp4"):
        write(folder / name, "x")
    store.discard("a")
    assert names_in(folder) == ["veo-ab.fit-100.mp4", "veo-ab.fit-50.mp4", "veo-ab.mp4"]
    store.discard("ab")
    assert names_in(folder) == []


def test_an_original_outlives_its_delivery_where_a_smaller_form_was_posted(
    store: VideoStore, folder: Path
) -> None:
    for name in ("veo-plain.mp4", "veo-fitted.mp4", "veo-fitted.fit-100.mp4", "veo-fitted.fit-50.mp4"):
        write(folder / name, name)
    for generation_id in ("plain", "fitted", "unknown"):
        store.close(generation_id)
    assert names_in(folder) == ["originals"]
    assert store.list_originals() == {"fitted"}
    assert store.find_original("plain") is None
    original = store.find_original("fitted")
    assert original is not None
    assert original.read_text() == "veo-fitted.mp4"
    store.discard("fitted")
    assert store.find_original("fitted") == original, "only the retention ends its time"
    store.discard_original("fitted")
    store.discard_original("fitted")
    assert (store.find_original("fitted"), store.list_originals()) == (None, set())


def test_closing_can_be_done_again_by_the_next_process(store: VideoStore, folder: Path) -> None:
    write(folder / "veo-g1.mp4", "original")
    write(folder / "veo-g1.fit-100.mp4", "smaller")
    (folder / "originals").mkdir()
    (folder / "veo-g1.mp4").rename(folder / "originals" / "veo-g1.mp4")  # and there it was killed
    store.close("g1")
    assert names_in(folder) == ["originals"]
    assert store.find_original("g1") is not None


async def test_a_disk_without_room_is_told_and_leaves_nothing(
    store: VideoStore, folder: Path, url: str, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        download_to_full_disk(patch)
        with pytest.raises(MediaError, match="no room"):
            await store.fetch("g1", url)
    assert names_in(folder) == []
    assert count_events(logs, "could not write a video to disk") == 1
    assert (await store.fetch("g1", url)).width == 1280, "with room again it is fetched"


async def test_processes_that_download_the_same_video_do_not_disturb_each_other(
    session: aiohttp.ClientSession, folder: Path, provider: Provider, url: str
) -> None:
    """One that has lost its lease may still be at it, while another one has begun."""
    first, second = (VideoStore(downloads_of(session), folder) for _ in range(2))
    clips = await asyncio.gather(first.fetch("g1", url), second.fetch("g1", url))
    assert provider.count("cdn") == 2, "they didn't download at the same time"
    assert clips[0] == clips[1] == await probe(first.path("g1"))
    assert names_in(folder) == ["veo-g1.mp4"]


async def test_what_one_process_finished_is_not_spoiled_by_a_slower_one(
    session: aiohttp.ClientSession, folder: Path, provider: Provider, url: str
) -> None:
    first, second = (VideoStore(downloads_of(session), folder) for _ in range(2))
    provider.faults.add("cdn", Fault.status(200, body="html"))  # what the first one gets
    spoiled, clip = await asyncio.gather(
        first.fetch("g1", url), second.fetch("g1", url), return_exceptions=True
    )
    assert isinstance(spoiled, NoVideoError)
    assert clip == await probe(first.path("g1"))


async def test_a_video_that_another_process_deletes_just_then_is_fetched_again(
    store: VideoStore, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.fetch("g1", url)
    read = files.probe

    async def lose_and_probe(path: Path) -> Clip:
        if path == store.path("g1"):
            store.discard("g1")
        return await read(path)

    monkeypatch.setattr(files, "probe", lose_and_probe)
    assert (await store.fetch("g1", url)).width == 1280
    assert names_in(folder) == ["veo-g1.mp4"]


async def test_a_folder_in_which_nothing_can_be_deleted_either_is_told_as_one_without_room(
    store: VideoStore, folder: Path, url: str
) -> None:
    """A read-only disk refuses even to delete what isn't there."""
    make_useless(folder)
    with pytest.raises(MediaError, match="no room"):
        await store.fetch("g1", url)


class DamagedStore(VideoStore):
    """One whose file is damaged and lies where nothing can be changed, for root neither."""

    def path(self, generation_id: str) -> Path:  # noqa: ARG002 there is one
        """Return a file that is no video."""
        return Path("/proc/version")


async def test_a_damaged_video_that_cannot_be_deleted_is_told_as_a_disk_without_room(
    session: aiohttp.ClientSession, folder: Path, url: str
) -> None:
    """A disk with damage is often mounted read-only for that, and what was paid for waits for its repair."""
    with pytest.raises(MediaError, match="no room"):
        await DamagedStore(downloads_of(session), folder).fetch("g1", url)


def missing(tmp_path: Path) -> str:
    return str(tmp_path / "nothing")


def not_executable(tmp_path: Path) -> str:
    path = tmp_path / "letter"
    path.write_text("This is no program.")
    return str(path)


def killed(tmp_path: Path) -> str:
    """Return a program that dies as by a fault of its own."""
    path = tmp_path / "ffmpeg"
    path.write_text("#!/bin/sh\nkill -SEGV $$\n")
    path.chmod(0o700)
    return str(path)


BREAKAGES: tuple[Callable[[Path], str], ...] = (missing, not_executable, killed)


@pytest.fixture(params=BREAKAGES, ids=lambda make: make.__name__)
def break_ffmpeg(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BreakFfmpeg:
    """Return what makes ffmpeg unusable from then on."""
    return lambda: monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", request.param(tmp_path))


async def test_without_ffmpeg_a_video_goes_out_unread(
    store: VideoStore, url: str, break_ffmpeg: BreakFfmpeg, logs: Logs
) -> None:
    break_ffmpeg()
    clip = await store.fetch("g1", url)
    size = clip.path.stat().st_size
    assert clip == Clip(store.path("g1"), size)
    assert size > 1000
    assert count_events(logs, UNREAD) == 1, "the operator has to hear of it"


async def test_without_ffmpeg_rubbish_is_still_no_video(
    store: VideoStore, provider: Provider, folder: Path, url: str, break_ffmpeg: BreakFfmpeg
) -> None:
    break_ffmpeg()
    for body in ("html", "empty", "json"):
        provider.faults.add("cdn", Fault.status(200, body=body))
        with pytest.raises(MediaError, match="no video"):
            await store.fetch("g1", url)
        assert names_in(folder) == []


@pytest.mark.parametrize("content", [b"", b"ftyp", b"\0\0\0\x18ftyq", b"ftypisom\0\0"])
async def test_without_ffmpeg_the_signature_must_be_in_its_place(
    tmp_path: Path, content: bytes, break_ffmpeg: BreakFfmpeg
) -> None:
    break_ffmpeg()
    path = tmp_path / "v.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError, match="no video"):
        await probe(path)


async def test_without_ffmpeg_the_member_gets_the_video(
    engine: Engine, provider: Provider, break_ffmpeg: BreakFfmpeg
) -> None:
    await make_video(engine.veo)  # rendered once, kept for the next that asks for the same
    break_ffmpeg()
    row = await engine.delivered((await insert(engine.database)).id)
    ((_, clip),) = engine.delivery.videos
    assert (row.status, clip.width) == (Status.SUCCEEDED, 0)
    assert provider.count("cdn") == 1
