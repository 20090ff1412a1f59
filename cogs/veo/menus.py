"""The commands in the menu of a message: a video of its image, or of its text."""

import discord

from bot.discord_client.client import VeoBot
from bot.errors import BadRequestError
from bot.i18n import N_, _
from bot.markup import in_words
from cogs.ui.interaction import Interaction
from cogs.ui.markup_names import names_of
from cogs.ui.message_menus import MessageMenus
from cogs.ui.requester import requester_of
from cogs.veo.images import image_in
from cogs.veo.prompt_form import PromptForm

NO_TEXT = N_("That message has no text to use as a prompt. This didn't count toward your limit.")


async def animate(interaction: Interaction, message: discord.Message) -> None:
    """Ask what the message's image should do."""
    requester_of(interaction)  # who cannot have a video here should not have to fill in the form first
    image, models = image_in(message), interaction.client.services.model_choices.living
    await interaction.response.send_modal(PromptForm(models, text_of(interaction, message), (image,)))


async def make_video(interaction: Interaction, message: discord.Message) -> None:
    """Offer the message's text as the prompt."""
    requester_of(interaction)
    text = text_of(interaction, message)
    if not text:
        raise BadRequestError(_(NO_TEXT))
    await interaction.response.send_modal(PromptForm(interaction.client.services.model_choices.living, text))


def text_of(interaction: Interaction, message: discord.Message) -> str:
    """Return what a message says, or what it forwards, with names in place of mentions."""
    names = names_of(interaction)
    texts = (message.content, *(snapshot.content for snapshot in message.message_snapshots))
    return next((said for text in texts if (said := in_words(text, names))), "")


class MenusCog(MessageMenus):
    """Offers the two commands; what the form sends goes the way of /veo."""

    menus = (
        ("Animate this image", animate, "Make a video from a message's image"),
        ("Make a video of this", make_video, "Make a video with a message's text as the prompt"),
    )


async def setup(bot: VeoBot) -> None:
    """Add the cog; discord.py calls this."""
    await bot.add_cog(MenusCog(bot))
