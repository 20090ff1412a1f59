"""Posting a video again: who may, once at a time, and that every message stays known."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.orm import Session

from bot.admission.check_request import Requester
from bot.admission.denials import BlockedError, ChannelNotAllowedError, PausedError, WordNotAllowedError
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import TAKEDOWN_GRACE, Generation, Status
from bot.errors import NotFoundError, RepeatedError
from bot.jobs.ports import Posted
from bot.library.removal import Removal
from bot.library.reposts import MAX_POSTS, REPOST_TIME, CannotRepostError, Reposts, posts_of
from bot.media.downloads import Downloads
from bot.media.files import VideoStore
from bot.policy.documents import Block, MemberPolicy, Pause, Policy
from bot.policy.store import store_member_policy, store_policy
from tests.bot.clocks import StoppedClock
from tests.bot.erasable import ALICE, BOB, insert_delivered
from tests.bot.rows import new_requester, new_row, reread

NEW = Posted(90, 91)


@pytest.fixture
def reposts(database: Database, clock: StoppedClock, tmp_path: Path) -> Reposts:
    """The service with a clock that stands still, and a store that kept nothing."""
    return Reposts(database, VideoStore(cast("Downloads", None), tmp_path), clock)


def alice() -> Requester:
    return new_requester(user_id=ALICE)


async def insert_video(database: Database, clock: StoppedClock, **changes: Any) -> Generation:
    """Write a video of alice's that was delivered an hour ago."""
    past = clock() - timedelta(hours=1)
    return await insert_delivered(database, **{"delivered_at": past, "posting_at": past, **changes})


async def test_a_new_message_comes_before_those_that_are_left(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database, clock)
    [first] = posts_of(video)
    claimed = await reposts.claim(alice(), video.id)
    finished = await reposts.finish(claimed, NEW, [first])
    assert finished is not None
    assert posts_of(await reread(database, video.id)) == posts_of(finished) == [NEW, first]
    claimed = await reposts.claim(alice(), video.id)
    last = await reposts.finish(claimed, Posted(92, None), [])
    assert last is not None
    assert posts_of(last) == [Posted(92, None)]
    assert last.earlier_posts is None


async def test_a_direct_message_is_remembered_too(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database, clock, result_channel_id=None)
    claimed = await reposts.claim(alice(), video.id)
    await reposts.finish(claimed, NEW, posts_of(claimed))
    assert posts_of(await reread(database, video.id))[1] == Posted(12, None)


@pytest.mark.both_engines
async def test_many_clicks_at_once_claim_once(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database, clock)
    clicks = (reposts.claim(alice(), video.id) for _ in range(8))
    answers = await asyncio.gather(*clicks, return_exceptions=True)
    assert [type(answer) for answer in answers if not isinstance(answer, RepeatedError)] == [Generation]


async def test_a_claim_ends_when_it_failed_or_when_its_time_is_over(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database, clock)
    await reposts.give_up(await reposts.claim(alice(), video.id))
    await reposts.claim(alice(), video.id)
    clock.advance(REPOST_TIME - timedelta(microseconds=1))
    with pytest.raises(RepeatedError):
        await reposts.claim(alice(), video.id)
    clock.advance(timedelta(microseconds=1))
    await reposts.claim(alice(), video.id)


async def test_a_video_that_was_just_delivered_may_be_posted_again(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    moment = clock() - timedelta(seconds=1)
    video = await insert_video(database, clock, posting_at=moment, delivered_at=clock())
    await reposts.claim(alice(), video.id)


async def finish_after(
    end: str, reposts: Reposts, database: Database, clock: StoppedClock
) -> tuple[Generation, Generation | None]:
    """Post a video again that ends meanwhile; return the claimed row and the one that was finished."""
    claimed = await reposts.claim(alice(), (await insert_video(database, clock)).id)

    def work(session: Session):
        row = session.get(Generation, claimed.id)
        setattr(row, end, clock())

    await database.write(work)
    return claimed, await reposts.finish(claimed, NEW, [])


async def test_what_is_forgotten_meanwhile_is_not_written_down(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    claimed, finished = await finish_after("erased_at", reposts, database, clock)
    assert finished is None
    assert (await reread(database, claimed.id)).result_id == claimed.result_id


async def test_what_is_taken_down_meanwhile_is_written_down_so_that_it_can_be_deleted(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    claimed, finished = await finish_after("removed_at", reposts, database, clock)
    assert finished is not None
    assert finished.removed_at is not None
    assert NEW in posts_of(await reread(database, claimed.id))


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.SUCCEEDED])
async def test_without_a_video_there_is_nothing_to_post(
    reposts: Reposts, database: Database, clock: StoppedClock, status: Status
) -> None:
    video = await insert_video(database, clock, status=status)
    with pytest.raises(CannotRepostError, match="no finished video"):
        await reposts.claim(alice(), video.id)


@pytest.mark.parametrize(("column", "said"), [("removed_at", "was removed"), ("erased_at", "was deleted")])
async def test_what_is_gone_is_not_posted(
    reposts: Reposts, database: Database, clock: StoppedClock, column: str, said: str
) -> None:
    video = await insert_video(database, clock, **{column: clock()})
    with pytest.raises(CannotRepostError, match=said):
        await reposts.claim(alice(), video.id)


async def test_messages_stay_few_enough_to_be_taken_down(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database, clock, earlier_posts=[[1, number] for number in range(1, MAX_POSTS)])
    assert len(posts_of(video)) == MAX_POSTS
    with pytest.raises(CannotRepostError, match="which is the maximum"):
        await reposts.claim(alice(), video.id)


@pytest.mark.parametrize("requester", [new_requester(user_id=BOB), new_requester(user_id=ALICE, guild_id=2)])
async def test_somebody_elses_looks_like_an_unknown_one(
    reposts: Reposts, database: Database, clock: StoppedClock, requester: Requester
) -> None:
    video = await insert_video(database, clock)
    for generation_id in (video.id, "0" * 16):
        with pytest.raises(NotFoundError):
            await reposts.claim(requester, generation_id)
    assert (await reread(database, video.id)).posting_at == video.posting_at


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        ({"channels": frozenset({99})}, ChannelNotAllowedError),
        ({"words": ("boat",)}, WordNotAllowedError),
        ({"pause": Pause(since=utc_now())}, PausedError),
    ],
)
async def test_the_servers_rules_hold(
    reposts: Reposts, database: Database, clock: StoppedClock, policy: dict[str, Any], error: type[Exception]
) -> None:
    video = await insert_video(database, clock)
    await database.write(lambda session: store_policy(session, 1, Policy(**policy)))
    with pytest.raises(error):
        await reposts.claim(alice(), video.id)


async def test_who_is_blocked_posts_nothing(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database, clock)
    await database.write(
        lambda session: store_member_policy(session, 1, ALICE, MemberPolicy(block=Block(since=clock())))
    )
    with pytest.raises(BlockedError):
        await reposts.claim(alice(), video.id)


def test_nothing_was_posted_of_what_has_no_message() -> None:
    assert posts_of(new_row()) == []


@pytest.mark.parametrize("is_deleted_before", [True, False])
async def test_the_new_message_of_a_video_that_was_removed_meanwhile_is_deleted_after_a_kill(
    reposts: Reposts, database: Database, clock: StoppedClock, *, is_deleted_before: bool
) -> None:
    """Its other messages are deleted before the new one is there, or at the same time."""
    video, removal = await insert_video(database, clock), Removal(database, clock)
    claimed = await reposts.claim(alice(), video.id)
    removed = await removal.remove(1, video.id, ALICE)
    if is_deleted_before:
        await removal.finish(removed)
    clock.advance(timedelta(seconds=2))
    await reposts.finish(claimed, NEW, [])
    await removal.finish(removed)
    row = await reread(database, video.id)
    assert (row.take_down_at, row.result_id) == (clock() + TAKEDOWN_GRACE, NEW.message_id)


async def test_a_repost_that_came_to_nothing_leaves_nothing_to_delete(
    reposts: Reposts, database: Database, clock: StoppedClock
) -> None:
    video, removal = await insert_video(database, clock), Removal(database, clock)
    claimed = await reposts.claim(alice(), video.id)
    await removal.finish(await removal.remove(1, video.id, ALICE))
    await reposts.give_up(claimed)
    assert (await reread(database, video.id)).take_down_at is None
