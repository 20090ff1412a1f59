"""A server's use as a picture. Pure, and slow to import, because matplotlib is.

Only matplotlib's objects are used, never pyplot and never its global settings, so that pictures can be
drawn in threads.
"""

# matplotlib's types leave every **kwargs and some paths open:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import LiteralString
from unicodedata import combining, normalize

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bot.i18n import N_, _, date, dollars, locale_used, number
from bot.money import usd
from bot.policy.phrases import count_videos
from bot.provider.catalogue import CATALOGUE
from bot.text import clean, shorten
from bot.usage.service import DayUse, UsageFiles, UsagePeriod, UsageReport
from bot.usage.text import NOBODY, describe_usage, model_label, usage_csv

WIDTH, HEIGHT, DPI = 1000, 500, 100  # pixels, and pixels an inch

# Discord's dark theme. The bars' colours are those of Okabe and Ito, which all eyes can tell apart;
# the hatching tells them apart without colours.
BACKGROUND, GRID, FAINT, INK = "#2b2d31", "#41434a", "#b5bac1", "#f2f3f5"
BARS = (("#56b4e9", ""), ("#f0e442", ".."), ("#009e73", "\\\\"), ("#cc79a7", "xx"), ("#e69f00", "--"))
OTHERS = ("#999999", "++")
FAILED = ("#ff7f50", "////")  # only the outline and the hatching

SMALL, MEDIUM = FontProperties(size=11.5), FontProperties(size=13)
BOLD = FontProperties(size=16, weight="bold")

BUCKETS: Mapping[str, LiteralString] = {
    "hour": N_("Hours, UTC"),
    "day": N_("Days, UTC"),
    "month": N_("Months, UTC"),
}
NAME_LENGTH = 60  # characters of a server's name
MODEL_LENGTH = 20
LEGEND_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Layer:
    """One kind of bar: its height in each bucket, and its looks."""

    label: str
    heights: Sequence[int]
    color: str
    hatch: str
    is_hollow: bool = False


def render_usage(report: UsageReport, server_name: str) -> UsageFiles:
    """Return the report as all its files; the chart is in English where its font lacks the letters."""
    with locale_used(None) if _is_undrawable() else nullcontext():
        chart = draw_usage(report, server_name)
    return UsageFiles(chart, describe_usage(report), usage_csv(report))


def draw_usage(report: UsageReport, server_name: str) -> bytes:
    """Draw the videos and the spending of each bucket; return a PNG of 1000 x 500 pixels."""
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=BACKGROUND)
    canvas = FigureCanvasAgg(figure)
    layers = _layers(report)
    legend_rows = -(-(len(layers) + 1) // LEGEND_COLUMNS)
    bottom = 0.165 + 0.055 * legend_rows
    videos = figure.add_axes((0.075, bottom, 0.84, 0.765 - bottom))
    spending = videos.twinx()
    _draw_bars(videos, layers, len(report.days))
    _draw_spending(spending, report.days)
    _dress(videos, _("Videos"), -0.065)
    _dress(spending, _("Spending (USD)"), 1.078)
    _label_buckets(videos, report)
    _draw_legend(figure, videos, spending)
    _write_heading(figure, canvas, report, server_name)
    if not report.total.requests:
        figure.text(0.5, 0.5, _(NOBODY), ha="center", color=INK, fontproperties=BOLD)
    buffer = BytesIO()
    canvas.print_png(buffer)
    return buffer.getvalue()


def _layers(report: UsageReport) -> Sequence[Layer]:
    """Return the bars from the bottom up: the models in the catalogue's order, the rest, what failed."""
    places = {model.id: place for place, model in enumerate(CATALOGUE)}
    by_videos = sorted(report.by_model, key=lambda pair: -pair[1].videos)
    most_used = [model for model, tally in by_videos if tally.videos]
    shown = sorted(most_used[: len(BARS)], key=lambda model: (places.get(model, len(places)), model))
    layers = [
        Layer(_drawable(model_label(model), MEDIUM, MODEL_LENGTH), _videos_of(report, [model]), *looks)
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


def _draw_bars(axes: Axes, layers: Sequence[Layer], count: int) -> None:
    tops = [0] * count
    for layer in layers:
        places = [place for place, height in enumerate(layer.heights) if height]
        axes.bar(
            places,
            [layer.heights[place] for place in places],
            bottom=[tops[place] for place in places],
            width=0.72,
            label=layer.label,
            facecolor="none" if layer.is_hollow else layer.color,
            edgecolor=layer.color if layer.is_hollow else BACKGROUND,
            hatch=layer.hatch,
            linewidth=1,
        )
        tops = [low + height for low, height in zip(tops, layer.heights, strict=True)]
    axes.set_ylim(0, max(4, *tops) * 1.1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(_count))
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _draw_spending(axes: Axes, days: Sequence[DayUse]) -> None:
    costs = [usd(day.tally.credits) for day in days]
    axes.plot(
        range(len(costs)),
        costs,
        label=_("Spending"),
        color=INK,
        linewidth=2,
        marker="o",
        markersize=5,
        clip_on=False,
        path_effects=[withStroke(linewidth=4, foreground=BACKGROUND)],
    )
    highest = max(1, *costs)
    axes.set_ylim(0, highest * 1.1)
    shows_cents = highest < 10
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10], integer=not shows_cents))
    axes.yaxis.set_major_formatter(FuncFormatter(_money if shows_cents else _whole_money))


def _count(value: float, _place: int) -> str:
    return number(value, digits=0)


def _money(amount: float, _place: int) -> str:
    return dollars(amount)


def _whole_money(amount: float, _place: int) -> str:
    return dollars(amount, cents=False)


def _dress(axes: Axes, label: str, x: float) -> None:
    """Put the axes into the dark theme, with the label of its numbers above them, from `x` on."""
    axes.set_facecolor("none")
    axes.spines[:].set_visible(False)
    axes.tick_params(colors=FAINT, length=0, labelsize=SMALL.get_size_in_points(), pad=7)
    axes.text(
        x,
        1.06,
        label,
        transform=axes.transAxes,
        ha="left" if x < 0.5 else "right",
        color=INK,
        fontproperties=SMALL,
    )


def _label_buckets(axes: Axes, report: UsageReport) -> None:
    count = len(report.days)
    step = 1 if count <= 13 else 3
    places = range((count - 1) % step, count, step)  # the last one, which is now, is always named
    names = [_tick_name(report, report.days[place]) for place in places]
    axes.set_xticks(places, names)
    axes.set_xlim(-0.6, count - 0.4)
    axes.set_xlabel(_(BUCKETS[report.period.bucket]), color=INK, fontproperties=SMALL)


def _draw_legend(figure: Figure, *many: Axes) -> None:
    found = [axes.get_legend_handles_labels() for axes in many]
    legend = figure.legend(
        [handle for found_handles, _labels in found for handle in found_handles],
        [label for _handles, found_labels in found for label in found_labels],
        loc="lower center",
        ncols=LEGEND_COLUMNS,
        frameon=False,
        prop=MEDIUM,
        labelcolor=INK,
        handleheight=1.1,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _write_heading(figure: Figure, canvas: FigureCanvasAgg, report: UsageReport, server_name: str) -> None:
    heading = _("The last {period}", period=report.period.label)
    title = figure.text(0.02, 0.925, heading, color=INK, fontproperties=BOLD, parse_math=False)
    name = _drawable(server_name, BOLD, NAME_LENGTH)
    for length in range(NAME_LENGTH if name else 0, 0, -4):
        title.set_text(f"{heading} · {shorten(name, length)}")
        if title.get_window_extent(canvas.get_renderer()).width <= 0.96 * WIDTH:
            break
    total = report.total
    facts = _(
        "{videos} · {failed} failed · {money}",
        videos=count_videos(total.videos),
        failed=number(total.failed),
        money=dollars(usd(total.credits)),
    )
    span = _("{start} to {end} UTC", start=_moment(report.start), end=_moment(report.end))
    figure.text(0.02, 0.865, f"{facts} · {span}", color=FAINT, fontproperties=SMALL, parse_math=False)


def _drawable(text: str, font: FontProperties, length: int) -> str:
    """Return the part of a text that the font has; empty where nothing readable is left of it."""
    glyphs = get_font(findfont(font)).get_charmap()
    composed = normalize("NFC", " ".join(clean(text).split()))
    kept = "".join(char for char in composed if ord(char) in glyphs and not combining(char))
    return shorten(kept, length) if any(char.isalnum() for char in kept) else ""


def _is_undrawable() -> bool:
    """Whether the font lacks letters of the language that is spoken, as it does of Japanese."""
    glyphs = get_font(findfont(MEDIUM)).get_charmap()
    return any(ord(char) not in glyphs for char in _("Other models") + _("Spending"))


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
