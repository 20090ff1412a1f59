"""Every rule at once: what `check_request` says, and what the transaction lets through of many at once."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.admission.budgets import states_of
from bot.admission.check_request import (
    Admission,
    AdmissionContext,
    Requester,
    check_request,
    check_settings,
)
from bot.admission.denials import (
    BlockedError,
    BudgetReachedError,
    ChannelNotAllowedError,
    ModelGoneError,
    ModelNotAllowedError,
    PausedError,
    PriceUnknownError,
    QuotaReachedError,
    TooHighError,
    TooLongError,
    WaitingFullError,
    WordNotAllowedError,
)
from bot.admission.limits import Use
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.guild_models import Action, AuditRow
from bot.db.models import Generation, Placement, Status
from bot.errors import UserError
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.rules import SERVER, QuotaRules, Subject
from bot.moderation.service import Moderation
from bot.policy.documents import (
    Block,
    Budget,
    Grant,
    LimitKind,
    MemberPolicy,
    Pause,
    Period,
    Policy,
    Rule,
    Scope,
)
from bot.provider.catalogue import CATALOGUE, build_request
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, insert, new_requester

pytestmark = pytest.mark.both_engines

NOW = utc_now()
PRICE = 1000.0
MODERATOR = Moderator(guild_id=1, user_id=99)
FANS = 77  # a role


def verdict(
    context: AdmissionContext | None = None,
    *,
    requester: Requester | None = None,
    daily_limit: int = 5,
    **wish: Any,
) -> UserError | None:
    options = {"duration": 8, "resolution": "1080P", **wish.pop("options", {})}
    video = build_request(wish.pop("model", MODEL), wish.pop("prompt", PROMPT), options)
    return check_request(
        requester or new_requester(), video, context or AdmissionContext(price=PRICE), daily_limit, NOW
    )


def budget_facts(budget: float, spent: float, price: float | None = PRICE) -> AdmissionContext:
    long_ago = NOW - timedelta(days=400)
    budgets = {Period.MONTH: Budget(credits=budget, since=long_ago)}
    return AdmissionContext(budgets=states_of(budgets, {Period.MONTH: spent}, NOW), price=price)


def test_without_any_rule_a_first_video_is_allowed() -> None:
    assert verdict() is None


REFUSED: dict[str, tuple[AdmissionContext, type[UserError], str]] = {
    "a pause": (
        AdmissionContext(Policy(pause=Pause(since=NOW, reason="**tea** @everyone"))),
        PausedError,
        r"\*\*tea\*\*",
    ),
    "a block for ever": (
        AdmissionContext(member_policy=MemberPolicy(block=Block(since=NOW))),
        BlockedError,
        "Ask a moderator",
    ),
    "a block for a while": (
        AdmissionContext(member_policy=MemberPolicy(block=Block(since=NOW, until=NOW + timedelta(hours=1)))),
        BlockedError,
        "The block lasts until <t:",
    ),
    "another channel": (AdmissionContext(Policy(channels=frozenset({5}))), ChannelNotAllowedError, "<#5>"),
    "another model": (
        AdmissionContext(Policy(models=frozenset({"google/veo-3.0-fast"}))),
        ModelNotAllowedError,
        "Veo 3 Fast",
    ),
    "another model, of which one is gone": (
        AdmissionContext(
            Policy(models=frozenset({"google/veo-3.0-fast", "google/veo-3.1-t2v"})),
            gone=frozenset({"google/veo-3.0-fast"}),
        ),
        ModelNotAllowedError,
        "Choose Veo 3.1.",
    ),
    "a model that is gone": (
        AdmissionContext(gone=frozenset({"google/veo3"})),
        ModelGoneError,
        "Choose Veo 3 Fast, Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview.",
    ),
    "a model that is gone, and the others aren't allowed": (
        AdmissionContext(
            Policy(models=frozenset({"google/veo3", "google/veo-3.1-i2v"})), gone=frozenset({"google/veo3"})
        ),
        ModelGoneError,
        "None of the other models you can use here can make such a video.",
    ),
    "too long": (AdmissionContext(Policy(longest_duration=6)), TooLongError, "6 seconds"),
    "too high": (AdmissionContext(Policy(highest_resolution="720P")), TooHighError, "720P"),
    "a word": (AdmissionContext(Policy(words=("paper boat",))), WordNotAllowedError, "paper boat"),
    "the operator's limit": (
        AdmissionContext(use=Use([NOW] * 5)),
        QuotaReachedError,
        "5 videos for the last 24 hours",
    ),
    "no videos at all": (
        AdmissionContext(Policy(rules=(Rule(scope=Scope.SERVER, kind=LimitKind.DAY, most=0),))),
        QuotaReachedError,
        "0 videos",
    ),
    "too many at once": (
        AdmissionContext(
            Policy(rules=(Rule(scope=Scope.SERVER, kind=LimitKind.AT_ONCE, most=1),)),
            use=Use([NOW], at_once=1),
        ),
        QuotaReachedError,
        "at once",
    ),
    "a full queue": (
        AdmissionContext(use=Use([NOW], at_once=3, in_queue=3), max_waiting=3),
        WaitingFullError,
        "3",
    ),
    "a spent budget": (budget_facts(5000, 5000), BudgetReachedError, "for this month is used up"),
    "a budget of nothing": (budget_facts(0, 0), BudgetReachedError, "video budget is 0"),
    "a budget with too little left": (budget_facts(5000, 4500), BudgetReachedError, "for this month has"),
    "a price that nobody knows": (budget_facts(5000, 0, None), PriceUnknownError, "few minutes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_because_of(name: str) -> None:
    context, kind, words = REFUSED[name]
    refusal = verdict(context)
    assert isinstance(refusal, kind), f"{refusal!r} instead of {kind.__name__}"
    assert words in str(refusal)
    assert str(refusal).endswith("This didn't count toward your limit."), (
        "the member is not told that it did not count"
    )
    assert "@everyone" not in str(refusal), "a moderator's reason mentions everybody"


@pytest.mark.parametrize(("spent", "is_said"), [(0, True), (5000, False)], ids=["left", "used up"])
def test_a_shorter_video_is_advised_only_where_another_budget_takes_one(
    spent: float, *, is_said: bool
) -> None:
    budgets = dict.fromkeys(Period, Budget(credits=5000, since=NOW - timedelta(days=400)))
    states = states_of(budgets, {Period.MONTH: 4500, Period.DAY: spent}, NOW.replace(day=10))
    refusal = verdict(AdmissionContext(budgets=states, price=PRICE))
    assert isinstance(refusal, BudgetReachedError)
    assert refusal.state.period is Period.MONTH
    assert ("may still fit" in str(refusal)) is is_said


def test_a_block_that_has_ended_does_not_hold() -> None:
    block = Block(since=NOW - timedelta(hours=2), until=NOW)
    assert verdict(AdmissionContext(member_policy=MemberPolicy(block=block))) is None


@pytest.mark.parametrize(("waiting", "most"), [(2, 3), (3, None)])
def test_a_queue_with_a_place_takes_one_more(waiting: int, most: int | None) -> None:
    assert verdict(AdmissionContext(use=Use(in_queue=waiting), max_waiting=most)) is None


def test_a_members_own_limit_is_theirs_alone() -> None:
    rule = Rule(scope=Scope.MEMBER, subject_id=3, kind=LimitKind.DAY, most=1)
    context = AdmissionContext(Policy(rules=(rule,)), use=Use([NOW]))
    assert isinstance(verdict(context), QuotaReachedError), "the member's own rule is not looked at"
    assert verdict(context, requester=new_requester(user_id=4)) is None


def test_a_limit_of_a_role_holds_for_those_who_have_it() -> None:
    rule = Rule(scope=Scope.ROLE, subject_id=FANS, kind=LimitKind.DAY, most=9)
    context = AdmissionContext(Policy(rules=(rule,)), use=Use([NOW] * 5))
    assert verdict(context, requester=replace(new_requester(), role_ids=frozenset({FANS}))) is None
    assert isinstance(verdict(context), QuotaReachedError)


@pytest.mark.parametrize(("hours", "is_refused"), [(1, False), (0, True)])
def test_granted_videos_can_be_used_until_the_grant_ends(hours: int, *, is_refused: bool) -> None:
    grant = Grant(amount=1, since=NOW - timedelta(days=1), until=NOW + timedelta(hours=hours))
    context = AdmissionContext(member_policy=MemberPolicy(grants=(grant,)), use=Use([NOW] * 5))
    assert isinstance(verdict(context), QuotaReachedError) is is_refused


def test_a_thread_of_an_allowed_channel_is_allowed() -> None:
    requester = Requester(1, 1, 2, 3, Placement.CHANNEL, parent_id=5)
    assert verdict(AdmissionContext(Policy(channels=frozenset({5}))), requester=requester) is None


def test_the_default_duration_is_judged_like_a_chosen_one() -> None:
    video = build_request(MODEL, PROMPT, {})
    refusal = check_request(new_requester(), video, AdmissionContext(Policy(longest_duration=6)), 5, NOW)
    assert isinstance(refusal, TooLongError), "8 seconds, the provider's default, are longer than 6"


def test_words_are_looked_for_in_the_negative_prompt_too() -> None:
    refusal = verdict(AdmissionContext(Policy(words=("rain",))), options={"negative_prompt": "no rain"})
    assert isinstance(refusal, WordNotAllowedError)


def test_a_phrase_is_not_put_together_from_the_prompt_and_the_negative_prompt() -> None:
    context = AdmissionContext(Policy(words=("pond water",)))
    assert PROMPT.endswith("pond")
    assert verdict(context, options={"negative_prompt": "water drops"}) is None


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.floats(0, 1e6))
def test_what_is_accepted_never_takes_more_than_the_budget(budget: float, spent: float, price: float) -> None:
    if verdict(budget_facts(budget, spent, price)) is None:
        assert spent + price <= budget


@pytest.fixture
def decisions(database: Database, clock: StoppedClock) -> Decisions:
    """What writes the moderators' decisions."""
    return Decisions(database, clock)


@pytest.fixture
def rules(decisions: Decisions) -> QuotaRules:
    """The service of `/quota`."""
    return QuotaRules(decisions, daily_limit=5)


@pytest.fixture
def prices() -> FixedPrices:
    """What a video costs."""
    return FixedPrices(PRICE)


@pytest.fixture
def service(
    database: Database, clock: StoppedClock, prices: FixedPrices, monkeypatch: pytest.MonkeyPatch
) -> GenerationService:
    """The service of `/veo`; it has time, however busy the machine is."""
    monkeypatch.setattr("bot.requests.service.DECISION_PATIENCE", 600.0)
    admission = Admission(prices, daily_limit=5)
    return GenerationService(
        database, admission=admission, work=asyncio.Event(), stopping=asyncio.Event(), clock=clock
    )


async def ask(service: GenerationService, user_id: int, *role_ids: int) -> str:
    """Let a member ask; return "accepted" or the name of the refusal."""
    requester = replace(new_requester(user_id=user_id), role_ids=frozenset(role_ids))
    try:
        await service.request(requester, RequestSpec(model=MODEL, prompt=PROMPT, options={"duration": 4}))
    except UserError as refusal:
        return type(refusal).__name__
    return "accepted"


@pytest.mark.nightly(daily=["sqlite"])
async def test_a_thousand_requests_at_once_get_exactly_the_places_there_are(
    service: GenerationService, rules: QuotaRules, decisions: Decisions
) -> None:
    """50 members ask 20 times each, with every kind of rule in force; then the same with a budget."""
    day, at_once = LimitKind.DAY, LimitKind.AT_ONCE
    await rules.set_limits(MODERATOR, SERVER, {day: 5, LimitKind.WEEK: 7, LimitKind.MONTH: 18})
    await rules.set_limits(MODERATOR, Subject(Scope.ROLE, FANS), {day: 8, LimitKind.WEEK: None})
    places = dict.fromkeys(range(1, 51), 5)
    for member in range(1, 11):  # fans: 8 a day, no weekly limit
        places[member] = 8
    for member in range(11, 16):  # a rule of their own: none
        await rules.set_limits(MODERATOR, Subject(Scope.MEMBER, member), {day: 0})
        places[member] = 0
    for member in range(16, 21):  # unlimited a day, so that the week's 7 hold
        await rules.set_limits(MODERATOR, Subject(Scope.MEMBER, member), {day: None})
        places[member] = 7
    for member in range(21, 26):  # 2 at once
        await rules.set_limits(MODERATOR, Subject(Scope.MEMBER, member), {at_once: 2})
        places[member] = 2
    for member in range(26, 31):  # 3 granted on top of 5
        await rules.grant(MODERATOR, member, 3, None)
        places[member] = 8
    for member in range(31, 36):  # blocked
        await Moderation(decisions).block(MODERATOR, member, None)
        places[member] = 0

    outcomes = await _rush(service)

    accepted = {member: found["accepted"] for member, found in outcomes.items()}
    assert accepted == places, "a member got more or fewer videos than the rules say"
    print(f"\n1,000 requests, 50 members: {sum(accepted.values())} accepted, {sum(places.values())} allowed")


@pytest.mark.nightly(daily=["sqlite"])
async def test_a_thousand_requests_at_once_never_pass_the_budget(
    service: GenerationService, rules: QuotaRules, database: Database
) -> None:
    await rules.set_limits(MODERATOR, SERVER, {LimitKind.DAY: None})
    await rules.set_budgets(MODERATOR, {Period.DAY: 123.9 * PRICE})
    await rules.set_budgets(MODERATOR, {Period.MONTH: 500 * PRICE})

    outcomes = await _rush(service)

    total = sum(outcomes.values(), Counter[str]())
    print(f"\nbudget for 123.9 videos: {dict(total)}")
    assert total == Counter({"accepted": 123, "BudgetReachedError": 877})
    actions = await database.read(lambda session: list((session.scalars(select(AuditRow.action))).all()))
    assert actions.count(Action.BUDGET_WARNING) == 1, "the moderators are told once at 80 %"
    assert actions.count(Action.BUDGET_REACHED) == 1, "the moderators are told once at 100 %"


async def _rush(service: GenerationService) -> dict[int, Counter[str]]:
    members = [member for member in range(1, 51) for _ in range(20)]
    random.Random(4).shuffle(members)
    roles = {member: [FANS] if member <= 10 else [] for member in members}
    results = await asyncio.gather(*(ask(service, member, *roles[member]) for member in members))
    outcomes = {member: Counter[str]() for member in range(1, 51)}
    for member, result in zip(members, results, strict=True):
        outcomes[member][result] += 1
    return outcomes


@pytest.mark.parametrize("seed", range(5))
async def test_spending_passes_the_budget_by_no_more_than_the_error_of_what_was_running(
    service: GenerationService, rules: QuotaRules, database: Database, seed: int
) -> None:
    """Requests and ends in random order; the real cost is up to half more or less than the estimate."""
    chance, budget = random.Random(seed), 40 * PRICE
    await rules.set_limits(MODERATOR, SERVER, {LimitKind.DAY: None})
    await rules.set_budgets(MODERATOR, {Period.DAY: budget})
    running: list[str] = []
    bill = error = 0.0
    for _ in range(150):
        if running and chance.random() < 0.45:
            row_id, cost = running.pop(0), PRICE * chance.uniform(0.5, 1.5)
            await _finish(database, row_id, cost)
            bill += cost
        elif (row := await _try(service)) is not None:
            running.append(row.id)
            error = 0.5 * PRICE * len(running)  # at the last acceptance
    for row_id in running:
        cost = PRICE * chance.uniform(0.5, 1.5)
        await _finish(database, row_id, cost)
        bill += cost
    print(f"\nbudget {budget:,.0f}: billed {bill:,.0f}; allowed error of what was running {error:,.0f}")
    assert bill > budget * 0.8, "the budget was never reached, so this shows nothing"
    assert bill <= budget + error


async def test_a_failed_video_gives_its_money_and_its_place_back(
    service: GenerationService, rules: QuotaRules, database: Database
) -> None:
    await rules.set_budgets(MODERATOR, {Period.DAY: PRICE})
    first = await _try(service)
    assert first is not None
    assert await _try(service) is None, "the money for one video bought two"
    await database.write(
        lambda session: session.execute(
            update(Generation).where(Generation.id == first.id).values(status=Status.FAILED)
        )
    )
    assert await _try(service) is not None


async def test_without_a_price_list_the_models_own_history_is_the_estimate(
    service: GenerationService, rules: QuotaRules, database: Database, prices: FixedPrices
) -> None:
    prices.price = None
    await rules.set_budgets(MODERATOR, {Period.DAY: 100 * PRICE})
    assert await ask(service, 3) == "PriceUnknownError"
    await insert(database, status=Status.SUCCEEDED, credits_used=4 * PRICE, options={"duration": 8})
    generation = await _try(service)
    assert generation is not None
    assert generation.estimated_credits == 2 * PRICE, "4 seconds cost half of 8"


async def test_who_chose_no_model_gets_the_next_one_while_the_first_is_gone(
    service: GenerationService, prices: FixedPrices
) -> None:
    prices.gone = frozenset({MODEL})
    generation = await service.request(new_requester(), RequestSpec(model=None, prompt=PROMPT, options={}))
    assert generation.model == "google/veo-3.0-fast"
    assert await ask(service, 3) == "ModelGoneError"


async def _try(service: GenerationService) -> Generation | None:
    try:
        return await service.request(
            new_requester(), RequestSpec(model=MODEL, prompt=PROMPT, options={"duration": 4})
        )
    except BudgetReachedError:
        return None


async def _finish(database: Database, generation_id: str, cost: float) -> None:
    await database.write(
        lambda session: session.execute(
            update(Generation)
            .where(Generation.id == generation_id)
            .values(status=Status.SUCCEEDED, credits_used=cost)
        )
    )


def test_a_server_that_allows_only_what_the_bot_does_not_offer_is_told_so() -> None:
    video = build_request("google/veo3", "x", {})
    refusal = check_settings(video, Policy(models=frozenset({"google/veo-3.1-t2v"})), CATALOGUE[:1])
    assert str(refusal).startswith(
        "Veo 3 isn't allowed on this server, and none of the allowed models can make such a video. "
        "Ask a moderator to allow it."
    )


def test_only_allowed_models_that_make_such_a_video_are_named() -> None:
    policy = Policy(models=frozenset({"google/veo-3.1-t2v", "google/veo-3.1-i2v", "google/veo-3.0-fast"}))
    for model_id, words in (
        ("google/veo3", "Veo 3 isn't allowed on this server. Choose Veo 3 Fast or Veo 3.1. "),
        (
            "google/veo-3.1-reference-to-video",
            "Veo 3.1 from reference images isn't allowed on this server, and none of the allowed models ",
        ),
    ):
        refusal = check_settings(build_request(model_id, "x", {}), policy, CATALOGUE)
        assert str(refusal).startswith(words), str(refusal)
