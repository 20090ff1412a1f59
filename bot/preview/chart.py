"""A change's effect as a picture: a server's requests day by day, accepted and refused. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from bot.i18n import N_, _, date, number
from bot.preview.comparison import ACCEPTED, BOTH, ONLY_NOW, ONLY_THEN, Day, Fate, total
from bot.text import shorten
from bot.usage.canvas import LARGE, WIDTH, Canvas, Layer
from bot.usage.charts import BARS, BUCKETS, FAILED, OTHERS
from bot.usage.plot import (
    GAP,
    MARGIN,
    Plot,
    bottom_above,
    draw_bars,
    draw_legend,
    drawn_locale,
    label_buckets,
    legend_of,
)
from bot.usage.text import DESCRIPTION_LENGTH

HEIGHT, TOP = 360, 92  # pixels
# From the bottom up; what only the change refuses is on top, where it's seen best.
LOOKS: Sequence[tuple[Fate, LiteralString, tuple[str, str]]] = (
    (ACCEPTED, N_("Accepted"), BARS[0]),
    (ONLY_NOW, N_("Accepted only with the change"), BARS[2]),
    (BOTH, N_("Refused now, too"), OTHERS),
    (ONLY_THEN, N_("Refused only with the change"), FAILED),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture as a PNG, and what it shows in words for those who can't see it."""

    png: bytes
    description: str


def render_change(days: Sequence[Day]) -> Chart:
    """Return the chart of a change; it's in English where its font lacks the letters."""
    with drawn_locale(_("Requests per day") + _("Accepted")):
        png = draw_change(days)
    return Chart(png, describe_change(days))


def draw_change(days: Sequence[Day]) -> bytes:
    """Draw the requests of each day; return a PNG of 1000 x 360 pixels."""
    canvas, shown = Canvas(HEIGHT), total(days)
    layers = [
        Layer(_(label), [day.requests[fate] for day in days], *looks)
        for fate, label, looks in LOOKS
        if shown[fate] or fate is ACCEPTED
    ]
    legend = legend_of(canvas, layers)
    plot = Plot(canvas, WIDTH - MARGIN - GAP, bottom_above(canvas, legend), len(days), TOP)
    draw_bars(plot, layers, _("Requests"))
    label_buckets(plot, [date(day.start, "MMMd") for day in days], _(BUCKETS["day"]))
    draw_legend(canvas, legend)
    canvas.text((MARGIN, 32), _("Requests per day"), LARGE)
    return canvas.png()


def describe_change(days: Sequence[Day]) -> str:
    """Return what the chart shows in under 1,000 characters."""
    shown = total(days)
    counts = [f"{_(label)}: {number(shown[fate])}." for fate, label, _looks in LOOKS if shown[fate]]
    parts = [_("Bars show requests per day."), *counts]
    worst = max(days, key=lambda day: day.requests[ONLY_THEN])
    if refused := worst.requests[ONLY_THEN]:
        parts.append(
            _(
                "Most additional refusals in one day: {count} ({day}, UTC).",
                count=number(refused),
                day=date(worst.start, "MMMMd"),
            )
        )
    return shorten(" ".join(parts), DESCRIPTION_LENGTH)
