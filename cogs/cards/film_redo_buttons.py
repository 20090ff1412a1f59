"""The buttons that redo a shot of a film: which one, and then the form for its words."""

import re
from collections.abc import Callable
from typing import ClassVar, Self

from bot.films.rows import Film
from bot.i18n import NC_, _, pgettext
from cogs.ui.film_button import FilmButton
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form, Item, view_of
from cogs.ui.requester import requester_of


class RedoShotButton(Item):
    """Asks for other words for a shot.

    Attributes:
        form: takes them; `cogs.films`, which knows what is done with them, gives it.
    """

    action = "redo-shot"
    pattern = r"(?P<film>[0-9a-f]{16}):(?P<shot>[1-9])"
    emoji = "🔁"
    form: ClassVar[Callable[[Film, int], Form]]

    def __init__(self, film_id: str, shot: int, label: str | None = None) -> None:
        """`label`: in place of the usual one."""
        super().__init__(film_id, shot, label=label or pgettext("button", "Redo shot {number}", number=shot))
        self.film_id = film_id
        self.shot = shot

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return the button that was clicked."""
        return cls(match["film"], int(match["shot"]))

    async def act(self, interaction: Interaction) -> None:
        """Show the form, unless it's clear already that the shot can't be redone."""
        requester, redoing = requester_of(interaction), interaction.client.services.redoing
        film = await redoing.find(requester, self.film_id, self.shot)
        await interaction.response.send_modal(RedoShotButton.form(film, self.shot))


class FilmRedoButton(FilmButton):
    """Asks which shot is to be redone."""

    action = "film-redo"
    label = NC_("button", "Redo a shot")
    emoji = "🔁"

    async def act(self, interaction: Interaction) -> None:
        """Offer the shots, to the one who clicked alone; where there is but one, its form."""
        redoing = interaction.client.services.redoing
        film = await redoing.find(requester_of(interaction), self.film_id)
        if len(film.shots) == 1:
            await interaction.response.send_modal(RedoShotButton.form(film, 1))
            return
        view = view_of(*(RedoShotButton(self.film_id, shot.shot or 0) for shot in film.shots))
        text = _("🔁 **Which shot?** You'll see the price before anything is spent.")
        await interaction.response.send_message(text, view=view, ephemeral=True)
