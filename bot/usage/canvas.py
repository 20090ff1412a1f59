"""A canvas for charts: smooth shapes, and sharp texts, on Discord's dark theme.

Shapes are drawn at three times their size and reduced; texts at their own. Every canvas has fonts of its own,
since pictures are drawn in threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from unicodedata import combining, normalize

from PIL import Image, ImageChops, ImageDraw, ImageFont

from bot.text import clean, shorten

WIDTH, HEIGHT, SCALE = 1000, 500, 3  # pixels, and how much larger shapes are drawn
BACKGROUND, INK = "#2b2d31", "#f2f3f5"
HATCH_GAP = 9

FONT = Path(__file__).with_name("DejaVuSans.ttf")
SMALL, MEDIUM, LARGE = 16, 18, 22  # pixels
BOLD = 0.5  # pixels by which the large letters are wider
MISSING = "\uffff"  # a font draws what it lacks as it draws this, which is no character

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Layer:
    """One kind of bar: its height in each bucket, and its looks."""

    label: str
    heights: Sequence[int]
    color: str
    hatch: str
    is_hollow: bool = False


class Canvas:
    """A picture in the making, `height` pixels high. Points are in pixels of the finished one."""

    def __init__(self, height: int = HEIGHT) -> None:
        self.height = height
        self._shapes = Image.new("RGB", (WIDTH * SCALE, height * SCALE), BACKGROUND)
        self._draw = ImageDraw.Draw(self._shapes)
        self._fonts = {size: ImageFont.truetype(FONT, size) for size in (SMALL, MEDIUM, LARGE)}
        self._texts: list[tuple[Point, str, int, str, str]] = []

    def line(self, points: Sequence[Point], color: str, width: float) -> None:
        """Draw a line through points."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(scaled, fill=color, width=round(width * SCALE), joint="curve")

    def dot(self, point: Point, color: str, radius: float) -> None:
        """Draw a filled circle."""
        self._draw.circle((point[0] * SCALE, point[1] * SCALE), radius * SCALE, fill=color)

    def boxes(self, boxes: Sequence[Box], layer: Layer) -> None:
        """Draw boxes with the looks of a layer."""
        mask = Image.new("L", self._shapes.size)
        scaled = [[round(side * SCALE) for side in box] for box in boxes]
        for box in scaled:
            ImageDraw.Draw(mask).rectangle(box, fill=255)
        if not layer.is_hollow:
            self._shapes.paste(layer.color, mask=mask)
        ink = layer.color if layer.is_hollow else BACKGROUND
        if layer.hatch:
            self._shapes.paste(ink, mask=ImageChops.darker(mask, _hatching(layer.hatch, self._shapes.size)))
        for box in scaled:
            self._draw.rectangle(box, outline=ink, width=SCALE)

    def text(self, point: Point, text: str, size: int = SMALL, color: str = INK, anchor: str = "lm") -> None:
        """Write a line; `anchor` as Pillow has it: l, m or r, and m for the middle of its height."""
        self._texts.append((point, text, size, color, anchor))

    def width_of(self, text: str, size: int) -> float:
        """Return how wide a text is."""
        return self._fonts[size].getlength(text)

    def drawable(self, text: str, length: int) -> str:
        """Return the part of a text that the font has; empty where nothing readable is left of it."""
        composed = normalize("NFC", " ".join(clean(text).split()))
        kept = "".join(char for char in composed if self.has(char) and not combining(char))
        return shorten(kept, length) if any(char.isalnum() for char in kept) else ""

    def has(self, char: str) -> bool:
        """Whether the font has a character."""
        return self._glyph(char) != self._glyph(MISSING)

    def png(self) -> bytes:
        """Return the finished picture."""
        image = self._shapes.reduce(SCALE)
        draw = ImageDraw.Draw(image)
        for point, text, size, color, anchor in self._texts:
            weight = BOLD if size == LARGE else 0
            draw.text(point, text, color, self._fonts[size], anchor, stroke_width=weight)
        buffer = BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()

    def _glyph(self, char: str) -> bytes:
        image = Image.new("L", (3 * SMALL, 3 * SMALL))
        ImageDraw.Draw(image).text((SMALL, SMALL), char, 255, self._fonts[SMALL])
        return image.tobytes()


def _hatching(hatch: str, size: tuple[int, int]) -> Image.Image:
    """Return a mask of the whole picture with lines at these slants, or dots."""
    (width, height), gap = size, HATCH_GAP * SCALE
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for start in range(-height, width, gap):
        if "/" in hatch:
            draw.line((start, height, start + height, 0), 255, SCALE)
        if "\\" in hatch:
            draw.line((start, 0, start + height, height), 255, SCALE)
        if "|" in hatch:
            draw.line((start, 0, start, height), 255, SCALE)
        if "-" in hatch:
            draw.line((0, start, width, start), 255, SCALE)
        for y in range(0, height, gap) if "." in hatch else ():
            draw.circle((start, y), SCALE * 1.2, 255)
    return mask
