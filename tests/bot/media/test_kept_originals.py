"""The originals of videos that were posted in a smaller form go with the words of their request."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import utc_now
from bot.db.database import Database
from bot.media.files import VideoStore
from bot.media.orphaned_files import OrphanedFiles
from bot.privacy.retention import Retention
from bot.privacy.service import Privacy
from tests.bot.clocks import StoppedClock
from tests.bot.erasable import ALICE, insert_delivered
from tests.bot.rows import insert
from tests.bot.troubles import Logs

KEEP = timedelta(days=90)
TICK = timedelta(microseconds=1)


@pytest.fixture
def folder(store: VideoStore) -> Path:
    """Where originals lie."""
    folder = store.path("any").parent / "originals"
    folder.mkdir()
    return folder


@pytest.fixture
def retention(database: Database, store: VideoStore, clock: StoppedClock) -> Retention:
    """The clean-up, whose clock stands still."""
    return Retention(
        database, store, OrphanedFiles(database, store), keep=KEEP, stopping=asyncio.Event(), clock=clock
    )


async def insert_kept(database: Database, folder: Path, **changes: Any) -> str:
    """Write a delivered row with its original; return its id."""
    row = await insert_delivered(database, **changes)
    (folder / f"veo-{row.id}.mp4").write_text("an original")
    return row.id


async def test_an_original_is_kept_as_long_as_the_words_and_no_longer(
    retention: Retention, database: Database, store: VideoStore, folder: Path, clock: StoppedClock
) -> None:
    kept = await insert_kept(database, folder, delivered_at=clock())
    clock.advance(KEEP - TICK)
    await retention.clean()
    assert store.list_originals() == {kept}
    clock.advance(TICK)
    await retention.clean()
    assert store.list_originals() == set()


async def test_without_a_time_originals_are_kept_until_the_member_asks(
    database: Database, store: VideoStore, folder: Path, clock: StoppedClock, logs: Logs
) -> None:
    retention = Retention(
        database, store, OrphanedFiles(database, store), keep=None, stopping=asyncio.Event(), clock=clock
    )
    kept = await insert_kept(database, folder)
    clock.advance(KEEP * 100)
    await retention.clean()
    assert store.list_originals() == {kept}
    await Privacy(database, clock).forget(ALICE)
    await retention.clean()
    assert store.list_originals() == set()
    (line,) = [line for line in logs if line["event"] == "forgotten"]
    assert line["originals"] == 1


@pytest.mark.both_engines
async def test_originals_that_were_taken_down_or_belong_to_nothing_go_and_no_other(
    retention: Retention, database: Database, store: VideoStore, folder: Path
) -> None:
    kept = await insert_kept(database, folder)
    await insert_kept(database, folder, removed_at=utc_now())
    (folder / "veo-unknown.mp4").write_text("of a row that is gone")
    (folder / "letter.txt").write_text("somebody else's")
    just_closed = await insert(database)
    (folder / f"veo-{just_closed.id}.mp4").write_text("its row is not delivered yet")
    await retention.clean()
    assert store.list_originals() == {kept, just_closed.id}
    assert (folder / "letter.txt").exists()


async def test_an_original_that_cannot_be_deleted_leaves_the_others_to_go(
    retention: Retention, store: VideoStore, folder: Path
) -> None:
    (folder / "veo-stuck.mp4").mkdir()  # which can't be deleted as a file, not even by root
    for number in range(3):
        (folder / f"veo-{number}.mp4").write_text("of a row that is gone")
    await retention.clean()
    assert store.list_originals() == {"stuck"}


async def test_many_originals_are_looked_up_a_few_at_a_time(
    retention: Retention, database: Database, store: VideoStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.privacy.retention.BATCH", 3)
    kept = {await insert_kept(database, folder) for _ in range(7)}
    for number in range(4):
        (folder / f"veo-{number}.mp4").write_text("of a row that is gone")
    await retention.clean()
    assert store.list_originals() == kept
