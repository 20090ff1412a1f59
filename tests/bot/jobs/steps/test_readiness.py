"""Nothing is spent on a request whose card nobody can see, or whose server removed the bot."""

from datetime import timedelta

import pytest

from bot.db.models import Status
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from sandbox.provider import Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import insert

AWAY = DeliveryPostponedError("Discord is away")


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
    engine: Engine, provider: Provider, status: Status
) -> None:
    row = await insert(engine.database, status=status)
    engine.delivery.gone.add(row.guild_id)
    row = await engine.delivered(row.id)
    assert (row.status, row.cancelled_by, row.submitted_at) == (Status.CANCELLED, None, None)
    assert (provider.count("create"), engine.delivery.messages) == (0, [])
