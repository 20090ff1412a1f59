"""The text of an offer to redo a shot, before anything is spent. Pure text from an offer."""

from collections.abc import Sequence

from bot.admission.denials import RefusedError
from bot.admission.film_denials import ShotRefusedError
from bot.errors import UserError
from bot.films.redoing import RedoQuote
from bot.films.refusals import AskableShotError
from bot.i18n import _, format_and, ngettext, number
from bot.money import show_money
from bot.policy.phrases import describe_limit
from bot.timestamps import relative_time
from cogs.cards.card import parameter_lines, shown_prompt
from cogs.cards.film_card import QUOTE_MARK, shown_title
from cogs.films.offer_text import changed_line
from cogs.veo.quote_text import (
    PROMPT_LENGTH,
    budget_line,
    limit_line,
    price_line,
    reset_of,
    spell_wait,
    wait_line,
)


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
    if redo.last == redo.shot or seconds is None or offered.together.is_reviewed:
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
        "⚠️ There's no message with shot {numbers}. If the video service has no copy, either, the new film "
        "will be without it.",
        "⚠️ There are no messages with shots {numbers}. If the video service has no copies, either, the new "
        "film will be without them.",
        len(missing_posts),
        numbers=format_and(number(shot) for shot in missing_posts),
    )


def redo_accepted_text(link: str | None) -> str:
    """Return what takes the offer's place once the shot is asked for; `link`: to the film's card."""
    if link is None:
        return _("✅ **Requested.** I'll post the new film when it's ready.")
    return _("✅ **Requested.** [The film's card]({link}) shows how it goes.", link=link)
