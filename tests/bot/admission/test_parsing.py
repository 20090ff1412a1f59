"""Times and amounts are understood as moderators write them, or refused with an example."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.admission.parsing import LONGEST_SPAN, MAX_VIDEOS, parse_budget, parse_limit, parse_span, parse_until
from bot.errors import BadInputError
from bot.money import CREDITS_PER_USD

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

# Close to what is understood: pieces of it in any order, among any other characters.
PIECES = [
    *("0", "1", "5", "12", "90", "366", "2026", "99999999999", "-", "+", ".", ",", ":", "/", " ", "\u200b"),
    *("m", "min", "h", "hours", "d", "days", "w", "months", "and", "s", "T", "z", "UTC", "2026-12-01"),
    *("18:00", "9999-12-31", "0000-00-00", "<t:", "1767225600", ":R>", "<t:99999999999>", "<t:-99999999999>"),
    *("$", "USD", "credits", "€", "unlimited", "none", "∞", "nan", "inf", "1e9", "１", "²", "½", "٣", "\x00"),
]
# What is refused, parted by strokes; the first of each is empty.
NO_SPANS = (
    "|0|0m|0h 0m|12|h|-1h|+1h|1.5h|½h|10s|30 seconds|1 year|1h 30|1hand 2m|1 hour and|9999999m|2²h|"
    "forever|1e9d|٣h|1h 1h 1h x|"
    "1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h|"
    "<t:1767225600>"
)
NO_MOMENTS = (
    "|tomorrow|2026-13-01|2026-02-30|0000-01-01|9999-12-31|2026-12-01 24:00|2026-12-01 18:0|"
    "2026-12-01 18:60|2026-12-01 18|01.12.2026|<t:>|<t:-5>|<t:1e9>|<t:1790000000000>"
)
NO_NUMBERS = (
    "|-1|+1|-0|1.0|1,5|1.5|½|5²|٣|10001|10,001|1,00|1,0000|1 00|9999999999999999|1e3|0x10|nan|inf|none|ten"
)
NO_AMOUNTS = (
    "|USD|-5 USD|$-5|nan USD|inf USD|1e3 USD|5 EUR|€5|$5 credits|5.000 USD|1000,000 USD|"
    "3.000.000 credits|.5 USD|5. USD|5² USD|9999999999999999 USD"
)
anything = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
moments = st.datetimes(datetime(2015, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 hypothesis wants naive bounds
spans = st.integers(1, LONGEST_SPAN // timedelta(minutes=1)).map(lambda minutes: timedelta(minutes=minutes))


def parse_until_now(text: str) -> datetime:
    return parse_until(text, NOW)


PARSERS: tuple[Callable[[str], object], ...] = (parse_span, parse_until_now, parse_limit, parse_budget)


@pytest.mark.parametrize("parse", PARSERS)
@given(anything)
def test_any_text_is_understood_or_refused(parse: Callable[[str], object], text: str) -> None:
    with suppress(BadInputError):
        parse(text)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("text", ["@everyone", "<@1>", "5 @everyone", "9" * 5000, "1h" * 5000])
def test_a_refusal_is_a_sentence_that_repeats_nothing(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(BadInputError, match=r"\.$") as caught:
        parse(text)
    assert not re.search(r"@|9999|1h1h", str(caught.value))


@given(anything)
def test_every_span_that_is_understood_is_positive_and_within_bounds(text: str) -> None:
    try:
        span = parse_span(text)
    except BadInputError:
        return
    assert timedelta() < span <= LONGEST_SPAN


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from("mhdw")), min_size=1, max_size=4))
def test_a_span_is_the_sum_of_its_parts_however_they_are_joined(parts: list[tuple[int, str]]) -> None:
    units = {"m": ("minutes", 1), "h": ("HOURS", 60), "d": ("Days", 1440), "w": ("week", 10080)}
    expected = timedelta(minutes=sum(count * units[unit][1] for count, unit in parts))
    joined = [
        "".join(f"{count}{unit}" for count, unit in parts),
        " ".join(f"{count}{unit.upper()}" for count, unit in parts),
        ", ".join(f"{count} {units[unit][0]}" for count, unit in parts),
        " and ".join(f"  {count} {units[unit][0]} " for count, unit in parts),
    ]
    for text in joined:
        if len(text) > 50 or not timedelta() < expected <= LONGEST_SPAN:
            continue
        assert parse_span(text) == expected, text


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("3d", timedelta(days=3)),
        ("2w", timedelta(weeks=2)),
        ("3 days", timedelta(days=3)),
        ("1 week", timedelta(weeks=1)),
        ("24 HOURS", timedelta(days=1)),
        ("1h 30m", timedelta(minutes=90)),
        ("1h30min", timedelta(minutes=90)),
        ("1 hour, 30 minutes", timedelta(minutes=90)),
        ("1 hour and 30 minutes", timedelta(minutes=90)),
        ("1 day, 2 hours, and 5 mins", timedelta(days=1, hours=2, minutes=5)),
        ("１２ｈ", timedelta(hours=12)),
        (" 1\n month\u200b ", timedelta(days=30)),
        ("2 months", timedelta(days=60)),
        ("366 days", LONGEST_SPAN),
    ],
)
def test_examples_of_spans(text: str, span: timedelta) -> None:
    assert parse_span(text) == span
    assert parse_until(text, NOW) == NOW + span


@pytest.mark.parametrize("text", NO_SPANS.split("|"))
def test_what_is_no_span_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadInputError, match=r"^Enter a time such as 12h, 3 days or 2 weeks\.$"):
        parse_span(text)


@pytest.mark.parametrize("text", ["367 days", "366 days 1 minute", "53w", "13 months", "999999 months"])
def test_a_span_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match=r"That's too long\. The maximum is 366 days\."):
        parse_span(text)
    with pytest.raises(BadInputError, match="The maximum is 366 days from now"):
        parse_until(text, NOW)


@given(anything, moments)
def test_every_moment_that_is_understood_is_ahead_in_utc_and_within_bounds(text: str, now: datetime) -> None:
    try:
        moment = parse_until(text, now)
    except BadInputError:
        return
    assert moment.tzinfo is UTC
    assert now < moment <= now + LONGEST_SPAN


@given(moments, spans)
def test_a_moment_is_read_back_from_each_way_to_write_it(now: datetime, span: timedelta) -> None:
    now = now.replace(second=0, microsecond=0)
    moment = now + span
    for text in (
        f"{moment:%Y-%m-%d %H:%M}",
        f"{moment:%Y-%m-%dT%H:%MZ}",
        f"{moment:%Y-%m-%d %H:%M} UTC",
        f"<t:{int(moment.timestamp())}>",
        f"<t:{int(moment.timestamp())}:R>",
        f"{span // timedelta(minutes=1)}m",
    ):
        assert parse_until(text, now) == moment, text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-01", datetime(2026, 12, 2, tzinfo=UTC)),
        ("2026-3-1", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-12-01 18:00", datetime(2026, 12, 1, 18, tzinfo=UTC)),
        ("2026-12-01T18:00", datetime(2026, 12, 1, 18, tzinfo=UTC)),
        ("２０２６-１２-０１ １８：００", datetime(2026, 12, 1, 18, tzinfo=UTC)),
        ("2026-12-01 00:00", datetime(2026, 12, 1, tzinfo=UTC)),
        ("<t:1790000000:F>", datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        ("2027-03-02 12:30", datetime(2027, 3, 2, 12, 30, tzinfo=UTC)),
    ],
)
def test_examples_of_moments(text: str, moment: datetime) -> None:
    assert parse_until(text, NOW) == moment


def test_a_moment_is_in_utc_wherever_the_clock_is() -> None:
    now = NOW.astimezone(timezone(timedelta(hours=5)))
    assert parse_until("1h", now) == NOW + timedelta(hours=1)
    assert parse_until("1h", now).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["2026-02-28", "2026-03-01 12:30", "2020-01-01", "0001-01-01", "<t:0>", "<t:1772368200>", "0h"]
)
def test_a_moment_that_is_not_ahead_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match=r"^That time is in the past"):
        parse_until(text, NOW)


@pytest.mark.parametrize("text", ["2027-03-02", "2027-03-02 12:31", "9999-12-30", "<t:99999999999>"])
def test_a_moment_too_far_away_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="The maximum is 366 days from now"):
        parse_until(text, NOW)


@pytest.mark.parametrize("text", NO_MOMENTS.split("|"))
def test_what_is_no_moment_is_refused_with_examples_that_work(text: str) -> None:
    with pytest.raises(BadInputError, match=r"2026-03-02 or 2026-03-02 18:00 \(UTC\)") as caught:
        parse_until(text, NOW)
    for example in ("12h", "3 days", "2 weeks", "2026-03-02", "2026-03-02 18:00"):
        assert example in str(caught.value)
        assert parse_until(example, NOW) > NOW


@given(st.integers(0, MAX_VIDEOS))
def test_a_number_is_read_back_from_each_way_to_write_it(number: int) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))
    grouped = (f"{number:,}".replace(",", mark) for mark in (",", ".", " ", "\u00a0", "\u202f", "’"))
    for text in (f"{number}", f"  {number}\n", wide, f"00{number}", *grouped):
        assert parse_limit(text) == number, text


@pytest.mark.parametrize("text", ["unlimited", "Unlimited ", "NO LIMIT", "no  limit", "∞"])
def test_no_limit_can_be_written(text: str) -> None:
    assert parse_limit(text) is None
    assert parse_budget(text) is None


@pytest.mark.parametrize("text", NO_NUMBERS.split("|"))
def test_what_is_no_number_of_videos_is_refused(text: str) -> None:
    expected = r"^Enter a whole number from 0 to 10,000, or unlimited\.$"
    with pytest.raises(BadInputError, match=expected):
        parse_limit(text)


@given(st.integers(0, 10_000_000_00))
def test_an_amount_is_read_back_from_each_way_to_write_it(cents: int) -> None:
    dollars, rest = divmod(cents, 100)
    written, grouped = f"{dollars}.{rest:02}", f"{dollars:,}.{rest:02}"
    for text in (f"{written} USD", f"${grouped}", f"{grouped}usd", f"usd {written}", f"${written} USD"):
        assert parse_budget(text) == cents * CREDITS_PER_USD // 100, text
    assert parse_budget(f"{cents * 20_000:,} credits") == cents * 20_000


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("5 USD", 10_000_000.0),
        ("$5", 10_000_000.0),
        ("5$", 10_000_000.0),
        ("US$5", 10_000_000.0),
        ("＄５", 10_000_000.0),
        ("5 dollars", 10_000_000.0),
        ("5.50 usd", 11_000_000.0),
        ("5,000 USD", 10_000_000_000.0),
        ("usd 5", 10_000_000.0),
        ("0.07 USD", 140_000.0),
        ("3,000,000 credits", 3_000_000.0),
        ("1 credit", 1.0),
        ("0 USD", 0.0),
        ("0 credits", 0.0),
        ("10,000,000 USD", 2e13),
        ("none", None),
        ("no budget", None),
    ],
)
def test_examples_of_budgets(text: str, budget: float | None) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize("text", ["0", "3000000", "3,000,000", "5.50"])
def test_an_amount_without_a_unit_is_refused_with_the_units(text: str) -> None:
    with pytest.raises(BadInputError, match="credits or USD"):
        parse_budget(text)


@pytest.mark.parametrize(
    "text", ["5,50 USD", "5,5 USD", "$5,50", "5,50", "1,0000 USD", "1.000,50 USD", "5, USD"]
)
def test_a_comma_that_parts_no_thousands_is_refused_with_a_point(text: str) -> None:
    with pytest.raises(BadInputError, match="Use a point for decimals"):
        parse_budget(text)


@pytest.mark.parametrize("text", NO_AMOUNTS.split("|"))
def test_what_is_no_amount_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadInputError, match=r"such as 5\.50 USD or 3,000,000 credits, or unlimited"):
        parse_budget(text)


@pytest.mark.parametrize("text", ["10,000,000.01 USD", "999999999999 USD", "20,000,000,000,001 credits"])
def test_an_amount_that_is_absurd_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="A budget can be up to 10,000,000 USD"):
        parse_budget(text)
