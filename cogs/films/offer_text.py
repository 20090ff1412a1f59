"""The text of a film's offer, before anything is spent. Pure text from an offer."""

from collections.abc import Mapping
from typing import LiteralString

from bot.db.film_models import Continuity, FilmRow
from bot.escape import plain
from bot.films.changes import Change
from bot.films.service import FilmQuote
from bot.i18n import N_, _, ngettext
from bot.markup import relative_time
from bot.money import show_money
from bot.policy.phrases import describe_limit
from bot.provider.catalogue import get_model
from cogs.cards.card import parameter_lines
from cogs.cards.film_card import PROMPT_LENGTH, QUOTE_MARK, fades_between, shown_title
from cogs.veo.quote_text import budget_line, no_limit_line, reviewed_line, spell_wait

CONTINUITIES: Mapping[Continuity, LiteralString] = {
    Continuity.CONTINUOUS: N_("Each shot starts from the last frame of the one before."),
    Continuity.CUTS: N_("Each shot stands on its own."),
}


def render_offer(quote: FilmQuote) -> str:
    """Return the offer's text; the buttons are beside it."""
    row, count = quote.row, len(quote.row.prompts)
    end = relative_time(row.expires_at)
    lines = [
        changed_line(quote.change),
        ngettext(
            "🧾 **Check your film of {count} shot before you spend anything:**",
            "🧾 **Check your film of {count} shots before you spend anything:**",
            count,
        ),
        f"{QUOTE_MARK}{shown_title(row)}",
        *parameter_lines(quote.preview)[:1],
        _(CONTINUITIES[row.continuity]),
        _("Each shot fades into the next one.") if fades_between(row, count) else "",
        _images_line(row),
        *(f"**{number}** {plain(prompt, PROMPT_LENGTH)}" for number, prompt in enumerate(row.prompts, 1)),
        _price_line(quote),
        _limit_line(quote, count),
        budget_line(quote.budgets),
        _wait_line(quote, count),
        _("-# Nothing counts until you click **Make the film**. This offer expires {when}.", when=end),
    ]
    return "\n".join(line for line in lines if line)


def _images_line(row: FilmRow) -> str:
    if row.has_image:
        return _("Your image opens the first shot.")
    if not row.has_references:
        return ""
    return ngettext(
        "Your reference image is used for each shot.",
        "Your {count} reference images are used for each shot.",
        len(row.pictures),
    )


def changed_line(change: Change | None) -> str:
    """Say what differs from the offer that was shown before."""
    if change is None:
        return ""
    if change.models is None:
        return _("⚠️ **The price has changed since you saw it.** Please decide again.")
    old, new = _names(*change.models)
    if change.is_dearer:
        return _(
            "⚠️ **The model and the price have changed since you saw them:** {new} instead of {old}. "
            "Please decide again.",
            new=new,
            old=old,
        )
    return _(
        "⚠️ **The model has changed since you saw it:** {new} instead of {old}. Please decide again.",
        new=new,
        old=old,
    )


def _names(old: str, new: str) -> tuple[str, str]:
    """Return the families of two models, or what they make videos from, too, where that is the difference."""
    before, now = get_model(old), get_model(new)
    if before is None or now is None:
        return (before.family if before else old), (now.family if now else new)
    return (before.family, now.family) if before.family != now.family else (before.label, now.label)


def _price_line(quote: FilmQuote) -> str:
    price = quote.row.price
    if price is None:
        return _("💰 Price: **unknown**. The video service doesn't show it right now.")
    if quote.is_past_price:
        return _(
            "💰 Price: about **{price}** for all shots, based on earlier videos.", price=show_money(price)
        )
    return _(
        "💰 Price: about **{price}** for all shots, from the video service's price list.",
        price=show_money(price),
    )


def _limit_line(quote: FilmQuote, count: int) -> str:
    if quote.limit is None:
        return no_limit_line(quote.max_waiting)
    takes = ngettext(
        "🎬 Your limit: this film uses {count} of your videos.",
        "🎬 Your limit: this film uses {count} of your videos.",
        count,
    )
    left = ngettext(
        "You'll have {count} left after it (the limit is {limit}).",
        "You'll have {count} left after it (the limit is {limit}).",
        quote.left,
        limit=describe_limit(quote.limit.kind, quote.limit.most),
    )
    return f"{takes} {left}"


def _wait_line(quote: FilmQuote, count: int) -> str:
    if quote.needs_review:
        return reviewed_line()
    seconds = quote.expected_in
    if seconds is None:
        return _("⏳ Wait: unknown right now.")
    wait = spell_wait(seconds)
    if quote.row.continuity is Continuity.CUTS or count == 1:
        return _("⏳ Wait: about {wait}, based on earlier videos.", wait=wait)
    return _("⏳ Wait: about {wait}, because the shots are made one after the other.", wait=wait)


def accepted_text() -> str:
    """Return what takes the offer's place once the film is asked for."""
    return _("✅ **Requested.** The film's card is below.")
