"""The coding of a video's pictures (ITU-T H.264, 7.3.2.1), and whether they're shown as they are coded.

Both are read from the file's own bytes: an MP4 can turn or mirror its pictures.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

START = b"\x00\x00\x01"  # before each unit of a stream (annex B)
SEQUENCE = 7  # the type of the unit that describes all pictures
# Constrained Baseline, Main and High: what every browser and phone decodes.
COMMON_PROFILES = frozenset({66, 77, 100})
# Only these profiles say which colours they have; all others have 8 bits, 4:2:0.
COLOURFUL_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
CHROMA = ("4:0:0", "4:2:0", "4:2:2", "4:4:4")
MAX_BOXES = 10_000  # of one file; a fragmented video has two for each second
TRACK_HEADER = [b"moov", b"trak", b"tkhd"]  # a box in a box in a box (ISO 14496-12, 8.3.2)
PLAIN = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


@dataclass(frozen=True, slots=True)
class Pictures:
    """The coding of a stream's pictures.

    Attributes:
        profile: its number (`profile_idc`).
        chroma: how much of the colours is kept, such as "4:2:0".
        bits: of one value.
    """

    profile: int
    chroma: str = "4:2:0"
    bits: int = 8

    @property
    def is_common(self) -> bool:
        """Whether every player decodes them."""
        return self.profile in COMMON_PROFILES and (self.chroma, self.bits) == ("4:2:0", 8)

    def __str__(self) -> str:
        return f"profile {self.profile}, {self.chroma}, {self.bits} bits"


def pictures_of(stream: bytes) -> Pictures | None:
    """Return what the first description in `stream` (annex B) says, or None where there is none."""
    for unit in stream.split(START)[1:]:
        if unit and unit[0] & 0x1F == SEQUENCE:
            try:
                return _read(unit[1:].replace(b"\x00\x00\x03", b"\x00\x00"))
            except (IndexError, ValueError):
                return None
    return None


def _read(sequence: bytes) -> Pictures:
    """Read a description.

    Raises:
        IndexError, ValueError: it makes no sense.
    """
    profile = sequence[0]
    if profile not in COLOURFUL_PROFILES:
        return Pictures(profile)
    bits = _Bits(sequence[3:])  # after the constraints and the level
    bits.number()  # its id
    chroma = bits.number()
    if chroma == CHROMA.index("4:4:4"):
        bits.take(1)
    return Pictures(profile, CHROMA[chroma], 8 + max(bits.number(), bits.number()))


class _Bits:
    """Reads bits, the highest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._left = "".join(f"{byte:08b}" for byte in data[:16])  # what is asked for is in the first few

    def take(self, count: int) -> str:
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def number(self) -> int:
        """Return the next number, whose length comes before it as zeros (Exp-Golomb)."""
        zeros = self._left.index("1")
        return int(self.take(2 * zeros + 1), 2) - 1


def is_upright(path: Path) -> bool:
    """Whether a file is an MP4 whose pictures are shown as they are coded."""
    try:
        with path.open("rb") as file:
            boxes = iter(range(MAX_BOXES))
            matrices = set(_matrices(file, TRACK_HEADER, path.stat().st_size, boxes))
    except (OSError, ValueError, struct.error):
        return False
    return matrices == {PLAIN}


def _matrices(file: BinaryIO, way: list[bytes], end: int, boxes: Iterator[int]) -> Iterator[bytes]:
    """Yield how the pictures of each track are turned, which stands before their width and height."""
    for _ in boxes:
        begin = file.tell()
        if begin + 8 > end:
            return
        size, kind = struct.unpack(">I4s", file.read(8))
        if size == 1:
            [size] = struct.unpack(">Q", file.read(8))
        following = min(begin + size, end) if size else end
        if kind == way[0] and way[1:]:
            yield from _matrices(file, way[1:], following, boxes)
        elif kind == way[0]:
            file.seek(following - 44)
            matrix, width = struct.unpack(">36sI", file.read(40))
            if width:  # sound has none
                yield matrix
        file.seek(following)
