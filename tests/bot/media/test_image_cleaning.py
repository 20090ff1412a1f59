"""What leaves for the provider: upright pixels, and nothing that the file says beside them."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps, ImageStat
from PIL.PngImagePlugin import PngInfo

from bot.failures import FailureKind
from bot.media import image_cleaning
from bot.media.image_cleaning import clean_image, is_clean
from bot.media.image_metadata import orientation_in, strip_metadata
from bot.media.images import MAX_SIZE, ImageError
from tests.bot.drawn import BLUE, RED, draw, draw_moving, png_with_packed_text

FORMATS = ["PNG", "JPEG", "WEBP"]
ORIENTATION, GPS, MAKER = 0x0112, 0x8825, "Secret Camera 3000"
POSITION = "52.516275"
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>{POSITION}</exif:GPSLatitude>'.encode()
PROFILE = b"profile of colours " * 50


def exif(orientation: int | None = None) -> bytes:
    """Return EXIF as a phone writes it: a camera, a position, and how the image is to be turned."""
    tags = Image.Exif()
    tags[0x010F] = MAKER
    tags.get_ifd(GPS)[0x1D] = POSITION
    if orientation is not None:
        tags[ORIENTATION] = orientation
    return tags.tobytes()


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def scene() -> Image.Image:
    """Return an image whose four corners differ, of sides that are no multiples of a JPEG's blocks."""
    image = Image.new("RGB", (198, 101), RED)
    image.paste(BLUE, (0, 0, 90, 40))
    image.paste((20, 160, 20), (100, 60, 198, 101))
    return image


def distance(one: Image.Image, other: Image.Image) -> float:
    """Return by how much pixels differ on average, 0 to 255."""
    assert one.size == other.size
    pairs = zip(one.convert("RGB").tobytes(), other.convert("RGB").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height * 3)


def lossless(kind: str) -> dict[str, Any]:
    return {"lossless": True} if kind == "WEBP" else {"quality": 92} if kind == "JPEG" else {}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_sent_as_it_is_seen(kind: str, orientation: int) -> None:
    photo = save(scene(), kind, exif=exif(orientation), icc_profile=PROFILE, **lossless(kind))
    seen = ImageOps.exif_transpose(opened(photo))
    cleaned = clean_image(photo)
    sent = opened(cleaned)
    assert sent.format == (kind if orientation == 1 or kind == "JPEG" else "PNG")
    assert distance(sent, seen) <= (2 if kind == "JPEG" and orientation > 1 else 0)
    assert sent.info["icc_profile"] == PROFILE
    assert not sent.getexif()
    assert MAKER.encode() not in cleaned
    assert clean_image(cleaned) == cleaned


@pytest.mark.parametrize("kind", FORMATS)
def test_pixels_that_need_no_turning_are_not_encoded_again(kind: str) -> None:
    noise = Image.effect_noise((198, 101), 80).convert("RGB")
    plain, photo = save(noise, kind), save(noise, kind, exif=exif(1))
    assert MAKER.encode() in photo
    assert plain[-5000:-20] in clean_image(photo)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {"icc_profile": PROFILE}),
        ("JPEG", {"icc_profile": PROFILE, "progressive": True}),
        ("JPEG", {"restart_marker_rows": 1, "dpi": (300, 300)}),
        ("WEBP", {"icc_profile": PROFILE}),
        ("WEBP", {"lossless": True}),
    ],
    ids=range(5),
)
def test_an_image_without_metadata_stays_the_same_bytes(kind: str, options: dict[str, Any]) -> None:
    content = save(scene(), kind, **options)
    assert clean_image(content) == content
    assert is_clean(content)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_with(*chunks: bytes) -> bytes:
    content = draw()
    return content[:33] + b"".join(chunks) + content[33:]


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg_with(*segments: bytes) -> bytes:
    content = draw("JPEG")
    return content[:20] + b"".join(segments) + content[20:]


def webp_with(*chunks: bytes) -> bytes:
    content = draw("WEBP", icc_profile=PROFILE) + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content) - 8) + content[8:]


def thumbnail() -> bytes:
    return segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\x08\x01" + POSITION.encode()[:8] * 3)


TEXTS = PngInfo()
TEXTS.add_text("Comment", POSITION)
TEXTS.add_itxt("XML:com.adobe.xmp", XMP.decode())
PLACE = POSITION.encode()
HIDDEN: dict[str, bytes] = {
    "PNG texts": draw(pnginfo=TEXTS),
    "PNG packed text": png_with_packed_text(1000),
    "PNG time and unknown": png_with(chunk(b"tIME", PLACE[:7]), chunk(b"caBX", PLACE)),
    "PNG with more behind it": draw() + PLACE,
    "JPEG comment": draw("JPEG", comment=POSITION),
    "JPEG XMP": draw("JPEG", xmp=XMP),
    "JPEG IPTC": jpeg_with(segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04" + PLACE)),
    "JPEG long XMP": jpeg_with(segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + PLACE)),
    "JPEG provenance": jpeg_with(segment(0xEB, b"JP" + PLACE)),
    "JPEG Adobe and more": jpeg_with(segment(0xEE, b"Adobe" + bytes(7) + PLACE)),
    "JPEG thumbnail": jpeg_with(thumbnail()),
    "JPEG with more behind it": draw("JPEG") + PLACE,
    "JPEG with a second image": draw_moving("MPO"),
    "WebP XMP": draw("WEBP", xmp=XMP),
    "WebP unknown": webp_with(b"spot" + struct.pack("<I", 10) + PLACE + b"x"),
    "WebP with more behind it": draw("WEBP") + PLACE,
}


@pytest.mark.parametrize("content", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_is_said_beside_the_pixels_is_removed(content: bytes) -> None:
    cleaned = clean_image(content)
    assert len(cleaned) < len(content)
    assert PLACE[:8] not in cleaned
    bare = opened(draw(opened(cleaned).format or ""))
    assert set(opened(cleaned).info) <= {*bare.info, "icc_profile", "adobe", "adobe_transform"}
    assert distance(opened(cleaned), opened(content)) == 0


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("length", [0, 3, 9, 20, 40, 70])
def test_a_truncated_exif_goes_as_well(kind: str, length: int) -> None:
    cut = b"Exif\0\0" + exif(6).removeprefix(b"Exif\0\0")[:length]
    cleaned = clean_image(save(scene(), kind, exif=cut))
    assert is_clean(cleaned)
    assert opened(cleaned).size in {(198, 101), (101, 198)}


@given(st.binary(max_size=60))
def test_any_exif_has_an_orientation(junk: bytes) -> None:
    assert orientation_in(junk) in range(1, 9)
    assert orientation_in(b"II*\0\x08\0\0\0" + junk) in range(1, 9)


def palette() -> Image.Image:
    image = scene().quantize(8)
    image.info["transparency"] = 3
    return image


MODES: list[tuple[str, Image.Image]] = [
    ("JPEG", scene().convert("L")),
    ("JPEG", scene().convert("CMYK")),
    ("PNG", palette()),
    ("PNG", scene().convert("LA")),
    ("PNG", scene().convert("1")),
    ("PNG", scene().convert("I;16")),
    ("WEBP", scene().convert("RGBA")),
]


@pytest.mark.parametrize(("kind", "image"), MODES, ids=[f"{kind} {image.mode}" for kind, image in MODES])
def test_every_kind_of_pixels_can_be_turned(kind: str, image: Image.Image) -> None:
    photo = save(image, kind, exif=exif(8), **lossless(kind))
    sent = opened(clean_image(photo))
    seen = ImageOps.exif_transpose(opened(photo))
    assert (sent.mode, sent.info.get("transparency")) == (seen.mode, seen.info.get("transparency"))
    assert distance(sent.convert("RGBA"), seen.convert("RGBA")) < 2


def test_a_file_of_an_odd_layout_is_drawn_anew() -> None:
    photo = draw("JPEG", exif=exif(6))
    content = photo[:20] + b"\0" + photo[20:]
    assert strip_metadata(content, "image/jpeg") is None
    cleaned = clean_image(content)
    assert is_clean(cleaned)
    assert opened(cleaned).size == (720, 1280)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_images_that_move_are_still_refused(kind: str) -> None:
    with pytest.raises(ImageError) as failure:
        clean_image(draw_moving(kind))
    assert failure.value.kind is FailureKind.IMAGE_BAD


@pytest.mark.parametrize("kind", FORMATS)
def test_an_image_does_not_outgrow_the_limit_by_being_turned(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = Image.effect_noise((198, 101), 80).convert("RGB")
    photo = save(noise, kind, exif=exif(6), quality=70)
    monkeypatch.setattr(image_cleaning, "MAX_SIZE", len(photo) + 500)
    sent = clean_image(photo)
    assert (len(sent) <= len(photo) + 500, opened(sent).size) == (True, (101, 198))


def test_what_can_be_seen_through_is_turned_though_it_has_no_room_without_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = Image.effect_noise((198, 101), 80).convert("RGBA")
    noise.putalpha(128)
    photo = save(noise, "WEBP", exif=exif(6), quality=50)
    monkeypatch.setattr(image_cleaning, "MAX_SIZE", 2 * len(photo))
    assert opened(clean_image(photo)).size == (101, 198)


def test_grey_of_16_bits_stays_as_light_as_it_is_where_it_needs_another_format(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = Image.effect_noise((198, 101), 40)
    grey = Image.frombytes("I;16", noise.size, b"".join(bytes((0, light)) for light in noise.tobytes()))
    photo = save(grey, "PNG", exif=exif(6), optimize=True)
    monkeypatch.setattr(image_cleaning, "MAX_SIZE", len(photo))  # written as before, it's a little larger
    sent = opened(clean_image(photo))
    light = ImageStat.Stat(sent.convert("L")).mean[0]
    assert (sent.format, light) == ("JPEG", pytest.approx(128, abs=5))


def test_an_image_that_is_too_large_however_it_is_written_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = Image.effect_noise((198, 101), 80).convert("RGB")
    photo = save(noise, "JPEG", exif=exif(6), quality=10)
    monkeypatch.setattr(image_cleaning, "MAX_SIZE", len(photo))
    with pytest.raises(ImageError) as failure:
        clean_image(photo)
    assert failure.value.kind is FailureKind.IMAGE_SIZE


def is_empty(content: bytes) -> bool:
    return not content


def test_metadata_that_cannot_be_removed_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_cleaning, "is_clean", is_empty)
    with pytest.raises(ImageError, match="metadata") as failure:
        clean_image(draw("JPEG", exif=exif(3)))
    assert failure.value.kind is FailureKind.IMAGE_BAD


def test_too_many_bytes_are_refused_though_they_would_be_thrown_away() -> None:
    with pytest.raises(ImageError) as failure:
        clean_image(draw() + b"\0" * MAX_SIZE)
    assert failure.value.kind is FailureKind.IMAGE_SIZE


@given(
    kind=st.sampled_from(FORMATS),
    place=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=30),
)
def test_a_damaged_file_is_refused_or_leaves_clean(kind: str, place: float, junk: bytes) -> None:
    content = bytearray(draw(kind, size=(80, 64), exif=exif(6)))
    start = int(len(content) * place)
    content[start : start + len(junk)] = junk
    try:
        cleaned = clean_image(bytes(content))
    except ImageError:
        return
    assert is_clean(cleaned)
