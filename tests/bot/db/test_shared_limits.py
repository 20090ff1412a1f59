"""Limits hold over all processes on one PostgreSQL, however many requests come at once."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bot.admission.check_request import Admission
from bot.admission.denials import BudgetReachedError, QuotaReachedError
from bot.db.database import Database, open_database
from bot.errors import UserError
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.rules import QuotaRules
from bot.policy.documents import Period
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, new_requester

pytestmark = pytest.mark.postgres_only

PROCESSES = 4
MEMBERS = 50
SERVERS = (1, 2)
PRICE = 1000.0


@pytest.fixture
async def processes(database_url: str) -> AsyncIterator[list[Database]]:
    """Connections of several processes."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_database(database_url)) for _ in range(PROCESSES)]


@pytest.fixture
def services(processes: list[Database], clock: StoppedClock) -> list[GenerationService]:
    """The service behind /veo in each process; no day ends meanwhile."""
    admission = Admission(FixedPrices(PRICE), daily_limit=5)
    return [
        GenerationService(
            database, admission=admission, work=asyncio.Event(), stopping=asyncio.Event(), clock=clock
        )
        for database in processes
    ]


async def ask(service: GenerationService, user_id: int, guild_id: int) -> str:
    requester = new_requester(user_id=user_id, guild_id=guild_id)
    try:
        await service.request(requester, RequestSpec(model=MODEL, prompt=PROMPT, options={"duration": 4}))
    except UserError as refusal:
        return type(refusal).__name__
    return "accepted"


async def rush(services: list[GenerationService]) -> Counter[tuple[str, int]]:
    """Let every member of every server ask ten times, through all processes: 1,000 requests at once."""
    requesters = [(member, guild) for member in range(1, MEMBERS + 1) for guild in SERVERS for _ in range(10)]
    random.Random(7).shuffle(requesters)
    outcomes = await asyncio.gather(
        *(ask(services[n % PROCESSES], *requester) for n, requester in enumerate(requesters))
    )
    return Counter((outcome, guild) for outcome, (_, guild) in zip(outcomes, requesters, strict=True))


async def test_a_thousand_requests_in_four_processes_get_exactly_the_places_there_are(
    services: list[GenerationService],
) -> None:
    outcomes = await rush(services)
    each = 5 * MEMBERS
    assert outcomes == {
        (name, guild): each for name in ("accepted", QuotaReachedError.__name__) for guild in SERVERS
    }


async def test_a_thousand_requests_in_four_processes_never_pass_the_budget(
    services: list[GenerationService], processes: list[Database], clock: StoppedClock
) -> None:
    rules = QuotaRules(Decisions(processes[0], clock), daily_limit=5)
    for guild in SERVERS:
        await rules.set_budgets(Moderator(guild, 99), {Period.DAY: 42.5 * PRICE})
    outcomes = await rush(services)
    for guild in SERVERS:
        assert outcomes["accepted", guild] == 42, "money was spent twice"
        assert outcomes[BudgetReachedError.__name__, guild] > 0


async def test_moderators_in_several_processes_overwrite_none_of_each_others_rules(
    processes: list[Database],
) -> None:
    moderator = Moderator(SERVERS[0], 99)
    books = [QuotaRules(Decisions(database), daily_limit=5) for database in processes]
    await asyncio.gather(
        *(books[n % PROCESSES].grant(moderator, member, 3, None) for n, member in enumerate([7] * 20))
    )
    member_policy = (await books[0].read(SERVERS[0], 7)).member_policy
    assert member_policy.grants, "nothing was granted"
    assert sum(grant.amount for grant in member_policy.grants) == 20 * 3, "a grant was lost"
