"""Offers: nothing is spent before a member has seen the price, and then it is spent once."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.db.postgres import CONNECTIONS, MORE_CONNECTIONS
from bot.errors import (
    AlreadyRequestedError,
    BadRequestError,
    DatabaseBusyError,
    RepeatedError,
    RestartingError,
)
from bot.media.images import PNG, ImageInput
from bot.requests.confirmation import QUOTE_LIFE, QuoteChangedError, QuoteExpiredError, UnknownQuoteError
from bot.requests.quotes import Quote
from bot.requests.spec import RequestSpec
from sandbox.world import wait_until
from tests.bot.clocks import StoppedClock
from tests.bot.quoting import MODERATOR, PRICE, WISHES, Desk
from tests.bot.rows import MODEL, PROMPT, new_requester
from tests.bot.troubles import held
from tests.postgres import connect

TICK = timedelta(microseconds=1)
CAT = ImageInput("https://cdn.discordapp.com/cat.png", "cat.png", PNG, 1000)
DOG = ImageInput("https://cdn.discordapp.com/dog.png", "dog.png", PNG, None)


@pytest.fixture
async def desk(database: Database, clock: StoppedClock) -> Desk:
    """A server that wants its members to see the price first."""
    desk = Desk(database, clock)
    await desk.ask_first()
    return desk


async def test_without_the_setting_a_request_is_accepted_at_once(desk: Desk) -> None:
    await desk.ask_first(is_on=False)
    answer = await desk.quotes.ask(new_requester(), WISHES)
    assert isinstance(answer, Generation)


async def test_an_offer_is_written_down_and_counts_towards_nothing(desk: Desk, clock: StoppedClock) -> None:
    requester = new_requester()
    spec = RequestSpec(MODEL, "  A boat \u202e", {"resolution": "1080p", "seed": None}, source_id="f" * 16)
    offer = await desk.quotes.ask(requester, spec)
    assert isinstance(offer, Quote)
    assert await desk.accepted() == []
    row = await desk.quote_row(offer)
    assert row is not None
    assert (row.prompt, row.model, row.options) == ("A boat", MODEL, {"resolution": "1080P"})
    assert (row.guild_id, row.channel_id, row.user_id) == (
        requester.guild_id,
        requester.channel_id,
        requester.user_id,
    )
    assert (row.source_id, row.price, row.revision) == ("f" * 16, PRICE, 1)
    assert (row.created_at, row.expires_at) == (clock(), clock() + QUOTE_LIFE)
    assert row.generation_id is None


async def test_a_confirmed_offer_becomes_what_was_asked_for(desk: Desk) -> None:
    spec = RequestSpec(MODEL, PROMPT, {"seed": 7}, source_id="f" * 16)
    offer = await desk.offer(spec)
    clicker = new_requester()
    made = await desk.quotes.confirm(clicker, offer.quote_row.id, 1)
    assert isinstance(made, Generation)
    assert (made.interaction_id, made.status) == (clicker.interaction_id, Status.QUEUED)
    assert (made.prompt, made.model, made.options) == (PROMPT, MODEL, {"seed": 7})
    assert (made.source_id, made.estimated_credits) == ("f" * 16, PRICE)
    row = await desk.quote_row(offer)
    assert row is not None
    assert row.generation_id == made.id


async def test_images_are_kept_until_the_offer_is_confirmed(desk: Desk) -> None:
    offer = await desk.offer(RequestSpec(None, PROMPT, {}, (CAT, DOG)))
    assert offer.quote_row.model == "google/veo-3.1-first-last-image-to-video"
    made = await desk.accept(offer)
    assert (made.picture_urls, made.status) == ([CAT.url, DOG.url], Status.PREPARING)
    assert made.model == offer.quote_row.model


async def test_two_clicks_make_one_video(desk: Desk) -> None:
    offer = await desk.offer()
    await desk.accept(offer)
    with pytest.raises(RepeatedError):
        await desk.click(offer)
    assert len(await desk.accepted()) == 1


@pytest.mark.both_engines
async def test_many_clicks_at_once_make_one_video(desk: Desk) -> None:
    offer = await desk.offer()
    answers = await asyncio.gather(*(desk.click(offer) for _ in range(8)), return_exceptions=True)
    assert [type(answer) for answer in answers if not isinstance(answer, RepeatedError)] == [Generation]
    assert len(await desk.accepted()) == 1


async def test_a_second_click_is_no_refusal_though_the_first_took_the_last_place(
    database: Database, clock: StoppedClock
) -> None:
    desk = Desk(database, clock, daily_limit=1)
    await desk.ask_first()
    offer = await desk.offer()
    await desk.accept(offer)
    with pytest.raises(RepeatedError):
        await desk.click(offer)


async def test_an_interaction_that_arrives_twice_gets_one_offer(desk: Desk) -> None:
    await desk.offer(interaction_id=5)
    with pytest.raises(AlreadyRequestedError):
        await desk.offer(interaction_id=5)


async def test_an_offer_ends(desk: Desk, clock: StoppedClock) -> None:
    offer = await desk.offer()
    clock.advance(QUOTE_LIFE - TICK)
    other = await desk.offer()
    await desk.accept(offer)
    clock.advance(QUOTE_LIFE)
    for use in (
        desk.click(other),
        desk.quotes.drop(new_requester(), other.quote_row.id),
        change(desk, other),
    ):
        with pytest.raises(
            QuoteExpiredError, match=r"expired <t:\d+:R>.*This didn't count toward your limit\.$"
        ):
            await use
    assert len(await desk.accepted()) == 1


async def change(desk: Desk, offer: Quote, spec: RequestSpec = WISHES, /, **requester: int) -> Quote:
    return await desk.quotes.change(new_requester(**requester), offer.quote_row.id, spec)


@pytest.mark.parametrize("stranger", [{"user_id": 4}, {"guild_id": 2}, {"user_id": 4, "guild_id": 2}])
async def test_an_offer_is_its_members_alone(desk: Desk, stranger: dict[str, int]) -> None:
    offer = await desk.offer()
    for use in (
        desk.click(offer, **stranger),
        desk.quotes.drop(new_requester(**stranger), offer.quote_row.id),
        desk.quotes.find(new_requester(**stranger), offer.quote_row.id),
        change(desk, offer, WISHES, **stranger),
    ):
        with pytest.raises(UnknownQuoteError, match=r"This didn't count toward your limit\.$"):
            await use
    assert await desk.accepted() == []
    await desk.accept(offer)


async def test_an_id_that_there_is_not_is_refused_with_the_same_words(desk: Desk) -> None:
    offer = await desk.offer()
    with pytest.raises(UnknownQuoteError) as of_another:
        await desk.click(offer, user_id=4)
    with pytest.raises(UnknownQuoteError) as of_nobody:
        await desk.quotes.confirm(new_requester(), "0" * 16, 1)
    assert str(of_another.value) == str(of_nobody.value), "one can find out whose ids there are"


async def until_locks_are_waited_for(url: str, count: int) -> None:
    async with connect(url) as other:

        async def look() -> bool | None:
            waiting = await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return True if waiting >= count else None

        await wait_until(look, seconds=120)


@pytest.mark.postgres_only
async def test_whoever_waits_for_an_answer_is_told_in_time_that_the_database_is_busy(
    desk: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.db.database.ANSWER_PATIENCE", 0.2)
    offer = await desk.offer()
    writing: list[asyncio.Task[int | None]] = []
    async with AsyncExitStack() as stack:
        for lock in range(CONNECTIONS + MORE_CONNECTIONS):
            await stack.enter_async_context(held(database_url, lock))
            waiting = desk.database.write(lambda session: session.scalar(select(1)), lock)
            writing.append(asyncio.create_task(waiting))
        await until_locks_are_waited_for(database_url, len(writing))
        for look in (
            partial(desk.quotes.find, new_requester(), offer.quote_row.id),
            partial(desk.queue_estimate.eta, offer.preview),
        ):
            with pytest.raises(DatabaseBusyError):
                await asyncio.wait_for(look(), 25)  # the pool itself waits for 30
    await asyncio.gather(*writing)


async def test_a_change_is_an_offer_and_no_request(desk: Desk, clock: StoppedClock) -> None:
    offer = await desk.offer()
    clock.advance(QUOTE_LIFE / 2)
    desk.prices.price = 2 * PRICE
    changed = await change(desk, offer, RequestSpec(MODEL, "another", {"duration": 8}))
    assert await desk.accepted() == []
    assert (changed.quote_row.id, changed.quote_row.prompt, changed.quote_row.price) == (
        offer.quote_row.id,
        "another",
        2 * PRICE,
    )
    assert changed.quote_row.expires_at == clock() + QUOTE_LIFE
    assert not changed.is_changed, "it is another video, so it has no earlier price"
    with pytest.raises(QuoteChangedError, match=r"This didn't count toward your limit\.$"):
        await desk.click(offer)
    made = await desk.accept(changed)
    assert (made.prompt, made.options) == ("another", {"duration": 8})


async def test_a_refused_change_leaves_the_offer_as_it_was(desk: Desk) -> None:
    offer = await desk.offer()
    with pytest.raises(BadRequestError):
        await change(desk, offer, RequestSpec(MODEL, "another", {"duration": 5}))
    await desk.moderation.add_word(MODERATOR, "boat")
    with pytest.raises(Exception, match="boat"):
        await change(desk, offer, RequestSpec(MODEL, "a boat", {}))
    await desk.moderation.remove_word(MODERATOR, "boat")
    assert (await desk.accept(offer)).prompt == PROMPT


async def test_what_was_confirmed_cannot_be_changed_or_cancelled(desk: Desk) -> None:
    offer = await desk.offer()
    await desk.accept(offer)
    with pytest.raises(RepeatedError):
        await change(desk, offer)
    with pytest.raises(RepeatedError):
        await desk.quotes.drop(new_requester(), offer.quote_row.id)


async def test_a_cancelled_offer_is_gone(desk: Desk) -> None:
    offer = await desk.offer()
    await desk.quotes.drop(new_requester(), offer.quote_row.id)
    assert await desk.quote_row(offer) is None
    with pytest.raises(UnknownQuoteError):
        await desk.click(offer)


@pytest.mark.both_engines
async def test_a_click_and_a_cancellation_at_once_are_one_of_both(desk: Desk) -> None:
    offer = await desk.offer()
    drop = desk.quotes.drop(new_requester(), offer.quote_row.id)
    click, dropped = await asyncio.gather(desk.click(offer), drop, return_exceptions=True)
    is_made = isinstance(click, Generation)
    assert is_made is isinstance(dropped, RepeatedError)
    assert len(await desk.accepted()) == int(is_made)


async def test_an_offer_whose_video_was_taken_back_can_be_confirmed_again(desk: Desk) -> None:
    offer = await desk.offer()
    made = await desk.accept(offer)
    with pytest.raises(RepeatedError):
        await desk.click(offer)
    await desk.generations.withdraw(made.id)
    again = await desk.accept(offer)
    with pytest.raises(RepeatedError):
        await desk.click(offer)
    assert [row.id for row in await desk.accepted()] == [again.id]


async def test_a_new_process_knows_the_offers_of_the_old_one(desk: Desk) -> None:
    offer = await desk.offer()
    await Desk(desk.database, desk.clock).accept(offer)


async def test_while_the_program_stops_the_offer_stays(desk: Desk) -> None:
    offer = await desk.offer()
    desk.stopping.set()
    with pytest.raises(RestartingError):
        await desk.click(offer)
    desk.stopping.clear()
    await desk.accept(offer)
