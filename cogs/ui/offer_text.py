"""What a member is told before anything is spent. Pure text from an offer.

Of the server's money it says no more than `/usage` does: whether there is some.
"""

from bot.drafts import Offer
from bot.errors import relative_time
from bot.language import N_, _, ngettext, number
from bot.models import Generation
from bot.money import show_money
from bot.timing.outlook import LAST_POSITION
from bot.wording import describe_limit
from cogs.ui.card import Card, full_prompt, number_line, parameter_lines, shown_prompt

PROMPT_LENGTH = 300  # characters of the prompt in the text, which also has more lines than a card
SECONDS_STEP = 10  # a wait in seconds is rounded up to this
LONGEST_IN_SECONDS = 90  # longer waits are told in minutes

HEADINGS = (
    N_("🧾 **Your video, before anything is spent:**"),
    N_("🧾 **Your video from a picture, before anything is spent:**"),
    N_("🧾 **Your video from two pictures, before anything is spent:**"),
)  # by the number of pictures


def render_offer(offer: Offer) -> Card:
    """Return the offer as discord.py's send and edit methods take it."""
    end = relative_time(offer.draft.expires_at)
    lines = [
        _("⚠️ **The price has changed since you were told it.** Please decide anew.")
        if offer.is_changed
        else "",
        _(HEADINGS[len(offer.draft.pictures)]),
        *parameter_lines(offer.preview),
        price_line(offer.draft.price, is_recalled=offer.is_recalled),
        limit_line(offer),
        budget_line(offer),
        wait_line(offer),
        f"> {shown_prompt(offer.preview, PROMPT_LENGTH)}",
        _("-# Nothing is counted until you click **Generate**. This offer ends {when}.", when=end),
    ]
    return Card(
        content="\n".join(line for line in lines if line), embeds=full_prompt(offer.preview, PROMPT_LENGTH)
    )


def price_line(price: float | None, *, is_recalled: bool) -> str:
    """Say what it costs, and how that is known; `price`: in the provider's credits."""
    if price is None:
        return _(
            "💰 Price: **not known**. The video service does not tell it at the moment, and no such video "
            "was made here before."
        )
    if is_recalled:
        return _(
            "💰 Price: about **{price}**, as such videos cost before. The video service does not tell it "
            "at the moment.",
            price=show_money(price),
        )
    return _("💰 Price: about **{price}**, by the video service's price list.", price=show_money(price))


def limit_line(offer: Offer) -> str:
    """Say what is left of the limit that leaves the fewest videos."""
    if offer.limit is None:
        return _("🎬 Your limit: none, you can have any number of videos made.")
    whole = describe_limit(offer.limit.kind, offer.limit.most)
    return ngettext(
        "🎬 Your limit: {count} more video after this one (the limit is {limit}).",
        "🎬 Your limit: {count} more videos after this one (the limit is {limit}).",
        offer.left,
        limit=whole,
    )


def budget_line(offer: Offer) -> str:
    """Say whether this video leaves money, where there is a budget, but no sums."""
    if not offer.budgets:
        return ""
    empty = [state.resets_at for state in offer.budgets if state.left <= 0]
    if not empty:
        return _("🏦 The server's budget for videos has money left after this one.")
    return _(
        "🏦 This one uses up the server's budget for videos. There is new money {when}.",
        when=relative_time(max(empty)),
    )


def wait_line(offer: Offer) -> str:
    """Say how long it would take if it were asked for now, as far as that is known."""
    outlook, wait = offer.outlook, _wait(offer)
    if outlook.position is None:
        if not wait:
            return _("⏳ Wait: not known at the moment.")
        return _("⏳ Wait: about {wait}, as such videos usually take.", wait=wait)
    if outlook.position > LAST_POSITION:
        return _("⏳ Wait: more than {most} requests are before it.", most=number(LAST_POSITION))
    place = number(outlook.position)
    if not wait:
        return _("⏳ Wait: it would be number {place} in the queue.", place=place)
    return _("⏳ Wait: about {wait}. It would be number {place} in the queue.", wait=wait, place=place)


def _wait(offer: Offer) -> str:
    expected_at = offer.outlook.expected_at
    return "" if expected_at is None else spell_wait((expected_at - offer.now).total_seconds())


def spell_wait(seconds: float) -> str:
    """Return a time in words that do not pretend to know it exactly, such as "80 seconds" or "2 minutes"."""
    rounded = max(SECONDS_STEP, -int(-seconds // SECONDS_STEP) * SECONDS_STEP)
    if rounded <= LONGEST_IN_SECONDS:
        return ngettext("{count} second", "{count} seconds", rounded)
    return ngettext("{count} minute", "{count} minutes", int(seconds / 60 + 0.5))


def accepted_text() -> str:
    """Return what takes the place of "thinking" before the card is shown."""
    return _("✅ **Your request is in.** Its card is below.")


def asked_text(generation: Generation, card_id: int) -> str:
    """Return what takes the offer's place once the video is asked for."""
    place = f"{generation.guild_id}/{generation.channel_id}/{card_id}"
    link = f"https://discord.com/channels/{place}"
    return "\n".join([_("✅ **Asked for:** {link}", link=link), number_line(generation)])


def dropped_text() -> str:
    """Return what takes the offer's place once the member has cancelled it."""
    return _("🚫 **Cancelled.** Nothing was counted.")


def ask_first_text(*, is_on: bool) -> str:
    """Return the setting in words."""
    if is_on:
        return _("yes, members are told the price and confirm it")
    return _("no, a video is made at once")


def ask_first_word(*, is_on: bool) -> str:
    """Return the setting in a word."""
    return _("yes") if is_on else _("no")
