"""The /film command, the command in the menu of a message, and the form for a shot that is redone."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.db.film_models import Continuity, Transition
from bot.discord_client.client import VeoBot
from bot.discord_client.interaction_payload import BAD_VALUE
from bot.errors import BadInputError, BadRequestError, UserError
from bot.films.rows import Film
from bot.films.script import SCRIPT_MAX_LENGTH, FilmSpec, ensure_possible, lines_of, needed_kinds
from bot.i18n import _, pgettext
from bot.markup import in_words
from bot.media.images import ImageInput
from bot.provider.catalogue import PROMPT_MAX_LENGTH
from bot.provider.input_kinds import InputKind
from cogs.cards.film_buttons import FilmRedoButton, FilmRemixButton, FilmStopButton, RedoShotButton
from cogs.films.delete_buttons import FilmConfirmButton, FilmDeleteButton, FilmKeepButton
from cogs.films.form import FilmForm, remix_form
from cogs.films.offer_buttons import DropFilmButton, MakeFilmButton
from cogs.films.redo_offer import RedoButton, RedoDropButton, find_missing_posts, redo_message
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.markup_names import names_of
from cogs.ui.message_menus import NO_TEXT, MessageMenus, text_of
from cogs.ui.requester import ensure_inside, requester_of
from cogs.veo.images import from_attachment
from cogs.veo.options import REFERENCES, choices, complete_model, descriptions, given_kind, leave_out
from cogs.veo.request_form import words_to_copy

# Of /veo's options.
TAKEN = ("model", "image", *REFERENCES, "duration", "aspect_ratio", "resolution", "generate_audio")
SHOT_KINDS = (InputKind.TEXT, InputKind.IMAGE)
CUT_KINDS = (*SHOT_KINDS, InputKind.REFERENCES)

Chosen = TypeVar("Chosen", bound=StrEnum)


class FilmCog(commands.Cog):
    """Lets members ask for films."""

    @app_commands.command(name="film", description="Make a film of several shots with Google's Veo")
    @app_commands.describe(
        continuity="How the shots follow each other (default: each starts where the one before ends)",
        transition="How one shot passes into the next (default: cut)",
        **{name: text for name, text in descriptions().items() if name in TAKEN},
    )
    @app_commands.choices(
        continuity=[
            Choice(name="Each shot starts where the one before ends", value=Continuity.CONTINUOUS.value),
            Choice(name="Each shot stands on its own; all are made at once", value=Continuity.CUTS.value),
        ],
        transition=[
            Choice(name="Cut", value=Transition.CUT.value),
            Choice(name="Crossfade: each shot fades into the next", value=Transition.CROSSFADE.value),
        ],
        **{name: values for name, values in choices().items() if name in TAKEN},
    )
    async def film(
        self,
        interaction: Interaction,
        continuity: str = Continuity.CONTINUOUS.value,
        transition: str = Transition.CUT.value,
        model: str | None = None,
        image: discord.Attachment | None = None,
        reference_1: discord.Attachment | None = None,
        reference_2: discord.Attachment | None = None,
        reference_3: discord.Attachment | None = None,
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
        images, has_references = _images_of(image, (reference_1, reference_2, reference_3))
        follows, passes = _chosen(Continuity, continuity), _chosen(Transition, transition)
        spec = FilmSpec("", (), model, options, images, follows, has_references, transition=passes)
        ensure_possible(spec)
        await interaction.response.send_modal(FilmForm(spec))

    @film.autocomplete("model")
    async def complete_model(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        """Offer the models that can make such shots here, each with the price of one."""
        entered, follows = interaction.namespace, _continuity(interaction.namespace.continuity)
        first = given_kind(dict(iter(entered)))
        images, kinds = (1, SHOT_KINDS) if follows is Continuity.CONTINUOUS else (0, CUT_KINDS)
        return await complete_model(interaction, typed, images, kinds, needed_kinds(follows, first))


def _images_of(
    image: discord.Attachment | None, references: Sequence[discord.Attachment | None]
) -> tuple[tuple[ImageInput, ...], bool]:
    """Return what the film is made from, and whether that is references.

    Raises:
        BadRequestError: it's both.
    """
    shown = tuple(from_attachment(reference) for reference in references if reference is not None)
    if shown and image is not None:
        raise BadRequestError(
            _(
                "A film can't have reference images and an `image` too. Use one or the other. This didn't "
                "count toward your limit."
            )
        )
    if shown:
        return shown, True
    return () if image is None else (from_attachment(image),), False


def _chosen(kind: type[Chosen], entered: str) -> Chosen:
    """Return what was chosen.

    Raises:
        BadInputError: it was never offered; a modified client may send anything.
    """
    try:
        return kind(entered)
    except ValueError as error:
        raise BadInputError(_(BAD_VALUE)) from error


def _continuity(entered: str | None) -> Continuity:
    stands_alone = entered == Continuity.CUTS.value  # while it's typed, anything may stand there
    return Continuity.CUTS if stands_alone else Continuity.CONTINUOUS


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


class RedoForm(Form):
    """Takes the words of the new shot, and answers with the offer."""

    def __init__(self, film: Film, shot: int) -> None:
        super().__init__(pgettext("title", "Redo shot {number}", number=shot))
        self._film = film
        self._shot = shot
        prompt = film.shots[shot - 1].prompt[:PROMPT_MAX_LENGTH]
        label = pgettext("label", "Prompt")
        self._prompt = self.add_text("prompt", label, PROMPT_MAX_LENGTH, default=prompt)

    async def act(self, interaction: Interaction) -> None:
        """Offer the shot; a refusal gives the words back, since the form is gone."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            await self._offer(interaction)
        except UserError as error:
            await self.give_back(interaction, error, embed=words_to_copy(self._prompt.value))

    async def _offer(self, interaction: Interaction) -> None:
        requester, redoing = requester_of(interaction), interaction.client.services.redoing
        await ensure_inside(interaction)
        prompt = in_words(self._prompt.value, names_of(interaction))
        offered = await redoing.offer(requester, self._film.row.id, self._shot, prompt)
        missing_posts = await find_missing_posts(interaction, offered)
        await interaction.edit_original_response(**redo_message(offered, missing_posts))


async def setup(bot: VeoBot) -> None:
    """Add the cog, and the buttons of offers and cards; discord.py calls this."""
    FilmRemixButton.form = remix_form
    bot.add_dynamic_items(MakeFilmButton, DropFilmButton, FilmStopButton, FilmRemixButton)
    bot.add_dynamic_items(FilmDeleteButton, FilmConfirmButton, FilmKeepButton)
    RedoShotButton.form = RedoForm
    bot.add_dynamic_items(FilmRedoButton, RedoShotButton, RedoButton, RedoDropButton)
    cog = FilmCog()
    leave_out(cog.film, bot.services.models)
    await bot.add_cog(cog)
    await bot.add_cog(FilmMenus(bot))
