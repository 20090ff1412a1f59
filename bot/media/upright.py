"""Check that a video's pictures are shown as they are coded: an MP4 can turn or mirror them."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MAX_BOXES = 10_000  # of one file; a fragmented video has two for each second
TRACK_HEADER = [b"moov", b"trak", b"tkhd"]  # a box in a box in a box (ISO 14496-12, 8.3.2)
PLAIN = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


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
