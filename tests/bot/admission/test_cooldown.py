"""How fast one person may act. The clock is a number: nobody waits."""

from collections import deque
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.cooldown import QUICK_WINDOW, WINDOW, Bucket, Cooldown, Lateness, Pace, take

MAX_ACTIONS = st.integers(1, 50)
PAUSES = st.lists(st.floats(0, 30), max_size=200)  # seconds between one interaction and the next
BACKWARDS = st.lists(st.floats(-30, 30), max_size=100)
QUICK = 0.05  # seconds from Discord to us


def play(times: list[float], max_actions: int) -> list[tuple[float, Pace]]:
    """Return what becomes of one person's interactions."""
    cooldown = Cooldown(max_actions)
    return [(at, cooldown.count(1, at)) for at in times]


@given(pauses=PAUSES, max_actions=MAX_ACTIONS)
def test_nobody_is_served_more_than_twice_the_bucket_in_any_window(
    pauses: list[float], max_actions: int
) -> None:
    recent: deque[float] = deque()
    for at, pace in play(list(accumulate(pauses)), max_actions):
        if pace is Pace.FINE:
            recent.append(at)
        while recent and recent[0] <= at - WINDOW:
            recent.popleft()
        assert len(recent) <= 2 * max_actions, "a full bucket, and what comes back in the window"


@given(pauses=PAUSES, max_actions=MAX_ACTIONS)
def test_one_refusal_in_a_window_is_told_and_the_first_always(pauses: list[float], max_actions: int) -> None:
    played = play(list(accumulate(pauses)), max_actions)
    told = [at for at, pace in played if pace is Pace.TOO_FAST]
    assert all(later - earlier >= WINDOW for earlier, later in pairwise(told))
    refused = [pace for _, pace in played if pace is not Pace.FINE]
    assert refused[:1] in ([], [Pace.TOO_FAST]), "somebody was refused and never told why"


@given(count=st.integers(1, 300), max_actions=MAX_ACTIONS, extra=st.floats(0.001, 5))
def test_whoever_keeps_the_pace_is_never_refused(count: int, max_actions: int, extra: float) -> None:
    step = WINDOW / max_actions + extra
    assert {pace for _, pace in play([number * step for number in range(count)], max_actions)} == {Pace.FINE}


@given(tries=st.integers(0, 500), max_actions=MAX_ACTIONS)
def test_refused_tries_do_not_prolong_the_wait(tries: int, max_actions: int) -> None:
    cooldown = Cooldown(max_actions)
    for _ in range(max_actions + tries):
        cooldown.count(1, 100.0)
    assert cooldown.count(1, 100.0) is not Pace.FINE, "the bucket was not empty"
    assert cooldown.count(1, 100.001 + WINDOW / max_actions) is Pace.FINE


@given(steps=BACKWARDS, max_actions=MAX_ACTIONS)
def test_a_clock_that_goes_back_gives_nothing(steps: list[float], max_actions: int) -> None:
    bucket = Bucket(max_actions, 0.0)
    for at in accumulate(steps):
        _, after = take(bucket, at, max_actions)
        assert 0 <= after.left <= max_actions
        assert after.at >= bucket.at
        if at <= bucket.at:
            assert after.left <= bucket.left, "time went back and tokens came"
        bucket = after


def test_a_pause_of_a_window_brings_the_whole_bucket_back() -> None:
    played = play([0.0] * 9 + [WINDOW] * 9, 8)
    expected = [Pace.FINE] * 8 + [Pace.TOO_FAST]
    assert [pace for _, pace in played] == expected * 2


def test_people_do_not_slow_each_other() -> None:
    cooldown = Cooldown(1)
    assert [cooldown.count(who, 0.0) for who in (1, 2, 1, 2, 1)] == [
        Pace.FINE,
        Pace.FINE,
        Pace.TOO_FAST,
        Pace.TOO_FAST,
        Pace.STILL_TOO_FAST,
    ]


@given(people=st.lists(st.integers(0, 40), max_size=300), kept=st.integers(1, 20))
def test_the_memory_is_bounded_and_forgets_who_acted_longest_ago(people: list[int], kept: int) -> None:
    cooldown, last = Cooldown(1, max_people=kept), dict[int, None]()
    for number, who in enumerate(people):
        remembered = list(last)[-kept:]
        pace = cooldown.count(who, number * 0.001)
        assert (pace is Pace.FINE) == (who not in remembered)
        last.pop(who, None)
        last[who] = None
        assert len(cooldown) <= kept


@pytest.fixture
def lateness() -> Lateness:
    """Two interactions came as quickly as the way can be."""
    lateness = Lateness()
    for made_at in (-1.0, 0.0):
        lateness.record(made_at, made_at + QUICK)
    return lateness


@given(ahead=st.floats(-1e9, 1e9))
def test_a_clock_that_is_wrong_makes_nothing_late(ahead: float) -> None:
    lateness = Lateness()
    found = [lateness.record(made_at=ahead + at, now=at + QUICK) for at in range(0, 10_000, 100)]
    assert found == pytest.approx([0.0] * 100, abs=1e-6)


def test_what_waited_is_late_by_as_much_as_it_waited(lateness: Lateness) -> None:
    assert lateness.record(made_at=1.0, now=1.0 + QUICK + 3.5) == pytest.approx(3.5)


def test_what_waited_first_is_known_to_be_late_once_quicker_ones_came() -> None:
    lateness = Lateness()
    assert lateness.record(made_at=0.0, now=4.0) == 0.0
    for made_at in (5.0, 6.0):
        lateness.record(made_at, made_at + QUICK)
    assert lateness.record(made_at=7.0, now=11.0) == pytest.approx(4.0 - QUICK)


def test_one_with_a_time_that_is_still_to_come_makes_no_other_late(lateness: Lateness) -> None:
    lateness.record(made_at=5.0, now=1.0)
    assert lateness.record(made_at=2.0, now=2.0 + 2 * QUICK) == pytest.approx(QUICK)


def test_the_quick_ones_count_on_into_the_next_minutes(lateness: Lateness) -> None:
    assert lateness.record(made_at=QUICK_WINDOW + 1, now=QUICK_WINDOW + 1 + 3.0) == pytest.approx(3.0 - QUICK)


def test_a_clock_that_drifts_is_forgiven_after_a_while(lateness: Lateness) -> None:
    assert lateness.record(made_at=2 * QUICK_WINDOW, now=2 * QUICK_WINDOW + 3.0) == 0.0
