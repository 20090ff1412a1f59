"""Finished videos in the moderators' channel, before they're posted (`bot.moderation.approval`)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import discord
from discord.utils import MISSING

from bot.i18n import _, locale_used, pgettext
from bot.jobs.ports import HeldVideo, Posted, UndeliverableError
from bot.media.files import Clip
from bot.media.fitting import Loss
from bot.moderation.review_decisions import Review
from cogs.cards.card import alt_text
from cogs.cards.result_message import file_name, link_line, open_video, size_of
from cogs.delivery.moderator_channel import DiscordModeratorChannel, case_nonce
from cogs.delivery.posting import SEND_TIMEOUT, UPLOAD_TIMEOUT, next_form
from cogs.moderation.shapes import Shape, show_first
from cogs.moderation.targets import has_left
from cogs.reviews.buttons import review_view
from cogs.reviews.review_text import has_room_for, review_shapes
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error
from cogs.ui.servers import Servers

ABOUT_FILES = frozenset({Remedy.TOO_LARGE, Remedy.NOT_THE_FILE})


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """The moderators' message of a video, less what the channel has refused so far.

    Attributes:
        shapes: from the fullest to the barest (`cogs.reviews.review_text.review_shapes`).
        links: the same with a link to the video.
        attached: the video, or None where there is a link to it.
        number: of the shape.
    """

    shapes: Sequence[Shape]
    links: Sequence[Shape]
    attached: Clip | None
    number: int = 0

    @property
    def shape(self) -> Shape:
        """The parts beside the video."""
        return (self.shapes if self.attached else self.links)[self.number]

    @property
    def form(self) -> int:
        """The number of this form; each has a nonce of its own, whatever was tried before."""
        return self.number if self.attached else len(self.shapes) + self.number

    def without_file(self) -> Self | None:
        """Return the fullest form with a link, or None when there is one already.

        What was refused beside the video may be taken without it.
        """
        return replace(self, attached=None, number=0) if self.attached else None

    def without_words(self) -> Self | None:
        """Return the next barer form, or None when this is the barest."""
        return replace(self, number=self.number + 1) if self.number + 1 < len(self.shapes) else None

    def after(self, error: Exception) -> Self | None:
        """Return what to send instead; the video, and what is beside the text, are permissions of their own.

        Raises:
            DeliveryPostponedError, UploadTooLargeError: see `next_form`.
        """
        remedy = classify_error(error)
        if remedy is Remedy.ELSEWHERE:
            return self.without_file() if self.shape.is_bare else self.without_words()
        if remedy in ABOUT_FILES and not self.attached and not self.shape.is_bare:
            return self.without_words()  # the prompts are a file, too
        return next_form(self, error)


class HeldVideos:
    """The way to the moderators' channel (see `bot.jobs.ports.PostPort`)."""

    def __init__(
        self, client: discord.Client, moderator_channel: DiscordModeratorChannel, servers: Servers
    ) -> None:
        self._client = client
        self._moderator_channel = moderator_channel
        self._servers = servers

    async def find_result(self, subject: HeldVideo, /) -> Posted | None:
        """Return the message where it has the video; what was missing beside that is added.

        A message in an earlier channel is edited to say that it moved.
        """
        channel_id = subject.channel_id
        await self._moderator_channel.leave(subject.review, channel_id)
        message = await self._find_message(subject)
        if message is None:
            found = await self._moderator_channel.find_finished(_review_of(subject), channel_id)
            return None if found is None else Posted(found, channel_id)
        name = file_name(subject.generation)  # Discord has it with a mark of a spoiler before it
        video = next((file for file in message.attachments if file.filename.endswith(name)), None)
        if video is None:
            return None  # the channel may take it now
        await self._complete(subject, message, video)
        return Posted(message.id, channel_id)

    async def boost_level(self, subject: HeldVideo, /) -> int:
        """Return the server's level as Discord told it last, and 0 where it tells nothing."""
        return await self._servers.boost_level(subject.guild_id)

    async def post_video(
        self, subject: HeldVideo, /, clip: Clip, loss: Loss | None = None, *, with_file: bool = True
    ) -> Posted:
        """Show the video as a spoiler with the buttons; `loss` says nothing about what it shows.

        A message that has a link gets the video in its place.
        """
        del loss
        message = await self._message_of(subject, clip if with_file else None, clip)
        shown = await self._find_message(subject)
        while True:
            try:
                return await self._send(subject, message, shown)
            except CALL_ERRORS as error:
                if (other := message.after(error)) is None:
                    raise UndeliverableError(str(error)) from error
                message = other

    async def _find_message(self, held: HeldVideo) -> discord.Message | None:
        """Return its message in the channel where it's to be, if it's there."""
        if held.review.channel_id != held.channel_id:
            return None
        return await self._moderator_channel.find(held.review, await self._view_of(held))

    async def _complete(self, held: HeldVideo, message: discord.Message, video: discord.Attachment) -> None:
        """Show what is beside the video as fully as the channel takes it now."""
        view, is_gone = await self._view_of(held), await self._has_left(held)
        with locale_used(await self._moderator_channel.locale_of(held.guild_id)):
            shapes = review_shapes(_review_of(held), has_left=is_gone)

        async def edit(_number: int, shape: Shape) -> None:
            async with asyncio.timeout(SEND_TIMEOUT):
                await message.edit(**shape.to_edit(video), view=view)

        await show_first(shapes, edit)

    async def _message_of(self, held: HeldVideo, attached: Clip | None, clip: Clip) -> HeldMessage:
        review, is_gone = _review_of(held), await self._has_left(held)
        with locale_used(await self._moderator_channel.locale_of(held.guild_id)):
            link = _link_of(held, clip)
            shapes = review_shapes(review, has_left=is_gone)
            links = review_shapes(review, has_left=is_gone, line=link)
            return HeldMessage(shapes, links, attached)

    async def _has_left(self, held: HeldVideo) -> bool:
        return await has_left(self._client, held.guild_id, held.review.user_id)

    async def _send(self, held: HeldVideo, message: HeldMessage, shown: discord.Message | None) -> Posted:
        """Post it; `shown`: what is made whole instead."""
        channel = self._client.get_partial_messageable(held.channel_id, guild_id=held.guild_id)
        view = await self._view_of(held)
        files = [_file_of(held, message.attached)] if message.attached else []
        async with asyncio.timeout(UPLOAD_TIMEOUT if message.attached else SEND_TIMEOUT):
            if shown is not None:
                await shown.edit(**message.shape.to_edit(*files), view=view)
                return Posted(shown.id, held.channel_id)
            sent = await channel.send(
                **message.shape.to_send(*files),
                nonce=f"{case_nonce(held.review, held.channel_id)}{message.form or ''}",
                allowed_mentions=discord.AllowedMentions.none(),
                view=view or MISSING,
            )
        return Posted(sent.id, held.channel_id)

    async def _view_of(self, held: HeldVideo) -> discord.ui.View | None:
        with locale_used(await self._moderator_channel.locale_of(held.guild_id)):
            return review_view(_review_of(held))


def _review_of(held: HeldVideo) -> Review:
    return Review(held.review, [held.generation])


def _link_of(held: HeldVideo, clip: Clip) -> str:
    """Return what stands in place of the file: a hidden link, where there's room for it."""
    link = f"||{link_line(held.generation, clip)}||"
    if has_room_for(_review_of(held), link):
        return link
    return _(
        "I couldn't attach the file ({size}) here. The link to it is too long for a message. Once I can "
        "attach files here, use *{button}* in `/veo-admin home`.",
        size=size_of(clip),
        button=pgettext("button", "Post requests again"),
    )


def _file_of(held: HeldVideo, clip: Clip) -> discord.File:
    """Open the file again: discord.py closes it with every attempt."""
    return open_video(clip, held.generation, alt_text(held.generation), spoiler=True)
