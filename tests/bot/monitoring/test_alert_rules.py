"""The rules of alerts: when one holds, and when it is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.jobs.closures import ProviderPause, RefusalScope, Way
from bot.monitoring.alert_rules import (
    MEANINGS,
    REPEAT_AFTER,
    AlertInputs,
    AlertKey,
    AlertKind,
    AlertReading,
    AlertState,
    Transition,
    advance,
    evaluate_alerts,
    parse_key,
    settle,
    weigh,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
YES, NO, UNKNOWN = AlertReading(holds=True), AlertReading(holds=False), AlertReading(None)

QUIET = AlertInputs(
    is_key_refused=False,
    are_credits_gone=False,
    balance=50.0,
    is_answering=True,
    refused_for=0.0,
    is_work_waiting=True,
    undelivered={},
    is_database_damaged=False,
    disk_free=2**40,
    channel_refusal="",
)

Story = list[tuple[timedelta, AlertReading, bool]]
# After which time, what is found, and whether the channel takes a message then.
stories: st.SearchStrategy[Story] = st.lists(
    st.tuples(
        st.timedeltas(timedelta(minutes=-5), timedelta(minutes=45)),
        st.sampled_from([YES, YES, NO, UNKNOWN]),
        st.booleans(),
    ),
    max_size=60,
)


def play(story: Story) -> tuple[list[tuple[datetime, Transition]], AlertState]:
    """Return what the channel was told, and the state at the end."""
    posted: list[tuple[datetime, Transition]] = []
    state, now = AlertState(), START
    for wait, finding, is_open in story:
        now += wait
        state, _ = advance(state, finding, now)
        if is_open and state.due is not None:
            posted.append((now, state.due))
            state = settle(state)
    return posted, state


@given(stories)
def test_the_same_alert_is_not_posted_twice_within_an_hour(story: Story) -> None:
    steady = [(max(wait, timedelta()), finding, True) for wait, finding, _ in story]
    begun = [at for at, transition in play(steady)[0] if transition == "begun"]
    assert all(two - one >= HOUR for one, two in pairwise(begun))


@given(stories)
def test_nobody_hears_the_end_of_what_they_never_heard_of(story: Story) -> None:
    is_open = False
    for _, transition in play(story)[0]:
        assert transition == "begun" or is_open, "solved, though nothing was said to be wrong"
        is_open = transition == "begun"


@given(stories)
def test_what_was_said_to_be_wrong_is_said_to_be_over_once_it_is(story: Story) -> None:
    posted, state = play([*story, (timedelta(), NO, True)])
    assert not state.is_active
    assert state.due is None
    assert not posted or posted[-1][1] == "over"


@given(stories)
def test_a_state_is_the_same_after_a_restart(story: Story) -> None:
    state, adapter = play(story)[1], TypeAdapter(AlertState)
    assert adapter.validate_json(adapter.dump_json(state)) == state


def test_it_is_said_once_then_daily_and_then_that_it_is_over() -> None:
    state, transitions = AlertState(), list[Transition | None]()
    for hours in (0, 1, 12, 23, 24, 25):
        state, transition = advance(state, YES, START + hours * HOUR)
        transitions.append(transition)
    state, transition = advance(state, NO, START + 26 * HOUR)
    assert [*transitions, transition] == ["begun", None, None, None, "begun", None, "over"]


def test_what_comes_back_within_the_hour_is_said_when_the_hour_is_over() -> None:
    state, _ = advance(AlertState(), YES, START)
    state, _ = advance(settle(state), NO, START + timedelta(minutes=10))
    state, early = advance(settle(state), YES, START + timedelta(minutes=20))
    state, late = advance(state, YES, START + REPEAT_AFTER)
    assert (early, late) == (None, "begun")
    assert state.since == START + timedelta(minutes=20)


def test_a_clock_that_was_set_back_silences_nothing() -> None:
    state, _ = advance(AlertState(), YES, START)
    state, _ = advance(state, NO, START)
    assert advance(state, YES, START - timedelta(days=300))[1] == "begun"


@pytest.mark.parametrize(
    ("signs", "kind"),
    [
        (replace(QUIET, is_key_refused=True), AlertKind.KEY_REFUSED),
        (replace(QUIET, balance=4.99), AlertKind.CREDITS_LOW),
        (replace(QUIET, is_answering=False, silence=301.0), AlertKind.PROVIDER_DOWN),
        (replace(QUIET, undelivered={7: 1}), AlertKind.DELIVERIES_FAILING),
        (replace(QUIET, unwritable_for=61.0), AlertKind.DATABASE_UNWRITABLE),
        (replace(QUIET, full_ago=1.0), AlertKind.DATABASE_UNWRITABLE),
        (replace(QUIET, is_database_damaged=True), AlertKind.DATABASE_DAMAGED),
        (replace(QUIET, disk_free=2**20), AlertKind.DISK_FULL),
        (replace(QUIET, channel_refusal="there's no such channel"), AlertKind.CHANNEL_CLOSED),
    ],
)
def test_each_sign_holds_its_own_alert_alone(signs: AlertInputs, kind: AlertKind) -> None:
    assert [found for found, finding in evaluate_alerts(signs, 5.0).items() if finding.holds] == [kind]


def test_all_is_quiet_when_nothing_is_wrong() -> None:
    assert all(finding.holds is False for finding in evaluate_alerts(QUIET, 5.0).values())


def test_what_is_not_known_is_neither_yes_nor_no() -> None:
    findings = evaluate_alerts(AlertInputs(unwritable_for=1.0), 5.0)
    assert all(finding.holds is None for finding in findings.values())


@pytest.mark.parametrize(
    ("balance", "are_gone", "expected"),
    [
        (0.0, None, True),
        (-0.1, False, True),
        (0.2, True, True),  # too little for any video
        (0.2, None, None),  # as after a restart
        (0.2, False, False),
        (50.0, True, False),  # topped up, though nobody has asked for a video since
        (None, True, True),
        (None, None, None),
    ],
)
def test_an_account_is_empty_when_it_says_so_or_the_provider_does(
    balance: float | None, are_gone: bool | None, expected: bool | None
) -> None:
    signs = replace(QUIET, balance=balance, are_credits_gone=are_gone)
    assert evaluate_alerts(signs, 5.0)[AlertKind.CREDITS_EMPTY].holds is expected


def test_a_silent_provider_matters_while_somebody_waits() -> None:
    silent = replace(QUIET, is_answering=False, silence=1e6, is_work_waiting=False)
    assert evaluate_alerts(silent, 5.0)[AlertKind.PROVIDER_DOWN].holds is None


def test_a_limit_of_zero_switches_the_warning_off() -> None:
    assert evaluate_alerts(replace(QUIET, balance=0.01), 0.0)[AlertKind.CREDITS_LOW].holds is False


@pytest.mark.parametrize("key", [AlertKey(AlertKind.DISK_FULL), AlertKey(AlertKind.DELIVERIES_FAILING, 42)])
def test_a_key_is_read_as_it_is_written(key: AlertKey) -> None:
    assert parse_key(str(key)) == key


@pytest.mark.parametrize("text", ["", "nothing", "disk_full:x", "disk_full:-1"])
def test_a_key_that_makes_no_sense_is_none(text: str) -> None:
    assert parse_key(text) is None


def test_every_alert_has_a_meaning() -> None:
    assert set(MEANINGS) == set(AlertKind)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([YES, NO, UNKNOWN])), max_size=40))
def test_an_alert_holds_while_one_of_those_who_look_finds_it(looks: list[tuple[str, AlertReading]]) -> None:
    state, latest = AlertState(), dict[str, bool]()
    for number, (watcher, finding) in enumerate(looks):
        now = START + number * timedelta(seconds=2)
        state, _ = advance(*weigh(state, watcher, finding, now), now)
        if finding.holds is not None:
            latest[watcher] = finding.holds
        assert state.is_active == any(latest.values())


def test_whoever_looks_no_more_is_believed_for_five_minutes() -> None:
    state, _ = advance(*weigh(AlertState(), "killed", YES, START), START)
    for minutes, is_active in ((4, True), (5, False)):
        now = START + timedelta(minutes=minutes)
        state, _ = advance(*weigh(state, "alive", NO, now), now)
        assert state.is_active is is_active


REFUSED = ProviderPause(START, RefusalScope.ACCOUNT, Way.FORBIDDEN, "No.")
REFUSALS: dict[str, tuple[AlertInputs, bool | None]] = {
    "unknown": (replace(QUIET, refused_for=None), None),
    "nothing": (replace(QUIET, refused_for=0.0), False),
    "just begun": (replace(QUIET, refusal=REFUSED, refused_for=10.0), None),
    "lasting": (replace(QUIET, refusal=REFUSED, refused_for=400.0), True),
    "nobody waits": (replace(QUIET, refusal=REFUSED, refused_for=400.0, is_work_waiting=False), None),
    "credits, with money": (
        replace(QUIET, refusal=replace(REFUSED, way=Way.ACCOUNT), refused_for=400.0, are_credits_gone=True),
        True,
    ),
    "no money": (
        replace(QUIET, refusal=replace(REFUSED, way=Way.ACCOUNT), refused_for=400.0, balance=0.0),
        None,
    ),
    "the key": (
        replace(QUIET, refusal=replace(REFUSED, way=Way.ACCOUNT), refused_for=400.0, is_key_refused=True),
        None,
    ),
    "no connection": (
        replace(QUIET, refusal=replace(REFUSED, way=Way.UNREACHABLE), refused_for=400.0),
        None,
    ),
    "one model": (
        replace(QUIET, refusal=replace(REFUSED, scope=RefusalScope.MODEL, models=("m",)), refused_for=400.0),
        True,
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_lasting_refusal_is_told_unless_another_alert_says_it(name: str) -> None:
    signs, holds = REFUSALS[name]
    finding = evaluate_alerts(signs, 5.0)[AlertKind.PROVIDER_REFUSING]
    assert finding.holds is holds
    assert not holds or (finding.facts["minutes"], finding.facts["words"]) == (7, "No.")
