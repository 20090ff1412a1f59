"""What moderators decide about requests before they are sent, and what ends without them."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.admission.usage_counts import fetch_use
from bot.db.database import Database
from bot.db.guild_models import AuditRow
from bot.db.models import Generation, Status, Unreviewed
from bot.db.review_models import ReviewDecision, ReviewRow, ReviewStage
from bot.failures import FailureKind
from bot.jobs.cancellation import Cancellation
from bot.jobs.queue import GenerationQueue
from bot.metrics.metrics import REGISTRY
from bot.moderation import reviews as reviews_module
from bot.moderation.appeal_decisions import FOLLOW_UP, AppealNotFoundError
from bot.moderation.decisions import Moderator, OwnCaseError
from bot.moderation.review_decisions import ReviewClosedError
from bot.moderation.reviews import Reviews
from bot.policy.documents import MemberPolicy
from bot.privacy.reviews import drop_reviews, forget_reviews, select_forgotten, select_wordless
from tests.bot.appealing import ELSEWHERE, MONA, NICK
from tests.bot.bound import bound_credits
from tests.bot.clocks import StoppedClock, until
from tests.bot.engine import LEASE
from tests.bot.moderator_channels import (
    CHANNEL,
    GUILD,
    RecordingModeratorChannel,
    all_due_was_tried,
    running,
    set_channel,
)
from tests.bot.rows import insert, reread
from tests.bot.troubles import Logs, ends_in

REVIEW = "a" * 16
DAY = timedelta(hours=24)
APPROVE, DECLINE = ReviewDecision.APPROVE, ReviewDecision.DECLINE


@pytest.fixture
def reviews(database: Database, clock: StoppedClock) -> Reviews:
    return Reviews(database, clock, work=asyncio.Event())


@pytest.fixture
def queue(database: Database, clock: StoppedClock) -> GenerationQueue:
    return GenerationQueue(database, "one", max_running=100, lease=LEASE, clock=clock)


async def waiting(database: Database, clock: StoppedClock, **changes: Any) -> Generation:
    """Write down a request that waits for moderators, and its review where there is none yet."""
    ends_at = clock() + DAY
    values = {"user_id": 7, "review_id": REVIEW, "review_until": ends_at, "not_before": clock()}
    row = await insert(database, created_at=clock(), estimated_credits=5.0, **{**values, **changes})
    review = ReviewRow(
        id=REVIEW, guild_id=GUILD, user_id=7, created_at=clock(), ends_at=ends_at, post_at=clock()
    )
    await database.write(lambda session: session.merge(review) and None)
    return row


async def read_review(database: Database) -> ReviewRow:
    return await database.read(lambda session: session.scalars(select(ReviewRow)).one())


async def entries(database: Database) -> list[AuditRow]:
    return await database.read(lambda session: list(session.scalars(select(AuditRow)).all()))


def counted(kind: FailureKind) -> list[float]:
    """Return how many requests failed because of `kind`, and how many failed."""
    names: dict[str, dict[str, str]] = {
        "requests_failed": {"failure": kind},
        "requests_finished": {"status": Status.FAILED},
    }
    values = [REGISTRY.get_sample_value(f"veobot_{name}_total", labels) for name, labels in names.items()]
    return [value or 0.0 for value in values]


async def use_of(database: Database, clock: StoppedClock) -> tuple[int, int]:
    use = await database.read(lambda session: fetch_use(session, GUILD, 7, MemberPolicy(), clock()))
    return len(use.counted), use.at_once


async def test_what_waits_is_not_sent_and_holds_its_slot_and_its_money(
    database: Database, clock: StoppedClock, queue: GenerationQueue
) -> None:
    row = await waiting(database, clock)
    assert await queue.claim(9) == []
    assert await queue.line.list_all() == []
    assert await use_of(database, clock) == (1, 1)
    assert bound_credits(await reread(database, row.id)) == 5.0


async def test_its_card_and_its_images_are_looked_after_before_that(
    database: Database, clock: StoppedClock, queue: GenerationQueue
) -> None:
    cardless = await waiting(database, clock, card_id=None)
    pictured = await waiting(database, clock, status=Status.PREPARING)
    assert {row.id for row in await queue.claim(9)} == {cardless.id, pictured.id}


async def test_an_approval_lets_it_go_on_once_and_stands_in_the_trail(
    database: Database, clock: StoppedClock, queue: GenerationQueue, reviews: Reviews
) -> None:
    row = await waiting(database, clock)
    clock.advance(timedelta(hours=23))
    review = await reviews.decide(MONA, REVIEW, APPROVE)
    assert review.row.post_at == clock() + FOLLOW_UP
    with pytest.raises(ReviewClosedError, match=f"^<@{MONA.user_id}> has already approved this"):
        await reviews.decide(NICK, REVIEW, DECLINE)
    assert [claimed.id for claimed in await queue.claim(9)] == [row.id]
    approved = await reread(database, row.id)
    assert (approved.released_at, approved.created_at) == (clock(), row.created_at)
    [entry] = await entries(database)
    assert (entry.action, entry.actor_id) == ("review_approve", MONA.user_id)
    assert entry.subject == f"generation:{row.id}"


async def test_a_decline_ends_it_free_with_the_moderators_words(
    database: Database, clock: StoppedClock, queue: GenerationQueue, reviews: Reviews, logs: Logs
) -> None:
    row = await waiting(database, clock)
    await reviews.decide(MONA, REVIEW, DECLINE, "not here")
    ended = await reread(database, row.id)
    assert (ended.status, ended.failure_kind) == (Status.FAILED, FailureKind.DECLINED)
    assert (ended.failure_reason, ended.finished_at) == ("not here", clock())
    assert await use_of(database, clock) == (0, 0)
    assert bound_credits(ended) == 0
    assert [claimed.id for claimed in await queue.claim(9)] == [row.id], "its member is not told"
    [entry] = await entries(database)
    assert (entry.action, entry.reason) == ("review_decline", "not here")
    assert ends_in(logs, "failed") == [row.id]


@pytest.mark.both_engines
async def test_of_a_film_all_shots_go_on_or_end_and_one_of_them_tells(
    database: Database, clock: StoppedClock, reviews: Reviews
) -> None:
    first = await waiting(database, clock, film_id="f" * 16, shot=2)
    later = [
        await waiting(
            database, clock, film_id="f" * 16, shot=shot, awaits_id=first.id, status=Status.PREPARING
        )
        for shot in (3, 4)
    ]
    await reviews.decide(MONA, REVIEW, DECLINE)
    ended = [await reread(database, row.id) for row in (first, *later)]
    assert {row.failure_kind for row in ended} == {FailureKind.DECLINED}
    assert [row.delivered_at for row in ended] == [None, clock(), clock()]


@pytest.mark.parametrize("is_late", [False, True])
async def test_the_shots_that_nobody_is_told_of_are_counted_as_failed_too(
    database: Database, clock: StoppedClock, reviews: Reviews, *, is_late: bool
) -> None:
    kind = FailureKind.UNREVIEWED if is_late else FailureKind.DECLINED
    before = counted(kind)
    for shot in (1, 2, 3):
        await waiting(database, clock, film_id="f" * 16, shot=shot)
    if is_late:
        clock.advance(DAY)
        await reviews.look()
    else:
        await reviews.decide(MONA, REVIEW, DECLINE)
    assert [now - then for then, now in zip(before, counted(kind), strict=True)] == [2, 2]


async def test_only_other_moderators_of_this_server_decide(
    database: Database, clock: StoppedClock, reviews: Reviews
) -> None:
    await waiting(database, clock)
    with pytest.raises(OwnCaseError):
        await reviews.decide(Moderator(GUILD, 7), REVIEW, APPROVE)
    with pytest.raises(AppealNotFoundError):
        await reviews.decide(ELSEWHERE, REVIEW, APPROVE)
    assert (await read_review(database)).decision is None


async def test_of_two_at_once_the_first_wins(
    database: Database, clock: StoppedClock, reviews: Reviews
) -> None:
    await waiting(database, clock)
    outcomes = await asyncio.gather(
        reviews.decide(MONA, REVIEW, APPROVE), reviews.decide(NICK, REVIEW, DECLINE), return_exceptions=True
    )
    assert sum(isinstance(outcome, ReviewClosedError) for outcome in outcomes) == 1
    assert len(await entries(database)) == 1


async def test_what_was_cancelled_can_not_be_approved_and_is_closed(
    database: Database, clock: StoppedClock, reviews: Reviews
) -> None:
    row = await waiting(database, clock)
    await Cancellation(database, work=asyncio.Event(), clock=clock).cancel(GUILD, row.id, 7)
    with pytest.raises(ReviewClosedError, match=r"^This request was cancelled or has ended\."):
        await reviews.decide(MONA, REVIEW, APPROVE)
    assert (await reread(database, row.id)).status is Status.CANCELLED
    closed = await read_review(database)
    assert (closed.decision, closed.post_at) == (ReviewDecision.OVER, clock())


async def test_what_is_over_is_closed_and_not_shown_again(
    database: Database, clock: StoppedClock, reviews: Reviews
) -> None:
    await set_channel(database, GUILD, CHANNEL)
    row = await waiting(database, clock)
    await Cancellation(database, work=asyncio.Event(), clock=clock).cancel(GUILD, row.id, 7)
    assert await reviews.show_again(MONA) == (CHANNEL, 0)
    await reviews.look()
    closed = await read_review(database)
    assert (closed.decision, closed.post_at) == (ReviewDecision.OVER, clock())


async def test_a_day_without_a_decision_ends_it_free(
    database: Database, clock: StoppedClock, reviews: Reviews, logs: Logs
) -> None:
    row = await waiting(database, clock)
    clock.advance(DAY - timedelta(seconds=1))
    await reviews.look()
    assert (await read_review(database)).decision is None
    clock.advance(timedelta(seconds=1))
    await reviews.look()
    assert (await read_review(database)).decision is ReviewDecision.LAPSE
    ended = await reread(database, row.id)
    assert (ended.status, ended.failure_kind) == (Status.FAILED, FailureKind.UNREVIEWED)
    assert bound_credits(ended) == 0
    assert ends_in(logs, "failed") == [row.id]


@pytest.mark.both_engines
async def test_a_day_that_was_over_while_nothing_ran_starts_over(
    database: Database, clock: StoppedClock
) -> None:
    shown: list[tuple[str, datetime | None]] = []

    async def show(request: Generation) -> None:
        shown.append((request.id, request.review_until))

    reviews = Reviews(database, clock, work=asyncio.Event(), show=show)
    row = await waiting(database, clock)
    clock.advance(DAY + timedelta(hours=3))
    await reviews.look()
    review, ends_at = await read_review(database), clock() + DAY
    assert (review.decision, review.ends_at, review.post_at) == (None, ends_at, clock())
    assert shown == [(row.id, ends_at)], "its card says that it has ended"
    clock.advance(DAY)
    await reviews.look()
    assert (await read_review(database)).decision is ReviewDecision.LAPSE


async def test_it_starts_over_once_so_that_it_ends_where_the_bot_often_stands_still(
    database: Database, clock: StoppedClock
) -> None:
    await waiting(database, clock)
    for _ in range(2):
        clock.advance(timedelta(days=7))
        await Reviews(database, clock, work=asyncio.Event()).look()
    assert (await read_review(database)).decision is ReviewDecision.LAPSE


async def test_one_that_cannot_be_ended_holds_up_no_other(
    database: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews_module, "LOOK_SIZE", 1)

    async def has_left(_guild_id: int, _user_id: int) -> bool:
        raise ValueError("another page in Discord's place")

    reviews = Reviews(database, clock, work=asyncio.Event(), has_left=has_left)
    ends_at = clock() + DAY
    made = {"status": Status.SUCCEEDED, "finished_at": clock(), "unreviewed": Unreviewed.POST}
    await insert(database, review_id="0" * 16, review_until=ends_at, **made)
    unseen = ReviewRow(
        id="0" * 16,
        guild_id=GUILD,
        user_id=7,
        stage=ReviewStage.POSTED,
        created_at=clock(),
        ends_at=ends_at,
    )
    await database.write(lambda session: session.add(unseen))
    await waiting(database, clock)
    await reviews.look()
    clock.advance(DAY)
    await reviews.look()
    decided = await database.read(lambda session: session.get_one(ReviewRow, REVIEW).decision)
    assert decided is ReviewDecision.LAPSE, "another server's review waits for one that can't be ended"


async def test_an_outage_of_the_database_takes_no_day_away_and_a_restart_gives_none(
    database: Database, clock: StoppedClock, reviews: Reviews
) -> None:
    await waiting(database, clock)
    await reviews.look()
    clock.advance(DAY + timedelta(hours=3))  # no look came to its end
    await reviews.look()
    assert (await read_review(database)).decision is None
    clock.advance(DAY + timedelta(minutes=1))
    await Reviews(database, clock, work=asyncio.Event()).look()
    assert (await read_review(database)).decision is ReviewDecision.LAPSE


async def test_what_was_cancelled_before_nothing_ran_does_not_start_over(
    database: Database, clock: StoppedClock, reviews: Reviews
) -> None:
    row = await waiting(database, clock)
    await Cancellation(database, work=asyncio.Event(), clock=clock).cancel(GUILD, row.id, 7)
    clock.advance(DAY + timedelta(hours=3))
    await reviews.look()
    assert (await read_review(database)).decision is ReviewDecision.OVER


@pytest.mark.both_engines
async def test_it_is_shown_to_moderators_once_they_have_a_channel_and_so_is_its_end(
    database: Database, clock: StoppedClock, reviews: Reviews
) -> None:
    await waiting(database, clock)
    moderator_channel = RecordingModeratorChannel()
    async with running(database, moderator_channel, clock):
        await set_channel(database, 2, 200)
        await all_due_was_tried(database, moderator_channel, clock())
        assert moderator_channel.in_channel(CHANNEL) == []
        await set_channel(database, GUILD, CHANNEL)
        assert await reviews.show_again(MONA) == (CHANNEL, 1)

        async def has_message() -> bool:
            return (await read_review(database)).message_id is not None

        await until("it is shown", has_message)
        await reviews.decide(MONA, REVIEW, APPROVE)
        clock.advance(FOLLOW_UP)

        async def is_settled() -> bool:
            return (await read_review(database)).post_at is None

        await until("its end is shown", is_settled)
    assert [*filter(None, moderator_channel.in_channel(CHANNEL))] == [REVIEW, "approve: None"]


@pytest.mark.both_engines
async def test_its_row_goes_with_the_words_once_its_message_has_lost_them(
    database: Database, clock: StoppedClock, reviews: Reviews
) -> None:
    row = await waiting(database, clock)
    await reviews.decide(MONA, REVIEW, DECLINE, "not here")
    assert await database.read(select_wordless) == []
    gone = update(Generation).where(Generation.id == row.id).values(erased_at=clock(), prompt="")
    await database.write(lambda session: session.execute(gone) and None)
    assert await database.read(select_wordless) == [REVIEW]
    assert await database.read(lambda session: select_wordless(session, ReviewRow.user_id == 8)) == []
    await database.write(lambda session: forget_reviews(session, [REVIEW], clock()))
    assert await database.read(select_wordless) == []
    forgotten = await read_review(database)
    assert (forgotten.words, forgotten.post_at) == (None, clock())
    assert await database.read(select_forgotten) == []
    async with running(database, RecordingModeratorChannel(), clock):

        async def is_settled() -> bool:
            return (await read_review(database)).post_at is None

        await until("its message is shown without them", is_settled)
    assert await database.read(select_forgotten) == [REVIEW]
    await database.write(lambda session: drop_reviews(session, [REVIEW]))
    assert await database.read(lambda session: session.scalars(select(ReviewRow)).all()) == []
