"""Whose video a button is about, and who may press it: the member who asked for it, and moderators."""

import asyncio

from bot.db.models import Generation
from bot.errors import NotFoundError, UserError
from bot.i18n import N_, _
from bot.jobs.ports import Posted
from cogs.moderation.permissions import COMMAND, NotModeratorError, ensure_moderator
from cogs.ui.interaction import Interaction

NOT_YOURS = N_(
    "Only the member who requested this video or a moderator can do that. Use `/veo` to make your own. "
    "Nothing changed."
)
FILM_NOT_YOURS = N_(
    "Only the member who requested this film or a moderator can do that. Use `/film` to make your own. "
    "Nothing changed."
)
DISCORD_TIMEOUT_SECONDS = 1.5  # about a moderator; some answers cannot be put off


class NotYoursError(UserError):
    """Somebody who is neither the requester nor a moderator."""

    def __init__(self, *, is_film: bool = False) -> None:
        super().__init__(_(FILM_NOT_YOURS if is_film else NOT_YOURS))


class SlowDiscordError(UserError):
    """Discord didn't say in time who may moderate."""

    def __init__(self) -> None:
        super().__init__(_("Discord is slow right now. Please click again in a minute. Nothing changed."))


async def find_generation(interaction: Interaction, generation_id: str) -> Generation:
    """Return what a button is about; in a direct message only one's own.

    Raises:
        NotFoundError: there is none, or it is another server's.
    """
    generation = await interaction.client.services.generations.get(generation_id)
    if generation is None:
        raise NotFoundError
    is_own, guild_id = generation.user_id == interaction.user.id, interaction.guild_id
    if not (is_own if guild_id is None else generation.guild_id == guild_id):
        raise NotFoundError
    return generation


def message_shown(interaction: Interaction) -> Posted | None:
    """Return the message whose button was clicked."""
    if interaction.message is None:
        return None
    channel_id = None if interaction.guild_id is None else interaction.message.channel.id
    return Posted(interaction.message.id, channel_id)


async def find_manageable(interaction: Interaction, generation_id: str) -> Generation:
    """Return what a button is about, for whoever may decide about it; others than its owner cost a moment.

    Raises:
        NotFoundError: there is none, or it is another server's.
        NotYoursError: the person may not.
        SlowDiscordError: whether they may cannot be told now.
    """
    generation = await find_generation(interaction, generation_id)
    if generation.user_id == interaction.user.id:
        return generation
    try:
        await ensure_moderator_in_time(interaction)
    except NotModeratorError as error:
        raise NotYoursError from error
    return generation


async def ensure_moderator_in_time(interaction: Interaction, command: str = COMMAND) -> None:
    """Check that the person may use a moderators' command, before what cannot be put off, as a form.

    Raises:
        NotModeratorError: they may not.
        SlowDiscordError: whether they may cannot be told now.
    """
    try:
        async with asyncio.timeout(DISCORD_TIMEOUT_SECONDS):
            await ensure_moderator(interaction, command)
    except TimeoutError as error:
        raise SlowDiscordError from error
