"""Whose refusal it is: played without a provider, in time that a test moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.jobs.closures import ProviderPause, RefusalScope, Way
from bot.jobs.refusal_scope import Consequence, Refusal, RefusalScopes

START = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT_WAIT, BUSY_WAIT = timedelta(seconds=60), timedelta(seconds=15)
HOUR = timedelta(hours=1)

FORBIDDEN = Refusal(Way.FORBIDDEN, "No.")
MISSING = Refusal(Way.MISSING, "Not here.")
GONE = Refusal(Way.MISSING, "Not here.", is_model_gone=True)
MONEY = Refusal(Way.ACCOUNT, "Pay.")
BUSY = Refusal(Way.BUSY, "Slow.")
BUSY_HOUR = Refusal(Way.BUSY, "Slow.", retry_after=HOUR)
UNREACHABLE = Refusal(Way.UNREACHABLE)

Event = tuple[str, str, Refusal | None]  # request, model, how it was refused; None: accepted
REQUEST, MODEL, ACCOUNT = RefusalScope.REQUEST, RefusalScope.MODEL, RefusalScope.ACCOUNT
TAKEN = None

# What happens, and whose the last refusal is and how long its request waits then; None: it ends.
CASES: dict[str, tuple[Sequence[Event], RefusalScope, timedelta | None]] = {
    "one 403": ([("a", "m", FORBIDDEN)], REQUEST, None),
    "one 404": ([("a", "m", MISSING)], REQUEST, None),
    "one 429": ([("a", "m", BUSY)], REQUEST, BUSY_WAIT),
    "one 429 with a time": ([("a", "m", BUSY_HOUR)], REQUEST, HOUR),
    "429 again and again": ([("a", "m", BUSY)] * 5, REQUEST, BUSY_WAIT),
    "no money": ([("a", "m", MONEY)], ACCOUNT, ACCOUNT_WAIT),
    "no connection": ([("a", "m", UNREACHABLE)], ACCOUNT, BUSY_WAIT),
    "a model that is gone": ([("a", "m", GONE)], MODEL, None),
    "two of a model": ([("a", "m", FORBIDDEN), ("b", "m", FORBIDDEN)], MODEL, ACCOUNT_WAIT),
    "two of a model, other words": (
        [("a", "m", FORBIDDEN), ("b", "m", Refusal(Way.FORBIDDEN, "id 17"))],
        MODEL,
        ACCOUNT_WAIT,
    ),
    "two of a model in two ways": ([("a", "m", FORBIDDEN), ("b", "m", MISSING)], REQUEST, None),
    "two 429 of a model": ([("a", "m", BUSY), ("b", "m", BUSY)], MODEL, BUSY_WAIT),
    "two of a model, one taken between": (
        [("a", "m", FORBIDDEN), ("x", "m", TAKEN), ("b", "m", FORBIDDEN)],
        REQUEST,
        None,
    ),
    "two of a model, another model's taken between": (
        [("a", "m", MISSING), ("x", "n", TAKEN), ("b", "m", MISSING)],
        MODEL,
        ACCOUNT_WAIT,
    ),
    "two models": ([("a", "m", FORBIDDEN), ("b", "n", FORBIDDEN)], ACCOUNT, ACCOUNT_WAIT),
    "two models, one taken between": (
        [("a", "m", FORBIDDEN), ("x", "o", TAKEN), ("b", "n", FORBIDDEN)],
        REQUEST,
        None,
    ),
    "two models with 429": ([("a", "m", BUSY), ("b", "n", BUSY)], ACCOUNT, BUSY_WAIT),
    "two models that are gone": ([("a", "m", GONE), ("b", "n", GONE)], MODEL, None),
    "a closed model says nothing about the account": (
        [
            ("a", "m", MISSING),
            ("b", "m", MISSING),
            ("x", "o", TAKEN),
            ("b", "m", MISSING),
            ("c", "n", MISSING),
        ],
        REQUEST,
        None,
    ),
    "refused before and after others were taken": (
        [("a", "m", FORBIDDEN), ("b", "m", FORBIDDEN), ("x", "m", TAKEN), ("b", "m", FORBIDDEN)],
        REQUEST,
        None,
    ),
    "too dear for what is left, where others are not": (
        [("a", "m", MONEY), ("x", "m", TAKEN), ("a", "m", MONEY)],
        REQUEST,
        ACCOUNT_WAIT,
    ),
    "an answer after no connection": ([("a", "m", UNREACHABLE), ("a", "m", FORBIDDEN)], REQUEST, None),
}


def play(scopes: RefusalScopes, events: Sequence[Event], now: datetime = START) -> list[Consequence]:
    """Let all happen at one moment, and return what was said of the refusals."""
    consequences: list[Consequence] = []
    for request, model, refusal in events:
        if refusal is None:
            scopes.accepted(model)
        else:
            consequences.append(scopes.refused(request, model, refusal, now))
    return consequences


def new_scopes() -> RefusalScopes:
    return RefusalScopes(account_wait=ACCOUNT_WAIT, busy_wait=BUSY_WAIT)


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_blamed_on_what_it_is_about(name: str) -> None:
    events, scope, wait = CASES[name]
    last = play(new_scopes(), events)[-1]
    assert (last.scope, last.wait) == (scope, wait)


def test_changing_words_do_not_end_the_queue_one_by_one() -> None:
    scopes = new_scopes()
    events = [(f"r{number}", "m", Refusal(Way.FORBIDDEN, f"No {number}.")) for number in range(20)]
    ended = [one for one in play(scopes, events) if one.wait is None]
    assert len(ended) == 1


@pytest.mark.parametrize(
    ("events", "held", "free"),
    [
        ([("a", "m", BUSY_HOUR)], [], ["m", "n"]),
        ([("a", "m", FORBIDDEN)], [], ["m", "n"]),
        ([("a", "m", BUSY_HOUR), ("b", "m", BUSY_HOUR)], ["m"], ["n"]),
        ([("a", "m", FORBIDDEN), ("b", "m", FORBIDDEN)], ["m"], ["n"]),
        ([("a", "m", FORBIDDEN), ("b", "n", FORBIDDEN)], ["m", "n", "o"], []),
        ([("a", "m", MONEY)], ["m", "n"], []),
        ([("a", "m", FORBIDDEN), ("b", "n", FORBIDDEN), ("x", "o", TAKEN)], ["m", "n"], ["o"]),
        ([("a", "m", MONEY), ("x", "o", TAKEN)], [], ["m", "n", "o"]),
    ],
    ids=lambda value: "".join(f"{event[0]}{event[1]}" for event in value if len(event) == 3),
)
def test_only_what_is_refused_is_held(
    events: Sequence[Event], held: Sequence[str], free: Sequence[str]
) -> None:
    scopes = new_scopes()
    play(scopes, events)
    now = START + timedelta(seconds=1)
    holds = {model: scopes.hold(f"next {model}", model, now) for model in [*held, *free]}
    assert [model for model, hold in holds.items() if hold is not None] == list(held)
    assert all(hold.wait and hold.wait <= timedelta(minutes=3) for hold in holds.values() if hold)


def test_when_a_pause_is_over_one_request_tries_and_those_that_tried_go_behind() -> None:
    scopes = new_scopes()
    play(scopes, [("a", "m", MONEY)])
    assert scopes.hold("b", "m", START) is not None
    now = START + ACCOUNT_WAIT
    assert scopes.hold("a", "m", now) is not None, "the one that was refused tries again before the other"
    assert scopes.hold("b", "m", now) is None
    assert scopes.hold("c", "n", now) is not None, "two try at once"
    scopes.settle("b")
    assert scopes.hold("c", "n", now) is None, "nothing came of the first, and nobody else may try"


def test_one_that_tried_in_vain_goes_behind_those_that_did_not() -> None:
    scopes = new_scopes()
    play(scopes, [("a", "m", MONEY)])
    now = START + ACCOUNT_WAIT
    assert scopes.hold("b", "m", now) is None
    hold = scopes.hold("c", "m", now)
    assert hold is not None
    assert hold.wait is not None
    scopes.settle("b")
    now += hold.wait
    assert scopes.hold("b", "m", now) is not None, "it tries again before one that never did"
    assert scopes.hold("c", "m", now) is None


@pytest.mark.parametrize("seconds", [30, 90])
def test_who_waits_for_the_account_and_the_model_waits_for_the_longer_of_both(seconds: int) -> None:
    busy = Refusal(Way.BUSY, "Slow.", retry_after=timedelta(seconds=seconds))
    scopes = new_scopes()
    play(scopes, [("a", "m", busy), ("b", "m", busy), ("c", "n", MONEY)])
    hold = scopes.hold("d", "m", START)
    assert hold is not None
    assert hold.wait == max(ACCOUNT_WAIT, timedelta(seconds=seconds))


def test_what_waits_for_a_model_that_is_gone_ends() -> None:
    scopes = new_scopes()
    play(scopes, [("a", "m", GONE)])
    hold = scopes.hold("b", "m", START)
    assert hold is not None
    assert (hold.wait, hold.words) == (None, "Not here.")
    assert scopes.hold("c", "m", START + ACCOUNT_WAIT) is None, "nobody finds out that it is back"


def test_a_pause_is_kept_over_a_restart() -> None:
    before, after = new_scopes(), new_scopes()
    play(before, [("a", "m", FORBIDDEN), ("b", "n", FORBIDDEN)])
    pause = before.pause
    assert pause == ProviderPause(START, RefusalScope.ACCOUNT, Way.FORBIDDEN, "No.")
    assert pause is not None
    after.restore(pause, START)
    assert after.hold("c", "m", START) is None, "nobody may try"
    assert play(after, [("c", "m", FORBIDDEN)])[-1].scope is RefusalScope.ACCOUNT


def test_it_is_told_which_models_are_unknown_and_since_when_also_after_a_restart() -> None:
    before, after = new_scopes(), new_scopes()
    play(before, [("a", "m", BUSY), ("b", "m", BUSY), ("x", "o", TAKEN)])
    play(before, [("c", "n", MISSING), ("d", "n", MISSING)], START + ACCOUNT_WAIT)
    pause = before.pause
    assert pause is not None
    assert (pause.way, pause.models) == (Way.BUSY, ("m", "n"))
    assert pause.missing == {"n": START + ACCOUNT_WAIT}
    after.restore(pause, START + HOUR)
    assert after.pause is not None
    assert after.pause.missing == pause.missing
    play(after, [("e", "n", TAKEN)], START + HOUR)
    assert after.pause is not None
    assert after.pause.missing == {}


def test_what_is_refused_besides_is_not_called_unknown_after_a_restart() -> None:
    before, after = new_scopes(), new_scopes()
    play(before, [("a", "m", MISSING), ("b", "m", MISSING), ("x", "o", TAKEN)])
    play(before, [("c", "n", BUSY), ("d", "n", BUSY)], START + ACCOUNT_WAIT)
    assert before.pause is not None
    after.restore(before.pause, START + ACCOUNT_WAIT)
    assert after.pause is not None
    assert (after.pause.models, after.pause.missing) == (("m", "n"), {"m": START})


@pytest.mark.parametrize("trouble", [MONEY, UNREACHABLE])
def test_a_model_stays_unknown_while_nothing_is_taken_also_after_a_restart(trouble: Refusal) -> None:
    before, after = new_scopes(), new_scopes()
    play(before, [("a", "m", MISSING), ("b", "m", MISSING), ("c", "n", trouble)])
    assert before.pause is not None
    after.restore(before.pause, START)
    for scopes in (before, after):
        assert scopes.pause is not None
        assert (scopes.pause.scope, scopes.pause.missing) == (ACCOUNT, {"m": START})


def test_where_all_models_seem_unknown_it_is_not_the_models() -> None:
    scopes = new_scopes()
    play(scopes, [("a", "m", MISSING), ("b", "n", MISSING)])
    assert scopes.pause is not None
    assert (scopes.pause.scope, scopes.pause.missing) == (ACCOUNT, {})


def test_a_refusal_of_long_ago_says_nothing() -> None:
    scopes = new_scopes()
    play(scopes, [("a", "m", FORBIDDEN)])
    later = START + timedelta(hours=3)
    assert play(scopes, [("b", "m", FORBIDDEN)], later)[-1].wait is None


def test_a_clock_that_was_set_back_holds_up_nobody() -> None:
    scopes = new_scopes()
    play(scopes, [("a", "m", MONEY)])
    assert scopes.hold("b", "m", START - timedelta(days=1)) is None


@dataclass
class Wish:
    """A request: what the provider says to it while the account is in order; None: it is taken."""

    name: str
    model: str
    refusal: Refusal | None
    due: datetime = START
    is_over: bool = False


spec = st.lists(
    st.tuples(
        st.sampled_from(["m", "n", "o"]),
        st.sampled_from([None, None, FORBIDDEN, MISSING, BUSY, BUSY_HOUR, MONEY]),
    ),
    min_size=1,
    max_size=12,
)
outages = st.lists(
    st.tuples(st.sampled_from([FORBIDDEN, MISSING, BUSY, MONEY, UNREACHABLE]), st.integers(1, 20)), max_size=3
)


@example(wanted=[("m", FORBIDDEN), ("m", FORBIDDEN), ("m", MONEY), ("m", None)], troubles=[])
@example(
    wanted=[("m", FORBIDDEN), ("m", BUSY), ("m", BUSY), ("n", FORBIDDEN), ("m", None)],
    troubles=[],
)
@given(wanted=spec, troubles=outages)
def test_what_the_provider_would_take_is_sent_some_day(
    wanted: list[tuple[str, Refusal | None]], troubles: list[tuple[Refusal, int]]
) -> None:
    """`troubles`: how all are refused at first, and how many calls long."""
    scopes, now = new_scopes(), START
    answers = [refusal for refusal, calls in troubles for _ in range(calls)]
    queue = [Wish(f"r{number}", model, refusal) for number, (model, refusal) in enumerate(wanted)]
    for _ in range(3000):
        due = [wish for wish in queue if not wish.is_over and wish.due <= now]
        if not any(wish.refusal is None and not wish.is_over for wish in queue):
            return
        for wish in due:
            _carry(scopes, wish, answers, now)
        now += timedelta(seconds=1 if due else 5)
    raise AssertionError(
        f"{[wish for wish in queue if wish.refusal is None and not wish.is_over]} wait for ever"
    )


def _carry(scopes: RefusalScopes, wish: Wish, answers: list[Refusal], now: datetime) -> None:
    """Send a request, as far as it may be, and let it wait or end."""
    hold = scopes.hold(wish.name, wish.model, now)
    if hold is not None:
        assert hold.wait, "it waits no time at all, or its model is gone"
        wish.due = now + hold.wait
        return
    refusal = answers.pop(0) if answers else wish.refusal
    if refusal is None:
        scopes.accepted(wish.model)
        wish.is_over = True
        return
    wait = scopes.refused(wish.name, wish.model, refusal, now).wait
    wish.is_over = wait is None
    wish.due = now + (wait or timedelta())
