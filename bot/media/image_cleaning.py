"""An image as it may leave for the provider: upright, and without what its file says beside the pixels."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image, JpegImagePlugin

from bot.failures import FailureKind
from bot.media.image_metadata import PNG, BareImage, orientation_in, strip_metadata
from bot.media.images import MAX_SIZE, TYPES, ImageError, ensure_image, media_type_of

# How the pixels get from each of EXIF's orientations to what a member sees. The one in XMP is left aside, as
# browsers and Discord do.
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_Encoding = tuple[str, dict[str, Any]]  # Pillow's name of a format, and its options

_NEEDED = ("transparency",)  # of what Pillow reads beside the pixels
_QUALITIES = (95, 90, 80, 65)  # the first that is small enough; a phone's own is about 93
_OPAQUE = {"L", "RGB", "CMYK"}  # modes that a JPEG can hold
_FULL_COLOUR, _HALF_COLOUR = 0, 2  # Pillow's names for 4:4:4 and 4:2:0
_SAMPLING = {_HALF_COLOUR: _HALF_COLOUR}  # others, such as 4:2:2, could not be kept when the sides change


def clean_image(content: bytes, min_side: int = 0) -> bytes:
    """Return an image for the provider; the same bytes where there is nothing to change.

    It's drawn again only where its pixels must be turned, or where its file is laid out in a way of its own.
    To turn the largest images takes two seconds and 350 MB, or 650 MB where they come as WebP.

    Args:
        content: the file.
        min_side: pixels that its model needs of the shorter side.

    Raises:
        ImageError: it is no image that can be used, or its metadata cannot be removed.
    """
    if len(content) > MAX_SIZE:
        raise ImageError(FailureKind.IMAGE_SIZE, f"{len(content)} bytes")
    bare = _stripped(content)
    if bare is None:
        ensure_image(content, min_side)
        return _redraw(content, None)
    ensure_image(bare.content, min_side)  # of what is thrown away, nothing is read by a decoder
    return _redraw(bare.content, bare.orientation) if bare.orientation in _TRANSPOSITIONS else bare.content


def is_clean(content: bytes) -> bool:
    """Whether a file is free of metadata; its pixels are not looked at."""
    bare = _stripped(content)
    return bare is not None and bare.content == content


def _stripped(content: bytes) -> BareImage | None:
    media_type = media_type_of(content)
    return None if media_type is None else strip_metadata(content, media_type)


def _redraw(content: bytes, orientation: int | None) -> bytes:
    """Return an image that was checked, from its pixels alone; `orientation`: None: as its EXIF says."""
    try:
        drawn = next((file for file in _drawings(content, orientation) if len(file) <= MAX_SIZE), None)
    except Exception as error:  # decoders raise whatever they like
        raise ImageError(FailureKind.IMAGE_BAD, f"{type(error).__name__}: {error}") from error
    if drawn is None:
        raise ImageError(FailureKind.IMAGE_SIZE, f"over {MAX_SIZE}")
    if not is_clean(drawn):
        raise ImageError(FailureKind.IMAGE_BAD, "metadata")
    return drawn


def _drawings(content: bytes, orientation: int | None) -> Iterator[bytes]:
    """Yield the image as a file, in falling sizes."""
    turned, encodings = _turned(content, orientation)
    for kind, options in encodings:
        file = BytesIO()
        drawn = _on_white(turned) if kind == "JPEG" and turned.mode not in _OPAQUE else turned
        drawn.save(file, kind, **options)
        yield file.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    """Return an image without its transparency, and with 8 bits, as a JPEG has neither more nor less."""
    if image.mode.startswith("I"):  # Pillow takes all from 255 on for white
        upper_bytes = image.convert("I;16").tobytes()[1::2]
        image = Image.frombytes("L", image.size, upper_bytes)
    seen = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")


def _turned(content: bytes, orientation: int | None) -> tuple[Image.Image, list[_Encoding]]:
    """Return an image's pixels upright, with no more beside them than they need, and how to write them."""
    with Image.open(BytesIO(content), formats=list(TYPES.values())) as image:
        image.load()
        if orientation is None:
            orientation = orientation_in(image.info.get("exif", b""))
        turned = (
            image.transpose(_TRANSPOSITIONS[orientation]) if orientation in _TRANSPOSITIONS else image.copy()
        )
        turned.info = {name: image.info[name] for name in _NEEDED if name in image.info}
        return turned, _encodings(image, content)


def _encodings(image: Image.Image, content: bytes) -> list[_Encoding]:
    """Return as what an image may be written, the best first; what was lossless stays so where it fits.

    Nothing is written as WebP: of the largest images that takes a gigabyte and many seconds.
    """
    profile = {"icc_profile": image.info.get("icc_profile")}
    sampling = _SAMPLING.get(JpegImagePlugin.get_sampling(image), _FULL_COLOUR)
    small = [("JPEG", {**profile, "quality": quality, "subsampling": sampling}) for quality in _QUALITIES]
    is_seen_through = image.mode not in _OPAQUE or "transparency" in image.info
    is_lossless = media_type_of(content) == PNG or b"VP8L" in content
    return [("PNG", profile), *small] if is_seen_through or is_lossless else small
