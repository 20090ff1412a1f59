"""One request is refused, or one model, or all: which ones wait, and how each ends."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import pytest

from bot.clock import utc_now
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.jobs.closures import RefusalScope
from bot.jobs.pause_state import UnknownModels, fetch_pause
from bot.jobs.steps.base import CreateRefusedError, StepPostponedError
from bot.jobs.steps.gate import WRITE_INTERVAL, Gate
from bot.jobs.steps.timing import Timing
from bot.provider.errors import RateLimitError, UnknownTaskError
from sandbox.offers import OFFERS
from sandbox.provider import Fault, Provider
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.rows import MODEL, insert

OTHER_MODEL = "google/veo-3.1-t2v"
THIRD_MODEL = "google/veo-3.1-t2v-fast"
LITE = "veo-3.1-lite-generate-001"
BAD = "what nobody may see"
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)

REFUSALS = {
    "403": Fault.status(403, "This prompt is not allowed."),
    "a 403 with a card": Fault.status(403, "The image shows a credit card, which our policy does not allow."),
    "404": Fault.status(404, "No such thing."),
    "429": Fault.status(429, "Slow down.", retry_after=3600),
    "an empty 403": Fault.status(403, body="empty"),
    "a page with 404": Fault.status(404, body="html"),
}
every_refusal = pytest.mark.parametrize("name", REFUSALS)
ENDING = [name for name in REFUSALS if name != "429"]


@pytest.fixture
def narrow(make_engine: MakeEngine) -> Engine:
    """One process that has a single slot at the provider."""
    return make_engine(max_running=1, account_wait=timedelta(seconds=0.5))


async def all_delivered(engine: Engine, rows: list[Generation]) -> list[Generation]:
    """Run until these are over, and return them as they are then."""

    async def look() -> bool:
        engine.work.set()
        return all([(await engine.row(row.id)).delivered_at is not None for row in rows])

    async with engine.running():
        await until("all others are delivered", look)
    engine.restart()
    return [await engine.row(row.id) for row in rows]


@every_refusal
async def test_a_prompt_that_is_refused_holds_up_nobody(
    narrow: Engine, provider: Provider, name: str
) -> None:
    provider.faults.add("create", REFUSALS[name], times=None, only={"prompt": BAD})
    bad = await insert(narrow.database, prompt=BAD)
    others = [await insert(narrow.database) for _ in range(6)]
    assert {row.status for row in await all_delivered(narrow, others)} == {Status.SUCCEEDED}
    after = await narrow.row(bad.id)
    if name in ENDING:
        assert (after.status, after.failure_kind) == (Status.FAILED, FailureKind.REFUSED)
    else:
        assert after.status is Status.QUEUED, "a request that is only to wait has ended"


@pytest.mark.nightly(daily=["sqlite-a 403 with a card"])
@every_refusal
async def test_a_model_that_is_refused_holds_up_no_other(
    narrow: Engine, provider: Provider, name: str
) -> None:
    provider.faults.add("create", REFUSALS[name], times=None, only={"model": OTHER_MODEL})
    bad = [await insert(narrow.database, model=OTHER_MODEL) for _ in range(3)]
    others = [await insert(narrow.database) for _ in range(6)]
    assert {row.status for row in await all_delivered(narrow, others)} == {Status.SUCCEEDED}
    ended = [row for row in [await narrow.row(row.id) for row in bad] if row.status is Status.FAILED]
    assert len(ended) == (1 if name in ENDING else 0), "the first one tells, and the others are kept"
    provider.faults.clear()
    if name in ENDING:
        kept = [row for row in bad if row.id not in {one.id for one in ended}]
        assert {row.status for row in await all_delivered(narrow, kept)} == {Status.SUCCEEDED}


async def test_a_model_of_several_rows_is_refused_as_one(engine: Engine) -> None:
    gate = Gate(engine.veo, engine.database, Timing(), utc_now)
    names = [LITE, f"{LITE}#image", f"{LITE}#frames", MODEL]
    first, second, third, other = [await insert(engine.database, model=name) for name in names]
    for row in (first, second):
        with pytest.raises(StepPostponedError):
            await gate.refused(row, RateLimitError("Slow down.", retry_after=None))
    with pytest.raises(StepPostponedError):
        await gate.ensure_open(third)
    await gate.ensure_open(other)  # or it would be the account that is refused


async def test_requests_of_a_model_that_is_gone_end_at_once(narrow: Engine, provider: Provider) -> None:
    provider.terms.sold_out.add(OTHER_MODEL)
    rows = [await insert(narrow.database, model=OTHER_MODEL) for _ in range(4)]
    after = await all_delivered(narrow, rows)
    assert {row.failure_kind for row in after} == {FailureKind.MODEL_GONE}
    assert {row.failure_reason for row in after} == {f"Model {OTHER_MODEL} not found"}
    assert provider.count("create") < 4, "what is known to be gone was asked for again and again"


@pytest.mark.nightly(daily=["sqlite-Error {number}"])
@pytest.mark.parametrize("words", ["Forbidden resource", "Error {number}"])
async def test_when_all_is_refused_the_queue_is_kept_and_goes_on_by_itself(
    make_engine: MakeEngine, provider: Provider, words: str
) -> None:
    engine = make_engine(max_running=1)
    for number in range(8):
        provider.faults.add("create", Fault.status(403, words.format(number=number)))
    models = [MODEL, OTHER_MODEL, THIRD_MODEL, MODEL, OTHER_MODEL]
    rows = [await insert(engine.database, model=model) for model in models]
    after = await all_delivered(engine, rows)
    assert [row.status for row in after].count(Status.FAILED) == 1, "more than the first one have ended"
    assert provider.count("create") == 8 + 4
    assert await fetch_pause(engine.database) is None, "it is still written down that all is refused"


async def test_what_a_refusal_repeats_of_a_members_words_is_told_to_nobody_else(
    make_engine: MakeEngine, provider: Provider
) -> None:
    engine = make_engine(max_running=1)
    provider.faults.add(
        "create", Fault.status(403, f"Not allowed: '{BAD}'."), times=None, only={"prompt": BAD}
    )
    for _ in range(2):
        await insert(engine.database, prompt=BAD)
    for expected in (None, StepPostponedError):
        with pytest.raises(expected) if expected else nullcontext():
            await engine.workflow.run(await engine.claim())
    pause = await fetch_pause(engine.database)
    assert pause is not None, "two were refused alike"
    assert pause.words == "Not allowed: '…'.", "others are told these, and alerts"


async def test_a_key_that_may_not_ask_for_the_money_is_no_reason(engine: Engine, provider: Provider) -> None:
    provider.faults.add("billing", Fault.status(403, "This key lacks the scope billing:read."), times=None)
    provider.faults.add("create", Fault.status(403, "Not allowed."), only={"prompt": BAD})
    row = await insert(engine.database, prompt=BAD)
    [after] = await all_delivered(engine, [row])
    assert (after.failure_kind, after.failure_reason) == (FailureKind.REFUSED, "Not allowed.")
    assert await fetch_pause(engine.database) is None


def spend_all(provider: Provider) -> None:
    provider.top_up(-100.0)


def take_scope(provider: Provider) -> None:
    provider.terms.scopes = ["model:chat"]


def limit_key(provider: Provider) -> None:
    provider.terms.limit_usd = 0.0


@pytest.mark.parametrize("spoil", [spend_all, take_scope, limit_key])
async def test_what_the_account_or_the_key_explains_ends_nothing(
    engine: Engine, provider: Provider, spoil: Callable[[Provider], None]
) -> None:
    spoil(provider)
    provider.faults.add("create", Fault.status(403, "Forbidden resource"), times=None)
    row = await insert(engine.database)
    with pytest.raises(StepPostponedError):
        await engine.workflow.run(await engine.claim())
    assert (await engine.row(row.id)).status is Status.QUEUED
    pause = await fetch_pause(engine.database)
    assert pause is not None
    assert (pause.scope, pause.words) == (RefusalScope.ACCOUNT, "Forbidden resource")


async def test_a_restart_remembers_what_is_refused(make_engine: MakeEngine, provider: Provider) -> None:
    before, after = make_engine("before"), make_engine("after")
    provider.faults.add("create", Fault.status(403), times=None)
    for model in (MODEL, OTHER_MODEL):
        await insert(before.database, model=model)
    for row in await before.queue.claim(2):
        try:
            await before.workflow.run(row)
        except StepPostponedError:
            await before.queue.release(row, HOUR, failed=False)
    row = await insert(after.database, model=THIRD_MODEL)
    with pytest.raises(StepPostponedError):
        await after.workflow.run(await after.claim())
    assert (await after.row(row.id)).status is Status.QUEUED, "the restart cost another request"


async def test_a_process_forgets_no_model_that_another_one_knows_to_be_unknown(engine: Engine) -> None:
    here, there = [Gate(engine.veo, engine.database, Timing(), engine.clock) for _ in range(2)]
    await there.ensure_open(await insert(engine.database))  # nothing was refused when it began
    for gate, model, error in (
        (here, MODEL, UnknownTaskError("No such thing.")),
        (there, OTHER_MODEL, RateLimitError("Slow down.", retry_after=None)),
    ):
        for _ in range(2):
            row = await insert(engine.database, model=model)
            await gate.ensure_open(row)
            with pytest.raises((StepPostponedError, CreateRefusedError)):
                await gate.refused(row, error)
            await gate.settle(row)
    unknown = UnknownModels(engine.database, engine.clock)
    assert await unknown.fetch() == {MODEL}
    engine.clock.advance(WRITE_INTERVAL)
    taken = await insert(engine.database, model=MODEL)
    there.accepted(taken)
    await there.settle(taken)
    assert await unknown.fetch() == frozenset()


WAITS = {
    "no money": Fault.status(402, "Pay first."),
    "all busy": Fault.status(429, "Slow down.", retry_after=3600),
}


@pytest.mark.parametrize("name", WAITS)
async def test_a_request_that_nobody_takes_ends_after_a_day(
    engine: Engine, provider: Provider, name: str
) -> None:
    provider.faults.add("create", WAITS[name], times=None)
    rows = [await insert(engine.database) for _ in range(3)]
    async with engine.running():
        await provider.called("create")
        engine.clock.advance(DAY)
    engine.restart()
    for row in await all_delivered(engine, rows):
        assert (row.status, row.failure_kind) == (Status.FAILED, FailureKind.UNTAKEN)
        assert row.failure_reason == getattr(WAITS[name], "message", None)
    assert len(engine.delivery.failures) == 3


async def test_a_provider_that_cannot_be_reached_for_a_day_ends_it_too(
    make_engine: MakeEngine, unused_tcp_port: int
) -> None:
    engine = make_engine(url=f"http://127.0.0.1:{unused_tcp_port}", queue_window=timedelta(seconds=0.3))
    row = await engine.delivered((await insert(engine.database)).id)
    assert (row.status, row.failure_kind, row.failure_reason) == (Status.FAILED, FailureKind.UNTAKEN, None)


async def test_a_day_in_which_nothing_ran_does_not_count(engine: Engine, provider: Provider) -> None:
    provider.faults.add("create", Fault.status(402))
    row = await insert(engine.database, created_at=engine.clock() - 3 * DAY)
    assert (await engine.delivered(row.id)).status is Status.SUCCEEDED


async def test_a_date_in_the_future_is_no_excuse(make_engine: MakeEngine, provider: Provider) -> None:
    engine = make_engine(queue_window=timedelta(seconds=0.3))
    provider.faults.add("create", Fault.status(402), times=None)
    row = await insert(engine.database, created_at=engine.clock() + 400 * DAY)
    assert (await engine.delivered(row.id)).failure_kind is FailureKind.UNTAKEN


async def test_an_outage_that_empties_the_list_of_models_ends_no_queue(
    narrow: Engine, provider: Provider
) -> None:
    provider.terms.sold_out |= set(OFFERS)
    rows = [await insert(narrow.database) for _ in range(4)]

    async def were_refused() -> bool:
        return provider.count("create") > 1

    async with narrow.running():
        await until("two were refused", were_refused)
        provider.terms.sold_out.clear()
    narrow.restart()
    after = await all_delivered(narrow, rows)
    kinds = [row.failure_kind for row in after]
    assert FailureKind.MODEL_GONE not in kinds, "a list without any model is no list"
    assert kinds.count(None) == 3, "more than the first one have ended"
