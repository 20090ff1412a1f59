"""The text of an offer, before anything is spent. Pure text from an offer.

Of the server's money it says no more than `/usage` does: whether there is some.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from bot.admission.budgets import BudgetState
from bot.db.models import Generation, Unreviewed
from bot.eta.eta import LAST_POSITION
from bot.i18n import N_, _, ngettext, number
from bot.markup import relative_time
from bot.money import show_money
from bot.policy.phrases import count_videos, describe_limit
from bot.provider.catalogue import get_model
from bot.provider.input_kinds import InputKind
from bot.requests.confirmation import spec_in
from bot.requests.quotes import Quote
from cogs.cards.card import (
    Card,
    full_prompt,
    lineage_lines,
    number_line,
    parameter_lines,
    shown_prompt,
)

PROMPT_LENGTH = 300  # characters of the prompt in the text, which also has more lines than a card
SECONDS_STEP = 10  # a wait in seconds is rounded up to this
LONGEST_IN_SECONDS = 90  # longer waits are told in minutes

HEADINGS: Mapping[InputKind, LiteralString] = {
    InputKind.TEXT: N_("🧾 **Check your video before you spend anything:**"),
    InputKind.IMAGE: N_("🧾 **Check your video from an image before you spend anything:**"),
    InputKind.FRAMES: N_("🧾 **Check your video from two images before you spend anything:**"),
    InputKind.REFERENCES: N_("🧾 **Check your video from reference images before you spend anything:**"),
    InputKind.VIDEO: N_("🧾 **Check your extension before you spend anything:**"),
}


def render_quote(quote: Quote) -> Card:
    """Return the offer as discord.py's send and edit methods take it."""
    end = relative_time(quote.quote_row.expires_at)
    lines = [
        _("⚠️ **The price has changed since you saw it.** Please decide again.") if quote.is_changed else "",
        _heading(quote),
        *parameter_lines(quote.preview),
        *lineage_lines(quote.preview),
        price_line(quote.quote_row.price, is_past_price=quote.is_past_price),
        limit_line(quote),
        budget_line(quote.budgets),
        wait_line(quote),
        f"> {shown_prompt(quote.preview, PROMPT_LENGTH)}",
        _("-# Nothing counts until you click **Generate**. This offer expires {when}.", when=end),
    ]
    return Card(
        content="\n".join(line for line in lines if line), embeds=full_prompt(quote.preview, PROMPT_LENGTH)
    )


def _heading(quote: Quote) -> str:
    model = get_model(quote.quote_row.model)
    return _(HEADINGS[model.kind if model else spec_in(quote.quote_row).kind])


def price_line(price: float | None, *, is_past_price: bool) -> str:
    """Say what it costs, and how that is known; `price`: in the provider's credits."""
    if price is None:
        return _(
            "💰 Price: **unknown**. The video service doesn't show it right now, and nobody has "
            "made a video like this here before."
        )
    if is_past_price:
        return _(
            "💰 Price: about **{price}**, based on earlier videos. The video service doesn't "
            "show it right now.",
            price=show_money(price),
        )
    return _("💰 Price: about **{price}**, from the video service's price list.", price=show_money(price))


def limit_line(quote: Quote) -> str:
    """Say what is left of the limit that leaves the fewest videos."""
    if quote.limit is None:
        return no_limit_line(quote.max_waiting)
    whole = describe_limit(quote.limit.kind, quote.limit.most)
    return ngettext(
        "🎬 Your limit: {count} more video after this one (the limit is {limit}).",
        "🎬 Your limit: {count} more videos after this one (the limit is {limit}).",
        quote.left,
        limit=whole,
    )


def no_limit_line(max_waiting: int | None) -> str:
    """Say that no limit is set, and how many can wait all the same."""
    if max_waiting is None:
        return _("🎬 Your limit: none. You can request any number of videos.")
    return _(
        "🎬 Your limit: none. You can have up to {videos} waiting at once.", videos=count_videos(max_waiting)
    )


def budget_line(budgets: Sequence[BudgetState]) -> str:
    """Say whether what is offered leaves money, where there is a budget, but no sums."""
    if not budgets:
        return ""
    resets_at = reset_of(budgets)
    if resets_at is None:
        return _("🏦 The server's video budget has money left after this one.")
    return _(
        "🏦 This one uses up the server's video budget. It resets {when}.", when=relative_time(resets_at)
    )


def reset_of(budgets: Sequence[BudgetState]) -> datetime | None:
    """Return when there is money again in budgets that are used up; None: none is."""
    return max((state.resets_at for state in budgets if state.left <= 0), default=None)


def wait_line(quote: Quote) -> str:
    """Say how long it would take if it were asked for now, as far as that is known, and who decides first."""
    unreviewed = quote.preview.unreviewed
    if unreviewed is not None:
        return f"{_eta_line(quote)}\n{_held_line(unreviewed)}"
    return reviewed_line() if quote.needs_review else _eta_line(quote)


def _held_line(unreviewed: Unreviewed) -> str:
    if unreviewed is Unreviewed.POST:
        return _(
            "👀 A moderator reviews the video before it's posted. If nobody decides within 24 hours, I'll "
            "post it."
        )
    return _(
        "👀 A moderator reviews the video before it's posted. If nobody approves it within 24 hours, it "
        "isn't posted, but it counts."
    )


def _eta_line(quote: Quote) -> str:
    eta, wait = quote.eta, _wait(quote)
    if eta.position is None:
        if not wait:
            return _("⏳ Wait: unknown right now.")
        return _("⏳ Wait: about {wait}, based on earlier videos.", wait=wait)
    if eta.position > LAST_POSITION:
        return _("⏳ Wait: after at least {most} other requests.", most=number(LAST_POSITION))
    position = number(eta.position)
    if not wait:
        return _("⏳ Wait: position {place} in the queue.", place=position)
    return _("⏳ Wait: about {wait}, at position {place} in the queue.", wait=wait, place=position)


def reviewed_line() -> str:
    """Say that nobody knows how long it takes, since moderators decide first."""
    return _(
        "👀 A moderator reviews it before it's sent. If nobody approves it within 24 hours, it expires "
        "and doesn't count."
    )


def _wait(quote: Quote) -> str:
    expected_at = quote.eta.expected_at
    return "" if expected_at is None else spell_wait((expected_at - quote.now).total_seconds())


def spell_wait(seconds: float) -> str:
    """Return a time in words that do not pretend to know it exactly, such as "80 seconds" or "2 minutes"."""
    rounded = max(SECONDS_STEP, -int(-seconds // SECONDS_STEP) * SECONDS_STEP)
    if rounded <= LONGEST_IN_SECONDS:
        return ngettext("{count} second", "{count} seconds", rounded)
    return ngettext("{count} minute", "{count} minutes", int(seconds / 60 + 0.5))


def accepted_text() -> str:
    """Return what takes the place of "thinking" before the card is shown."""
    return _("✅ **Requested.** The video's card is below.")


def asked_text(generation: Generation) -> str:
    """Return what takes the offer's place once the video is asked for."""
    return "\n".join([_("✅ **Requested.**"), number_line(generation)])


def dropped_text() -> str:
    """Return what takes the offer's place once the member has cancelled it."""
    return _("🚫 **Cancelled.** This didn't count toward your limit.")
