"""Images that videos are made from: what members offer, and what is really in a file. Pure.

A file's name and type are claims. They are checked when the image is offered, so that a member hears at
once of a mistake; what counts is checked again in the bytes, before anything is sent.
"""

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import Self

from PIL import Image

from bot.errors import BadRequestError
from bot.escape import plain
from bot.failures import FailureKind
from bot.i18n import N_, _, number
from bot.media.image_metadata import JPEG, PNG, WEBP

# A download must not lead anywhere but to Discord; an embed's address can be anybody's.
CDN_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
# The provider names no limit; another seller of the same models names 8 MB, and Base64 adds a third.
MAX_SIZE = 8 * 2**20  # bytes
MAX_PIXELS = 40_000_000  # a phone's photo has 12 to 24 million; decoding takes 4 bytes for each
MIN_SIDE = 64  # pixels; less shows nothing
NAME_LENGTH = 60  # characters of a file's name that are shown

# Parts that cost a decoder much more than their few bytes say: each scan of a JPEG goes over all pixels, and
# a colour profile of a PNG is unpacked. Encoders write up to 20 scans, and one profile.
COSTLY_PARTS = {JPEG: b"\xff\xda", PNG: b"iCCP"}
MAX_COSTLY_PARTS = 200  # of the largest image, so many scans take a few seconds; by chance, 8 MiB have 128

TYPES = {PNG: "PNG", JPEG: "JPEG", WEBP: "WEBP"}  # as Pillow calls them
KINDS = N_("PNG, JPEG and WebP")


class ImageError(Exception):
    """An image cannot be used; `kind` says why in words for the member, `str()` in words for the log."""

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class ImageInput:
    """An image at Discord, as Discord describes it.

    Attributes:
        url: lives for about a day.
        content_type: None: Discord does not know.
        size: bytes; None: Discord does not say.
        width, height: pixels; None: Discord does not say.
        is_checked: it was accepted before, on these claims, which are not known any more.
    """

    url: str
    filename: str
    content_type: str | None
    size: int | None
    is_checked: bool = False
    width: int | None = None
    height: int | None = None

    @classmethod
    def checked(cls, url: str) -> Self:
        """Return an image of which only the link is left, as its claims were checked before."""
        return cls(url, "", None, None, is_checked=True)


def ensure_usable(offered: ImageInput) -> None:
    """Check what can be checked without the file, for any model.

    Raises:
        BadRequestError: it is no image of a kind that can be used, or too large.
    """
    if offered.is_checked:
        return
    name = plain(offered.filename, NAME_LENGTH)
    if offered.content_type not in TYPES:
        raise BadRequestError(
            _(
                "I can use PNG, JPEG and WebP images, and “{name}” isn't one. This didn't count "
                "toward your limit.",
                name=name,
            )
        )
    if offered.size is None:
        return
    if not offered.size:
        raise BadRequestError(_("“{name}” is empty. This didn't count toward your limit.", name=name))
    if offered.size > MAX_SIZE:
        raise BadRequestError(
            _(
                "“{name}” is {size} MiB; an image can be up to {most} MiB. This didn't count toward your "
                "limit.",
                name=name,
                size=number(offered.size / 2**20, digits=1),
                most=number(MAX_SIZE // 2**20),
            )
        )


def ensure_large_enough(offered: ImageInput, min_side: int, model: str) -> None:
    """Check an image's sides, where Discord says them; `min_side`: pixels that `model` needs of the shorter.

    Raises:
        BadRequestError: it is too small.
    """
    min_side = max(min_side, MIN_SIDE)
    if offered.width is None or offered.height is None or min(offered.width, offered.height) >= min_side:
        return
    raise BadRequestError(
        _(
            "“{name}” is {width} × {height} pixels, and {model} needs at least {least} on each side. "
            "Use a larger image. This didn't count toward your limit.",
            name=plain(offered.filename, NAME_LENGTH),
            width=number(offered.width),
            height=number(offered.height),
            model=model,
            least=number(min_side),
        )
    )


def ensure_image(content: bytes, min_side: int = 0) -> None:
    """Check that a file is a whole, still image of a sensible size; decoding takes up to 160 MB.

    Args:
        content: the file.
        min_side: pixels that its model needs of the shorter side.

    Raises:
        ImageError: it is not.
    """
    if len(content) > MAX_SIZE:
        raise ImageError(FailureKind.IMAGE_SIZE, f"{len(content)} bytes")
    media_type = media_type_of(content)
    if media_type is None:
        raise ImageError(FailureKind.IMAGE_BAD, "not one of the known signatures")
    costly = content.count(COSTLY_PARTS[media_type]) if media_type in COSTLY_PARTS else 0
    if costly > MAX_COSTLY_PARTS:
        raise ImageError(FailureKind.IMAGE_BAD, "too costly to decode")
    try:
        _decode(content, media_type, min_side)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(FailureKind.IMAGE_SIZE, str(error)) from error
    except Exception as error:  # decoders raise whatever they like for a damaged file
        raise ImageError(FailureKind.IMAGE_BAD, f"{type(error).__name__}: {error}") from error


def media_type_of(content: bytes) -> str | None:
    """Return what a file is by its first bytes, or None where it is no image that can be used."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    return None


def data_uri_of(content: bytes) -> str:
    """Return an image in the form in which it can stand in a request's body.

    Raises:
        ImageError: it is none.
    """
    media_type = media_type_of(content)
    if media_type is None:
        raise ImageError(FailureKind.IMAGE_BAD, "not one of the known signatures")
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def video_uri_of(content: bytes) -> str:
    """Return a video in the form in which it can stand in a request's body."""
    return f"data:video/mp4;base64,{base64.b64encode(content).decode('ascii')}"


def _decode(content: bytes, media_type: str, min_side: int) -> None:
    with Image.open(BytesIO(content), formats=[TYPES[media_type]]) as image:
        _ensure_size(*image.size, min_side)  # known from the header; nothing is decoded yet
        # A phone's JPEG may carry a second image, which is not shown; the others would move.
        if media_type != JPEG and getattr(image, "is_animated", False):
            raise ImageError(FailureKind.IMAGE_BAD, "it moves")
        image.load()


def _ensure_size(width: int, height: int, min_side: int) -> None:
    if width * height > MAX_PIXELS or min(width, height) < MIN_SIDE:
        raise ImageError(FailureKind.IMAGE_SIZE, f"{width} x {height} pixels")
    if min(width, height) < min_side:
        raise ImageError(FailureKind.IMAGE_SMALL, f"{width} x {height} pixels")
