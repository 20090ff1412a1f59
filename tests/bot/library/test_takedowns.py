"""What was removed is deleted from Discord also where the click that removed it didn't get to its end."""

import asyncio
from datetime import timedelta

import pytest

from bot.db.database import Database
from bot.db.models import TAKEDOWN_GRACE
from bot.jobs.ports import DeliveryPostponedError
from bot.library.removal import Removal
from bot.library.takedowns import GIVE_UP_AFTER, RETRY, Takedown, Takedowns
from bot.privacy.erasure import unlink_batch
from bot.privacy.service import Privacy
from tests.bot.clocks import StoppedClock
from tests.bot.erasable import ALICE, insert_delivered
from tests.bot.rows import reread

pytestmark = pytest.mark.both_engines

MONA = 77


class RecordingMessages:
    """Remembers what was deleted, and who removed it; `troubles`: what goes wrong, one for each."""

    def __init__(self) -> None:
        self.deleted: list[tuple[str, int]] = []
        self.tries = 0
        self.troubles: list[Exception] = []

    async def take_down(self, takedown: Takedown) -> None:
        self.tries += 1
        await asyncio.sleep(0)  # another process may look meanwhile
        if self.troubles:
            raise self.troubles.pop(0)
        self.deleted.append((takedown.row.id, takedown.actor_id))


@pytest.fixture
def messages() -> RecordingMessages:
    """A Discord that remembers."""
    return RecordingMessages()


@pytest.fixture
def takedowns(database: Database, messages: RecordingMessages, clock: StoppedClock) -> Takedowns:
    """What looks for messages that are left."""
    return Takedowns(database, messages, asyncio.Event(), clock)


@pytest.fixture
def removal(database: Database, clock: StoppedClock) -> Removal:
    """What a click does first."""
    return Removal(database, clock)


async def look_often(takedowns: Takedowns, clock: StoppedClock, span: timedelta = 3 * RETRY) -> None:
    """Let several processes look at once, again and again."""
    until = clock() + span
    while clock() < until:
        await asyncio.gather(takedowns.look(), takedowns.look())
        clock.advance(RETRY)


@pytest.mark.parametrize("actor", [ALICE, MONA])
async def test_it_is_done_once_in_place_of_whoever_removed_it(
    database: Database,
    removal: Removal,
    takedowns: Takedowns,
    messages: RecordingMessages,
    clock: StoppedClock,
    actor: int,
) -> None:
    video = await insert_delivered(database)
    await removal.remove(1, video.id, actor)
    await look_often(takedowns, clock)
    assert messages.deleted == [(video.id, actor)]
    assert (await reread(database, video.id)).take_down_at is None


async def test_the_click_is_given_a_minute_and_what_it_did_is_not_done_again(
    database: Database,
    removal: Removal,
    takedowns: Takedowns,
    messages: RecordingMessages,
    clock: StoppedClock,
) -> None:
    video = await insert_delivered(database)
    removed = await removal.remove(1, video.id, ALICE)
    clock.advance(TAKEDOWN_GRACE - timedelta(seconds=1))
    await takedowns.look()
    assert messages.tries == 0, "the click may be deleting them"
    await removal.finish(removed)
    await look_often(takedowns, clock)
    assert messages.tries == 0


@pytest.mark.parametrize("trouble", [DeliveryPostponedError("missing permissions"), KeyError("id")], ids=repr)
async def test_where_discord_refuses_or_answers_oddly_it_is_tried_for_a_day(
    database: Database,
    removal: Removal,
    takedowns: Takedowns,
    messages: RecordingMessages,
    clock: StoppedClock,
    trouble: Exception,
) -> None:
    """What's kept for it is forgotten then, whatever goes wrong."""
    video = await insert_delivered(database)
    await removal.remove(1, video.id, ALICE)
    messages.troubles = [trouble] * 999
    await look_often(takedowns, clock, GIVE_UP_AFTER + 9 * RETRY)
    assert messages.tries == GIVE_UP_AFTER // RETRY
    assert (await reread(database, video.id)).take_down_at is None


async def test_the_links_outlive_the_words_until_the_messages_are_deleted(
    database: Database,
    removal: Removal,
    takedowns: Takedowns,
    clock: StoppedClock,
) -> None:
    video = await insert_delivered(database)
    await removal.remove(1, video.id, ALICE)
    await Privacy(database, clock).forget(ALICE)
    erased = await reread(database, video.id)
    assert (erased.prompt, erased.result_id) == ("", video.result_id)
    await look_often(takedowns, clock)
    await database.write(unlink_batch)
    assert (await reread(database, video.id)).result_id is None
