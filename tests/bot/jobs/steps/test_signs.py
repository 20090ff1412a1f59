"""When a sign is believed: a table of answers and the end that they make, if any."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.failures import FailureKind
from bot.jobs.steps.signs import ENDINGS, Evidence, Sign
from bot.jobs.steps.timing import Timing

NOW = datetime(2026, 11, 28, tzinfo=UTC)
TIMING = Timing(stated_window=timedelta(seconds=10), doubt_window=timedelta(minutes=5))
S, B, U = Sign.STATED, Sign.BARE, Sign.UNKNOWN


def end_of(answers: list[tuple[int, Sign | None]]) -> FailureKind | None:
    """Return how a generation ends after answers at these seconds."""
    evidence, ending = Evidence(TIMING), None
    for seconds, sign in answers:
        ending = ending or evidence.add(sign, NOW + timedelta(seconds=seconds))
    return ending and ending.kind


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([(0, S)], None),
        ([(0, S), (9, S)], None),
        ([(0, S), (10, S)], FailureKind.UNMADE),
        ([(0, S), (5, None), (10, S)], None),
        ([(0, S), (10, B)], None),
        ([(0, B), (299, B), (299, B)], None),
        ([(0, B), (300, B)], None),
        ([(0, B), (10, B), (300, B)], FailureKind.UNMADE),
        ([(0, U), (10, U), (300, U)], FailureKind.GONE),
        ([(0, U), (10, U), (20, None), (300, U)], None),
    ],
)
def test_a_sign_is_believed_once_it_was_repeated_for_long_enough(
    answers: list[tuple[int, Sign | None]], kind: FailureKind | None
) -> None:
    assert end_of(answers) == kind


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from([None, *Sign]))))
def test_nothing_ends_on_one_answer_or_on_answers_that_disagree(
    steps: list[tuple[int, Sign | None]],
) -> None:
    evidence, now, run = Evidence(TIMING), NOW, 0
    last: Sign | None = None
    for seconds, sign in steps:
        now += timedelta(seconds=seconds)
        run = run + 1 if sign is last else 1
        last = sign
        ending = evidence.add(sign, now)
        assert ending is None or (sign is not None and run >= ENDINGS[sign].times >= 2)
