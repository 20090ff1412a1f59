"""The command in the menu of a message that makes a film of its lines."""

import discord

from bot.db.film_models import Continuity
from bot.discord_client.client import VeoBot
from bot.errors import BadRequestError
from bot.films.script import SCRIPT_MAX_LENGTH, FilmSpec, lines_of
from bot.i18n import _
from cogs.films.form import FilmForm
from cogs.ui.interaction import Interaction
from cogs.ui.message_menus import MessageMenus
from cogs.ui.requester import requester_of
from cogs.veo.menus import NO_TEXT, text_of


async def make_film(interaction: Interaction, message: discord.Message) -> None:
    """Offer the message's lines as shots; what is too much for a film can be taken out of the form."""
    requester_of(interaction)
    shots = lines_of(text_of(interaction, message)[:SCRIPT_MAX_LENGTH])
    if not shots:
        raise BadRequestError(_(NO_TEXT))
    spec = FilmSpec("", shots, None, {}, (), Continuity.CONTINUOUS)
    models = interaction.client.services.model_choices.living
    await interaction.response.send_modal(FilmForm(spec, models))


class FilmMenus(MessageMenus):
    """Offers the command; what the form sends goes the way of /film."""

    menus = (("Make a film of this", make_film, "Make a film with each line of a message as a shot"),)


async def setup(bot: VeoBot) -> None:
    """Add the cog; discord.py calls this."""
    await bot.add_cog(FilmMenus(bot))
