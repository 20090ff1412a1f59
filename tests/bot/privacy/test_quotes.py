"""Offers hold words too: members get them, delete them, and they go by themselves."""

import asyncio

import pytest
from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.models import QuoteRow
from bot.media.files import VideoStore
from bot.media.images import PNG, ImageInput
from bot.media.orphaned_files import OrphanedFiles
from bot.privacy.retention import Retention
from bot.privacy.service import Forgotten, Privacy
from bot.requests.confirmation import QUOTE_LIFE
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.quoting import Desk
from tests.bot.rows import MODEL, PROMPT

CAT = ImageInput("https://cdn.discordapp.com/cat.png", "cat.png", PNG, 1000)


@pytest.fixture
async def desk(database: Database, clock: StoppedClock) -> Desk:
    """A server that wants its members to see the price first."""
    desk = Desk(database, clock)
    await desk.ask_first()
    return desk


async def test_a_member_gets_their_offers_and_deletes_them(desk: Desk) -> None:
    offer, other = await desk.offer(RequestSpec(None, PROMPT, {}, (CAT,))), await desk.offer(user_id=4)
    privacy = Privacy(desk.database, desk.clock)
    [exported] = (await privacy.export(3))["offers"]
    assert (exported["id"], exported["prompt"], exported["request_id"]) == (offer.quote_row.id, PROMPT, None)
    assert [image["url"] for image in exported["pictures"]] == [CAT.url]
    assert await privacy.forget(3) == Forgotten(now=1, later=0)
    assert (await privacy.export(3))["offers"] == []
    assert await desk.quote_row(other) is not None, "another member's offer was deleted"


async def test_a_confirmed_offer_is_no_further_request_to_forget(desk: Desk) -> None:
    offer = await desk.offer()
    await desk.accept(offer)
    assert await Privacy(desk.database, desk.clock).forget(3) == Forgotten(now=0, later=1)
    assert await desk.quote_row(offer) is None


@pytest.mark.both_engines
async def test_every_column_of_an_offer_is_exported(desk: Desk) -> None:
    offer = await desk.offer(
        RequestSpec(MODEL, PROMPT, {"seed": 7}, source_id="f" * 16, continues_id="e" * 16)
    )
    await desk.accept(offer)
    redo = update(QuoteRow).values(redo={"film_id": "d" * 16, "shot": 2, "prices": [1.0]})
    await desk.database.write(lambda session: session.execute(redo))
    exported = (await Privacy(desk.database, desk.clock).export(3))["offers"][0]
    assert None not in exported.values(), "this shows nothing of a column that is empty"
    assert len(exported) == len(inspect(QuoteRow).columns) - 1, "all but the member's id, which is above"


@pytest.mark.both_engines
async def test_what_is_over_is_forgotten_with_its_words(
    desk: Desk, store: VideoStore, clock: StoppedClock
) -> None:
    retention = Retention(
        desk.database,
        store,
        OrphanedFiles(desk.database, store),
        keep=None,
        stopping=asyncio.Event(),
        clock=clock,
    )
    over = await desk.offer()
    await desk.accept(await desk.offer())
    clock.advance(QUOTE_LIFE)
    alive = await desk.offer()
    await retention.clean()

    def work(session: Session):
        assert list((session.scalars(select(QuoteRow.id))).all()) == [alive.quote_row.id]

    await desk.database.read(work)
    assert await desk.quote_row(over) is None
