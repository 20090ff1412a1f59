"""Taking a video down: once, with a trail where a moderator does it, and never what is not there."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.admission.usage_counts import fetch_use
from bot.db.database import Database
from bot.db.guild_models import Action, AuditRow
from bot.db.models import Generation, Status
from bot.errors import NotFoundError
from bot.library.removal import NothingToRemoveError, Removal
from bot.policy.documents import MemberPolicy
from tests.bot.clocks import StoppedClock
from tests.bot.erasable import ALICE, insert_delivered
from tests.bot.rows import insert, reread

MONA = 77


@pytest.fixture
def removal(database: Database, clock: StoppedClock) -> Removal:
    """The service with a clock that stands still."""
    return Removal(database, clock)


async def trail(database: Database) -> Sequence[AuditRow]:
    return await database.read(lambda session: (session.scalars(select(AuditRow))).all())


async def test_the_owner_removes_without_a_trail(
    removal: Removal, database: Database, clock: StoppedClock
) -> None:
    video = await insert_delivered(database)
    removed = await removal.remove(1, video.id, ALICE)
    row = await reread(database, video.id)
    assert (row.removed_at, row.video_url, row.result_id) == (clock(), None, video.result_id)
    assert (removed.removed_at, removed.result_id) == (clock(), video.result_id)
    assert await trail(database) == []


async def test_a_moderator_leaves_a_trail(removal: Removal, database: Database) -> None:
    video = await insert_delivered(database)
    await removal.remove(1, video.id, MONA)
    await removal.remove(1, video.id, MONA)
    [entry] = await trail(database)
    assert (entry.actor_id, entry.action, entry.subject) == (
        MONA,
        Action.VIDEO_DELETE,
        f"generation:{video.id}",
    )
    assert entry.new == {"user_id": ALICE}


async def test_the_place_is_not_given_back(removal: Removal, database: Database, clock: StoppedClock) -> None:
    video = await insert_delivered(database)
    await removal.remove(1, video.id, ALICE)
    use = await database.read(lambda session: fetch_use(session, 1, ALICE, MemberPolicy(), clock()))
    assert len(use.counted) == 1


async def test_a_second_time_changes_nothing(
    removal: Removal, database: Database, clock: StoppedClock
) -> None:
    video = await insert_delivered(database)
    first = await removal.remove(1, video.id, ALICE)
    clock.advance(timedelta(minutes=1))
    again = await removal.remove(1, video.id, MONA)
    assert again.removed_at == first.removed_at
    assert await trail(database) == []


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.SUCCEEDED])
async def test_without_a_video_there_is_nothing_to_remove(
    removal: Removal, database: Database, clock: StoppedClock, status: Status
) -> None:
    row = await insert(database, status=status, delivered_at=clock(), result_id=1)
    with pytest.raises(NothingToRemoveError):
        await removal.remove(1, row.id, ALICE)
    assert (await reread(database, row.id)).removed_at is None


async def test_what_is_on_its_way_is_not_removed(removal: Removal, database: Database) -> None:
    row = await insert(database, status=Status.SUCCEEDED)
    with pytest.raises(NothingToRemoveError):
        await removal.remove(1, row.id, ALICE)


@pytest.mark.both_engines
async def test_what_is_posted_is_removed_though_its_card_waits(
    removal: Removal, database: Database, clock: StoppedClock
) -> None:
    row = await insert(database, status=Status.SUCCEEDED, result_id=1)
    await removal.remove(1, row.id, row.user_id)
    assert (await reread(database, row.id)).removed_at == clock()


async def test_another_servers_looks_like_an_unknown_one(removal: Removal, database: Database) -> None:
    video: Generation = await insert_delivered(database, guild_id=2)
    for generation_id in (video.id, "0" * 16):
        with pytest.raises(NotFoundError):
            await removal.remove(1, generation_id, ALICE)
    assert (await reread(database, video.id)).removed_at is None
