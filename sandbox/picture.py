"""Draws what a sandbox video shows: hills under a moving sun, and the prompt as a caption.

Pillow's own font is used, so that a container without any font works too.
"""

import math
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFont, ImageOps

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colour = tuple[int, int, int]

NOTICE = "sandbox video, made without any AI"
CAPTION_SHARE = 0.30  # of the height; the caption's panel
CAPTION_SHARE_UPRIGHT = 0.24
LARGEST_TEXT, SMALLEST_TEXT = 14, 46  # the shorter side divided by these
DASHES = str.maketrans("–—", "--")
LINE_HEIGHT = 1.25  # of the font's size

GRADIENT_SIZE = 256  # pixels; what Pillow draws a radial gradient in
SUN_RADIUS, GLOW_RADIUS = 0.42, 0.70  # of the way from the middle to a corner; 0.71 is the nearest edge

# Each palette: the sky from dark to bright, then the sun.
PALETTES: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    ((32, 22, 74), (128, 48, 110), (240, 120, 88), (255, 226, 160)),
    ((12, 36, 72), (26, 96, 128), (120, 196, 180), (240, 255, 220)),
    ((40, 16, 40), (132, 30, 62), (238, 92, 60), (255, 214, 140)),
    ((16, 24, 60), (60, 64, 150), (160, 130, 220), (250, 220, 255)),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that decides how a video looks and sounds.

    Attributes:
        width, height: pixels.
        duration: seconds.
        images: files; the first begins the video, a second ends it.
        video: the one that it goes on from; its last frame begins it.
    """

    prompt: str
    label: str
    width: int
    height: int
    duration: int
    has_audio: bool
    seed: int | None
    images: tuple[bytes, ...] = ()
    video: bytes = b""

    @property
    def pictures(self) -> int:
        """The number of images laid over it."""
        return 1 if self.video else len(self.images)

    @property
    def chance(self) -> Random:
        """Random numbers that are the same for the same seed and prompt, as the provider promises."""
        return Random(f"{self.seed} {self.prompt!r}")

    @property
    def palette(self) -> tuple[Colour, Colour, Colour, Colour]:
        """The colours of the sky, dark to bright, then of the sun."""
        return self.chance.choice(PALETTES)


def _sunlight(distance: float) -> int:
    """Return the sun's opacity at `distance` from its middle; 1 is the image's corner."""
    if distance < SUN_RADIUS:
        return 255
    faded = max(0.0, (GLOW_RADIUS - distance) / (GLOW_RADIUS - SUN_RADIUS))
    return int(150 * faded**2)


SUNLIGHT = bytes(_sunlight(distance / 255) for distance in range(256))  # by what Pillow's gradient says


def draw_sun(scene: Scene) -> Image.Image:
    """Return a glowing disc on a transparent ground, as wide as half of the shorter side."""
    size = min(scene.width, scene.height) // 2
    sun = Image.new("RGBA", (GRADIENT_SIZE, GRADIENT_SIZE), (*scene.palette[3], 0))
    alpha = Image.radial_gradient("L").tobytes().translate(SUNLIGHT)
    sun.putalpha(Image.frombytes("L", sun.size, alpha))
    return ImageOps.fit(sun, (size, size))


def draw_picture(scene: Scene, content: bytes) -> Image.Image:
    """Return a given image as large as the video; what does not fit is cut off."""
    with Image.open(BytesIO(content)) as image:
        return ImageOps.fit(image.convert("RGBA"), (scene.width, scene.height))


def draw_foreground(scene: Scene) -> Image.Image:
    """Return the hills and the caption on a transparent ground, as large as the video."""
    image = Image.new("RGBA", (scene.width, scene.height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    chance = scene.chance
    dark = scene.palette[0]
    for depth in range(3):
        shade = 1.1 - 0.4 * depth
        colour = tuple(min(255, int(part * shade)) for part in dark)
        draw.polygon(_hill(scene, chance, depth), fill=(*colour, 255))
    _write_caption(draw, scene)
    return image


def _hill(scene: Scene, chance: Random, depth: int) -> list[tuple[float, float]]:
    """Return the outline of one row of hills; a larger `depth` is nearer and lower."""
    base = scene.height * (0.53 + 0.065 * depth)
    waves = [(chance.uniform(0.6, 1.4) * (2 + 3 * n), chance.uniform(0, 6), 0.05 / (n + 1)) for n in range(4)]
    top: list[tuple[float, float]] = []
    for step in range(101):
        x = step / 100
        rise = sum(size * math.sin(rate * x + shift) for rate, shift, size in waves)
        top.append((x * scene.width, base - rise * scene.height))
    return [(0, scene.height), *top, (scene.width, scene.height)]


def _write_caption(draw: ImageDraw.ImageDraw, scene: Scene) -> None:
    is_upright = scene.height > scene.width
    panel_height = int(scene.height * (CAPTION_SHARE_UPRIGHT if is_upright else CAPTION_SHARE))
    margin = min(scene.width, scene.height) // 24
    top = scene.height - panel_height
    notice_font = ImageFont.load_default(size=min(scene.width, scene.height) / 40)
    room = panel_height - 3 * margin
    size, lines = fit(scene.prompt, scene.width - 2 * margin, room, min(scene.width, scene.height))
    draw.rectangle((0, top, scene.width, scene.height), fill=(8, 8, 14, 200))
    for number, line in enumerate(lines):
        y = top + margin * 0.7 + number * size * LINE_HEIGHT
        draw.text((margin, y), line, font=ImageFont.load_default(size=size), fill=(255, 255, 255, 255))
    notice = f"{scene.label}  |  {scene.width}x{scene.height}  |  {scene.duration} s  |  {NOTICE}"
    draw.text((margin, scene.height - 1.4 * margin), notice, font=notice_font, fill=(255, 255, 255, 170))


def fit(prompt: str, width: int, height: int, shorter_side: int) -> tuple[float, list[str]]:
    """Return the largest font size at which `prompt` fits into `width` x `height`, and its lines.

    What does not even fit at the smallest size is cut, with an ellipsis.
    """
    text, size, lines = _drawable(prompt), 0.0, list[str]()
    for part in range(LARGEST_TEXT, SMALLEST_TEXT + 1, 4):
        size = shorter_side / part
        lines = wrap(text, ImageFont.load_default(size=size), width)
        if len(lines) * size * LINE_HEIGHT <= height:
            return size, lines
    kept = lines[: int(height // (size * LINE_HEIGHT))]
    return size, [*kept[:-1], kept[-1][:-3] + "..."]


def _drawable(prompt: str) -> str:
    """Return `prompt` as far as the font can draw it: it has no accents and few signs.

    Other scripts and emoji become the font's empty box; lone surrogates would be an error.
    """
    decomposed = unicodedata.normalize("NFKD", prompt).translate(DASHES)
    kept = (char for char in decomposed if not unicodedata.combining(char))
    return "".join(char if char.isprintable() else " " for char in kept)


def wrap(text: str, font: Font, width: int) -> list[str]:
    """Return `text` as lines that are at most `width` pixels wide in `font`."""
    longest, space, room = int(width // font.getlength("W")), font.getlength(" "), 0.0
    pieces = [word[i : i + longest] for word in text.split() for i in range(0, len(word), longest)]
    lines = list[str]()
    for piece in pieces:
        length = font.getlength(piece)  # to measure each longer line takes many times as long
        if lines and space + length <= room:
            lines[-1] += f" {piece}"
            room -= space + length
        else:
            lines.append(piece)
            room = width - length
    return lines or [""]
