"""A change's effect as a picture and in words."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.preview.chart import describe_change, draw_change
from bot.preview.comparison import (
    ACCEPTED,
    BOTH,
    ONE_DAY,
    ONLY_NOW,
    ONLY_THEN,
    Day,
    Fate,
    day_number,
    empty_days,
    total,
)
from tests.bot.usage.test_charts import colors_of, open_picture

NOW = datetime(2026, 4, 15, 12, 30, tzinfo=UTC)
START = NOW - 30 * ONE_DAY
REFUSED, STILL_REFUSED, FREED = "#ff7f50", "#999999", "#009e73"


def days_with(last: Mapping[str, int]) -> list[Day]:
    """Return days of which only the last one has requests."""
    fates = {"accepted": ACCEPTED, "freed": ONLY_NOW, "both": BOTH, "refused": ONLY_THEN}
    days = empty_days(START, NOW)
    requests = Counter({fates[name]: number for name, number in last.items()})
    return [*days[:-1], Day(days[-1].start, requests)]


@given(st.lists(st.tuples(st.integers(0, 30 * 24 * 60), st.booleans(), st.booleans()), max_size=30))
def test_each_request_is_in_its_day_with_what_became_of_it(drawn: list[tuple[int, bool, bool]]) -> None:
    days = empty_days(START, NOW)
    times = [START + timedelta(minutes=minutes) for minutes, _now, _then in drawn]
    for at, (_minutes, now, then) in zip(times, drawn, strict=True):
        days[day_number(days, at)].requests[Fate(now, then)] += 1
    assert [day.start for day in days] == [days[0].start + number * ONE_DAY for number in range(31)]
    assert total(days) == Counter((each[1], each[2]) for each in drawn)
    for day in days:
        inside = [at for at in times if day.start <= at < day.start + ONE_DAY]
        assert day.requests.total() == len(inside)


def test_the_picture_shows_only_what_there_is() -> None:
    colors = colors_of(draw_change(days_with({"accepted": 3, "refused": 2})))
    assert colors[REFUSED] > 100
    assert STILL_REFUSED not in colors
    assert FREED not in colors
    png = draw_change(days_with({"accepted": 3, "refused": 2, "both": 1, "freed": 1}))
    assert open_picture(png).size == (1000, 360)
    assert {REFUSED, STILL_REFUSED, FREED} <= colors_of(png).keys()


def test_the_words_say_what_the_picture_shows() -> None:
    assert describe_change(days_with({"accepted": 1200, "both": 3, "refused": 40})) == (
        "Bars show requests per day. Accepted: 1,200. Refused now, too: 3. Refused only with the change: 40. "
        "Most additional refusals in one day: 40 (15 April, UTC)."
    )
    assert describe_change(days_with({"freed": 2})) == (
        "Bars show requests per day. Accepted only with the change: 2."
    )
