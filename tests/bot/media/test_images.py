"""What an image may be: by its description, and by its bytes."""

import base64
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from bot.errors import BadRequestError
from bot.failures import FailureKind
from bot.media.images import (
    MAX_COSTLY_PARTS,
    MAX_PIXELS,
    MAX_SIZE,
    MIN_SIDE,
    ImageError,
    ImageInput,
    data_uri_of,
    ensure_image,
    ensure_usable,
    media_type_of,
)
from tests.bot.drawn import (
    HTML,
    SVG,
    draw,
    draw_moving,
    jpeg_bomb,
    jpeg_of_scans,
    png_bomb,
    png_of_profiles,
    png_with_packed_text,
    webp_bomb,
)

WEBPS: list[dict[str, Any]] = [
    {"lossless": True},
    {"lossless": False},
    {"exif": b"Exif\0\0"},
]  # three forms of the header
MANY = 12_000  # of 12,000 x 12,000 pixels: 576 MB
ROOT = Path(__file__).parents[2]


def offered(**changes: Any) -> ImageInput:
    values: dict[str, Any] = {
        "url": "https://cdn.example/cat.png",
        "filename": "cat.png",
        "content_type": "image/png",
        "size": 1000,
    }
    return ImageInput(**{**values, **changes})


def kind_of(content: bytes) -> FailureKind | None:
    """Return why a file cannot be used, or None where it can."""
    try:
        ensure_image(content)
    except ImageError as error:
        return error.kind
    return None


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg", "image/webp"])
@pytest.mark.parametrize("size", [1, MAX_SIZE, None])
def test_what_can_be_used_is_taken(content_type: str, size: int | None) -> None:
    ensure_usable(offered(content_type=content_type, size=size))


def test_what_was_taken_before_is_taken_by_its_link_alone() -> None:
    ensure_usable(ImageInput.checked("https://cdn.example/no-name-that-says-anything"))


@pytest.mark.parametrize(
    "content_type", ["image/gif", "image/svg+xml", "image/heic", "video/mp4", "text/html", "", None]
)
def test_other_kinds_of_files_are_refused_by_name(content_type: str | None) -> None:
    with pytest.raises(BadRequestError) as refusal:
        ensure_usable(offered(filename="my_*cat*.gif", content_type=content_type))
    assert str(refusal.value) == (
        "I can use PNG, JPEG and WebP images, and “my\\_\\*cat\\*.gif” isn't one. This didn't "
        "count toward your limit."
    )


def test_a_large_file_is_refused_before_it_is_fetched() -> None:
    with pytest.raises(BadRequestError) as refusal:
        ensure_usable(offered(size=9 * 2**20))
    assert str(refusal.value) == (
        "“cat.png” is 9.0 MiB; an image can be up to 8 MiB. This didn't count toward your limit."
    )


def test_an_empty_file_is_refused_before_it_is_fetched() -> None:
    with pytest.raises(BadRequestError, match=r"“cat\.png” is empty"):
        ensure_usable(offered(size=0))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (draw("PNG"), "image/png"),
        (draw("JPEG"), "image/jpeg"),
        (draw("JPEG", progressive=True), "image/jpeg"),
        *((draw("WEBP", **options), "image/webp") for options in WEBPS),
    ],
    ids=range(6),
)
def test_whole_images_are_taken_and_sent_as_they_are(content: bytes, media_type: str) -> None:
    assert kind_of(content) is None
    head, _, data = data_uri_of(content).partition(",")
    assert head == f"data:{media_type};base64"
    assert base64.b64decode(data, validate=True) == content


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", HTML, SVG, draw("GIF"), draw("BMP")],
    ids=["empty", "png", "jpeg", "webp", "html", "svg", "gif", "bmp"],
)
def test_files_that_only_have_an_images_name_are_refused(content: bytes) -> None:
    assert kind_of(content) is FailureKind.IMAGE_BAD


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_images_that_move_are_refused(kind: str) -> None:
    assert media_type_of(draw_moving(kind)) is not None
    assert kind_of(draw_moving(kind)) is FailureKind.IMAGE_BAD


def test_a_photo_with_a_second_image_for_depth_is_taken() -> None:
    photo = draw_moving("MPO")
    assert media_type_of(photo) == "image/jpeg"
    assert kind_of(photo) is None


def noise(kind: str) -> bytes:
    """Return an image in which every byte matters."""
    file = BytesIO()
    Image.effect_noise((160, 90), 80).convert("RGB").save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_refused(kind: str, share: float) -> None:
    content = noise(kind)
    assert kind_of(content) is None
    assert kind_of(content[: int(len(content) * share)]) is FailureKind.IMAGE_BAD


BOMBS = [
    png_bomb(MANY, MANY),
    jpeg_bomb(MANY, MANY),
    webp_bomb(MANY, MANY),
    png_bomb(7000, 7000),
    png_bomb(2**31 - 1, 2**31 - 1),
]


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_a_header_that_speaks_of_a_huge_image_is_refused(bomb: bytes) -> None:
    assert len(bomb) < 10_000
    assert kind_of(bomb) is FailureKind.IMAGE_SIZE


MEASURE = """
import resource, sys
from bot.media.images import ImageError, ensure_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for bomb in sys.argv[1:]:
    try:
        ensure_image(bytes.fromhex(bomb))
    except ImageError:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_no_room_is_made_for_a_huge_image() -> None:
    arguments = [sys.executable, "-W", "ignore", "-c", MEASURE, *(bomb.hex() for bomb in BOMBS)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603 ours
    assert int(done.stdout) < 20_000, f"{done.stdout} KiB for five tiny files"


@pytest.mark.parametrize("costly", [jpeg_of_scans, png_of_profiles])
def test_a_file_made_to_keep_a_decoder_busy_is_refused(costly: Callable[[int], bytes]) -> None:
    """Eight mebibytes of scans took over an hour, and nobody's image was looked at meanwhile."""
    assert kind_of(costly(10)) is None
    assert kind_of(costly(MAX_COSTLY_PARTS + 1)) is FailureKind.IMAGE_BAD


SIZES = [
    ((MIN_SIDE, MIN_SIDE), None),
    ((MIN_SIDE - 1, 320), FailureKind.IMAGE_SIZE),
    ((320, MIN_SIDE - 1), FailureKind.IMAGE_SIZE),
    ((1, 1), FailureKind.IMAGE_SIZE),
]
LARGE = [
    ((8000, MAX_PIXELS // 8000), None),
    ((8000, MAX_PIXELS // 8000 + 1), FailureKind.IMAGE_SIZE),
]


@pytest.mark.parametrize(
    ("kind", "size", "refusal"),
    [*((kind, *case) for kind in ("PNG", "JPEG", "WEBP") for case in SIZES), *(("PNG", *c) for c in LARGE)],
)
def test_the_sides_have_bounds(kind: str, size: tuple[int, int], refusal: FailureKind | None) -> None:
    assert kind_of(draw(kind, size=size)) is refusal


def test_a_file_may_have_eight_mebibytes_and_no_more() -> None:
    content = draw()
    padded = content + b"\0" * (MAX_SIZE - len(content))
    assert kind_of(padded) is None
    assert kind_of(padded + b"\0") is FailureKind.IMAGE_SIZE


SIGNATURES = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x24\0\0\0WEBP", b"RIFF\x24\0\0\0WEBPVP8X"]


@given(st.sampled_from(SIGNATURES), st.binary(max_size=400))
@example(b"RIFF\x24\0\0\0WEBPVP8L", b"\0" * 40)
@example(b"RIFF\x24\0\0\0WEBPVP8 ", b"\xff" * 40)
def test_junk_is_refused_whatever_it_is(signature: bytes, rest: bytes) -> None:
    assert kind_of(signature + rest) in {FailureKind.IMAGE_BAD, FailureKind.IMAGE_SIZE}


@given(
    kind=st.sampled_from(["PNG", "JPEG", "WEBP"]),
    place=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=30),
)
def test_a_damaged_image_is_taken_or_refused_and_nothing_else(kind: str, place: float, junk: bytes) -> None:
    content = bytearray(draw(kind, size=(80, 64)))
    start = int(len(content) * place)
    content[start : start + len(junk)] = junk
    kind_of(bytes(content))


def test_what_is_no_image_is_not_sent() -> None:
    with pytest.raises(ImageError):
        data_uri_of(HTML)


def test_a_text_that_unpacks_to_very_much_is_not_unpacked() -> None:
    ensure_image(png_with_packed_text(1000))
    bomb = png_with_packed_text(200 * 2**20)
    assert len(bomb) < MAX_SIZE
    tracemalloc.start()
    try:
        with pytest.raises(ImageError) as failure:
            ensure_image(bomb)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20, "it was unpacked before it was refused"
    finally:
        tracemalloc.stop()
    assert failure.value.kind is FailureKind.IMAGE_BAD
