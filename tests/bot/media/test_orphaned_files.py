"""Files that no request needs go within the hour, however they came to lie there; no other does."""

import asyncio
import errno
import os
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import update

from bot.clock import utc_now
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import Status
from bot.films.service import Films
from bot.media.file_age import LEFTOVER_AGE, discard_old
from bot.media.files import VideoStore
from bot.media.image_store import ImageStore
from bot.media.orphaned_files import OrphanedFiles
from bot.privacy.retention import Retention
from tests.bot.engine import downloads_of
from tests.bot.films.test_films import accept, desk, films
from tests.bot.rows import insert
from tests.bot.troubles import Logs

__all__ = ["desk", "films"]


COULD_NOT = "could not delete files now, so leaving them for later"


@pytest.fixture
def videos(store: VideoStore) -> Path:
    """The folder of videos."""
    return store.path("any").parent


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """The folder of images."""
    return tmp_path / "pictures"


@pytest.fixture
def orphaned_files(
    database: Database, store: VideoStore, session: aiohttp.ClientSession, images: Path
) -> OrphanedFiles:
    """What tidies up both."""
    return OrphanedFiles(database, store, ImageStore(downloads_of(session), images))


def lay(path: Path, *, age: float = LEFTOVER_AGE + 60) -> Path:
    """Write a file that was last changed so many seconds ago."""
    path.write_text("left over")
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_files_of_what_is_over_go_and_those_of_what_is_open_stay(
    orphaned_files: OrphanedFiles, database: Database, videos: Path, images: Path
) -> None:
    running = await insert(database, status=Status.RUNNING)
    over = await insert(database, status=Status.SUCCEEDED, delivered_at=utc_now())
    for generation_id in (running.id, over.id, "ffffffffffffffff"):
        lay(videos / f"veo-{generation_id}.mp4")
        lay(videos / f"veo-{generation_id}.fit-100.mp4")
        lay(images / f"{generation_id}-0")
        lay(images / f"{generation_id}-1")
    assert await orphaned_files.discard() == 4
    assert names_in(videos) == [f"veo-{running.id}.fit-100.mp4", f"veo-{running.id}.mp4"]
    assert names_in(images) == [f"{running.id}-0", f"{running.id}-1"]


async def test_the_file_of_a_film_stays_until_the_film_is_posted(
    orphaned_files: OrphanedFiles, films: Films, database: Database, videos: Path
) -> None:
    """It may wait for Discord for a day, and be just about to be encoded or sent."""
    waiting, over = await accept(films, 2), await accept(films, 2, 2)
    await database.write(
        lambda session: session.execute(
            update(FilmRow).where(FilmRow.id == over.row.id).values(delivered_at=utc_now())
        )
    )
    for film in (waiting, over):
        lay(videos / f"veo-{film.row.id}.mp4")
        lay(videos / f"veo-{film.row.id}.fit-100.mp4")
    assert await orphaned_files.discard() == 1
    assert names_in(videos) == [f"veo-{waiting.row.id}.fit-100.mp4", f"veo-{waiting.row.id}.mp4"]


async def test_half_done_work_of_dead_processes_goes(
    orphaned_files: OrphanedFiles, videos: Path, images: Path
) -> None:
    lay(videos / "veo-a-0123abcd.part")
    lay(images / "a-0-ff.part")
    work = videos / "fitting-x"
    work.mkdir()
    lay(work / "video.mp4")
    moment = time.time() - LEFTOVER_AGE - 60
    os.utime(work, (moment, moment))
    assert await orphaned_files.discard() == 3
    assert names_in(videos) + names_in(images) == []


def lay_folder(path: Path) -> Path:
    """Make a folder in a file's place, which can't be deleted as one, not even by root."""
    path.mkdir()
    moment = time.time() - LEFTOVER_AGE - 60
    os.utime(path, (moment, moment))
    return path


async def test_what_cannot_be_deleted_is_logged_and_leaves_the_others_to_go(
    orphaned_files: OrphanedFiles, videos: Path, images: Path, logs: Logs
) -> None:
    stuck = [lay_folder(videos / "veo-a.mp4"), lay_folder(images / "a-0")]
    for path in (videos / "veo-a.fit-100.mp4", videos / "veo-b.mp4", images / "a-1", images / "b-0"):
        lay(path)
    assert await orphaned_files.discard() == 2
    assert names_in(videos) == [stuck[0].name]
    assert names_in(images) == [stuck[1].name]
    named = [line["error"] for line in logs if line["event"] == COULD_NOT]
    assert len(named) == 2
    assert all(str(path) in error for path, error in zip(stuck, named, strict=True))


async def test_half_done_work_that_cannot_be_deleted_leaves_the_others_to_go(
    orphaned_files: OrphanedFiles, videos: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(videos / "veo-a-0123abcd.part")
    lay(videos / "veo-b-0123abcd.part")
    lay(videos / "veo-c.mp4")
    unlink = Path.unlink

    def refuse_one(path: Path, *, missing_ok: bool = False) -> None:
        if path.name.startswith("veo-a"):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse_one)
    assert await orphaned_files.discard() == 2
    assert names_in(videos) == ["veo-a-0123abcd.part"]
    assert len([line for line in logs if line["event"] == COULD_NOT]) == 1


async def test_what_a_living_process_may_be_writing_stays(
    orphaned_files: OrphanedFiles, videos: Path, images: Path
) -> None:
    young = LEFTOVER_AGE - 60
    kept = [videos / "veo-a-0123abcd.part", videos / "veo-a.mp4", images / "a-0", images / "a-0-ff.part"]
    for path in kept:
        lay(path, age=young)
    (videos / "fitting-x").mkdir()
    assert await orphaned_files.discard() == 0
    assert all(path.exists() for path in kept)
    assert (videos / "fitting-x").is_dir()


async def test_kept_originals_and_other_peoples_files_stay(
    orphaned_files: OrphanedFiles, videos: Path, images: Path
) -> None:
    (videos / "originals").mkdir()
    kept = [videos / "originals" / "veo-a.mp4", videos / "holiday.mp4", images / "letter.txt"]
    for path in kept:
        lay(path)
    assert await orphaned_files.discard() == 0
    assert all(path.exists() for path in kept)


def test_a_link_is_deleted_and_not_what_it_leads_to(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    lay(home / "letter.txt")
    moment = time.time() - LEFTOVER_AGE - 60
    os.utime(home, (moment, moment))
    link = tmp_path / "fitting-x"
    link.symlink_to(home)
    gone = tmp_path / "fitting-y"
    assert discard_old([link, gone]) == 1
    assert names_in(tmp_path) == ["home"]
    assert names_in(home) == ["letter.txt"]


async def test_the_hourly_job_tidies_up_and_says_so(
    orphaned_files: OrphanedFiles, database: Database, store: VideoStore, videos: Path, logs: Logs
) -> None:
    retention = Retention(database, store, orphaned_files, keep=timedelta(days=90), stopping=asyncio.Event())
    await retention.clean()
    assert not [line for line in logs if line["event"] == "deleted orphaned files"]
    lay(videos / "veo-a.mp4")
    await retention.clean()
    [line] = [line for line in logs if line["event"] == "deleted orphaned files"]
    assert line["files"] == 1
    assert names_in(videos) == []
