"""The button that opens a film's form again, with everything filled in."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from bot.films.script import FilmSpec
from bot.i18n import NC_
from bot.provider.catalogue import Model
from cogs.cards.managed_film import ManagedFilmButton
from cogs.ui.interaction import Interaction
from cogs.ui.items import Form
from cogs.ui.requester import requester_of


class FilmRemixButton(ManagedFilmButton):
    """Shows the form; what it sends is a film of its own, by the limits of who clicks.

    Attributes:
        form: takes the changed film; `cogs.films`, which knows what is done with it, gives it.
    """

    action = "film-remix"
    label = NC_("button", "Remix")
    emoji = "✏️"
    form: ClassVar[Callable[[FilmSpec, Sequence[Model]], Form]]

    async def act(self, interaction: Interaction) -> None:
        """Show the form, unless it's clear already that no film can come of it."""
        requester_of(interaction)
        services, film = interaction.client.services, await self.find(interaction)
        spec = services.films.remix(film)
        await interaction.response.send_modal(FilmRemixButton.form(spec, services.model_choices.living))
