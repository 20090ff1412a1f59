"""Finished videos that moderators see before they're posted, with the real runner."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.admission.reviewing import count_videos
from bot.admission.usage_counts import fetch_use
from bot.db.models import Generation, Status, Unreviewed
from bot.db.review_models import ReviewDecision, ReviewRow, was_ready
from bot.failures import FailureKind
from bot.home.overview import fetch_overview
from bot.jobs.cancellation import Cancellation
from bot.jobs.ports import DeliveryPostponedError
from bot.jobs.queue import LeaseLostError
from bot.jobs.runner import MAX_ATTEMPTS
from bot.jobs.steps.base import StepPostponedError
from bot.moderation.outbox import record_shown
from bot.moderation.review_decisions import ReviewClosedError
from bot.moderation.reviews import Reviews
from bot.monitoring.backlog import count_undelivered
from bot.policy.documents import MemberPolicy
from tests.bot.appealing import MONA, NICK
from tests.bot.bound import bound_credits
from tests.bot.clocks import until
from tests.bot.engine import Engine
from tests.bot.moderator_channels import CHANNEL, GUILD, RecordingModeratorChannel, running, set_channel
from tests.bot.rows import insert, new_requester

DAY = timedelta(hours=24)
APPROVE, DECLINE = ReviewDecision.APPROVE, ReviewDecision.DECLINE


@pytest.fixture
def reviews(engine: Engine) -> Reviews:
    return Reviews(engine.database, engine.clock, work=engine.work)


async def shown_first(engine: Engine, **changes: Any) -> Generation:
    """Request a video, and run until moderators see it; it's at rest then."""
    await set_channel(engine.database, GUILD, CHANNEL)
    row = await insert(engine.database, **{"unreviewed": Unreviewed.END, **changes})
    await run_until_shown(engine, row.id)
    return await engine.row(row.id)


async def run_until_shown(engine: Engine, generation_id: str) -> None:
    async def is_at_rest() -> bool:
        row, review = await engine.row(generation_id), await the_review(engine)
        is_shown = review is not None and review.message_id is not None and review.post_at is None
        return is_shown and row.lease_owner is None

    async with engine.running():
        await until("it's shown to moderators", is_at_rest)
    engine.restart()


async def the_review(engine: Engine) -> ReviewRow | None:
    newest = select(ReviewRow).order_by(ReviewRow.created_at.desc()).limit(1)
    return await engine.database.read(lambda session: session.scalar(newest))


async def review_id(engine: Engine) -> str:
    review = await the_review(engine)
    assert review is not None
    return review.id


async def counted(engine: Engine) -> int:
    use = await engine.database.read(
        lambda session: fetch_use(session, GUILD, 3, MemberPolicy(), engine.clock())
    )
    return len(use.counted)


async def test_it_is_shown_once_and_posted_once_it_is_approved(engine: Engine, reviews: Reviews) -> None:
    row = await shown_first(engine)
    assert (row.status, row.result_id, row.delivered_at) == (Status.SUCCEEDED, None, None)
    assert engine.delivery.videos == []
    assert await engine.queue.claim(9) == [], "somebody carries what only waits"
    engine.clock.advance(timedelta(hours=20))
    assert await engine.database.read(lambda session: count_undelivered(session, engine.clock())) == {}
    await reviews.decide(MONA, await review_id(engine), APPROVE)
    posted = await engine.delivered(row.id)
    assert (posted.status, posted.removed_at, posted.failure_kind) == (Status.SUCCEEDED, None, None)
    assert len(engine.delivery.videos) == 1
    assert [size > 0 for _id, size in engine.held.messages.values()] == [True]
    assert await counted(engine) == 1


async def test_what_is_approved_while_it_is_to_be_shown_again_is_not_asked_about_once_more(
    engine: Engine, reviews: Reviews
) -> None:
    as_claimed = await shown_first(engine)
    await reviews.decide(MONA, first := await review_id(engine), APPROVE)
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(as_claimed)
    assert await review_id(engine) == first, "there is another review"
    await engine.delivered(as_claimed.id)
    assert len(engine.delivery.videos) == 1


async def test_what_is_cancelled_while_it_is_to_be_shown_is_not_shown(engine: Engine) -> None:
    as_claimed = await shown_first(engine)
    engine.held.messages.clear()
    cancellation = Cancellation(engine.database, work=asyncio.Event(), clock=engine.clock)
    await cancellation.cancel(GUILD, as_claimed.id, 3)
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(as_claimed)
    assert engine.held.messages == {}


async def test_moderators_get_the_address_that_works(engine: Engine, reviews: Reviews) -> None:
    row = await shown_first(engine)
    (engine.videos / f"veo-{row.id}.mp4").unlink()  # so that it's fetched again, as by another worker
    engine.held.messages.clear()
    dead = update(Generation).values(video_url=f"{row.video_url}-gone")
    await engine.database.write(lambda session: session.execute(dead) and None)
    await reviews.show_again(MONA)
    await run_until_shown(engine, row.id)
    assert (await engine.row(row.id)).video_url == row.video_url
    assert engine.held.addresses == [row.video_url, row.video_url]


@pytest.mark.postgres_only
async def test_a_click_while_it_is_noted_as_shown_is_carried_out(
    engine: Engine, reviews: Reviews, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicks: list[asyncio.Task[Any]] = []

    def note_slowly(session: Session, review: ReviewRow, *noted: Any) -> None:
        record_shown(session, review, *noted)
        clicks.append(asyncio.create_task(reviews.decide(MONA, review.id, APPROVE)))
        session.execute(select(func.pg_sleep(0.5)))  # each holds what the other needs, if it can

    monkeypatch.setattr("bot.moderation.approval.record_shown", note_slowly)
    await set_channel(engine.database, GUILD, CHANNEL)
    row = await insert(engine.database, unreviewed=Unreviewed.END)
    await engine.delivered(row.id)
    [click] = clicks
    assert (await click).row.decision is APPROVE


async def test_declined_it_is_never_posted_and_counts_with_the_moderators_words(
    engine: Engine, reviews: Reviews
) -> None:
    row = await shown_first(engine)
    await reviews.decide(MONA, await review_id(engine), DECLINE, "not here")
    with pytest.raises(ReviewClosedError, match=f"^<@{MONA.user_id}> has already declined this"):
        await reviews.decide(NICK, await review_id(engine), APPROVE)
    ended = await engine.delivered(row.id)
    assert (ended.status, ended.failure_kind) == (Status.SUCCEEDED, FailureKind.DECLINED)
    assert (ended.failure_reason, ended.video_url) == ("not here", None)
    assert ended.removed_at is not None
    assert engine.delivery.videos == engine.delivery.links == []
    [told] = engine.delivery.messages
    assert told.is_ending
    assert ended.result_id == told.posted.message_id, "what the member reads was taken down again"
    assert (await counted(engine), bound_credits(ended)) == (1, row.credits_used)
    assert list(engine.videos.iterdir()) == []


@pytest.mark.parametrize(
    ("unreviewed", "decision", "videos"),
    [(Unreviewed.END, ReviewDecision.LAPSE, 0), (Unreviewed.POST, ReviewDecision.UNSEEN, 1)],
)
async def test_without_a_decision_it_ends_or_is_posted_as_it_was_said_when_it_was_requested(
    engine: Engine, reviews: Reviews, unreviewed: Unreviewed, decision: ReviewDecision, videos: int
) -> None:
    row = await shown_first(engine, unreviewed=unreviewed)
    await reviews.look()
    engine.clock.advance(DAY)
    await reviews.look()
    ended, review = await engine.delivered(row.id), await the_review(engine)
    assert review is not None
    assert review.decision is decision
    assert len(engine.delivery.videos) == videos
    assert ended.failure_kind is (None if videos else FailureKind.UNREVIEWED)
    assert await counted(engine) == 1


async def test_what_nobody_decided_about_is_not_posted_for_somebody_who_has_left(engine: Engine) -> None:
    asked: list[tuple[int, int]] = []

    async def has_left(guild_id: int, user_id: int) -> bool:
        asked.append((guild_id, user_id))
        return True

    row = await shown_first(engine, unreviewed=Unreviewed.POST)
    reviews = Reviews(engine.database, engine.clock, work=engine.work, has_left=has_left)
    await reviews.look()
    engine.clock.advance(DAY)
    await reviews.look()
    ended, review = await engine.delivered(row.id), await the_review(engine)
    assert review is not None
    assert (review.decision, ended.failure_kind) == (ReviewDecision.LEFT, FailureKind.MEMBER_LEFT)
    assert engine.delivery.videos == []
    assert asked == [(GUILD, row.user_id)]


async def test_while_discord_does_not_tell_whether_somebody_has_left_nothing_is_posted_for_an_hour(
    engine: Engine,
) -> None:
    async def has_left(_guild_id: int, _user_id: int) -> None:
        return None

    await shown_first(engine, unreviewed=Unreviewed.POST)
    reviews = Reviews(engine.database, engine.clock, work=engine.work, has_left=has_left)
    await reviews.look()
    engine.clock.advance(DAY)
    for minutes in range(0, 60, 3):
        await reviews.look()
        review = await the_review(engine)
        assert review is not None
        assert review.decision is None, f"{minutes} min: it may be posted for somebody who has left"
        engine.clock.advance(timedelta(minutes=3))
    await reviews.look()
    review = await the_review(engine)
    assert review is not None
    assert review.decision is ReviewDecision.UNSEEN


async def test_the_program_does_not_wait_for_all_reviews_before_it_stops(
    engine: Engine, reviews: Reviews
) -> None:
    await shown_first(engine)
    engine.clock.advance(DAY)
    stopping = asyncio.Event()
    stopping.set()
    await reviews.look(stopping)
    review = await the_review(engine)
    assert review is not None
    assert review.decision is None


async def test_an_answer_that_was_lost_shows_it_once(engine: Engine) -> None:
    engine.held.lost_answers.append(DeliveryPostponedError("no answer"))
    row = await insert(engine.database, unreviewed=Unreviewed.END)
    await set_channel(engine.database, GUILD, CHANNEL)

    async def is_postponed() -> bool:
        return len(engine.held.messages) == 1 and (await engine.row(row.id)).lease_owner is None

    async with engine.running():
        await until("it's postponed", is_postponed)
        engine.clock.advance(timedelta(minutes=2))
    engine.restart()
    await run_until_shown(engine, row.id)
    assert len(engine.held.messages) == 1


async def test_it_waits_for_a_channel_and_is_shown_there_again_once_its_message_is_gone(
    engine: Engine, reviews: Reviews
) -> None:
    row = await insert(engine.database, unreviewed=Unreviewed.END)

    async def waits() -> bool:
        review = await the_review(engine)
        return review is not None and review.post_at is None

    async with engine.running():
        await until("it waits", waits)
    engine.restart()
    overview = await engine.database.read(lambda session: fetch_overview(session, GUILD, engine.clock()))
    assert (overview.open_reviews, overview.waiting, overview.running) == (1, 0, 0)
    await set_channel(engine.database, GUILD, CHANNEL)
    assert await reviews.show_again(MONA) == (CHANNEL, 1)
    moderator_channel = RecordingModeratorChannel()
    async with running(engine.database, moderator_channel, engine.clock):  # it has no file to show
        await run_until_shown(engine, row.id)
    assert moderator_channel.shown == []
    engine.held.messages.clear()
    await reviews.show_again(MONA)
    await run_until_shown(engine, row.id)
    assert len(engine.held.messages) == 1
    assert engine.delivery.videos == []


async def test_the_member_cancels_while_it_waits_and_it_counts(engine: Engine, reviews: Reviews) -> None:
    row = await shown_first(engine)
    await Cancellation(engine.database, work=asyncio.Event(), clock=engine.clock).cancel(GUILD, row.id, 3)
    with pytest.raises(ReviewClosedError, match=r"^This request was cancelled or has ended\."):
        await reviews.decide(MONA, await review_id(engine), APPROVE)
    ended = await engine.delivered(row.id)
    assert ended.status is Status.CANCELLED
    assert was_ready(ended)
    assert ended.video_url is None
    assert engine.delivery.videos == []
    assert await counted(engine) == 1
    await reviews.look()
    review = await the_review(engine)
    assert review is not None
    assert review.decision is ReviewDecision.OVER


@pytest.mark.parametrize("is_declined", [True, False])
async def test_no_file_of_a_video_that_is_not_posted_is_kept(
    engine: Engine, reviews: Reviews, *, is_declined: bool
) -> None:
    row = await shown_first(engine)
    (engine.videos / f"veo-{row.id}.fit-8.mp4").write_bytes(b"what moderators saw")
    if is_declined:
        await reviews.decide(MONA, await review_id(engine), DECLINE)
    else:
        cancellation = Cancellation(engine.database, work=asyncio.Event(), clock=engine.clock)
        await cancellation.cancel(GUILD, row.id, 3)
    await engine.delivered(row.id)
    assert [path for path in engine.videos.rglob("*") if path.is_file()] == []


async def test_faults_that_nobody_foresaw_end_no_video_that_waits(engine: Engine, reviews: Reviews) -> None:
    await set_channel(engine.database, GUILD, CHANNEL)
    engine.held.trouble = [RuntimeError("nobody foresaw this") for _ in range(MAX_ATTEMPTS + 2)]
    row = await insert(engine.database, unreviewed=Unreviewed.END)

    async def is_shown() -> bool:
        now = await engine.row(row.id)
        if now.lease_owner is None and now.not_before > engine.clock():
            engine.clock.advance(now.not_before - engine.clock())
        engine.work.set()
        return bool(engine.held.messages) and now.lease_owner is None

    async with engine.running():
        await until("it's shown to moderators", is_shown)
    engine.restart()
    held = await engine.row(row.id)
    assert (held.status, held.failure_kind, held.attempts) == (Status.SUCCEEDED, None, 0)
    await reviews.decide(MONA, await review_id(engine), APPROVE)
    await engine.delivered(row.id)
    assert len(engine.delivery.videos) == 1


async def test_what_is_declined_stays_so_where_nobody_can_be_told(engine: Engine, reviews: Reviews) -> None:
    row = await shown_first(engine)
    await reviews.decide(MONA, await review_id(engine), DECLINE)
    worn = update(Generation).where(Generation.id == row.id).values(attempts=MAX_ATTEMPTS)
    await engine.database.write(lambda session: session.execute(worn))
    engine.delivery.endless_trouble[row.id] = RuntimeError("nobody foresaw this")
    ended = await engine.delivered(row.id)
    assert (ended.status, ended.failure_kind) == (Status.SUCCEEDED, FailureKind.DECLINED)
    assert await counted(engine) == 1


async def test_a_declined_video_gets_no_other_address_from_who_is_fetching_it(
    engine: Engine, reviews: Reviews
) -> None:
    row = await shown_first(engine)
    await reviews.decide(MONA, await review_id(engine), DECLINE)
    assert (await engine.claim()).id == row.id
    with pytest.raises(LeaseLostError):
        await engine.queue.update(row, video_url="https://cdn.example/another.mp4")
    assert (await engine.row(row.id)).video_url is None


async def test_what_nobody_has_approved_is_no_video_that_a_newcomer_has_got(
    engine: Engine, reviews: Reviews
) -> None:
    await shown_first(engine)
    member = new_requester()
    assert await engine.database.read(lambda session: count_videos(session, member, 9)) == 0
    await reviews.decide(MONA, await review_id(engine), APPROVE)
    assert await engine.database.read(lambda session: count_videos(session, member, 9)) == 1
