"""From `preparing` to `queued` and on with the images, and what happens where they cannot be had."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.clock import utc_now
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.cancellation import Cancellation
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.jobs.steps.base import StepPostponedError
from bot.media.images import data_uri_of
from sandbox.cdn import ServedCdn, serve_cdn
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.drawn import BLUE, HTML, draw
from tests.bot.engine import BEYOND, Engine, MakeEngine
from tests.bot.rows import insert
from tests.bot.troubles import Logs, count_events

ONE, TWO = "google/veo-3.0-i2v", "google/veo-3.1-first-last-image-to-video-fast"
FIRST, LAST = draw(), draw("JPEG", colour=BLUE)
BAD: list[tuple[bytes, FailureKind]] = [
    (HTML, FailureKind.IMAGE_BAD),
    (FIRST[:200], FailureKind.IMAGE_BAD),
    (draw(size=(8, 8)), FailureKind.IMAGE_SIZE),
]
SMALL = draw(size=(719, 1280))
AWAY = DeliveryPostponedError("Discord is away")


@pytest.fixture
async def cdn() -> AsyncIterator[ServedCdn]:
    """Discord's files at a real address."""
    async with serve_cdn() as cdn:
        yield cdn


async def ask(engine: Engine, cdn: ServedCdn, *contents: bytes, **changes: Any) -> Generation:
    """Write a request that is made from these files."""
    urls = [
        cdn.store_attachment(number, 1, "cat.png", content, None)["url"]
        for number, content in enumerate(contents)
    ]
    model = ONE if len(contents) == 1 else TWO
    values: dict[str, Any] = {
        "model": model,
        "picture_urls": urls,
        "status": Status.PREPARING,
        "options": {},
        **changes,
    }
    return await insert(engine.database, **values)


def body_of(provider: Provider) -> Any:
    (call,) = [call for call in provider.calls if call.kind == "create"]
    return call.json


def files(engine: Engine) -> list[str]:
    return sorted(path.name for path in engine.images.iterdir())


@pytest.mark.nightly(daily=["sqlite-one"])
@pytest.mark.parametrize("contents", [(FIRST,), (FIRST, LAST)], ids=["one", "two"])
async def test_a_video_is_made_of_the_images(
    engine: Engine, provider: Provider, cdn: ServedCdn, contents: tuple[bytes, ...]
) -> None:
    row = await engine.delivered((await ask(engine, cdn, *contents)).id)
    assert row.status is Status.SUCCEEDED, row.failure_kind
    body = body_of(provider)
    sent = [body.get(name) for name in ("image_url", "last_image_url") if name in body]
    assert sent == [data_uri_of(content) for content in contents]
    assert files(engine) == [], "they are kept longer than they are needed"
    assert row.picture_urls is not None, "nobody could ask for the same again"


async def test_images_are_fetched_while_the_queue_is_full(
    make_engine: MakeEngine, provider: Provider, cdn: ServedCdn
) -> None:
    engine = make_engine(max_running=1)
    provider.hold = True
    await insert(engine.database)
    row = await ask(engine, cdn, FIRST)

    async def is_ready() -> bool:
        return (await engine.row(row.id)).status is Status.QUEUED and bool(files(engine))

    async with engine.running():
        await provider.called("retrieve")
        await until("the image is here", is_ready)
        assert provider.count("create") == 1, "more is at the provider than may be"
        cdn.refusal = 404  # the link dies
        provider.release()
        await provider.called("create", 2)
    assert len(cdn.asked) == 1


async def test_its_turn_comes_only_when_there_is_room(
    make_engine: MakeEngine, provider: Provider, cdn: ServedCdn
) -> None:
    engine = make_engine(max_running=1)
    await insert(engine.database, status=Status.RUNNING, provider_id="x", lease_owner="other")
    row = await ask(engine, cdn, FIRST)
    (claimed,) = [claimed for claimed in await engine.queue.claim(10) if claimed.id == row.id]
    await engine.workflow.run(claimed)
    assert (await engine.row(row.id)).status is Status.QUEUED
    await engine.queue.release_all()
    assert row.id not in {claimed.id for claimed in await engine.queue.claim(10)}
    assert provider.count("create") == 0


@pytest.mark.parametrize(("content", "kind"), BAD, ids=["html", "cut off", "too small"])
async def test_what_cannot_be_used_is_told_and_not_sent(
    engine: Engine, provider: Provider, cdn: ServedCdn, content: bytes, kind: FailureKind
) -> None:
    row = await engine.delivered((await ask(engine, cdn, FIRST, content)).id)
    assert (row.status, row.failure_kind, row.failure_reason) == (Status.FAILED, kind, None)
    assert [shown.id for shown in engine.delivery.failures] == [row.id]
    assert (provider.count("create"), files(engine)) == (0, [])
    assert row.picture_urls is None, "nobody can use them"


async def test_what_is_too_small_for_its_model_is_told_and_may_be_used_with_another(
    engine: Engine, provider: Provider, cdn: ServedCdn
) -> None:
    row = await engine.delivered((await ask(engine, cdn, SMALL, model="google/veo-3.1-i2v")).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.IMAGE_SMALL)
    assert (provider.count("create"), files(engine)) == (0, [])
    assert row.picture_urls is not None


@pytest.mark.nightly(daily=["sqlite-another model"])
@pytest.mark.parametrize("contents", [(SMALL,), (FIRST, SMALL)], ids=["another model", "the last one"])
async def test_a_small_image_is_sent_where_the_model_takes_it(
    engine: Engine, provider: Provider, cdn: ServedCdn, contents: tuple[bytes, ...]
) -> None:
    row = await engine.delivered((await ask(engine, cdn, *contents)).id)
    assert (row.status, provider.count("create")) == (Status.SUCCEEDED, 1)


async def test_a_link_that_is_dead_is_told(engine: Engine, provider: Provider, cdn: ServedCdn) -> None:
    cdn.refusal = 404
    row = await engine.delivered((await ask(engine, cdn, FIRST)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.IMAGE_GONE)
    assert (provider.count("create"), row.picture_urls) == (0, None)


async def test_a_fetch_that_fails_for_now_is_tried_again(
    make_engine: MakeEngine, provider: Provider, cdn: ServedCdn
) -> None:
    engine = make_engine(fetch_wait=timedelta(seconds=7))
    cdn.refusal = 503
    row = await ask(engine, cdn, FIRST)
    with pytest.raises(StepPostponedError) as postponed:
        await engine.workflow.run(await engine.claim())
    assert postponed.value.wait == timedelta(seconds=7)
    assert (await engine.row(row.id)).status is Status.PREPARING
    await engine.queue.release_all()
    cdn.refusal = None
    assert (await engine.delivered(row.id)).status is Status.SUCCEEDED
    assert provider.count("create") == 1


async def test_after_a_while_a_fetch_that_fails_is_given_up(
    engine: Engine, provider: Provider, cdn: ServedCdn, logs: Logs
) -> None:
    cdn.refusal = 503
    row = await ask(engine, cdn, FIRST)
    after = await engine.given_up(row.id, lambda: count_events(logs, "no image") > 1)
    assert (after.status, after.failure_kind) == (Status.FAILED, FailureKind.IMAGE_GONE)
    assert provider.count("create") == 0


async def test_a_fetch_that_fails_for_now_after_a_downtime_is_tried_again(
    make_engine: MakeEngine, cdn: ServedCdn
) -> None:
    engine = make_engine()
    cdn.refusal = 503
    row = await ask(engine, cdn, FIRST, created_at=utc_now() - timedelta(hours=2))
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(await engine.claim())
    await engine.queue.release_all()
    cdn.refusal = None
    assert (await engine.delivered(row.id)).status is Status.SUCCEEDED


async def prepare(engine: Engine, cdn: ServedCdn) -> Generation:
    """Ask for a video from an image, let a process fetch that, and let go of the request."""
    row = await ask(engine, cdn, FIRST)
    await engine.workflow.run(await engine.claim())
    await engine.queue.release_all()
    return row


async def test_another_process_goes_on_where_one_died(
    make_engine: MakeEngine, provider: Provider, cdn: ServedCdn
) -> None:
    """The files of the dead one are out of reach, as on another machine."""
    first, second = make_engine("first"), make_engine("second")
    row = await prepare(first, cdn)
    assert (await first.row(row.id)).status is Status.QUEUED
    after = await second.delivered(row.id)
    assert after.status is Status.SUCCEEDED, after.failure_kind
    assert body_of(provider)["image_url"] == data_uri_of(FIRST)


async def test_an_image_whose_link_has_died_is_sent_by_the_machine_that_has_it(
    make_engine: MakeEngine, provider: Provider, cdn: ServedCdn
) -> None:
    first, second = make_engine("first"), make_engine("second")
    row = await prepare(first, cdn)
    cdn.refusal = 404  # as after a day in the queue, or with moderators
    with pytest.raises(StepPostponedError):
        await second.workflow.run(await second.claim())
    await second.queue.release_all()
    assert (await first.delivered(row.id)).status is Status.SUCCEEDED
    assert body_of(provider)["image_url"] == data_uri_of(FIRST)


async def test_after_a_restart_the_image_is_not_fetched_again(
    make_engine: MakeEngine, provider: Provider, cdn: ServedCdn
) -> None:
    before = make_engine("same")
    provider.faults.add("create", Fault.status(429))
    row = await ask(before, cdn, FIRST)
    await before.workflow.run(await before.claim())
    await before.queue.release_all()
    with pytest.raises(StepPostponedError):
        await before.workflow.run(await before.claim())
    await before.queue.release_all()
    cdn.refusal = 404
    after = await make_engine("same").delivered(row.id)
    assert (after.status, len(cdn.asked)) == (Status.SUCCEEDED, 1)


@pytest.mark.parametrize(
    ("refusal", "kind"), [(404, FailureKind.IMAGE_GONE), (None, FailureKind.IMAGE_BAD)], ids=str
)
async def test_an_image_that_the_disk_lost_and_that_is_gone_is_told(
    engine: Engine, provider: Provider, cdn: ServedCdn, logs: Logs, refusal: int | None, kind: FailureKind
) -> None:
    content = FIRST if refusal else HTML
    cdn.refusal = refusal
    row = await ask(engine, cdn, content, status=Status.QUEUED)
    if refusal:  # another machine may have it
        row = await engine.given_up(row.id, lambda: count_events(logs, "no image") > 1)
    else:
        row = await engine.delivered(row.id)
    assert (row.status, row.failure_kind) == (Status.FAILED, kind)
    assert provider.count("create") == 0


async def test_an_image_that_the_disk_lost_is_waited_for_as_long_as_at_first(
    engine: Engine, provider: Provider, cdn: ServedCdn, logs: Logs
) -> None:
    cdn.refusal = 503
    row = await ask(engine, cdn, FIRST, status=Status.QUEUED)
    engine.clock.advance(BEYOND)  # in the queue
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(await engine.claim())
    await engine.queue.release_all()
    after = await engine.given_up(row.id, lambda: count_events(logs, "no image") > 1)
    assert (after.status, after.failure_kind) == (Status.FAILED, FailureKind.IMAGE_GONE)
    assert provider.count("create") == 0


async def test_a_request_that_has_not_the_images_of_its_model_is_not_sent(
    engine: Engine, provider: Provider, cdn: ServedCdn
) -> None:
    row = await engine.delivered((await ask(engine, cdn, FIRST, model=TWO, status=Status.QUEUED)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.MODEL_GONE)
    assert provider.count("create") == 0


@pytest.mark.parametrize("by_member", [True, False])
async def test_a_cancelled_request_leaves_no_images(
    make_engine: MakeEngine, provider: Provider, cdn: ServedCdn, *, by_member: bool
) -> None:
    engine = make_engine()
    row = await ask(engine, cdn, FIRST)
    await engine.workflow.run(await engine.claim())
    assert len(files(engine)) == 1
    cancellation = Cancellation(engine.database, work=engine.work)
    await cancellation.cancel(row.guild_id, row.id, row.user_id if by_member else 99)
    after = await engine.delivered(row.id)
    assert (after.status, files(engine)) == (Status.CANCELLED, [])
    assert after.picture_urls == row.picture_urls
    assert provider.count("create") == 0


async def test_a_request_can_be_cancelled_before_its_images_are_here(
    engine: Engine, provider: Provider, cdn: ServedCdn
) -> None:
    row = await ask(engine, cdn, FIRST)
    await Cancellation(engine.database, work=engine.work).cancel(row.guild_id, row.id, row.user_id)
    assert (await engine.delivered(row.id)).status is Status.CANCELLED
    assert (provider.count("create"), cdn.asked) == (0, [])


async def test_what_is_given_up_leaves_no_images(engine: Engine, cdn: ServedCdn) -> None:
    row = await ask(engine, cdn, FIRST)
    await engine.workflow.run(await engine.claim())
    await engine.queue.release_all()
    await engine.workflow.give_up(await engine.claim())  # ends it
    await engine.workflow.give_up(await engine.row(row.id))  # ends the telling too
    after = await engine.row(row.id)
    assert (after.failure_kind, files(engine)) == (FailureKind.BROKEN, [])
    assert after.picture_urls == row.picture_urls
    assert after.delivered_at is not None


async def test_nothing_of_an_image_is_logged(
    engine: Engine, provider: Provider, cdn: ServedCdn, capsys: pytest.CaptureFixture[str]
) -> None:
    data = data_uri_of(FIRST)
    provider.faults.add("create", Fault.status(400, f"Body validation error! image_url: Received {data}"))
    row = await engine.delivered((await ask(engine, cdn, FIRST)).id)
    assert row.failure_reason == "Body validation error! image_url: Received the image"
    printed = "".join(capsys.readouterr())
    assert "step done" in printed, "the log is elsewhere"
    assert data[30:60] not in printed


async def test_a_request_without_a_card_gets_one_before_it_is_sent(engine: Engine) -> None:
    row = await engine.delivered((await insert(engine.database, card_id=None)).id)
    assert engine.delivery.posted_cards == [row.id]
    assert row.status is Status.SUCCEEDED
    assert row.card_id is not None


async def test_a_card_that_was_shown_is_not_posted_again(engine: Engine) -> None:
    row = await insert(engine.database, card_id=None)
    engine.delivery.lost_cards[row.id] = 77
    row = await engine.delivered(row.id)
    assert (row.card_id, engine.delivery.posted_cards) == (77, [])


async def test_nothing_is_sent_while_the_card_can_be_neither_found_nor_posted(
    engine: Engine, provider: Provider
) -> None:
    engine.delivery.search_trouble = [AWAY] * 2
    engine.delivery.post_card_trouble = [AWAY] * 2
    row = await engine.delivered((await insert(engine.database, card_id=None)).id)
    assert row.status is Status.SUCCEEDED
    assert engine.delivery.posted_cards == [row.id]
    assert provider.count("create") == 1


@pytest.mark.parametrize(
    "trouble",
    [UndeliverableError("missing access"), AWAY],
    ids=["the channel refuses", "Discord is away for too long"],
)
async def test_a_request_that_can_be_shown_nowhere_ends_for_free(
    make_engine: MakeEngine, provider: Provider, trouble: Exception
) -> None:
    engine = make_engine(card_window=timedelta())
    engine.delivery.post_card_trouble = [trouble]
    row = await engine.delivered((await insert(engine.database, card_id=None)).id)
    assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.UNSHOWN)
    assert (row.submitted_at, provider.count("create")) == (None, 0), "it was paid for"
    assert len(engine.delivery.failures) == 1, "the member is not told"


async def test_a_card_takes_no_slot_at_the_provider(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(max_running=1)
    provider.hold = True
    await insert(engine.database)
    async with engine.running():
        await provider.called("retrieve")
        late = await insert(engine.database, card_id=None)

        async def has_card() -> bool:
            engine.work.set()
            return (await engine.row(late.id)).card_id is not None

        await until("the card is posted, though the only slot is taken", has_card)
        row = await engine.row(late.id)
    assert row.status is Status.QUEUED
    assert provider.count("create") == 1, "it went before its turn"


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PREPARING])
async def test_a_request_of_a_server_that_removed_the_bot_is_cancelled(
    engine: Engine, provider: Provider, logs: Logs, status: Status
) -> None:
    row = await insert(engine.database, status=status)
    engine.delivery.gone.add(row.guild_id)
    row = await engine.delivered(row.id)
    assert (row.status, row.cancelled_by, row.submitted_at) == (Status.CANCELLED, None, None)
    assert count_events(logs, "cancelled") == 1
    assert (provider.count("create"), engine.delivery.messages) == (0, [])


async def test_an_image_that_is_gone_after_a_day_in_the_queue_is_no_fault_of_the_providers(
    engine: Engine, cdn: ServedCdn, logs: Logs
) -> None:
    cdn.refusal = 404
    row = await ask(engine, cdn, FIRST, status=Status.QUEUED)
    engine.clock.advance(timedelta(days=1, hours=1))  # in the queue
    with pytest.raises(StepPostponedError):  # another machine may have it
        await engine.workflow.run(await engine.claim())
    await engine.queue.release_all()
    after = await engine.given_up(row.id, lambda: count_events(logs, "no image") > 1)
    assert (after.status, after.failure_kind) == (Status.FAILED, FailureKind.IMAGE_GONE)
