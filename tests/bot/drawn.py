"""Images as members upload them, drawn for a test, and files that only look like images."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

from bot.media.images import data_uri_of
from bot.provider.catalogue import VideoRequest

RED, BLUE = (200, 30, 30), (30, 30, 200)
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="180"></svg>'


def draw(
    kind: str = "PNG",
    *,
    size: tuple[int, int] = (1280, 720),
    colour: tuple[int, int, int] = RED,
    **options: Any,
) -> bytes:
    """Return an image of one colour as a file; `kind` and `options` are Pillow's."""
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **options)
    return file.getvalue()


def illustrated(request: VideoRequest) -> VideoRequest:
    """Return a request with as many images as its model needs."""
    return request.with_images([data_uri_of(draw())] * len(request.model.kind.image_fields))


def draw_moving(kind: str) -> bytes:
    """Return an image that moves."""
    frames = [Image.new("RGB", (320, 180), colour) for colour in (RED, BLUE)]
    file = BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=100)
    return file.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """Return a tiny PNG whose header speaks of a huge image."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + draw()[33:]


def jpeg_bomb(width: int, height: int) -> bytes:
    """Return a small JPEG whose header speaks of a huge image."""
    content = draw("JPEG", size=(320, 180))
    start = content.index(b"\xff\xc0") + 5
    return content[:start] + struct.pack(">HH", height, width) + content[start + 4 :]


def webp_bomb(width: int, height: int) -> bytes:
    """Return a small moving WebP whose header speaks of a huge canvas."""
    content = draw_moving("WEBP")
    assert content[12:16] == b"VP8X"
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return content[:24] + sides + content[30:]


def png_with_packed_text(size: int) -> bytes:
    """Return a small PNG with a text that unpacks to `size` bytes."""
    packed = b"zTXtcomment\0\0" + zlib.compress(b"\0" * size)
    content = draw()
    chunk = struct.pack(">I", len(packed) - 4) + packed + struct.pack(">I", zlib.crc32(packed))
    return content[:33] + chunk + content[33:]


def jpeg_of_scans(count: int, *, size: tuple[int, int] = (320, 180)) -> bytes:
    """Return a JPEG whose last scan, which says nothing new, comes `count` times more."""
    content = draw("JPEG", size=size, progressive=True)
    start = content.rindex(b"\xff\xda")
    return content[:start] + content[start:-2] * count + content[start:]


def png_of_profiles(count: int) -> bytes:
    """Return a PNG with the same colour profile `count` times, which unpacks to nearly a mebibyte each."""
    packed = b"iCCPprofile\0\0" + zlib.compress(b"\0" * (2**20 - 100))
    content = draw()
    chunk = struct.pack(">I", len(packed) - 4) + packed + struct.pack(">I", zlib.crc32(packed))
    return content[:33] + chunk * count + content[33:]
