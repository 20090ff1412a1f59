"""What a video cost is taken from wherever the provider tells it; until then the estimate stays bound."""

from typing import Any

import pytest

from bot.db.models import Status
from bot.failures import FailureKind
from bot.provider.costs import CostSource
from sandbox.generations import CostAnswer
from sandbox.odd_answers import Reshaped
from sandbox.provider import Fault
from tests.bot.bound import bound_credits
from tests.bot.engine import MakeEngine, StartProvider
from tests.bot.rows import insert

PRICE = 4 * 1_040_000


@pytest.mark.parametrize(
    ("tellers", "source"),
    [
        ({"create", "header"}, CostSource.CREATE),
        ({"header"}, CostSource.HEADER),
        ({"poll"}, CostSource.POLL),
        ({"create", "poll"}, CostSource.POLL),
    ],
    ids=["create", "header", "poll", "create and poll"],
)
async def test_the_cost_is_taken_from_the_answer_that_tells_it(
    start_provider: StartProvider, make_engine: MakeEngine, tellers: set[CostAnswer], source: CostSource
) -> None:
    async with start_provider() as provider:
        provider.generations.cost_answers = frozenset(tellers)
        engine = make_engine(provider=provider)
        row = await engine.delivered((await insert(engine.database, estimated_credits=7.0)).id)
    assert (row.credits_used, row.cost_source) == (PRICE, source)


async def test_the_cost_of_what_was_found_in_the_log_is_the_logs(
    start_provider: StartProvider, make_engine: MakeEngine
) -> None:
    async with start_provider() as provider:
        provider.faults.add("create", Fault.reset(accepted=True))
        engine = make_engine(provider=provider)
        row = await engine.delivered((await insert(engine.database)).id)
    assert (row.credits_used, row.cost_source) == (PRICE, CostSource.LOG)


ZERO = {"meta": {"usage": {"credits_used": 0, "usd_spent": 0}}}


@pytest.mark.parametrize("usage", [{}, ZERO, {"meta": {"usage": {"credits_used": "none yet"}}}], ids=str)
async def test_a_price_of_nothing_is_not_believed(
    start_provider: StartProvider, make_engine: MakeEngine, usage: dict[str, Any]
) -> None:
    async with start_provider() as provider:
        provider.generations.cost_answers = frozenset()
        provider.faults.add("retrieve", Reshaped(lambda task: {**task, **usage}), times=None)
        engine = make_engine(provider=provider)
        row = await engine.delivered((await insert(engine.database, estimated_credits=7.0)).id)
    assert (row.status, row.credits_used, row.cost_source) == (Status.SUCCEEDED, None, None)
    assert bound_credits(row) == 7.0, "the money is given back, though it is spent"


@pytest.mark.parametrize(
    "tellers", [{"create", "header"}, {"create", "poll"}, {"poll"}], ids=["create", "both", "poll"]
)
async def test_what_was_told_is_not_charged_for_a_failure(
    start_provider: StartProvider, make_engine: MakeEngine, tellers: set[CostAnswer]
) -> None:
    async with start_provider() as provider:
        provider.generations.cost_answers = frozenset(tellers)
        engine = make_engine(provider=provider)
        row = await engine.delivered((await insert(engine.database, prompt="[fail] A cat")).id)
    assert (row.status, row.credits_used, bound_credits(row)) == (Status.FAILED, None, 0.0)


async def test_what_the_log_says_of_a_call_whose_video_fails_later_is_not_charged(
    start_provider: StartProvider, make_engine: MakeEngine
) -> None:
    async with start_provider() as provider:
        provider.hold = True
        provider.faults.add("create", Fault.reset(accepted=True))
        engine = make_engine(provider=provider)
        row = await insert(engine.database, prompt="[fail] A cat")
        async with engine.running():
            await provider.called("retrieve")
        assert (await engine.row(row.id)).cost_source is CostSource.LOG
        engine.restart()
        provider.release()
        row = await engine.delivered(row.id)
    assert (row.failure_kind, bound_credits(row)) == (FailureKind.UNMADE, 0.0)
