"""The buttons that take a film down: the first one asks, the second one does it. Its shots stay."""

from collections.abc import Sequence

from bot.films.rows import Film
from bot.i18n import _
from bot.jobs.ports import Posted
from bot.library.removal import NothingToRemoveError
from cogs.cards.cancelled_text import stopped_lines
from cogs.cards.film_buttons import ManagedFilmButton
from cogs.cards.film_card import film_link, film_number_line
from cogs.cards.takedown import TakedownError, delete_all, film_posts, show_card
from cogs.moderation.owners import message_shown
from cogs.ui.interaction import Interaction
from cogs.ui.items import AskingButton, DeletingButton, FilmButton, KeepingButton, view_of


class FilmDeleteButton(AskingButton, ManagedFilmButton):
    """Asks whether the film is to be deleted."""

    action = "film-delete"

    async def act(self, interaction: Interaction) -> None:
        """Ask the one who clicked, and nobody else."""
        film, shown_at = await self.find(interaction), message_shown(interaction)
        if film.row.result_id is None and shown_at is not None:
            film = await interaction.client.services.films.remember(self.film_id, shown_at) or film
        question = _("🗑️ **Delete this film?** {link}", link=film_link(film.row) or "")
        consequence = _("This deletes its message and can't be undone. Its shots stay.")
        text = f"{question}\n{consequence}\n{film_number_line(film.row)}"
        view = view_of(FilmConfirmButton(film.row.id), FilmKeepButton(film.row.id))
        await interaction.response.send_message(text, view=view, ephemeral=True)


class FilmConfirmButton(DeletingButton, ManagedFilmButton):
    """Deletes the film."""

    action = "film-delete-yes"

    async def act(self, interaction: Interaction) -> None:
        """Write it down, delete the message, and say so; a second click finishes what failed."""
        await interaction.response.defer()
        before = await self.find(interaction)
        film = await interaction.client.services.films.remove(self.film_id, interaction.user.id)
        if film is None:
            raise NothingToRemoveError
        posts = film_posts(film.row)
        left = await delete_all(interaction.client, film.row, posts)
        await show_card(interaction.client, film.shots[0])
        if left:
            raise TakedownError(film.row, left)
        await interaction.client.services.removal.finish(film.row)
        lines = (_what_is_done(film, posts), *stopped_lines(before, film), film_number_line(film.row))
        text = "\n".join(lines)
        await interaction.edit_original_response(content=text, view=None)


class FilmKeepButton(KeepingButton, FilmButton):
    """Leaves the film where it is."""

    action = "film-delete-no"


def _what_is_done(film: Film, posts: Sequence[Posted]) -> str:
    """Return what is known of the messages, which are deleted."""
    if posts:
        return _("🗑️ **Deleted.**")
    if film.row.delivered_at is None:
        return _("🗑️ **Removed.** Its message is deleted as soon as it's posted.")
    raise NothingToRemoveError
