"""The offer of a redone shot: its text, and its buttons: it alone, it and the later ones, and Cancel."""

from collections.abc import Sequence
from typing import ClassVar

import discord
import structlog

from bot.admission.denials import RefusedError
from bot.admission.film_denials import ShotRefusedError
from bot.db.models import Generation
from bot.errors import UserError
from bot.films.redoing import RedoQuote
from bot.films.refusals import AskableShotError
from bot.films.rows import Film
from bot.i18n import NC_, _, format_and, ngettext, number, pgettext
from bot.jobs.ports import Posted
from bot.markup import relative_time
from bot.money import show_money, show_usd
from bot.policy.phrases import describe_limit
from bot.requests.confirmation import Confirmation
from cogs.cards.card import parameter_lines, shown_prompt
from cogs.cards.card_message import CardMessage
from cogs.cards.film_card import QUOTE_MARK, shown_title
from cogs.cards.takedown import show_card
from cogs.cards.video_posts import find_posts
from cogs.films.offer_text import changed_line
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.items import Parts, post_link, view_of
from cogs.ui.requester import requester_of
from cogs.veo.offered import OfferedButton, replace_offer
from cogs.veo.quote_text import (
    PROMPT_LENGTH,
    budget_line,
    dropped_text,
    limit_line,
    price_line,
    reset_of,
    spell_wait,
    wait_line,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def render_redo(offered: RedoQuote, missing_posts: Sequence[int]) -> str:
    """Return the offer's text; `missing_posts`: the shots whose messages are gone."""
    quote = offered.quote
    end = relative_time(quote.quote_row.expires_at)
    lines = [
        changed_line(offered.change),
        _(
            "🧾 **Check the new shot {number} of your film before you spend anything:**",
            number=offered.redo.shot,
        ),
        f"{QUOTE_MARK}{shown_title(offered.film.row)}",
        *parameter_lines(quote.preview)[:1],
        price_line(quote.quote_row.price, is_past_price=quote.is_past_price),
        _later_line(offered),
        _limit_line(offered),
        _budget_line(offered),
        wait_line(quote),
        _later_wait_line(offered),
        _missing_posts_line(missing_posts),
        f"{QUOTE_MARK}{shown_prompt(quote.preview, PROMPT_LENGTH)}",
        _("Shots that you don't redo stay. Then I join the film again."),
        _("-# Nothing counts until you click a green button. This offer expires {when}.", when=end),
    ]
    return "\n".join(line for line in lines if line)


def _limit_line(offered: RedoQuote) -> str:
    """Say what is left of the limit after each of the two buttons."""
    alone, together, redo = offered.quote, offered.together, offered.redo
    if redo.last == redo.shot or alone.limit is None:
        return limit_line(alone)
    return _(
        "🎬 Videos left on your limit: {alone} after shot {first} alone, {together} after shots "
        "{first}–{last} (the limit is {limit}).",
        alone=number(alone.left),
        together=number(together.left),
        first=redo.shot,
        last=redo.last,
        limit=describe_limit(alone.limit.kind, alone.limit.most),
    )


def _budget_line(offered: RedoQuote) -> str:
    """Say whether each of the two buttons leaves money, where there is a budget, but no sums."""
    budgets, redo = offered.together.budgets, offered.redo
    if redo.last == redo.shot or not budgets:
        return budget_line(offered.quote.budgets)
    resets_at = reset_of(budgets)
    if resets_at is None:
        return _(
            "🏦 The server's video budget has money left after shots {first}–{last}.",
            first=redo.shot,
            last=redo.last,
        )
    return _(
        "🏦 The server's video budget has money left after shot {first} alone; shots {first}–{last} use it "
        "up. It resets {when}.",
        first=redo.shot,
        last=redo.last,
        when=relative_time(resets_at),
    )


def _later_wait_line(offered: RedoQuote) -> str:
    """Say how long all shots take that are offered, where more is known than that moderators decide first."""
    redo, seconds = offered.redo, offered.all_expected_in
    if redo.last == redo.shot or seconds is None or offered.together.needs_review:
        return ""
    return _(
        "⏳ Wait for shots {first}–{last}: about {wait}, because they're made one after the other.",
        first=redo.shot,
        last=redo.last,
        wait=spell_wait(seconds),
    )


def _later_line(offered: RedoQuote) -> str:
    """Say what the shots after it would cost, which should go on from its end."""
    redo = offered.redo
    if offered.refusal is not None:
        return _cannot(redo.last + 1, offered.refusal)
    if redo.last == redo.shot:
        return ""
    price = sum(price or 0 for price in redo.prices)
    money = _("unknown") if None in redo.prices else show_money(price)
    return ngettext(
        "⏩ The next shots won't continue from the new one. Redo them, too, to keep the film continuous: "
        "{count} video, together about **{price}**.",
        "⏩ The next shots won't continue from the new one. Redo them, too, to keep the film continuous: "
        "{count} videos, together about **{price}**.",
        len(redo.prices),
        price=money,
    )


def _cannot(shot: int, refusal: UserError) -> str:
    text = _(
        "⏩ The next shots won't continue from the new one. I can't redo them from shot {number} on: "
        "{reason}",
        number=shot,
        reason=_reason(refusal),
    )
    if not isinstance(refusal, AskableShotError) or not refusal.has_moderators:
        return text
    way_on = _("To ask a moderator about that, redo shot {number} alone.", number=shot)
    return f"{text} {way_on}"


def _reason(refusal: UserError) -> str:
    """Return why a shot is refused, without its number."""
    match refusal:
        case ShotRefusedError():
            return refusal.reason
        case RefusedError():
            return refusal.sentence
        case _:
            return str(refusal)


def _missing_posts_line(missing_posts: Sequence[int]) -> str:
    if not missing_posts:
        return ""
    return ngettext(
        "⚠️ The message with shot {numbers} is gone. If the video service has no copy either, the new film "
        "won't include it.",
        "⚠️ The messages with shots {numbers} are gone. If the video service has no copies either, the new "
        "film won't include them.",
        len(missing_posts),
        numbers=format_and(number(shot) for shot in missing_posts),
    )


def redo_accepted_text(link: str | None) -> str:
    """Return what takes the offer's place once the shot is asked for; `link`: to the film's card."""
    if link is None:
        return _("✅ **Requested.** I'll post the new film when it's ready.")
    return _("✅ **Requested.** [The film's card]({link}) shows its progress.", link=link)


class RedoButton(OfferedButton):
    """Asks for the shots; a second click is told that the first one counted."""

    action = "redo-yes"
    label = NC_("button", "Redo")
    pattern = r"(?P<draft>[0-9a-f]{16}):(?P<revision>[0-9]{1,6}):(?P<last>[1-9])"
    parts: ClassVar[Parts] = {"revision": int, "last": int}
    style = discord.ButtonStyle.success

    def __init__(self, offer_id: str, revision: int, last: int, label: str | None = None) -> None:
        """`last`: the number of the last shot that is redone."""
        super().__init__(offer_id, revision, last, label=label)
        self.last = last

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
