"""The images on disk: fetched whole or not at all, readable by nobody else, gone when not needed."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.failures import FailureKind
from bot.media.downloads import (
    FETCH_ATTEMPTS,
    Downloads,
    DownloadTooLargeError,
    FileGoneError,
    MediaError,
    open_public_session,
)
from bot.media.image_store import ImageStore
from bot.media.images import MAX_SIZE, ImageError, data_uri_of
from sandbox.cdn import ServedCdn, serve_cdn
from tests.bot.drawn import BLUE, HTML, draw
from tests.bot.engine import downloads_of
from tests.bot.troubles import make_useless

NAME = "0123456789abcdef"
FIRST, LAST = draw(), draw("JPEG", colour=BLUE)


@pytest.fixture
async def cdn() -> AsyncIterator[ServedCdn]:
    """Discord's files at a real address."""
    async with serve_cdn() as cdn:
        yield cdn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The store's folder."""
    return tmp_path / "data" / "pictures"


@pytest.fixture
def store(session: aiohttp.ClientSession, folder: Path) -> ImageStore:
    """A store on an empty folder."""
    return ImageStore(downloads_of(session), folder)


def put(cdn: ServedCdn, *contents: bytes) -> list[str]:
    """Upload files and return their links."""
    return [
        cdn.store_attachment(number, 1, "cat.png", content, None)["url"]
        for number, content in enumerate(contents)
    ]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_folder_in_which_nothing_can_be_deleted_either_is_told_as_one_without_room(
    store: ImageStore, cdn: ServedCdn, folder: Path
) -> None:
    urls = put(cdn, FIRST)
    make_useless(folder)
    with pytest.raises(MediaError, match="no room"):
        await store.ensure(NAME, urls)


async def test_an_image_that_cannot_be_deleted_does_not_hide_that_its_video_is_gone(
    session: aiohttp.ClientSession, folder: Path
) -> None:
    async def find_gone(video: str, part: Path | None) -> None:
        raise FileGoneError(f"{video} was taken down to {part}.")

    store = ImageStore(downloads_of(session), folder, find_video=find_gone)
    (folder / f"{NAME}-0").mkdir()  # no deletion of a file takes a folder
    with pytest.raises(ImageError) as caught:
        await store.load(NAME, ["https://cdn.discordapp.com/cat.png"], goes_on_from="another")
    assert caught.value.kind is FailureKind.VIDEO_GONE


def modes(folder: Path) -> list[int]:
    """Return who may do what with the folder and the files in it."""
    return [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())]


def remove(folder: Path) -> None:
    folder.rmdir()


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


def overwrite(folder: Path, content: bytes) -> None:
    for path in folder.iterdir():
        path.write_bytes(content)


def damage(folder: Path) -> None:
    """Leave zeros in the place of each file, as a power failure may."""
    overwrite(folder, b"\0" * 100)


async def test_images_are_loaded_in_the_order_of_their_links(store: ImageStore, cdn: ServedCdn) -> None:
    loaded = await store.load(NAME, put(cdn, FIRST, LAST))
    assert loaded == (data_uri_of(FIRST), data_uri_of(LAST))


async def test_no_metadata_is_kept_or_loaded(store: ImageStore, cdn: ServedCdn, folder: Path) -> None:
    urls = put(cdn, draw(exif=b"Exif\0\0MM\0*GPS"))
    assert await store.load(NAME, urls) == (data_uri_of(FIRST),)
    assert contents(folder) == [FIRST]
    overwrite(folder, draw(exif=b"Exif\0\0MM\0*GPS"))  # as earlier versions kept it
    assert await store.load(NAME, urls) == (data_uri_of(FIRST),)
    assert modes(folder) == [0o700, 0o600]


async def test_without_links_there_is_nothing_to_load(store: ImageStore, folder: Path) -> None:
    assert await store.load(NAME, ()) == ()
    assert files(folder) == []


async def test_an_image_is_fetched_once(store: ImageStore, cdn: ServedCdn) -> None:
    urls = put(cdn, FIRST, LAST)
    await store.ensure(NAME, urls)
    cdn.refusal = 404
    await store.ensure(NAME, urls)
    assert (await store.load(NAME, urls))[1] == data_uri_of(LAST)
    assert len(cdn.asked) == 2


async def test_nobody_else_can_read_them(store: ImageStore, cdn: ServedCdn, folder: Path) -> None:
    await store.ensure(NAME, put(cdn, FIRST))
    assert modes(folder) == [0o700, 0o600]


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_link_that_leads_nowhere_is_given_up(
    store: ImageStore, cdn: ServedCdn, folder: Path, status: int
) -> None:
    cdn.refusal = status
    with pytest.raises(ImageError) as failure:
        await store.ensure(NAME, put(cdn, FIRST))
    assert failure.value.kind is FailureKind.IMAGE_GONE
    assert (len(cdn.asked), files(folder)) == (1, [])


async def test_a_fetch_that_may_work_later_is_tried_several_times(
    store: ImageStore, cdn: ServedCdn, folder: Path
) -> None:
    cdn.refusal = 503
    urls = put(cdn, FIRST)
    with pytest.raises(MediaError):
        await store.ensure(NAME, urls)
    assert (len(cdn.asked), files(folder)) == (FETCH_ATTEMPTS, [])
    cdn.refusal = None
    await store.ensure(NAME, urls)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (HTML, FailureKind.IMAGE_BAD),
        (b"", FailureKind.IMAGE_BAD),
        (FIRST[: len(FIRST) // 2], FailureKind.IMAGE_BAD),
        (FIRST + b"\0" * MAX_SIZE, FailureKind.IMAGE_SIZE),
        (draw(size=(10, 10)), FailureKind.IMAGE_SIZE),
    ],
    ids=["html", "empty", "half", "too many bytes", "too few pixels"],
)
async def test_what_cannot_be_used_is_not_kept(
    store: ImageStore, cdn: ServedCdn, folder: Path, content: bytes, kind: FailureKind
) -> None:
    with pytest.raises(ImageError) as failure:
        await store.ensure(NAME, put(cdn, content))
    assert failure.value.kind is kind
    assert files(folder) == []


async def test_a_download_ends_where_it_becomes_too_large(
    session: aiohttp.ClientSession, cdn: ServedCdn, tmp_path: Path
) -> None:
    (url,) = put(cdn, b"\0" * 3 * 2**20)
    with pytest.raises(DownloadTooLargeError, match="larger than 1 MiB"):
        await downloads_of(session).fetch(url, tmp_path / "file", 2**20)
    assert not (tmp_path / "file").exists(), "its size was announced, and it was fetched all the same"


async def test_a_file_that_was_damaged_on_disk_is_fetched_anew(
    store: ImageStore, cdn: ServedCdn, folder: Path
) -> None:
    urls = put(cdn, FIRST)
    await store.ensure(NAME, urls)
    damage(folder)
    assert await store.load(NAME, urls) == (data_uri_of(FIRST),)


async def test_a_damaged_file_that_cannot_be_deleted_is_not_the_members_fault(
    store: ImageStore, cdn: ServedCdn, folder: Path
) -> None:
    """A disk with damage is often mounted read-only for that."""
    urls = put(cdn, FIRST)
    await store.ensure(NAME, urls)
    damage(folder)
    (folder / f"{NAME}-1").mkdir()  # which can't be deleted as a file, not even by root
    with pytest.raises(MediaError, match="no room"):
        await store.load(NAME, urls)


async def test_a_full_disk_is_not_the_members_fault(store: ImageStore, cdn: ServedCdn, folder: Path) -> None:
    remove(folder)
    with pytest.raises(MediaError, match="no room"):
        await store.ensure(NAME, put(cdn, FIRST))


async def test_two_processes_may_fetch_the_same_image(
    session: aiohttp.ClientSession, cdn: ServedCdn, folder: Path
) -> None:
    urls = put(cdn, FIRST)
    stores = [ImageStore(downloads_of(session), folder) for _ in range(5)]
    loaded = await asyncio.gather(*(store.load(NAME, urls) for store in stores))
    assert set(loaded) == {(data_uri_of(FIRST),)}
    assert len(files(folder)) == 1


async def test_the_images_of_one_request_can_be_thrown_away(
    store: ImageStore, cdn: ServedCdn, folder: Path
) -> None:
    await store.ensure(NAME, put(cdn, FIRST, LAST))
    await store.ensure("fedcba9876543210", put(cdn, FIRST))
    store.discard(NAME)
    store.discard(NAME)
    assert files(folder) == ["fedcba9876543210-0"]


async def test_what_no_request_needs_any_more_is_thrown_away(
    store: ImageStore, cdn: ServedCdn, folder: Path
) -> None:
    await store.ensure(NAME, put(cdn, FIRST, LAST))
    await store.ensure("fedcba9876543210", put(cdn, FIRST))
    store.discard("fedcba9876543210")
    assert files(folder) == [f"{NAME}-0", f"{NAME}-1"]


async def test_half_a_download_of_a_killed_process_is_cleaned_up(
    session: aiohttp.ClientSession, store: ImageStore, folder: Path
) -> None:
    assert store is not None
    old, young = folder / f"{NAME}-0-aa.part", folder / f"{NAME}-0-bb.part"
    for part in (old, young):
        part.write_bytes(b"half")
    yesterday = time.time() - 86_400
    os.utime(old, (yesterday, yesterday))
    ImageStore(downloads_of(session), folder)
    assert files(folder) == [young.name], "the young one may be another living process's"


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/attachments/1/2/cat.png",
        "https://cdn.discordapp.com.example.com/cat.png",
        "https://cdn.discordapp.com@example.com/cat.png",
        "http://cdn.discordapp.com/cat.png",
        "https://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "",
    ],
)
async def test_an_image_that_does_not_lie_at_discord_is_not_asked_for(
    session: aiohttp.ClientSession, folder: Path, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_public_session() as public:
        store = ImageStore(Downloads(session, public), folder)
        monkeypatch.setattr(public, "get", None)  # whoever asks fails
        with pytest.raises(ImageError) as failure:
            await store.ensure(NAME, [link])
    assert failure.value.kind is FailureKind.IMAGE_GONE
    assert files(folder) == []


async def test_a_private_address_is_asked_for_an_image_only_where_a_setting_names_it(
    session: aiohttp.ClientSession, cdn: ServedCdn, folder: Path
) -> None:
    urls = put(cdn, FIRST)
    async with open_public_session() as public:
        with pytest.raises(ImageError):
            await ImageStore(Downloads(session, public), folder).ensure(NAME, urls)
        assert cdn.asked == []
        await ImageStore(Downloads(session, public, {cdn.base}), folder).ensure(NAME, urls)
    assert len(cdn.asked) == 1
