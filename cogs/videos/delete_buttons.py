"""The buttons that take a video down: the first one asks, the second one does it."""

from bot.db.models import Generation
from bot.films.rows import Film
from bot.i18n import N_, _
from bot.jobs.ports import Posted
from bot.library.removal import NothingToRemoveError, is_shown
from cogs.cards.cancelled_text import film_gone_lines
from cogs.cards.card import number_line
from cogs.cards.film_card import film_of
from cogs.cards.takedown import take_down
from cogs.moderation.owners import find_manageable, message_shown
from cogs.ui.interaction import Interaction
from cogs.ui.items import AskingButton, DeletingButton, KeepingButton, VideoButton, message_link, view_of

COUNTS = N_("It still counts toward the limit because it was made and paid for.")


class DeleteButton(AskingButton, VideoButton):
    """Asks whether the video is to be deleted."""

    action = "delete"

    async def act(self, interaction: Interaction) -> None:
        """Ask the one who clicked, and nobody else."""
        generation = await find_manageable(interaction, self.generation_id)
        if (shown_at := _post_shown(interaction)) is not None:
            generation = await interaction.client.services.removal.remember(generation, shown_at)
        if not is_shown(generation) and generation.removed_at is None:
            raise NothingToRemoveError
        view = view_of(ConfirmButton(generation.id), KeepButton(generation.id))
        question = _question(generation, await film_of(generation, interaction.client.services.films.find))
        await interaction.response.send_message(question, view=view, ephemeral=True)


class ConfirmButton(DeletingButton, VideoButton):
    """Deletes the video."""

    action = "delete-yes"

    async def act(self, interaction: Interaction) -> None:
        """Write it down, delete the messages, and say so; a second click finishes what failed."""
        await interaction.response.defer()
        found = await find_manageable(interaction, self.generation_id)
        services = interaction.client.services
        before = await film_of(found, services.films.find)
        generation = await services.removal.remove(found.guild_id, found.id, interaction.user.id)
        await take_down(interaction.client, generation, interaction.user.id)
        film_lines = film_gone_lines(before, await film_of(found, services.films.find))
        done = f"{_('🗑️ **Deleted.**')} {_(COUNTS)}"
        text = "\n".join((done, *film_lines, number_line(generation)))
        await interaction.edit_original_response(content=text, view=None)


class KeepButton(KeepingButton, VideoButton):
    """Leaves the video where it is."""

    action = "delete-no"


def _post_shown(interaction: Interaction) -> Posted | None:
    """Return the message whose button was clicked; None: it's an answer of ours, such as a list of videos."""
    if interaction.message is not None and interaction.message.flags.ephemeral:
        return None
    return message_shown(interaction)


def _question(generation: Generation, film: Film | None) -> str:
    link = message_link(generation)
    question = (
        _("🗑️ **Delete this video?** It's the one in your direct messages.")
        if link is None
        else _("🗑️ **Delete this video?** {link}", link=link)
    )
    consequence = _("This deletes its message and can't be undone.")
    lines = [question, f"{consequence} {_(COUNTS)}"]
    if film is not None and film.goes_with(generation.id):
        lines.append(_("⚠️ Its film is deleted with it."))
    return "\n".join([*lines, number_line(generation)])
