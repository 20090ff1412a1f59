"""One way to fuzz: so many cases of a target, counted for the table of `make fuzz`.

`FUZZ_SCALE` multiplies the cases. Without it the same few are played each time, as every other test.
"""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from tests.examples import SCALE

Case = TypeVar("Case")

played = Counter[str]()
unhandled = Counter[str]()


def fuzz(target: str, cases: int, strategy: SearchStrategy[Case], play: Callable[[Case], None]) -> None:
    """Play `cases` of a target, times `FUZZ_SCALE`; a case that raises is made small and shown."""

    def count(case: Case) -> None:
        played[target] += 1
        try:
            play(case)
        except BaseException:
            unhandled[target] += 1
            raise

    chosen = settings(
        max_examples=cases * SCALE,
        derandomize=SCALE == 1,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    chosen(given(strategy)(count))()


def table() -> list[str]:
    """Return a line for each target, and one for their sum."""
    lines = [f"{'target':<44}{'cases':>9}{'unhandled':>12}"]
    rows = [*sorted(played.items()), ("all", played.total())]
    for target, cases in rows:
        failed = unhandled.total() if target == "all" else unhandled[target]
        lines.append(f"{target:<44}{cases:>9,}{failed:>12,}")
    return lines
