"""A server's usage as a picture: bars of videos, and a line of spending. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from bot.i18n import N_, _, date, dollars, number
from bot.money import show_usd, usd
from bot.policy.phrases import count_videos
from bot.provider.catalogue import ALL_MODELS
from bot.text import shorten
from bot.usage.canvas import HEIGHT, INK, LARGE, SMALL, WIDTH, Canvas, Layer
from bot.usage.plot import (
    FAINT,
    GAP,
    MARGIN,
    TOP,
    Plot,
    bottom_above,
    draw_bars,
    draw_legend,
    draw_line,
    drawn_locale,
    label_buckets,
    legend_of,
    ticks,
)
from bot.usage.service import DayUse, UsageFiles, UsagePeriod, UsageReport
from bot.usage.text import NO_REQUESTS, describe_usage, model_label, usage_csv

# The bars' colours are those of Okabe and Ito, which all eyes can tell apart; the hatching tells them apart
# without colours.
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


def render_usage(report: UsageReport, server_name: str) -> UsageFiles:
    """Return the report as all its files; the chart is in English where its font lacks the letters."""
    with drawn_locale(_("Other models") + _("Spending")):
        chart = draw_usage(report, server_name)
    return UsageFiles(chart, describe_usage(report), usage_csv(report))


def draw_usage(report: UsageReport, server_name: str) -> bytes:
    """Draw the videos and the spending of each bucket; return a PNG of 1000 x 500 pixels."""
    canvas = Canvas()
    layers = _layers(report, canvas)
    legend = legend_of(canvas, [*layers, Layer(_("Spending"), (), INK, "")])
    costs = [usd(day.tally.credits) for day in report.days]
    amounts = _amounts(max(1, *costs))
    widest = max(canvas.width_of(said, SMALL) for said in amounts.values())
    right = WIDTH - MARGIN - GAP - widest
    plot = Plot(canvas, right, bottom_above(canvas, legend), len(report.days))
    draw_bars(plot, layers, _("Videos"))
    _draw_spending(plot, costs, amounts)
    label_buckets(plot, [_tick_name(report, day) for day in report.days], _(BUCKETS[report.period.bucket]))
    draw_legend(canvas, legend)
    _write_heading(canvas, report, server_name)
    if not report.total.requests:
        canvas.text((WIDTH / 2, HEIGHT / 2), _(NO_REQUESTS), LARGE, anchor="mm")
    return canvas.png()


def _layers(report: UsageReport, canvas: Canvas) -> Sequence[Layer]:
    """Return the bars from the bottom up: the models in the catalogue's order, the rest, what failed."""
    ranks = {model.id: rank for rank, model in enumerate(ALL_MODELS)}
    by_videos = sorted(report.by_model, key=lambda pair: -pair[1].videos)
    most_used = [model for model, tally in by_videos if tally.videos]
    shown = sorted(most_used[: len(BARS)], key=lambda model: (ranks.get(model, len(ranks)), model))
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


def _draw_spending(plot: Plot, costs: Sequence[float], amounts: Mapping[float, str]) -> None:
    top = max(1, *costs) * 1.1
    for value, said in amounts.items():
        plot.canvas.text((plot.right + GAP, plot.y(value, top)), said, color=FAINT)
    plot.canvas.text((WIDTH - MARGIN, TOP - 18), _("Spending (USD)"), anchor="rm")
    points = [(plot.x(index), plot.y(cost, top)) for index, cost in enumerate(costs)]
    draw_line(plot.canvas, points, points)


def _amounts(highest: float) -> Mapping[float, str]:
    """Return round amounts of money up to the top, and how they are said."""
    shows_cents = highest < 10
    values = ticks(highest * 1.1, whole=not shows_cents)
    return {value: dollars(value, cents=shows_cents) for value in values}


def _write_heading(canvas: Canvas, report: UsageReport, server_name: str) -> None:
    heading = _("The last {period}", period=report.period.label)
    name, title = canvas.drawable(server_name, NAME_LENGTH), heading
    for length in range(NAME_LENGTH if name else 0, 0, -4):
        title = f"{heading} · {shorten(name, length)}"
        if canvas.width_of(title, LARGE) <= WIDTH - 2 * MARGIN:
            break
    canvas.text((MARGIN, 32), title, LARGE)
    canvas.text((MARGIN, 64), facts_line(report), color=FAINT)


def facts_line(report: UsageReport) -> str:
    """Return what stands below the heading: the sums, and since when and until when they are."""
    total = report.total
    facts = _(
        "{videos} · {failed} failed · {money}",
        videos=count_videos(total.videos),
        failed=number(total.failed),
        money=show_usd(total.credits),
    )
    span = _("{start} to {end} UTC", start=_date_and_time(report.start), end=_date_and_time(report.end))
    return f"{facts} · {span}"


def _tick_name(report: UsageReport, day: DayUse) -> str:
    match report.period:
        case UsagePeriod.DAY:
            return f"{day.start:%H:%M}"
        case UsagePeriod.YEAR:
            return date(day.start, "yMMM" if day.start.month == 1 else "MMM")
        case UsagePeriod.WEEK | UsagePeriod.MONTH:
            return date(day.start, "MMMd")


def _date_and_time(at: datetime) -> str:
    return f"{date(at, 'yMMMd')}, {at:%H:%M}"
