"""From a result to a message: the file is fetched and posted."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError, Posted, UndeliverableError
from bot.jobs.steps.base import StepPostponedError
from bot.library.removal import Removal
from bot.metrics.metrics import REGISTRY
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import BEYOND, Engine, MakeEngine
from tests.bot.recorder import Message
from tests.bot.rows import insert
from tests.bot.troubles import Logs, count_events, download_to_full_disk, make_useless


def spent_on(model: str) -> float:
    """Return what is counted as spent on a model, in credits."""
    return REGISTRY.get_sample_value("veobot_spent_credits_total", {"model": model}) or 0.0


GONE = [Fault.status(403), Fault.status(404), Fault.status(410, body="html")]


async def insert_failed(engine: Engine) -> Generation:
    return await insert(
        engine.database, status=Status.FAILED, failure_kind=FailureKind.LATE, finished_at=engine.clock()
    )


@pytest.mark.parametrize("fault", GONE, ids=str)
async def test_a_file_that_stays_away_becomes_a_failure_after_the_window(
    engine: Engine, provider: Provider, fault: Fault
) -> None:
    provider.faults.add("cdn", fault, times=None)
    row = await insert(engine.database)
    row = await engine.given_up(row.id, lambda: provider.count("cdn") > 1)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.FILE_LOST)
    assert [shown.failure_kind for shown in engine.delivery.failures] == [FailureKind.FILE_LOST]
    assert engine.delivery.videos == []
    assert row.credits_used is not None, "what it cost is still known"


@pytest.mark.parametrize(
    "fault", [*GONE, Fault.status(503), Fault.truncated_download(), Fault.status(200, body="html")], ids=str
)
async def test_a_file_that_comes_late_is_delivered(engine: Engine, provider: Provider, fault: Fault) -> None:
    provider.faults.add("cdn", fault, times=2)
    row = await engine.delivered((await insert(engine.database)).id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    assert len(engine.delivery.videos) == 1
    assert provider.count("create") == 1


async def test_a_video_that_could_not_be_posted_is_posted_later(engine: Engine, provider: Provider) -> None:
    engine.delivery.trouble = [DeliveryPostponedError("Discord is away")] * 3
    row = await engine.delivered((await insert(engine.database)).id)
    assert (row.status, len(engine.delivery.videos), engine.delivery.tries) == (Status.SUCCEEDED, 1, 4)
    assert row.result_id is not None
    assert provider.count("cdn") == 1, "the file was kept for the next try"


async def test_a_failure_that_could_not_be_posted_is_posted_later(engine: Engine) -> None:
    engine.delivery.trouble = [DeliveryPostponedError("Discord is away")] * 2
    row = await engine.delivered((await insert_failed(engine)).id)
    assert (len(engine.delivery.failures), engine.delivery.tries) == (1, 3)
    assert row.result_id is not None


@pytest.mark.parametrize(("asked", "waited"), [(None, 31.0), (4.5, 4.5)])
async def test_discord_names_the_wait_or_we_do(
    make_engine: MakeEngine, asked: float | None, waited: float
) -> None:
    engine = make_engine(delivery_wait=timedelta(seconds=31))
    engine.delivery.trouble = [DeliveryPostponedError("Discord is busy", asked)]
    await insert_failed(engine)
    with pytest.raises(StepPostponedError) as postponed:
        await engine.workflow.run(await engine.claim())
    assert postponed.value.wait == timedelta(seconds=waited)


async def test_a_result_that_cannot_be_posted_for_the_whole_window_is_closed(engine: Engine) -> None:
    row = await insert(engine.database)
    engine.delivery.endless_trouble[row.id] = DeliveryPostponedError("Discord is away")
    before = spent_on(row.model)
    after = await engine.given_up(row.id, lambda: engine.delivery.tries > 1)
    assert (after.status, after.result_id) == (Status.SUCCEEDED, None)
    assert spent_on(row.model) - before == after.credits_used, "what it cost is counted all the same"


@pytest.mark.parametrize("status", [Status.QUEUED, Status.FAILED])
async def test_a_result_without_any_place_is_closed_after_the_window(engine: Engine, status: Status) -> None:
    row = await (insert(engine.database) if status is Status.QUEUED else insert_failed(engine))
    engine.delivery.endless_trouble[row.id] = UndeliverableError("the channel is gone")
    after = await engine.given_up(row.id, lambda: engine.delivery.tries > 1)
    assert after.result_id is None
    assert after.status is (Status.SUCCEEDED if status is Status.QUEUED else Status.FAILED)
    assert list(engine.videos.iterdir()) == []


async def test_the_card_that_alone_says_that_nothing_could_be_posted_is_edited_until_it_does(
    make_engine: MakeEngine,
) -> None:
    engine = make_engine(undeliverable_window=timedelta())
    row = await insert_failed(engine)
    engine.delivery.endless_trouble[row.id] = UndeliverableError("the channel is gone")
    engine.delivery.card_trouble = [DeliveryPostponedError("Discord: lost")]
    after = await engine.delivered(row.id)
    assert (after.result_id, engine.delivery.given_up) == (None, [True])


async def test_a_result_without_any_place_comes_once_there_is_one(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(undeliverable_wait=timedelta(minutes=5), undeliverable_window=timedelta(minutes=30))
    await insert(engine.database)
    engine.delivery.trouble = [UndeliverableError("the permissions are gone")]
    claimed = await engine.claim()
    with pytest.raises(StepPostponedError) as postponed:
        await engine.workflow.run(claimed)
    assert postponed.value.wait == timedelta(minutes=5)
    await engine.queue.release_all()
    row = await engine.delivered(claimed.id)
    assert (row.status, len(engine.delivery.videos)) == (Status.SUCCEEDED, 1)
    assert provider.count("cdn") == 1, "the file was kept for the next try"


async def test_a_disk_without_room_is_told_apart_and_outlasted(
    engine: Engine, provider: Provider, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await insert(engine.database)
    download_to_full_disk(monkeypatch, times=1)
    after = await engine.delivered(row.id)
    assert (after.status, len(engine.delivery.videos)) == (Status.SUCCEEDED, 1)
    assert count_events(logs, "could not write a video to disk") == 1
    assert (provider.count("cdn"), provider.count("create")) == (2, 1)


async def test_files_that_cannot_be_deleted_do_not_keep_what_was_posted_from_its_end(
    engine: Engine, logs: Logs
) -> None:
    row = await insert_failed(engine)
    make_useless(engine.videos)
    after = await engine.delivered(row.id)
    assert (after.result_id is not None, after.attempts) == (True, 0)
    assert count_events(logs, "could not delete files now, so leaving them for later") == 1


async def test_the_card_of_a_video_that_is_taken_down_meanwhile_says_so(engine: Engine) -> None:
    engine.delivery.card_gate.clear()
    posted = await insert(
        engine.database, status=Status.SUCCEEDED, finished_at=engine.clock(), result_id=1, result_channel_id=2
    )
    async with engine.running():
        await until("the card is to be edited", lambda: _so(is_so=engine.delivery.cards_begun > 0))
        await Removal(engine.database, engine.clock).remove(posted.guild_id, posted.id, posted.user_id)
        engine.delivery.card_gate.set()
        await until("the card is right", lambda: _so(is_so=engine.delivery.removals[-1:] == [True]))
    assert engine.delivery.removals == [False, True], "nothing was late"
    assert (await engine.row(posted.id)).delivered_at is not None


async def test_the_card_of_what_was_posted_late_is_edited_all_the_same(engine: Engine) -> None:
    made_at = engine.clock()
    engine.clock.advance(BEYOND)
    posted = await insert(
        engine.database,
        status=Status.SUCCEEDED,
        finished_at=made_at,
        posting_at=engine.clock(),
        result_id=1,
        result_channel_id=2,
    )
    engine.delivery.card_trouble = [DeliveryPostponedError("Discord is away")]
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(await engine.claim())
    await engine.queue.release_all()
    await engine.delivered(posted.id)
    assert engine.delivery.states == [(posted.id, Status.SUCCEEDED)], "the card says for ever that it is made"


async def test_a_card_that_cannot_be_looked_for_now_is_looked_for_again(engine: Engine) -> None:
    ended = {"finished_at": engine.clock(), "cancelled_by": 77, "user_id": 77}
    row = await insert(engine.database, status=Status.CANCELLED, card_id=None, **ended)
    engine.delivery.lost_cards[row.id] = 5
    engine.delivery.search_trouble = [DeliveryPostponedError("Discord is away")]
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(await engine.claim())
    await engine.queue.release_all()
    after = await engine.delivered(row.id)
    assert (after.card_id, engine.delivery.states) == (5, [(row.id, Status.CANCELLED)])


async def test_an_ending_is_posted_on_a_card_that_was_shown_without_being_recorded(engine: Engine) -> None:
    row = await insert(engine.database, status=Status.FAILED, card_id=None, finished_at=engine.clock())
    engine.delivery.lost_cards[row.id] = 5
    await engine.delivered(row.id)
    assert [posted.card_id for posted in engine.delivery.failures] == [5], "it stands beside its card"


async def test_an_ending_is_posted_where_nobody_can_say_whether_there_is_a_card(engine: Engine) -> None:
    row = await insert(engine.database, status=Status.FAILED, card_id=None, finished_at=engine.clock())
    engine.delivery.lost_cards[row.id] = 5
    engine.delivery.search_trouble = [DeliveryPostponedError("Discord is away")]
    after = await engine.delivered(row.id)
    assert len(engine.delivery.failures) == 1, "the message waits for its card"
    assert (after.card_id, engine.delivery.states) == (5, [(row.id, Status.FAILED)])


async def _so(*, is_so: bool) -> bool:
    return is_so


async def test_a_video_that_was_taken_down_before_it_came_counts_but_is_not_posted(engine: Engine) -> None:
    values = {"finished_at": engine.clock(), "provider_id": "made", "removed_at": engine.clock()}
    row = await insert(engine.database, status=Status.SUCCEEDED, **values)
    after = await engine.delivered(row.id)
    assert (after.status, after.result_id, after.video_url) == (Status.SUCCEEDED, None, None)
    assert (engine.delivery.messages, engine.delivery.removals) == ([], [True])


async def test_a_video_that_is_taken_down_while_it_is_posted_is_deleted(engine: Engine) -> None:
    row = await insert(engine.database)
    engine.delivery.open_gate.clear()
    async with engine.running():
        await until("it is being posted", lambda: _so(is_so=engine.delivery.tries > 0))
        removed = update(Generation).where(Generation.id == row.id).values(removed_at=engine.clock())
        await engine.database.write(lambda session: session.execute(removed))
        engine.delivery.open_gate.set()
        await until("it is taken down", lambda: _so(is_so=engine.delivery.removals[-1:] == [True]))
    after = await engine.delivered(row.id)
    assert (after.result_id is not None, engine.delivery.messages) == (True, [])


async def test_what_an_earlier_try_posted_of_a_video_that_was_taken_down_is_deleted(engine: Engine) -> None:
    posted = Posted(900, 10)
    values = {"finished_at": engine.clock(), "provider_id": "made", "posting_at": engine.clock()}
    row = await insert(engine.database, status=Status.SUCCEEDED, removed_at=engine.clock(), **values)
    engine.delivery.messages = [Message(posted, row.id, is_ending=False, at=engine.clock())]
    after = await engine.delivered(row.id)
    assert (after.result_id, engine.delivery.messages) == (posted.message_id, [])
