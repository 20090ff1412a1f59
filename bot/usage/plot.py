"""The common parts of the charts: bars over buckets of time, their scale, and a legend below. Pure."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import ceil, floor, log10

from bot.i18n import locale_used, number
from bot.usage.canvas import BACKGROUND, INK, MEDIUM, SMALL, WIDTH, Canvas, Layer, Point

LEFT, TOP, MARGIN = 75, 120, 20  # pixels: of the bars, and of everything
LEGEND_ROW, SWATCH, GAP = 28, (34, 16), 10
BAR = 0.72  # of a bucket's width
GRID, FAINT = "#41434a", "#b5bac1"
FOOT = 68  # pixels for the buckets' names below the bars
LEGEND_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Plot:
    """The part with the bars, from `top` to `right` and `bottom`; `count`: of buckets."""

    canvas: Canvas
    right: float
    bottom: float
    count: int
    top: float = TOP

    def x(self, index: float) -> float:
        """Return the middle of a bucket."""
        return LEFT + (self.right - LEFT) * (index + 0.6) / (self.count + 0.2)

    def y(self, value: float, highest: float) -> float:
        """Return the height of a value; `highest`: the value at the top."""
        return self.bottom - (self.bottom - self.top) * value / highest


def draw_bars(plot: Plot, layers: Sequence[Layer], title: str) -> None:
    """Draw the layers' bars, each on the one before, with their scale; `title`: what is counted."""
    tops = [sum(heights) for heights in zip(*(layer.heights for layer in layers), strict=True)]
    top = max(4, *tops, 0) * 1.1
    for value in ticks(top, whole=True):
        plot.canvas.line([(LEFT, plot.y(value, top)), (plot.right, plot.y(value, top))], GRID, 1)
        plot.canvas.text((LEFT - GAP, plot.y(value, top)), number(value, digits=0), color=FAINT, anchor="rm")
    plot.canvas.text((MARGIN, plot.top - 18), title)
    half, lows = (plot.x(1) - plot.x(0)) * BAR / 2, [0] * plot.count
    for layer in layers:
        highs = [low + height for low, height in zip(lows, layer.heights, strict=True)]
        plot.canvas.boxes(
            [
                (plot.x(index) - half, plot.y(high, top), plot.x(index) + half, plot.y(low, top))
                for index, (low, high) in enumerate(zip(lows, highs, strict=True))
                if high > low
            ],
            layer,
        )
        lows = highs


def draw_line(canvas: Canvas, points: Sequence[Point], dots: Sequence[Point]) -> None:
    """Draw the line of the spending with an edge, so that it stands out from the bars."""
    for color, edge in ((BACKGROUND, 1.4), (INK, 0)):
        canvas.line(points, color, 2.6 + 2 * edge)
        for dot in dots:
            canvas.dot(dot, color, 4 + edge)


def ticks(top: float, *, whole: bool) -> Iterator[float]:
    """Yield round numbers from 0 up to `top`, five or fewer steps apart."""
    unit = 10.0 ** floor(log10(top / 5))
    step = next(unit * factor for factor in (1, 2, 5, 10) if top / (unit * factor) <= 5)
    step = max(step, 1) if whole else step
    yield from (index * step for index in range(floor(top / step) + 1))


def label_buckets(plot: Plot, names: Sequence[str], kind: str) -> None:
    """Write the buckets' names, as many as there's room for, and what kind of time they are."""
    room = max(plot.canvas.width_of(name, SMALL) for name in names) + GAP
    step = ceil(room / (plot.x(1) - plot.x(0)))
    # The last one, which is now, is always named.
    for index in range((plot.count - 1) % step, plot.count, step):
        plot.canvas.text((plot.x(index), plot.bottom + 18), names[index], color=FAINT, anchor="mm")
    plot.canvas.text(((LEFT + plot.right) / 2, plot.bottom + 42), kind, anchor="mm")


def legend_of(canvas: Canvas, entries: Sequence[Layer]) -> Sequence[Sequence[Layer]]:
    """Return the rows of the legend, as few as fit; an entry without heights stands for a line."""
    room, counts = WIDTH - 2 * MARGIN, range(LEGEND_COLUMNS, 1, -1)
    columns = next((count for count in counts if sum(_widths(canvas, entries, count)) <= room), 1)
    return [entries[start : start + columns] for start in range(0, len(entries), columns)]


def bottom_above(canvas: Canvas, legend: Sequence[Sequence[Layer]]) -> float:
    """Return where the bars end above the names of the buckets and a legend."""
    return canvas.height - FOOT - LEGEND_ROW * len(legend)


def _widths(canvas: Canvas, entries: Sequence[Layer], columns: int) -> Sequence[float]:
    """Return how wide each column must be."""
    widths = [SWATCH[0] + 4 * GAP + canvas.width_of(entry.label, MEDIUM) for entry in entries]
    return [max(widths[column::columns]) for column in range(min(columns, len(widths)))]


def draw_legend(canvas: Canvas, rows: Sequence[Sequence[Layer]]) -> None:
    """Draw the legend at the bottom."""
    widths = _widths(canvas, [entry for row in rows for entry in row], len(rows[0]))
    width, height = SWATCH
    for index, row in enumerate(rows):
        left, y = (WIDTH - sum(widths)) / 2 + GAP, canvas.height - LEGEND_ROW * (len(rows) - index - 0.5) - 4
        for entry, space in zip(row, widths, strict=False):
            if entry.heights:
                canvas.boxes([(left, y - height / 2, left + width, y + height / 2)], entry)
            else:
                draw_line(canvas, [(left, y), (left + width, y)], [(left + width / 2, y)])
            canvas.text((left + width + GAP, y), entry.label, MEDIUM)
            left += space


def drawn_locale(words: str) -> AbstractContextManager[None]:
    """Let English be spoken where the font lacks letters of the reader's `words`, as it does of Japanese."""
    canvas = Canvas()
    return nullcontext() if all(map(canvas.has, words)) else locale_used(None)
