"""Posting a video again: its file is fetched from the message, since addresses of files expire."""

import secrets
from collections.abc import Sequence

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
    if generation is None:  # removed or forgotten meanwhile
        await delete_post(client, claimed, posted)
        raise CannotRepostError(_("This video was just deleted, so I won't post it again."))
    await show_card(client, generation)
    return _(
        "📤 **Posted again:** {link} This didn't count toward your limit.",
        link=post_link(generation.guild_id, posted),
    )


async def _post(
    client: VeoBot, reposts: Reposts, generation: Generation, source: Posts, channel_id: int
) -> Posted:
    """Post the file; without the member's words where a filter stops them.

    Raises:
        CannotRepostError: there is no file, or it is not known whether it was posted.
        One of `CALL_ERRORS`: Discord refuses it.
    """
    channel = client.get_partial_messageable(channel_id, guild_id=generation.guild_id)

    async def send(*, quote: bool) -> discord.Message:
        nonce = secrets.token_hex(8)  # Discord posts it once, however often it is sent
        for _attempt in range(ATTEMPTS):
            file = await _open(reposts, generation, source)
            try:
                return await channel.send(
                    render_repost(generation, quote=quote),
                    file=file,
                    nonce=nonce,
                    suppress_embeds=True,
                    view=result_view(generation),
                )
            except CALL_ERRORS as error:
                if not is_unclear(error):
                    raise
                log.warning("a repost may be lost", generation=generation.id, error=str(error))
        raise CannotRepostError(_(UNSURE))

    try:
        message = await send(quote=True)
    except discord.HTTPException as error:
        if classify_error(error) is not Remedy.NOT_THE_WORDS:
            raise
        message = await send(quote=False)
    return Posted(message.id, channel_id)


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
    return discord.File(original, filename=name, description=description)
