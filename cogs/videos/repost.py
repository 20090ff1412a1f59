"""Posting a video again: its file is fetched from the message, since addresses of files expire."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NoReturn

import discord
import structlog

from bot.db.models import Generation
from bot.discord_client.client import VeoBot
from bot.errors import DatabaseBusyError
from bot.i18n import N_, NC_, _
from bot.jobs.ports import Posted
from bot.library.reposts import CannotRepostError, Reposts
from cogs.cards.card import alt_text, render_repost
from cogs.cards.result_message import file_name
from cogs.cards.takedown import delete_post, show_card
from cogs.cards.video_posts import Posts, find_posts
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, is_unclear
from cogs.ui.interaction import Interaction
from cogs.ui.items import VideoButton, post_link
from cogs.ui.requester import requester_of
from cogs.videos.result_buttons import result_view

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOST = N_(
    "The message with this video is gone, and so is the file. Nothing was posted. **Re-roll** "
    "makes a new video from the same prompt and counts as one."
)
REFUSED = N_("Discord doesn't accept this video here. Nothing was posted. Try another channel.")
AWAY = N_("Discord is having trouble right now. Nothing was posted. Try again in a minute.")
UNSURE = N_(
    "Discord is having trouble right now, so I don't know whether the video was posted. Check "
    "this channel before you try again."
)
LEFT = N_(
    "This video was just deleted, but Discord didn't let me delete its new message: {link} Use its "
    "**Delete** button in a minute."
)
UNREADABLE = N_("I can't read this video's file right now. Nothing was posted. Try again in a minute.")
ATTEMPTS = 2


class RepostButton(VideoButton):
    """Posts one's own video again."""

    action = "repost"
    label = NC_("button", "Repost")
    emoji = "📤"

    async def act(self, interaction: Interaction) -> None:
        """Claim it, post it, and say where it is; a second click meanwhile is told so."""
        await interaction.response.defer(ephemeral=True, thinking=True)  # the file may take a while
        requester, reposts = requester_of(interaction), interaction.client.services.reposts
        generation = await reposts.claim(requester, self.generation_id)
        text = await repost(interaction.client, reposts, generation, requester.channel_id)
        await interaction.followup.send(text, ephemeral=True)


async def repost(client: VeoBot, reposts: Reposts, claimed: Generation, channel_id: int) -> str:
    """Post the video in a channel, and return what its owner is told; ends the claim in any case.

    Raises:
        CannotRepostError: there is no file, or Discord takes no message there.
    """
    try:
        source = await find_posts(client, claimed)
        _ensure_not_in(channel_id, source, claimed)
        posted = await _post(client, reposts, claimed, source, channel_id)
    except Exception as error:
        await reposts.give_up(claimed)
        if not isinstance(error, CALL_ERRORS):
            raise
        log.warning("could not repost a video", generation=claimed.id, error=str(error))
        raise CannotRepostError(_(AWAY if classify_error(error) is Remedy.LATER else REFUSED)) from error
    return await _finish(client, reposts, claimed, posted, source.posts)


def _ensure_not_in(channel_id: int, source: Posts, generation: Generation) -> None:
    """Check that the channel does not show the video already.

    Raises:
        CannotRepostError: it does.
    """
    here = next((post for post in source.posts if post.channel_id == channel_id), None)
    if here is not None:
        link = post_link(generation.guild_id, here)
        raise CannotRepostError(
            _("This video is already in this channel: {link} Nothing was posted.", link=link)
        )


async def _finish(
    client: VeoBot, reposts: Reposts, claimed: Generation, posted: Posted, earlier: Sequence[Posted]
) -> str:
    try:
        generation = await reposts.finish(claimed, posted, earlier)
    except DatabaseBusyError:
        await delete_post(client, claimed, posted)  # nobody could take it down later
        raise
    if generation is None or generation.removed_at is not None:
        await _take_back(client, claimed, posted)
    await show_card(client, generation)
    return _(
        "📤 **Posted again:** {link} This didn't count toward your limit.",
        link=post_link(generation.guild_id, posted),
    )


async def _take_back(client: VeoBot, claimed: Generation, posted: Posted) -> NoReturn:
    """Delete the new message of a video that was removed or forgotten meanwhile.

    Raises:
        CannotRepostError: in any case; it says whether the message is still there.
    """
    try:
        await delete_post(client, claimed, posted)
    except CALL_ERRORS as error:
        log.error("could not take back a repost", generation=claimed.id, error=str(error))
        link = post_link(claimed.guild_id, posted)
        raise CannotRepostError(_(LEFT, link=link)) from error
    raise CannotRepostError(_("This video was just deleted, so I won't post it again."))


async def _post(
    client: VeoBot, reposts: Reposts, generation: Generation, source: Posts, channel_id: int
) -> Posted:
    """Post the file; without the member's words where a filter stops them.

    Raises:
        CannotRepostError: there is no file, or it is not known whether it was posted.
        One of `CALL_ERRORS`: Discord refuses it.
    """
    channel = client.get_partial_messageable(channel_id, guild_id=generation.guild_id)
    open_file = partial(_open, reposts, generation, source)
    try:
        message = await _send(channel, generation, open_file, quote=True)
    except discord.HTTPException as error:
        if classify_error(error) is not Remedy.NOT_THE_WORDS:
            raise
        message = await _send(channel, generation, open_file, quote=False)
    return Posted(message.id, channel_id)


async def _send(
    channel: discord.PartialMessageable,
    generation: Generation,
    open_file: Callable[[], Awaitable[discord.File]],
    *,
    quote: bool,
) -> discord.Message:
    """Send it, with or without the member's words; raises as `_post`."""
    nonce, is_unsure = secrets.token_hex(8), False  # Discord posts it once, however often it is sent
    for _attempt in range(ATTEMPTS):
        try:
            file = await open_file()
        except (CannotRepostError, *CALL_ERRORS):
            if not is_unsure:
                raise
            break
        try:
            text, view = render_repost(generation, quote=quote), result_view(generation)
            return await channel.send(text, file=file, nonce=nonce, suppress_embeds=True, view=view)
        except CALL_ERRORS as error:
            is_unsure = is_unsure or is_unclear(error)
            # One that is told to wait, or finds no connection, says nothing about the one before it.
            if not is_unsure or classify_error(error) is not Remedy.LATER:
                raise
            log.warning("a repost may be lost", generation=generation.id, error=str(error))
    raise CannotRepostError(_(UNSURE))


async def _open(reposts: Reposts, generation: Generation, source: Posts) -> discord.File:
    """Return the file as it was posted, or else the original that was kept."""
    name, description = file_name(generation), alt_text(generation)
    if source.attachment is not None:
        file = await source.attachment.to_file(description=description)
        file.filename = name
        return file
    original = reposts.find_original(generation.id)
    if original is None:
        raise CannotRepostError(_(LOST))
    try:
        return discord.File(original, filename=name, description=description)
    except FileNotFoundError as error:  # deleted by the retention just now
        raise CannotRepostError(_(LOST)) from error
    except OSError as error:
        log.error("could not read a kept original", generation=generation.id, error=str(error))
        raise CannotRepostError(_(UNREADABLE)) from error
