"""The images that a member offers: as options of the command, or in a message."""

import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import discord
from yarl import URL

from bot.errors import BadRequestError
from bot.i18n import _, translate_stored
from bot.media.images import CDN_HOSTS, KINDS, ImageInput, ensure_usable
from bot.requests.spec import RequestSpec


def with_files(
    spec: RequestSpec,
    frames: tuple[discord.Attachment | None, discord.Attachment | None],
    references: Sequence[discord.Attachment | None],
) -> RequestSpec:
    """Return a request with what was attached: the first and the last image, or reference images.

    Raises:
        BadRequestError: both were attached, or a last image without a first one.
    """
    shown = [from_attachment(attachment) for attachment in references if attachment is not None]
    given = [from_attachment(attachment) for attachment in frames if attachment is not None]
    if shown and given:
        raise BadRequestError(
            _(
                "A video can't have reference images and an `image` or `last_image` too. Use one or the "
                "other. This didn't count toward your limit."
            )
        )
    if given and frames[0] is None:
        raise BadRequestError(
            _("`last_image` needs an `image` to start from. This didn't count toward your limit.")
        )
    return replace(spec, images=tuple(shown or given), has_references=bool(shown))


def image_in(message: discord.Message) -> ImageInput:
    """Return the first image of a message that can be used, or of what it forwards.

    Raises:
        BadRequestError: there is none.
    """
    found = list(_images_in(message))
    for image in found:
        try:
            ensure_usable(image)
        except BadRequestError:
            continue
        return image
    if found:
        ensure_usable(found[0])
    raise BadRequestError(
        _(
            "That message has no image that I can use. I can use {kinds}. This didn't count "
            "toward your limit.",
            kinds=translate_stored(KINDS),
        )
    )


def _images_in(message: discord.Message) -> Iterator[ImageInput]:
    for part in (message, *message.message_snapshots):
        for attachment in part.attachments:
            if (attachment.content_type or "").startswith("image/"):
                yield from_attachment(attachment)
        for embed in part.embeds:
            yield from filter(None, map(_from_link, _links_in(embed)))


def _links_in(embed: discord.Embed) -> Iterator[str]:
    """Yield the addresses of an embed's images; what Discord sends in their place is left aside."""
    for name in ("image", "thumbnail"):
        try:
            link = getattr(embed, name).url
        except TypeError:  # discord.py takes null for a mapping
            continue
        if isinstance(link, str):
            yield link


def from_attachment(attachment: discord.Attachment) -> ImageInput:
    """Return an image as Discord describes it."""
    media_type = (attachment.content_type or "").partition(";")[0].strip().lower() or None
    return ImageInput(
        attachment.url,
        attachment.filename,
        media_type,
        attachment.size,
        width=attachment.width,
        height=attachment.height,
    )


def _from_link(link: str) -> ImageInput | None:
    """Return the image of an embed where it lies at Discord; its size is seen when it is fetched."""
    try:
        url = URL(link)
    except ValueError:
        return None
    if url.scheme != "https" or url.host not in CDN_HOSTS or not url.is_default_port():
        return None
    name = PurePosixPath(url.path).name
    return ImageInput(link, name, mimetypes.guess_type(name)[0], None)
