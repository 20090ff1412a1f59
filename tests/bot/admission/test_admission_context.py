"""What a decision rests on, as it is read for it."""

import pytest

from bot.admission.check_request import Admission, AdmissionContext
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Status
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.rules import QuotaRules
from bot.moderation.service import Moderation
from bot.policy.documents import Period
from bot.provider.catalogue import build_request
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, insert, new_requester

MONA = Moderator(guild_id=1, user_id=99)
COST = 400.0


async def context_of(
    database: Database, listed: float | None = None, *, is_quoted: bool = False
) -> AdmissionContext:
    """Read the context of a request of 4 seconds; `listed`: what the provider's list says of it."""
    admission = Admission(FixedPrices(listed), daily_limit=5, max_waiting=7)
    video = build_request(MODEL, PROMPT, {"duration": 4})
    return await database.read(
        lambda session: admission.fetch_context(
            session, new_requester(), video, utc_now(), is_quoted=is_quoted
        )
    )


@pytest.fixture
async def history(database: Database) -> None:
    """A video that cost something."""
    await insert(database, status=Status.SUCCEEDED, credits_used=COST)


@pytest.mark.usefixtures("history")
async def test_the_list_is_believed_before_history(database: Database) -> None:
    context = await context_of(database, 900.0, is_quoted=True)
    assert (context.price, context.is_past_price, context.max_waiting) == (900, False, 7)


@pytest.mark.usefixtures("history")
async def test_history_is_read_only_where_somebody_needs_a_price(database: Database) -> None:
    context = await context_of(database)
    assert (context.price, context.is_past_price) == (None, False)
    context = await context_of(database, is_quoted=True)
    assert (context.price, context.is_past_price) == (COST, True)


@pytest.mark.usefixtures("history")
async def test_a_server_that_asks_first_needs_a_price(database: Database) -> None:
    await Moderation(Decisions(database)).change_settings(MONA, {"ask_first": True})
    assert (await context_of(database)).price == COST


@pytest.mark.usefixtures("history")
async def test_a_server_with_a_budget_needs_a_price_and_what_was_spent(database: Database) -> None:
    await QuotaRules(Decisions(database), daily_limit=5).set_budgets(MONA, {Period.DAY: 1000.0})
    context = await context_of(database)
    assert (context.price, [state.spent for state in context.budgets]) == (COST, [COST])


async def test_without_any_price_nothing_is_said_to_be_recalled(database: Database) -> None:
    context = await context_of(database, is_quoted=True)
    assert (context.price, context.is_past_price) == (None, False)
