"""A server's use as a picture, as words and as a table."""

import asyncio
import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.money import CREDITS_PER_USD
from bot.usage.canvas import BACKGROUND, INK
from bot.usage.charts import draw_usage, facts_line
from bot.usage.service import DayUse, Tally, UsagePeriod, UsageReport, bucket_starts
from bot.usage.text import describe_usage, usage_csv
from tests.examples import SCALE

NOW = datetime(2026, 11, 21, 14, 37, tzinfo=UTC)
VEO, FAST = "google/veo3", "google/veo-3.0-fast"
PRICE = 3 * CREDITS_PER_USD

HOSTILE_NAMES = [
    "",
    " \n\t ",
    "$",
    "Café $5 ^_{x}$ club",
    r"$\frac{$ $\undefined$",
    "🎬🎬🎬",
    "東京の人々",
    "👨‍👩‍👧 Film-Фабрика العربية עברית",
    "Z̸̢͖a̷̰̓l̵͇͝g̶̱̾o̷͙͝" * 10,
    "W" * 100,
    "\u202egnp.exe",
]


def report_of(
    period: UsagePeriod, days: Sequence[Mapping[str, int]], *, failed: int = 0, user_id: int = 3
) -> UsageReport:
    """Return a report whose last buckets have these videos by model; `failed` more in the last one."""
    starts = bucket_starts(period, NOW)
    nothing: Mapping[str, int] = {}
    padded = [*[nothing] * (len(starts) - len(days)), *days]
    uses = [
        DayUse(start, videos, Tally(videos=sum(videos.values()), credits=PRICE * sum(videos.values())))
        for start, videos in zip(starts, padded, strict=True)
    ]
    uses[-1] = DayUse(uses[-1].start, uses[-1].videos, uses[-1].tally + Tally(failed=failed))
    models = sorted({model for day in days for model in day})
    made = {model: sum(day.get(model, 0) for day in padded) for model in models}
    by_model = [(model, Tally(videos=count, credits=PRICE * count)) for model, count in made.items()]
    total = sum((use.tally for use in uses), Tally())
    members = [(user_id, total)] if total.requests else []
    return UsageReport(period, starts[0], NOW, total, members, by_model, uses)


WEEK = report_of(UsagePeriod.WEEK, [{VEO: 2, FAST: 5}, {}, {FAST: 1}], failed=2)
NOTHING = report_of(UsagePeriod.WEEK, [])


def open_picture(png: bytes) -> Image.Image:
    with Image.open(BytesIO(png)) as image:
        assert image.format == "PNG"
        return image.convert("RGB")


def colors_of(png: bytes) -> Mapping[str, int]:
    """Return how many pixels have each colour."""
    image = open_picture(png)
    found = image.getcolors(image.width * image.height) or []
    return {"#" + bytes(color).hex(): count for count, color in found if isinstance(color, tuple)}


@pytest.mark.parametrize("period", UsagePeriod)
def test_the_picture_has_its_size_in_every_period(period: UsagePeriod) -> None:
    png = draw_usage(report_of(period, [{VEO: 2, FAST: 5}, {VEO: 400}], failed=2), "Cozy Corner")
    assert open_picture(png).size == (1000, 500)


def test_each_model_has_its_own_color_on_the_dark_theme() -> None:
    colors = colors_of(draw_usage(WEEK, "Cozy Corner"))
    assert colors[BACKGROUND] > 250_000, "half of it is background"
    assert colors["#56b4e9"] > 1000, "Veo 3"
    assert colors["#f0e442"] > 1000, "Veo 3 Fast"


def test_without_requests_the_picture_says_so_instead_of_showing_bars() -> None:
    colors = colors_of(draw_usage(NOTHING, "Cozy Corner"))
    assert "#56b4e9" not in colors
    assert colors[INK] > 1000, "words"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_breaks_the_picture_or_warns(name: str) -> None:
    draw_usage(WEEK, name)  # pytest makes a warning an error


@settings(max_examples=5 * SCALE)
@given(st.text(max_size=100))
@example("\ufdfd" * 100)
def test_nothing_that_can_be_typed_breaks_the_picture_or_warns(name: str) -> None:
    draw_usage(WEEK, name)


def test_a_name_that_cannot_be_drawn_is_left_out() -> None:
    assert draw_usage(WEEK, "🎬 東京") == draw_usage(WEEK, "")


def test_what_can_be_drawn_of_a_name_is_shown() -> None:
    assert draw_usage(WEEK, "🎬 東京 Film $1$") == draw_usage(WEEK, "Film $1$") != draw_usage(WEEK, "Film 1")


def test_a_long_name_ends_inside_the_picture() -> None:
    image = open_picture(draw_usage(WEEK, "W" * 100))
    margin = image.crop((985, 0, 1000, 60)).getcolors() or []
    assert len(margin) == 1, "only background at the right of the title"


def test_more_models_than_colors_are_drawn_and_their_names_are_harmless() -> None:
    models = {"$\\frac{$": 900, "東京": 800, **{f"acme/{'x' * number}$_$": number for number in range(1, 64)}}
    draw_usage(report_of(UsagePeriod.MONTH, [models]), "Cozy Corner")


@pytest.mark.nightly
async def test_pictures_drawn_at_the_same_time_are_like_those_drawn_alone() -> None:
    alone = [draw_usage(report, "Cozy Corner") for report in (WEEK, NOTHING)] * 4
    drawings = (asyncio.to_thread(draw_usage, report, "Cozy Corner") for report in (WEEK, NOTHING) * 4)
    assert await asyncio.gather(*drawings) == alone


def test_the_words_say_what_the_picture_shows() -> None:
    assert describe_usage(WEEK) == (
        "Bars show videos and the line shows spending per day of the last 7 days. Total: 8 "
        "videos made, 2 failed, 0 cancelled, 0 in progress. Spent or reserved: $24.00 "
        "(48,000,000 credits). Videos by model: Veo 3 Fast 6, Veo 3 2. Most in one day: 7 (19 "
        "November, UTC)."
    )


def test_without_requests_the_words_say_so() -> None:
    assert describe_usage(NOTHING).endswith("Nobody requested a video.")


@pytest.mark.parametrize(
    ("period", "when"),
    [
        (UsagePeriod.DAY, "from 14:00"),
        (UsagePeriod.MONTH, "21 November"),
        (UsagePeriod.YEAR, "November 2026"),
    ],
)
def test_the_words_name_the_busiest_bucket(period: UsagePeriod, when: str) -> None:
    assert f"({when}, UTC)" in describe_usage(report_of(period, [{VEO: 1}]))


def test_the_words_fit_discord_s_description_of_a_file() -> None:
    models = {f"{number}{'x' * 60}": 1 for number in range(50)}
    assert len(describe_usage(report_of(UsagePeriod.WEEK, [models]))) < 1000


def table_of(report: UsageReport) -> list[dict[str, str]]:
    text = usage_csv(report).decode("utf-8")
    return list(csv.DictReader(StringIO(text, newline="")))


counts = st.integers(0, 9)
days = st.lists(st.dictionaries(st.sampled_from([VEO, FAST]), counts), max_size=7)


@given(days, counts)
def test_each_kind_of_row_in_the_table_sums_up_to_the_total(days: list[dict[str, int]], failed: int) -> None:
    report = report_of(UsagePeriod.WEEK, days, failed=failed)
    table = table_of(report)
    for column in ("videos", "credits", "usd"):
        sums = {
            kind: sum(float(row[column]) for row in table if row["kind"] == kind)
            for kind in ("total", "member", "model", "day")
        }
        assert set(sums.values()) == {sums["total"]}, f"{column}: {sums}"
    videos = report.total.videos
    assert [float(table[0][name]) for name in ("videos", "failed", "credits", "usd")] == [
        videos,
        failed,
        videos * PRICE,
        videos * 3,
    ]


def cheap_report(*costs: float) -> UsageReport:
    """Return a report of one video of each of these members, whose ids count from 1."""
    tallies = [Tally(videos=1, credits=cost, confirmed=cost) for cost in costs]
    total, starts = sum(tallies, Tally()), bucket_starts(UsagePeriod.WEEK, NOW)
    days = [DayUse(start, {}, Tally()) for start in starts[:-1]]
    days.append(DayUse(starts[-1], {VEO: len(costs)}, total))
    return UsageReport(
        UsagePeriod.WEEK, starts[0], NOW, total, [*enumerate(tallies, 1)], [(VEO, total)], days
    )


@given(st.lists(st.integers(1, 3 * PRICE), min_size=1, max_size=9))
@example([1, 1, 1])
def test_the_dollars_in_the_table_sum_up_to_the_last_credit(costs: list[int]) -> None:
    table = table_of(cheap_report(*costs))
    for column in ("usd", "confirmed_usd"):
        members = [Decimal(row[column]) for row in table if row["kind"] == "member"]
        assert members == [Decimal(cost) / CREDITS_PER_USD for cost in costs]
        assert Decimal(table[0][column]) == sum(members), column


def test_what_cost_less_than_a_cent_is_not_drawn_as_nothing() -> None:
    assert facts_line(cheap_report(5000)) == (
        "1 video · 0 failed · under $0.01 · 15 Nov 2026, 00:00 to 21 Nov 2026, 14:37 UTC"
    )
    assert "Spent or reserved: under $0.01" in describe_usage(cheap_report(5000))


def test_a_bucket_s_row_is_named_by_its_kind_and_beginning() -> None:
    last = {period: table_of(report_of(period, []))[-1] for period in UsagePeriod}
    assert {period: (row["kind"], row["id"]) for period, row in last.items()} == {
        UsagePeriod.DAY: ("hour", "2026-11-21T14:00:00+00:00"),
        UsagePeriod.WEEK: ("day", "2026-11-21T00:00:00+00:00"),
        UsagePeriod.MONTH: ("day", "2026-11-21T00:00:00+00:00"),
        UsagePeriod.YEAR: ("month", "2026-11-01T00:00:00+00:00"),
    }


@pytest.mark.parametrize(("user_id", "shown"), [(2**63 - 1, f"member:{2**63 - 1}"), (0, "forgotten")])
def test_a_member_is_written_so_that_a_spreadsheet_does_not_round_the_id(user_id: int, shown: str) -> None:
    rows = table_of(report_of(UsagePeriod.WEEK, [{VEO: 1}], user_id=user_id))
    assert [row["id"] for row in rows if row["kind"] == "member"] == [shown]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    rows = table_of(report_of(UsagePeriod.WEEK, [{f'{start}HYPERLINK("x"),y': 1}]))
    assert [row["id"] for row in rows if row["kind"] == "model"] == [f'\'{start}HYPERLINK("x"),y']
