"""The buttons of a film's card and message: its member and moderators stop it, remix it and redo shots."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from bot.errors import NotFoundError
from bot.films.rows import Film
from bot.films.script import FilmSpec
from bot.i18n import NC_, _, pgettext
from bot.provider.catalogue import Model
from cogs.cards.cancelled_text import cancelled_shots, stopped_takes
from cogs.moderation.owners import NotYoursError, find_manageable
from cogs.ui.interaction import Interaction
from cogs.ui.items import FilmButton, Form, Item, Parts, view_of
from cogs.ui.requester import requester_of


class ManagedFilmButton(FilmButton):
    """Base of those with which its member and moderators manage a film."""

    async def find(self, interaction: Interaction) -> Film:
        """Return the film, for its member and moderators.

        Raises:
            NotFoundError: there is none, or it is another server's.
            NotYoursError, SlowDiscordError: as `find_manageable`.
        """
        film = await interaction.client.services.films.find(self.film_id)
        if film is None or not film.shots:
            raise NotFoundError
        try:
            await find_manageable(interaction, film.shots[0].id)
        except NotYoursError as error:
            raise NotYoursError(is_film=True) from error
        return film


class FilmStopButton(ManagedFilmButton):
    """Cancels all shots that are waited for: for free before they were sent, else they count."""

    action = "film-stop"
    label = NC_("button", "Cancel the film")

    async def act(self, interaction: Interaction) -> None:
        """Cancel them, and say how many count; a second click is told that it is too late.

        The runner brings the card up to date.
        """
        await interaction.response.defer()
        services, film = interaction.client.services, await self.find(interaction)
        await services.cancellation.cancel_film(film.row.guild_id, self.film_id, interaction.user.id)
        after = await services.films.find(self.film_id)
        if after is not None:
            text = cancelled_shots(stopped_takes(film, after))
            await interaction.followup.send(text, ephemeral=True)


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


class RedoShotButton(Item):
    """Asks for other words for a shot.

    Attributes:
        form: takes them; `cogs.films`, which knows what is done with them, gives it.
    """

    action = "redo-shot"
    pattern = r"(?P<film>[0-9a-f]{16}):(?P<shot>[1-9])"
    parts: ClassVar[Parts] = {"shot": int}
    emoji = "🔁"
    form: ClassVar[Callable[[Film, int], Form]]

    def __init__(self, film_id: str, shot: int, label: str | None = None) -> None:
        """`label`: in place of the usual one."""
        super().__init__(film_id, shot, label=label or pgettext("button", "Redo shot {number}", number=shot))
        self.film_id = film_id
        self.shot = shot

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
