"""The metadata in an image's file, and the same file without it. Pure, on bytes.

A phone writes into each photo where and when it was taken. That must not reach the provider. Only parts that
decide how the pixels look are kept, so that what nobody has thought of yet goes too.
"""

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"

UPRIGHT = 1  # EXIF's number for pixels that are stored as they are to be seen
_ORIENTATION, _SHORT = 0x0112, 3  # EXIF's numbers for a field and its type
_EXIF_HEAD = b"Exif\0\0"

_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PNG_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_PNG_COLOURS = {b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"}
_PNG_KEPT = _PNG_CRITICAL | _PNG_COLOURS | {b"bKGD", b"hIST", b"pHYs"}
_PNG_FRAMES = {b"acTL", b"fcTL", b"fdAT"}
_PNG_OPTIONAL = 0x20  # a name that begins with a small letter: the pixels can be read without it

_WEBP_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP"}
_WEBP_FRAMES = {b"ANIM", b"ANMF"}  # a frame may hold chunks of its own
_WEBP_SAYS_METADATA = 0x04 | 0x08  # XMP, EXIF

_JPEG_START, _JPEG_END, _JPEG_SCAN = 0xD8, 0xD9, 0xDA
_JPEG_JFIF, _JPEG_EXIF, _JPEG_COMMENT = 0xE0, 0xE1, 0xFE
_JPEG_IMAGE = {*range(0xC0, 0xD0), *range(0xDA, 0xE0)}  # frames, tables, scans
_JPEG_PROFILE, _JPEG_ADOBE = 0xE2, 0xEE  # how the colours are meant
_ADOBE_SIZE = 12  # bytes of what says so; more is nobody's
_JPEG_APPLICATIONS = range(0xE0, 0xF0)
_JPEG_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # in a scan, what is no data and no restart
_JFIF_SIZE = 14  # bytes before the thumbnail, which may show more than the image does


class _UnreadableError(Exception):
    """The file is not laid out as its format says."""


@dataclass(slots=True)
class BareImage:
    """An image's file without metadata, and what has to be done to its pixels.

    Attributes:
        parts: of the file, in order.
        exif: as it stood in the file; empty: nowhere.
    """

    parts: list[bytes] = field(default_factory=list[bytes])
    exif: bytes = b""

    @property
    def content(self) -> bytes:
        """The file; the same bytes as before where there was no metadata."""
        return b"".join(self.parts)

    @property
    def orientation(self) -> int:
        """The turn that the pixels need, as in EXIF: 1 to 8; 1: none."""
        return orientation_in(self.exif)


def strip_metadata(content: bytes, media_type: str) -> BareImage | None:
    """Return an image without its metadata, or None where its file moves or is not laid out as it should be.

    Its pixels are neither looked at nor changed. What follows the image in the file goes too.
    """
    bare = BareImage()
    try:
        _STRIP[media_type](content, bare)
    except (_UnreadableError, struct.error):
        return None
    return bare


def orientation_in(exif: bytes) -> int:
    """Return how EXIF says that the pixels are to be turned: 1 to 8; damaged or missing: 1."""
    tiff = exif.removeprefix(_EXIF_HEAD)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (fields,) = struct.unpack_from(f"{order}H", tiff, start)
        for number in range(fields):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * number)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and 1 <= value <= 8 else UPRIGHT
    except struct.error:  # it ends too early
        pass
    return UPRIGHT


def _strip_png(content: bytes, bare: BareImage) -> None:
    bare.parts.append(_PNG_HEAD)
    at, name = len(_PNG_HEAD), b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", content, at)
        chunk = _span(content, at, 12 + size)
        if name in _PNG_KEPT:
            bare.parts.append(chunk)
        elif name in _PNG_FRAMES or not name[0] & _PNG_OPTIONAL:
            raise _UnreadableError
        elif name == b"eXIf":
            bare.exif = bare.exif or chunk[8:-4]
        at += len(chunk)


def _strip_webp(content: bytes, bare: BareImage) -> None:
    (size,) = struct.unpack_from("<I", content, 4)
    body = _span(content, 8, size)
    bare.parts.append(b"WEBP")
    for name, chunk in _webp_chunks(body):
        if name in _WEBP_FRAMES:
            raise _UnreadableError
        if name == b"EXIF":
            bare.exif = bare.exif or chunk[8:]
        elif name in _WEBP_KEPT:
            bare.parts.append(_without_flags(chunk) if name == b"VP8X" else chunk)
    bare.parts.insert(0, b"RIFF" + struct.pack("<I", sum(map(len, bare.parts))))


def _webp_chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 4
    while at < len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        chunk = _span(body, at, 8 + size + size % 2)
        yield name, chunk
        at += len(chunk)


def _without_flags(chunk: bytes) -> bytes:
    (flags,) = struct.unpack_from("B", chunk, 8)
    return chunk[:8] + bytes([flags & ~_WEBP_SAYS_METADATA]) + chunk[9:]


def _strip_jpeg(content: bytes, bare: BareImage) -> None:
    bare.parts.append(content[:2])
    at = 2
    while True:
        marker, start = _jpeg_marker(content, at)
        if marker == _JPEG_END:
            bare.parts.append(content[at:start])
            return
        (size,) = struct.unpack_from(">H", content, start)
        end = start + len(_span(content, start, size))
        if marker == _JPEG_SCAN:
            end = _end_of_scan(content, end)
        _keep_jpeg(bare, marker, content[start + 2 : start + size], content[at:end])
        at = end


def _jpeg_marker(content: bytes, at: int) -> tuple[int, int]:
    """Return the marker at a place, and where it ends; any number of 255 may stand before it."""
    start = at
    while content[at : at + 1] == b"\xff":
        at += 1
    if at == start or at == len(content):
        raise _UnreadableError
    return content[at], at + 1


def _end_of_scan(content: bytes, at: int) -> int:
    found = _JPEG_NEXT.search(content, at)
    if found is None:
        raise _UnreadableError
    return found.start()


def _keep_jpeg(bare: BareImage, marker: int, payload: bytes, segment: bytes) -> None:
    """Keep a segment of a JPEG, or what is needed of it."""
    if marker in _JPEG_IMAGE:
        bare.parts.append(segment)
    elif marker == _JPEG_JFIF and payload.startswith(b"JFIF\0") and len(payload) >= _JFIF_SIZE:
        plain = b"\xff\xe0\x00\x10" + payload[:12] + b"\0\0"
        bare.parts.append(segment if len(payload) == _JFIF_SIZE else plain)
    elif marker == _JPEG_ADOBE and payload.startswith(b"Adobe") and len(payload) >= _ADOBE_SIZE:
        plain = b"\xff\xee\x00\x0e" + payload[:_ADOBE_SIZE]
        bare.parts.append(segment if len(payload) == _ADOBE_SIZE else plain)
    elif marker == _JPEG_PROFILE and payload.startswith(b"ICC_PROFILE\0"):
        bare.parts.append(segment)
    elif marker == _JPEG_EXIF and payload.startswith(_EXIF_HEAD):
        bare.exif = bare.exif or payload
    elif marker not in _JPEG_APPLICATIONS and marker != _JPEG_COMMENT:
        raise _UnreadableError


def _span(content: bytes, at: int, size: int) -> bytes:
    span = content[at : at + size]
    if len(span) != size or size < 2:  # a JPEG's size counts its own two bytes
        raise _UnreadableError
    return span


_STRIP: Mapping[str, Callable[[bytes, BareImage], None]] = {
    PNG: _strip_png,
    JPEG: _strip_jpeg,
    WEBP: _strip_webp,
}
