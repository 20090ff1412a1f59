"""A result is posted once, whatever breaks between posting it and writing that down."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError, Posted
from bot.jobs.steps.base import StepPostponedError
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.recorder import Message
from tests.bot.rows import insert

Insert = Callable[[Engine], Awaitable[Generation]]
AWAY = DeliveryPostponedError("Discord is away")
MODERATOR = 77


async def insert_wish(engine: Engine) -> Generation:
    """Write a row whose result will be a video."""
    return await insert(engine.database)


async def insert_failed(engine: Engine, **changes: Any) -> Generation:
    """Write a row whose result will be a failure."""
    left = {"status": Status.FAILED, "failure_kind": FailureKind.UNMADE, "finished_at": engine.clock()}
    return await insert(engine.database, **left, **changes)


async def insert_cancelled(engine: Engine) -> Generation:
    """Write a row whose result will be that a moderator cancelled it."""
    left = {"status": Status.CANCELLED, "cancelled_by": MODERATOR, "finished_at": engine.clock()}
    return await insert(engine.database, **left)


every_result = pytest.mark.parametrize("insert_row", [insert_wish, insert_failed, insert_cancelled])


def put_message(engine: Engine, row: Generation) -> Posted:
    """Let a message with the row's result stand in its thread."""
    posted = Posted(4242, 77)
    is_ending = row.status is Status.FAILED
    engine.delivery.messages.append(Message(posted, row.id, is_ending, engine.clock()))
    return posted


async def wait_for_a_try(engine: Engine) -> None:
    """Return when a post is being made; the gate is closed before."""

    async def is_posting() -> bool:
        return engine.delivery.tries == 1

    await until("a post is made", is_posting)


@every_result
async def test_that_it_is_being_posted_is_written_down_before(engine: Engine, insert_row: Insert) -> None:
    row = await insert_row(engine)
    engine.delivery.open_gate.clear()
    async with engine.running():
        await wait_for_a_try(engine)
        before = await engine.row(row.id)
        engine.delivery.open_gate.set()
    assert before.posting_at is not None
    assert (before.result_id, before.delivered_at) == (None, None)


@every_result
async def test_the_first_try_looks_for_nothing(engine: Engine, insert_row: Insert) -> None:
    row = await engine.delivered((await insert_row(engine)).id)
    assert engine.delivery.searches == []
    (message,) = engine.delivery.messages
    assert (row.result_id, row.result_channel_id) == (message.posted.message_id, message.posted.channel_id)


@every_result
async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(
    engine: Engine, insert_row: Insert
) -> None:
    row = await insert_row(engine)
    engine.delivery.lost_answers = [DeliveryPostponedError("timed out after it was posted")]
    after = await engine.delivered(row.id)
    (message,) = engine.delivery.messages
    assert (after.result_id, after.result_channel_id) == (
        message.posted.message_id,
        message.posted.channel_id,
    )
    assert [name for name, _ in engine.delivery.searches] == [row.id]
    assert engine.delivery.tries == 1


@every_result
async def test_a_post_that_was_never_made_is_looked_for_and_then_made(
    engine: Engine, insert_row: Insert
) -> None:
    row = await insert_row(engine)
    engine.delivery.trouble = [AWAY, AWAY]
    after = await engine.delivered(row.id)
    assert {name for name, _ in engine.delivery.searches} == {row.id}
    assert (len(engine.delivery.messages), engine.delivery.tries) == (1, 3)
    assert after.result_id is not None


@every_result
async def test_nothing_is_posted_again_while_it_cannot_be_looked_for(
    engine: Engine, insert_row: Insert
) -> None:
    row = await insert_row(engine)
    engine.delivery.lost_answers = [AWAY]
    engine.delivery.search_trouble = [AWAY, AWAY, AWAY]
    await engine.delivered(row.id)
    assert (len(engine.delivery.messages), engine.delivery.tries) == (1, 1)
    assert engine.delivery.search_trouble == []


async def test_what_a_killed_process_posted_is_found_even_when_the_file_is_gone(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(fetch_window=timedelta())
    moment = engine.clock()
    left = {"video_url": f"{provider.url}/cdn/gone.mp4", "posting_at": moment, "finished_at": moment}
    row = await insert(engine.database, status=Status.SUCCEEDED, **left)
    posted = put_message(engine, row)
    after = await engine.delivered(row.id)
    assert (after.status, after.failure_kind) == (Status.SUCCEEDED, None), "it is not lost: it is posted"
    assert (after.result_id, after.result_channel_id) == (posted.message_id, posted.channel_id)
    assert (engine.delivery.tries, provider.count("cdn")) == (0, 0)
    assert engine.delivery.states == [(row.id, Status.SUCCEEDED)]


async def test_what_was_posted_long_before_the_try_is_another_result(engine: Engine) -> None:
    row = await insert_failed(engine, posting_at=engine.clock() + timedelta(minutes=1))
    put_message(engine, row)
    await engine.delivered(row.id)
    assert engine.delivery.tries == 1


async def test_each_try_is_written_down_with_its_own_time(engine: Engine) -> None:
    row = await insert_failed(engine)
    engine.delivery.trouble = [AWAY, AWAY]
    after = await engine.delivered(row.id)
    times = [moment for _, moment in engine.delivery.searches]
    assert None not in times
    assert [*times, after.posting_at] == sorted({*times, after.posting_at}, key=str)


@every_result
async def test_a_card_that_cannot_be_edited_is_edited_later_and_nothing_posted_again(
    engine: Engine, insert_row: Insert
) -> None:
    row = await insert_row(engine)
    engine.delivery.open_gate.clear()

    async def is_delivered() -> bool:
        engine.work.set()
        return (await engine.row(row.id)).delivered_at is not None

    async with engine.running():
        await wait_for_a_try(engine)
        engine.delivery.card_trouble = [AWAY] * 3
        engine.delivery.open_gate.set()
        await until("it is delivered", is_delivered)
    after = await engine.row(row.id)
    assert engine.delivery.card_trouble == [], "the card was not tried again"
    assert engine.delivery.states[-1] == (row.id, after.status)
    assert (len(engine.delivery.messages), engine.delivery.tries) == (1, 1)
    assert engine.delivery.searches == [], "it was known to be posted"


async def test_the_wait_for_the_card_is_discords_or_ours(make_engine: MakeEngine) -> None:
    engine = make_engine(delivery_wait=timedelta(seconds=31))
    row = await insert_failed(engine)
    engine.delivery.card_trouble = [AWAY, DeliveryPostponedError("busy", 4.5)]
    claimed = await engine.claim()
    for wait in (31.0, 4.5):
        with pytest.raises(StepPostponedError) as postponed:
            await engine.workflow.run(claimed)
        assert postponed.value.wait == timedelta(seconds=wait)
        claimed = await engine.row(row.id)
        assert claimed.result_id is not None, "that it is posted was not written down before the card"


async def test_a_card_that_can_never_be_edited_holds_nothing_up(make_engine: MakeEngine) -> None:
    engine = make_engine(card_window=timedelta())
    row = await insert_failed(engine)
    engine.delivery.card_trouble = [AWAY] * 100
    after = await engine.delivered(row.id)
    assert after.result_id is not None
    assert (len(engine.delivery.messages), len(engine.delivery.card_trouble)) == (1, 99)


async def test_a_process_that_died_before_the_card_leaves_only_the_card(
    engine: Engine, provider: Provider
) -> None:
    left = {"result_id": 5, "result_channel_id": 6, "finished_at": engine.clock(), "video_url": "gone"}
    row = await insert(engine.database, status=Status.SUCCEEDED, **left)
    after = await engine.delivered(row.id)
    assert (after.status, after.result_id, after.result_channel_id) == (Status.SUCCEEDED, 5, 6)
    assert engine.delivery.states == [(row.id, Status.SUCCEEDED)]
    assert (engine.delivery.tries, engine.delivery.searches, provider.count("cdn")) == (0, [], 0)


async def test_a_card_or_thread_that_cannot_be_had_while_it_runs_holds_nothing_up(
    engine: Engine, provider: Provider
) -> None:
    engine.delivery.card_trouble, engine.delivery.thread_trouble = [AWAY], [AWAY]
    rows = [await insert(engine.database) for _ in range(2)]
    for row in rows:
        after = await engine.delivered(row.id)
        engine.restart()
        assert after.status is Status.SUCCEEDED
    assert len(engine.delivery.videos) == 2
    assert provider.count("create") == 2


@pytest.mark.parametrize("fault", [Fault.status(404), Fault.truncated_download()], ids=str)
async def test_a_file_that_is_lost_after_a_try_to_post_is_looked_for_first(
    make_engine: MakeEngine, provider: Provider, fault: Fault
) -> None:
    """The file went with a crashed machine; the message was made."""
    engine = make_engine(fetch_window=timedelta())
    row = await insert(engine.database)
    engine.delivery.lost_answers = [AWAY]
    engine.delivery.search_trouble = [AWAY]
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(await engine.claim())
    (engine.videos / f"veo-{row.id}.mp4").unlink()
    provider.faults.add("cdn", fault, times=None)
    await engine.queue.release_all()
    after = await engine.delivered(row.id)
    assert (after.status, len(engine.delivery.messages)) == (Status.SUCCEEDED, 1)
    assert engine.delivery.failures == []
