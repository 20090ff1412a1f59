"""The form for the words of a shot that is redone."""

from bot.errors import UserError
from bot.films.rows import Film
from bot.i18n import pgettext
from bot.markup import in_words
from bot.provider.catalogue import PROMPT_MAX_LENGTH
from cogs.films.redo_offer import find_missing_posts, redo_message
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.markup_names import names_of
from cogs.ui.requester import ensure_inside, requester_of
from cogs.veo.request_form import words_to_copy


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
