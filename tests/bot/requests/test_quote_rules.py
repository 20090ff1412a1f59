"""Offers and the rules, asked before and at the click: prices, what is left, and many clicks at once."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admission.denials import BudgetReachedError, PausedError, PriceUnknownError, QuotaReachedError
from bot.db.database import Database
from bot.db.guild_models import Action, AuditRow
from bot.db.models import Generation, Status
from bot.errors import BadRequestError, RepeatedError
from bot.moderation.rules import SERVER
from bot.policy.documents import LimitKind, Period
from bot.requests.confirmation import QuoteChangedError
from bot.requests.quotes import Quote
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.quoting import MODERATOR, PRICE, Desk
from tests.bot.rows import MODEL, insert

AHEAD = timedelta(days=400)


@pytest.fixture
async def desk(database: Database, clock: StoppedClock) -> Desk:
    """A server that wants its members to see the price first."""
    desk = Desk(database, clock)
    await desk.ask_first()
    return desk


async def actions(database: Database) -> list[Action]:
    def work(session: Session):
        found = session.scalars(select(AuditRow.action).where(AuditRow.action != Action.SETTINGS))
        return list(found.all())

    return await database.read(work)


async def test_the_rules_are_asked_before_an_offer(desk: Desk, database: Database) -> None:
    await desk.moderation.pause(MODERATOR, None)
    with pytest.raises(PausedError):
        await desk.offer()
    with pytest.raises(BadRequestError):
        await desk.offer(RequestSpec(MODEL, " ", {}))
    await desk.moderation.resume(MODERATOR)
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: PRICE / 2})
    with pytest.raises(BudgetReachedError):
        await desk.offer()
    assert Action.BUDGET_REACHED in await actions(database), "the moderators are not told"


async def refused(desk: Desk) -> None:
    with pytest.raises(BudgetReachedError):
        await desk.offer()


@pytest.mark.both_engines
async def test_what_a_clock_that_was_ahead_told_moderators_keeps_no_news_of_today_from_them(
    desk: Desk, database: Database, clock: StoppedClock
) -> None:
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: PRICE / 2})
    clock.advance(AHEAD)
    await refused(desk)
    clock.advance(-AHEAD)
    await refused(desk)
    await refused(desk)
    assert (await actions(database)).count(Action.BUDGET_REACHED) == 2


async def test_moderators_hear_once_of_a_budget_that_was_set_while_a_clock_was_ahead(
    desk: Desk, database: Database, clock: StoppedClock
) -> None:
    clock.advance(AHEAD)
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: PRICE / 2})
    clock.advance(-AHEAD)
    await refused(desk)
    await refused(desk)
    assert (await actions(database)).count(Action.BUDGET_REACHED) == 1


async def test_the_rules_are_asked_again_at_the_click(desk: Desk) -> None:
    offer = await desk.offer()
    await desk.moderation.pause(MODERATOR, "lunch")
    with pytest.raises(PausedError, match=r"lunch.*This didn't count toward your limit\.$"):
        await desk.click(offer)
    await desk.moderation.resume(MODERATOR)
    await desk.rules.set_limits(MODERATOR, SERVER, {LimitKind.DAY: 0})
    with pytest.raises(QuotaReachedError):
        await desk.click(offer)
    await desk.rules.set_limits(MODERATOR, SERVER, {LimitKind.DAY: 1})
    await desk.accept(offer)


@pytest.mark.both_engines
async def test_what_two_offers_promise_is_given_to_the_first_click(
    database: Database, clock: StoppedClock
) -> None:
    desk = Desk(database, clock, daily_limit=3)
    await desk.ask_first()
    offers = [await desk.offer() for _ in range(6)]
    assert {offer.left for offer in offers} == {2}, "an offer took a slot"
    answers = await asyncio.gather(*(desk.click(offer) for offer in offers), return_exceptions=True)
    assert sum(isinstance(answer, Generation) for answer in answers) == 3, answers
    assert sum(isinstance(answer, QuotaReachedError) for answer in answers) == 3, answers


@pytest.mark.both_engines
async def test_offers_reserve_no_money(desk: Desk, database: Database) -> None:
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: 1.5 * PRICE})
    offers = [await desk.offer() for _ in range(3)]
    assert Action.BUDGET_WARNING not in await actions(database), "nothing is spent yet"
    answers = await asyncio.gather(*(desk.click(offer) for offer in offers), return_exceptions=True)
    assert sum(isinstance(answer, Generation) for answer in answers) == 1, answers
    assert sum(isinstance(answer, BudgetReachedError) for answer in answers) == 2, answers


async def test_the_moderators_are_warned_when_an_offer_is_confirmed(desk: Desk, database: Database) -> None:
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: 1.1 * PRICE})
    await desk.accept(await desk.offer())
    assert (await actions(database)).count(Action.BUDGET_WARNING) == 1


@pytest.mark.parametrize("now", [1.02 * PRICE, 10 * PRICE, None])
async def test_a_worse_price_is_shown_before_it_is_spent(desk: Desk, now: float | None) -> None:
    offer = await desk.offer()
    desk.prices.price = now
    again = await desk.click(offer)
    assert isinstance(again, Quote), "more was spent than the member was told"
    assert (again.is_changed, again.quote_row.price, again.quote_row.id) == (True, now, offer.quote_row.id)
    assert await desk.accepted() == []
    assert (await desk.accept(again)).estimated_credits == now


@pytest.mark.both_engines
async def test_a_double_click_does_not_confirm_a_price_that_nobody_saw(desk: Desk) -> None:
    offer = await desk.offer()
    desk.prices.price = 2 * PRICE
    answers = await asyncio.gather(desk.click(offer), desk.click(offer), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Quote, QuoteChangedError}
    assert await desk.accepted() == []


@pytest.mark.parametrize("now", [1.005 * PRICE, 0.5 * PRICE])
async def test_about_the_same_or_less_is_not_asked_again(desk: Desk, now: float) -> None:
    offer = await desk.offer()
    desk.prices.price = now
    assert (await desk.accept(offer)).estimated_credits == now


async def test_a_price_that_became_known_is_shown(desk: Desk) -> None:
    desk.prices.price = None
    offer = await desk.offer()
    assert (offer.quote_row.price, offer.is_past_price) == (None, False)
    desk.prices.price = PRICE
    again = await desk.click(offer)
    assert isinstance(again, Quote)
    await desk.accept(again)


async def test_a_price_that_nobody_knows_can_be_confirmed_where_there_is_no_budget(desk: Desk) -> None:
    desk.prices.price = None
    offer = await desk.offer()
    assert (await desk.accept(offer)).estimated_credits is None
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: PRICE})
    with pytest.raises(PriceUnknownError):
        await desk.offer()


async def test_a_price_may_be_what_such_videos_cost(desk: Desk, database: Database) -> None:
    desk.prices.price = None
    await insert(database, user_id=9, status=Status.SUCCEEDED, credits_used=8000.0, options={"duration": 8})
    offer = await desk.offer()
    assert (offer.quote_row.price, offer.is_past_price) == (4000.0, True)
    await desk.ask_first(is_on=False)
    assert (await desk.accept(offer)).estimated_credits == 4000.0, "the price was not asked for again"


async def test_the_tightest_limit_and_the_money_after_it_are_told(desk: Desk) -> None:
    offer = await desk.offer()
    assert (offer.limit and offer.limit.kind, offer.left, list(offer.budgets)) == (LimitKind.DAY, 4, [])
    await desk.rules.set_limits(MODERATOR, SERVER, {LimitKind.AT_ONCE: 2, LimitKind.DAY: None})
    await desk.rules.set_budgets(MODERATOR, {Period.MONTH: 3 * PRICE})
    offer = await desk.offer()
    assert (offer.limit and offer.limit.kind, offer.left) == (LimitKind.AT_ONCE, 1)
    assert [state.left for state in offer.budgets] == [2 * PRICE]
    await desk.rules.unset_limits(MODERATOR, SERVER, [LimitKind.AT_ONCE])
    unlimited = await desk.offer()
    assert (unlimited.limit, unlimited.max_waiting) == (None, 100), "how many can wait is no limit of theirs"


async def test_the_wait_is_foretold(desk: Desk, clock: StoppedClock) -> None:
    free = (await desk.offer()).eta
    assert (free.position, free.is_late) == (None, False)
    assert free.expected_at is not None
    assert free.expected_at > clock()
    for _ in range(2):
        await insert(desk.database, user_id=9, status=Status.RUNNING, submitted_at=clock())
    await insert(desk.database, user_id=9, created_at=clock())
    waiting = (await desk.offer()).eta
    assert waiting.position == 1, "whoever has nothing goes before one who has two"
    await insert(desk.database, user_id=8, created_at=clock())
    behind = (await desk.offer()).eta
    assert behind.position == 2
    assert behind.expected_at is not None
    assert waiting.expected_at is not None
    assert behind.expected_at > waiting.expected_at > clock()


@pytest.mark.nightly(daily=["sqlite"])
@pytest.mark.both_engines
async def test_many_clicks_at_once_get_exactly_the_places_there_are(
    database: Database, clock: StoppedClock
) -> None:
    """20 members with 10 offers each click on all of them, twice; each may have 5 videos, the server 60."""
    desk = Desk(database, clock)
    await desk.ask_first()
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: 60.5 * PRICE})
    offers = [(user, await desk.offer(user_id=user)) for user in range(1, 21) for _ in range(10)]
    clicks = (desk.click(offer, user_id=user) for user, offer in offers * 2)
    answers = await asyncio.gather(*clicks, return_exceptions=True)
    made = [answer for answer in answers if isinstance(answer, Generation)]
    assert len(made) == 60, "the budget was passed, or not used"
    refusals = (QuotaReachedError, BudgetReachedError, RepeatedError)
    assert sum(isinstance(answer, refusals) for answer in answers) == len(answers) - 60, answers
    assert max(Counter(row.user_id for row in made).values()) <= 5
