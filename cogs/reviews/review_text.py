"""What moderators read about a request that waits for them. Pure text."""

from collections.abc import Mapping, Sequence
from typing import LiteralString

import discord

from bot.db.review_models import ReviewDecision
from bot.escape import escape_within
from bot.i18n import N_, _, ngettext
from bot.moderation.review_decisions import Review
from bot.money import show_money
from bot.text import clean
from bot.timestamps import relative_time
from cogs.cards.card import NUMBER_MARK, lineage_lines, parameter_lines
from cogs.reviews.quoted import embeds_beside, prompt_lines

TEXT_LENGTH = 2000  # characters that Discord takes
WORDS_LENGTH = 400  # of what a moderator says, escaped

DECIDED: Mapping[ReviewDecision, LiteralString] = {
    ReviewDecision.APPROVE: N_("✅ **Approved** by {moderator}."),
    ReviewDecision.DECLINE: N_("❌ **Declined** by {moderator}. It didn't count."),
    ReviewDecision.LEFT: N_("🚪 **The member has left the server,** so this has ended. It didn't count."),
    ReviewDecision.LAPSE: N_("⌛ **Nobody decided in time,** so this has ended. It didn't count."),
    ReviewDecision.OVER: N_("🚫 **It was cancelled or has ended,** so there's nothing left to decide."),
}


def render_review(review: Review, *, quote: bool = True, has_left: bool = False) -> str:
    """Return the message for moderators as the review stands; `quote`: with the words of members.

    `has_left`: the member is not on the server any more.
    """
    head, foot = _head(review), _foot(review, has_left=has_left)
    words = prompt_lines(review, _room(head, foot)) if quote else [_("This server's filter hides the words.")]
    return "\n".join([*head, *words, *foot])


def review_embeds(review: Review) -> list[discord.Embed]:
    """Return the images that the requests are made from, and their words where the text has no room."""
    return embeds_beside(review, _room(_head(review), _foot(review, has_left=True)))


def is_forgotten(review: Review) -> bool:
    """Whether the words are gone, so that no embed may show them."""
    return all(request.erased_at is not None for request in review.requests)


def _head(review: Review) -> list[str]:
    return [_headline(review), _who_line(review), *_what_lines(review)]


def _foot(review: Review, *, has_left: bool) -> list[str]:
    left = _("⚠️ {member} has left the server.", member=f"<@{review.row.user_id}>")
    number = f"{NUMBER_MARK}{_('review {number}', number=review.row.id)}"
    return [*[left] * has_left, *_outcome(review), number]


def _room(head: Sequence[str], foot: Sequence[str]) -> int:
    """Return how many characters of the message are left for the members' words."""
    return TEXT_LENGTH - sum(len(line) + 1 for line in [*head, *foot])


def _headline(review: Review) -> str:
    if review.film is None:
        return _("👀 **A request waits for your approval**")
    if any(request.source_id is not None for request in review.at_stake):
        return ngettext(
            "👀 **{count} new shot of a film waits for your approval**",
            "👀 **{count} new shots of a film wait for your approval**",
            len(review.at_stake),
        )
    return ngettext(
        "👀 **A film of {count} shot waits for your approval**",
        "👀 **A film of {count} shots waits for your approval**",
        len(review.at_stake),
    )


def _who_line(review: Review) -> str:
    row = review.row
    member = f"<@{row.user_id}>"
    asked = _("{member} requested it {when}.", member=member, when=relative_time(row.created_at))
    if review.requests:
        place = f"<#{review.requests[0].channel_id}>"
        asked = _(
            "{member} requested it in {channel} {when}.",
            member=member,
            channel=place,
            when=relative_time(row.created_at),
        )
    if row.decision is not None:
        return asked
    ends = relative_time(row.ends_at)
    waits = _("It isn't sent before one of you approves it. Without a decision, it ends {when}.", when=ends)
    return f"{asked} {waits}"


def _what_lines(review: Review) -> list[str]:
    if not review.requests:
        return []
    first, price = review.at_stake[0], review.price
    cost = (
        _("💰 Price: **unknown**")
        if price is None
        else _("💰 Price: about **{price}**", price=show_money(price))
    )
    if review.film is not None:
        return [*parameter_lines(first), cost]
    return [*parameter_lines(first), *lineage_lines(first), cost]


def _outcome(review: Review) -> list[str]:
    row = review.row
    if row.decision is None:
        return []
    lines = [_(DECIDED[row.decision], moderator=f"<@{row.decided_by}>")]
    if row.words:
        lines.append(
            _("I told them: “{words}”", words=escape_within(" ".join(clean(row.words).split()), WORDS_LENGTH))
        )
    return lines
