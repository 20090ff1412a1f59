"""The buttons under the offer of a redone shot: it alone, it and the later ones, and Cancel."""

import re
from collections.abc import Sequence
from typing import Self

import discord
import structlog

from bot.db.models import Generation
from bot.films.redoing import RedoQuote
from bot.films.rows import Film
from bot.i18n import NC_, pgettext
from bot.jobs.ports import Posted
from bot.money import show_usd
from bot.requests.confirmation import Confirmation
from cogs.cards.card_message import CardMessage
from cogs.cards.takedown import show_card
from cogs.cards.video_posts import find_posts
from cogs.films.redo_text import redo_accepted_text, render_redo
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.items import view_of
from cogs.ui.links import post_link
from cogs.ui.requester import requester_of
from cogs.veo.offered import OfferedButton, replace_offer
from cogs.veo.quote_text import dropped_text

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class RedoButton(OfferedButton):
    """Asks for the shots; a second click is told that the first one counted."""

    action = "redo-yes"
    label = NC_("button", "Redo")
    pattern = r"(?P<draft>[0-9a-f]{16}):(?P<revision>[0-9]{1,6}):(?P<last>[1-9])"
    group = "draft"
    style = discord.ButtonStyle.success

    def __init__(self, offer_id: str, revision: int, last: int, label: str | None = None) -> None:
        """`last`: the number of the last shot that is redone."""
        super().__init__(offer_id, revision, last, label=label)
        self.last = last

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return the button that was clicked."""
        return cls(match[cls.group], int(match["revision"]), int(match["last"]))

    async def use(self, interaction: Interaction) -> None:
        """Ask for them; where the price or a model has changed, show that in place of the offer."""
        await interaction.response.defer()
        redoing, requester = interaction.client.services.redoing, requester_of(interaction)
        answer = await redoing.confirm(requester, Confirmation(self.offer_id, self.revision), self.last)
        if isinstance(answer, RedoQuote):
            await _show(interaction, answer)
            return
        await replace_offer(interaction, redo_accepted_text(_card_link(answer)))
        await show_card(interaction.client, answer.shots[0])

    async def show_again(self, interaction: Interaction) -> None:
        """Show what is offered now."""
        redoing = interaction.client.services.redoing
        await _show(interaction, await redoing.repeat(requester_of(interaction), self.offer_id))


class RedoDropButton(OfferedButton):
    """Forgets the offer."""

    action = "redo-no"
    label = NC_("button", "Cancel")
    pattern = r"(?P<draft>[0-9a-f]{16}):(?P<revision>[0-9]{1,6})"
    group = "draft"

    async def use(self, interaction: Interaction) -> None:
        """Forget it, and say that nothing was counted."""
        await interaction.client.services.redoing.drop(requester_of(interaction), self.offer_id)
        await replace_offer(interaction, dropped_text())


async def _show(interaction: Interaction, offered: RedoQuote) -> None:
    missing_posts = await find_missing_posts(interaction, offered)
    await interaction.edit_original_response(**redo_message(offered, missing_posts))


def redo_message(offered: RedoQuote, missing_posts: Sequence[int]) -> CardMessage:
    """Return the offer with its buttons; `missing_posts`: the shots whose messages are gone."""
    row, redo = offered.quote.quote_row, offered.redo
    shown = (row.id, row.revision)
    alone = RedoButton(*shown, redo.shot, _label(redo.shot, redo.shot, redo.prices[:1]))
    later = None
    if redo.last > redo.shot:
        later = RedoButton(*shown, redo.last, _label(redo.shot, redo.last, redo.prices))
    view = view_of(alone, later, RedoDropButton(*shown))
    return CardMessage(content=render_redo(offered, missing_posts), embeds=[], view=view)


def _label(first: int, last: int, prices: Sequence[float | None]) -> str:
    known = [price for price in prices if price is not None]
    price = show_usd(sum(known)) if len(known) == len(prices) else None
    if first == last and price is None:
        return pgettext("button", "Redo shot {number}", number=first)
    if first == last:
        return pgettext("button", "Redo shot {number} · about {price}", number=first, price=price)
    if price is None:
        return pgettext("button", "Redo shots {first}–{last}", first=first, last=last)
    return pgettext(
        "button", "Redo shots {first}–{last} · about {price}", first=first, last=last, price=price
    )


def _card_link(film: Film) -> str | None:
    card_id = film.card_id
    return None if card_id is None else post_link(film.row.guild_id, Posted(card_id, film.row.channel_id))


async def find_missing_posts(interaction: Interaction, offered: RedoQuote) -> list[int]:
    """Return the numbers of the shots that stay and whose messages are gone for sure."""
    kept = [shot for shot in offered.film.present if shot.shot != offered.redo.shot]
    return [shot.shot or 0 for shot in kept if await _is_gone(interaction, shot)]


async def _is_gone(interaction: Interaction, shot: Generation) -> bool:
    try:
        return not (await find_posts(interaction.client, shot)).posts
    except CALL_ERRORS as error:  # it may be there
        log.info("could not fetch a shot's message", generation=shot.id, error=str(error))
        return False
