"""The /film command."""

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.db.film_models import Continuity
from bot.discord_client.client import VeoBot
from bot.films.script import FilmSpec, needed_kinds
from bot.provider.input_kinds import InputKind
from cogs.cards.film_redo_buttons import FilmRedoButton, RedoShotButton
from cogs.cards.film_stop_button import FilmStopButton
from cogs.films.delete_buttons import FilmConfirmButton, FilmDeleteButton
from cogs.films.form import FilmForm
from cogs.films.offer_buttons import DropFilmButton, MakeFilmButton
from cogs.films.redo_form import RedoForm
from cogs.films.redo_offer import RedoButton, RedoDropButton
from cogs.ui.interaction import Interaction
from cogs.ui.requester import requester_of
from cogs.veo.images import images_of
from cogs.veo.model_input import complete_model
from cogs.veo.options import choices, descriptions, leave_out

TAKEN = ("model", "image", "duration", "aspect_ratio", "resolution", "generate_audio")  # of /veo's options
SHOT_KINDS = (InputKind.TEXT, InputKind.IMAGE)


class FilmCog(commands.Cog):
    """Lets members ask for films."""

    @app_commands.command(name="film", description="Make a film of several shots with Google's Veo 3")
    @app_commands.describe(
        continuity="How the shots follow each other (default: each starts where the one before ends)",
        **{name: text for name, text in descriptions().items() if name in TAKEN},
    )
    @app_commands.choices(
        continuity=[
            Choice(name="Each shot starts where the one before ends", value=Continuity.CONTINUOUS.value),
            Choice(name="Each shot stands on its own; all are made at once", value=Continuity.CUTS.value),
        ],
        **{name: values for name, values in choices().items() if name in TAKEN},
    )
    async def film(
        self,
        interaction: Interaction,
        continuity: str = Continuity.CONTINUOUS.value,
        model: str | None = None,
        image: discord.Attachment | None = None,
        duration: int | None = None,
        aspect_ratio: str | None = None,
        resolution: str | None = None,
        generate_audio: bool | None = None,
    ) -> None:
        """Show the form, unless the film could not be posted here anyway."""
        options = {
            "duration": duration,
            "aspect_ratio": aspect_ratio,
            "resolution": resolution,
            "generate_audio": generate_audio,
        }
        requester_of(interaction)
        spec = FilmSpec("", (), model, options, images_of(image, None), _continuity(continuity))
        await interaction.response.send_modal(FilmForm(spec))

    @film.autocomplete("model")
    async def complete_model(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Offer the models that can make such shots here, each with the price of one."""
        follows = _continuity(interaction.namespace.continuity)
        needed = needed_kinds(follows, has_image="image" in interaction.namespace)
        images = int(follows is Continuity.CONTINUOUS)
        return await complete_model(interaction, typed, images, SHOT_KINDS, needed)


def _continuity(entered: str | None) -> Continuity:
    stands_alone = entered == Continuity.CUTS.value  # a modified client may send anything
    return Continuity.CUTS if stands_alone else Continuity.CONTINUOUS


async def setup(bot: VeoBot) -> None:
    """Add the cog, and the buttons of offers and cards; discord.py calls this."""
    bot.add_dynamic_items(MakeFilmButton, DropFilmButton, FilmStopButton)
    bot.add_dynamic_items(FilmDeleteButton, FilmConfirmButton)
    RedoShotButton.form = RedoForm
    bot.add_dynamic_items(FilmRedoButton, RedoShotButton, RedoButton, RedoDropButton)
    cog = FilmCog()
    leave_out(cog.film, bot.services.models)
    await bot.add_cog(cog)
