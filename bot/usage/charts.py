"""A server's use as a picture: bars of videos, and a line of spending. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, log10
from typing import LiteralString

from bot.i18n import N_, _, date, dollars, locale_used, number
from bot.money import usd
from bot.policy.phrases import count_videos
from bot.provider.catalogue import ALL_MODELS
from bot.text import shorten
from bot.usage.canvas import BACKGROUND, HEIGHT, INK, LARGE, MEDIUM, SMALL, WIDTH, Canvas, Layer, Place
from bot.usage.service import DayUse, UsageFiles, UsagePeriod, UsageReport
from bot.usage.text import NOBODY, describe_usage, model_label, usage_csv

LEFT, TOP, MARGIN = 75, 120, 20  # pixels: of the bars, and of everything
LEGEND_ROW, SWATCH, GAP = 28, (34, 16), 10
BAR = 0.72  # of a bucket's width

# The bars' colours are those of Okabe and Ito, which all eyes can tell apart; the hatching tells them apart
# without colours.
GRID, FAINT = "#41434a", "#b5bac1"
BARS = (("#56b4e9", ""), ("#f0e442", "."), ("#009e73", "\\"), ("#cc79a7", "/\\"), ("#e69f00", "-"))
OTHERS = ("#999999", "-|")
FAILED = ("#ff7f50", "/")  # only the outline and the hatching

BUCKETS: Mapping[str, LiteralString] = {
    "hour": N_("Hours, UTC"),
    "day": N_("Days, UTC"),
    "month": N_("Months, UTC"),
}
NAME_LENGTH = 60  # characters of a server's name
MODEL_LENGTH = 20
LEGEND_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Plot:
    """The part with the bars. `right`, `bottom`: where it ends; `count`: of buckets."""

    canvas: Canvas
    right: float
    bottom: float
    count: int

    def x(self, place: float) -> float:
        """Return the middle of a bucket."""
        return LEFT + (self.right - LEFT) * (place + 0.6) / (self.count + 0.2)

    def y(self, value: float, top: float) -> float:
        """Return the height of a value; `top`: the value at the top."""
        return self.bottom - (self.bottom - TOP) * value / top


def render_usage(report: UsageReport, server_name: str) -> UsageFiles:
    """Return the report as all its files; the chart is in English where its font lacks the letters."""
    with locale_used(None) if _is_undrawable() else nullcontext():
        chart = draw_usage(report, server_name)
    return UsageFiles(chart, describe_usage(report), usage_csv(report))


def draw_usage(report: UsageReport, server_name: str) -> bytes:
    """Draw the videos and the spending of each bucket; return a PNG of 1000 x 500 pixels."""
    canvas = Canvas()
    layers = _layers(report, canvas)
    legend = _legend(canvas, layers)
    costs = [usd(day.tally.credits) for day in report.days]
    amounts = _amounts(max(1, *costs))
    widest = max(canvas.width_of(said, SMALL) for said in amounts.values())
    right = WIDTH - MARGIN - GAP - widest
    plot = Plot(canvas, right, HEIGHT - 68 - LEGEND_ROW * len(legend), len(report.days))
    _draw_bars(plot, layers)
    _draw_spending(plot, costs, amounts)
    _label_buckets(plot, report)
    _draw_legend(canvas, legend)
    _write_heading(canvas, report, server_name)
    if not report.total.requests:
        canvas.text((WIDTH / 2, HEIGHT / 2), _(NOBODY), LARGE, anchor="mm")
    return canvas.png()


def _layers(report: UsageReport, canvas: Canvas) -> Sequence[Layer]:
    """Return the bars from the bottom up: the models in the catalogue's order, the rest, what failed."""
    places = {model.id: place for place, model in enumerate(ALL_MODELS)}
    by_videos = sorted(report.by_model, key=lambda pair: -pair[1].videos)
    most_used = [model for model, tally in by_videos if tally.videos]
    shown = sorted(most_used[: len(BARS)], key=lambda model: (places.get(model, len(places)), model))
    layers = [
        Layer(canvas.drawable(model_label(model), MODEL_LENGTH), _videos_of(report, [model]), *looks)
        for model, looks in zip(shown, BARS, strict=False)
    ]
    if others := most_used[len(BARS) :]:
        layers.append(Layer(_("Other models"), _videos_of(report, others), *OTHERS))
    if report.total.failed:
        failed = [day.tally.failed for day in report.days]
        layers.append(Layer(_("Failed"), failed, *FAILED, is_hollow=True))
    return layers


def _videos_of(report: UsageReport, models: Sequence[str]) -> Sequence[int]:
    return [sum(day.videos.get(model, 0) for model in models) for day in report.days]


def _draw_bars(plot: Plot, layers: Sequence[Layer]) -> None:
    tops = [sum(heights) for heights in zip(*(layer.heights for layer in layers), strict=True)]
    top = max(4, *tops, 0) * 1.1
    for value in _ticks(top, whole=True):
        plot.canvas.line([(LEFT, plot.y(value, top)), (plot.right, plot.y(value, top))], GRID, 1)
        plot.canvas.text((LEFT - GAP, plot.y(value, top)), number(value, digits=0), color=FAINT, anchor="rm")
    plot.canvas.text((MARGIN, TOP - 18), _("Videos"))
    half, lows = (plot.x(1) - plot.x(0)) * BAR / 2, [0] * plot.count
    for layer in layers:
        highs = [low + height for low, height in zip(lows, layer.heights, strict=True)]
        plot.canvas.boxes(
            [
                (plot.x(place) - half, plot.y(high, top), plot.x(place) + half, plot.y(low, top))
                for place, (low, high) in enumerate(zip(lows, highs, strict=True))
                if high > low
            ],
            layer,
        )
        lows = highs


def _draw_spending(plot: Plot, costs: Sequence[float], amounts: Mapping[float, str]) -> None:
    top = max(1, *costs) * 1.1
    for value, said in amounts.items():
        plot.canvas.text((plot.right + GAP, plot.y(value, top)), said, color=FAINT)
    plot.canvas.text((WIDTH - MARGIN, TOP - 18), _("Spending (USD)"), anchor="rm")
    points = [(plot.x(place), plot.y(cost, top)) for place, cost in enumerate(costs)]
    _draw_line(plot.canvas, points, points)


def _amounts(highest: float) -> Mapping[float, str]:
    """Return round amounts of money up to the top, and how they are said."""
    shows_cents = highest < 10
    ticks = _ticks(highest * 1.1, whole=not shows_cents)
    return {value: dollars(value, cents=shows_cents) for value in ticks}


def _draw_line(canvas: Canvas, points: Sequence[Place], dots: Sequence[Place]) -> None:
    """Draw the line of the spending with an edge, so that it stands out from the bars."""
    for color, edge in ((BACKGROUND, 1.4), (INK, 0)):
        canvas.line(points, color, 2.6 + 2 * edge)
        for dot in dots:
            canvas.dot(dot, color, 4 + edge)


def _ticks(top: float, *, whole: bool) -> Iterator[float]:
    """Yield round numbers from 0 up to `top`, five or fewer steps apart."""
    unit = 10.0 ** floor(log10(top / 5))
    step = next(unit * factor for factor in (1, 2, 5, 10) if top / (unit * factor) <= 5)
    step = max(step, 1) if whole else step
    yield from (place * step for place in range(floor(top / step) + 1))


def _label_buckets(plot: Plot, report: UsageReport) -> None:
    names = [_tick_name(report, day) for day in report.days]
    room = max(plot.canvas.width_of(name, SMALL) for name in names) + GAP
    step = ceil(room / (plot.x(1) - plot.x(0)))
    # The last one, which is now, is always named.
    for place in range((plot.count - 1) % step, plot.count, step):
        plot.canvas.text((plot.x(place), plot.bottom + 18), names[place], color=FAINT, anchor="mm")
    middle = ((LEFT + plot.right) / 2, plot.bottom + 42)
    plot.canvas.text(middle, _(BUCKETS[report.period.bucket]), anchor="mm")


def _legend(canvas: Canvas, layers: Sequence[Layer]) -> Sequence[Sequence[Layer]]:
    """Return the rows of the legend, as few as fit; the line of the spending is an empty layer."""
    entries = [*layers, Layer(_("Spending"), (), INK, "")]
    room, counts = WIDTH - 2 * MARGIN, range(LEGEND_COLUMNS, 1, -1)
    columns = next((count for count in counts if sum(_widths(canvas, entries, count)) <= room), 1)
    return [entries[start : start + columns] for start in range(0, len(entries), columns)]


def _widths(canvas: Canvas, entries: Sequence[Layer], columns: int) -> Sequence[float]:
    """Return how wide each column must be."""
    widths = [SWATCH[0] + 4 * GAP + canvas.width_of(entry.label, MEDIUM) for entry in entries]
    return [max(widths[column::columns]) for column in range(min(columns, len(widths)))]


def _draw_legend(canvas: Canvas, rows: Sequence[Sequence[Layer]]) -> None:
    widths = _widths(canvas, [entry for row in rows for entry in row], len(rows[0]))
    width, height = SWATCH
    for place, row in enumerate(rows):
        left, y = (WIDTH - sum(widths)) / 2 + GAP, HEIGHT - LEGEND_ROW * (len(rows) - place - 0.5) - 4
        for entry, space in zip(row, widths, strict=False):
            if entry.heights:
                canvas.boxes([(left, y - height / 2, left + width, y + height / 2)], entry)
            else:
                _draw_line(canvas, [(left, y), (left + width, y)], [(left + width / 2, y)])
            canvas.text((left + width + GAP, y), entry.label, MEDIUM)
            left += space


def _write_heading(canvas: Canvas, report: UsageReport, server_name: str) -> None:
    heading = _("The last {period}", period=report.period.label)
    name, title = canvas.drawable(server_name, NAME_LENGTH), heading
    for length in range(NAME_LENGTH if name else 0, 0, -4):
        title = f"{heading} · {shorten(name, length)}"
        if canvas.width_of(title, LARGE) <= WIDTH - 2 * MARGIN:
            break
    canvas.text((MARGIN, 32), title, LARGE)
    total = report.total
    facts = _(
        "{videos} · {failed} failed · {money}",
        videos=count_videos(total.videos),
        failed=number(total.failed),
        money=dollars(usd(total.credits)),
    )
    span = _("{start} to {end} UTC", start=_moment(report.start), end=_moment(report.end))
    canvas.text((MARGIN, 64), f"{facts} · {span}", color=FAINT)


def _is_undrawable() -> bool:
    """Whether the font lacks letters of the language that is spoken, as it does of Japanese."""
    canvas = Canvas()
    return not all(canvas.has(char) for char in _("Other models") + _("Spending"))


def _tick_name(report: UsageReport, day: DayUse) -> str:
    match report.period:
        case UsagePeriod.DAY:
            return f"{day.start:%H:%M}"
        case UsagePeriod.YEAR:
            return date(day.start, "yMMM" if day.start.month == 1 else "MMM")
        case UsagePeriod.WEEK | UsagePeriod.MONTH:
            return date(day.start, "MMMd")


def _moment(moment: datetime) -> str:
    return f"{date(moment, 'yMMMd')}, {moment:%H:%M}"
