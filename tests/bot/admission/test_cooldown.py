"""How fast one person may act. The clock is a number: nobody waits."""

from collections import deque
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.admission.cooldown import WINDOW, Bucket, Cooldown, Pace, take

MOST = st.integers(1, 50)
PAUSES = st.lists(st.floats(0, 30), max_size=200)  # seconds between one interaction and the next
BACKWARDS = st.lists(st.floats(-30, 30), max_size=100)


def play(moments: list[float], most: int) -> list[tuple[float, Pace]]:
    """Return what becomes of one person's interactions."""
    cooldown = Cooldown(most)
    return [(moment, cooldown.count(1, moment)) for moment in moments]


@given(pauses=PAUSES, most=MOST)
def test_nobody_is_served_more_than_twice_the_bucket_in_any_window(pauses: list[float], most: int) -> None:
    recent: deque[float] = deque()
    for moment, pace in play(list(accumulate(pauses)), most):
        if pace is Pace.FINE:
            recent.append(moment)
        while recent and recent[0] <= moment - WINDOW:
            recent.popleft()
        assert len(recent) <= 2 * most, "a full bucket, and what comes back in the window"


@given(pauses=PAUSES, most=MOST)
def test_one_refusal_in_a_window_is_told_and_the_first_always(pauses: list[float], most: int) -> None:
    played = play(list(accumulate(pauses)), most)
    told = [moment for moment, pace in played if pace is Pace.TOO_FAST]
    assert all(later - earlier >= WINDOW for earlier, later in pairwise(told))
    refused = [pace for _, pace in played if pace is not Pace.FINE]
    assert refused[:1] in ([], [Pace.TOO_FAST]), "somebody was refused and never told why"


@given(count=st.integers(1, 300), most=MOST, extra=st.floats(0.001, 5))
def test_whoever_keeps_the_pace_is_never_refused(count: int, most: int, extra: float) -> None:
    step = WINDOW / most + extra
    assert {pace for _, pace in play([number * step for number in range(count)], most)} == {Pace.FINE}


@given(tries=st.integers(0, 500), most=MOST)
def test_refused_tries_do_not_prolong_the_wait(tries: int, most: int) -> None:
    cooldown = Cooldown(most)
    for _ in range(most + tries):
        cooldown.count(1, 100.0)
    assert cooldown.count(1, 100.0) is not Pace.FINE, "the bucket was not empty"
    assert cooldown.count(1, 100.001 + WINDOW / most) is Pace.FINE


@given(steps=BACKWARDS, most=MOST)
def test_a_clock_that_goes_back_gives_nothing(steps: list[float], most: int) -> None:
    bucket = Bucket(most, 0.0)
    for moment in accumulate(steps):
        _, after = take(bucket, moment, most)
        assert 0 <= after.left <= most
        assert after.at >= bucket.at
        if moment <= bucket.at:
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
    for moment, who in enumerate(people):
        remembered = list(last)[-kept:]
        pace = cooldown.count(who, moment * 0.001)
        assert (pace is Pace.FINE) == (who not in remembered)
        last.pop(who, None)
        last[who] = None
        assert len(cooldown) <= kept
