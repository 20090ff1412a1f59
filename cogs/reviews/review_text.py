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
    ReviewDecision.UNSEEN: N_("⌛ **Nobody decided in time,** so I'm posting it, as the settings say."),
    ReviewDecision.OVER: N_("🚫 **It was cancelled or has ended,** so there's nothing left to decide."),
}
# The same of a finished video, where that's something else.
DECIDED_ABOUT_FINISHED: Mapping[ReviewDecision, LiteralString] = {
    ReviewDecision.DECLINE: N_(
        "❌ **Declined** by {moderator}, so I didn't post it. It was made, so it counts."
    ),
    ReviewDecision.LEFT: N_(
        "🚪 **The member has left the server,** so I didn't post it. It was made, so it counts."
    ),
    ReviewDecision.LAPSE: N_(
        "⌛ **Nobody decided in time,** so I didn't post it. It was made, so it counts."
    ),
}


def render_review(
    review: Review, *, quote: bool = True, has_left: bool = False, beside: Sequence[str] = ()
) -> str:
    """Return the message for moderators as the review stands; `quote`: with the words of members.

    `has_left`: the member is not on the server any more. `beside`: other lines.
    """
    head, foot = _head(review), [*beside, *_foot(review, has_left=has_left)]
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
    if review.is_finished:
        return _("👀 **A finished video waits for your approval**")
    if review.film is None:
        return _("👀 **A request waits for your approval**")
    if any(request.source_id is not None for request in review.requests):
        return ngettext(
            "👀 **{count} new shot of a film waits for your approval**",
            "👀 **{count} new shots of a film wait for your approval**",
            len(review.requests),
        )
    return ngettext(
        "👀 **A film of {count} shot waits for your approval**",
        "👀 **A film of {count} shots waits for your approval**",
        len(review.requests),
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
    return f"{asked} {_waits(review)}"


def _waits(review: Review) -> str:
    ends = relative_time(review.row.ends_at)
    if not review.is_finished:
        return _(
            "It isn't sent before one of you approves it. Without a decision, it ends {when}.", when=ends
        )
    if review.is_posted_unseen:
        return _("I post it once one of you approves it. Without a decision, I'll post it {when}.", when=ends)
    return _(
        "I don't post it before one of you approves it. Without a decision, it ends unposted {when}.",
        when=ends,
    )


def _what_lines(review: Review) -> list[str]:
    if not review.requests:
        return []
    first, price = review.requests[0], review.price
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
    is_other = review.is_finished and row.decision in DECIDED_ABOUT_FINISHED
    told = DECIDED_ABOUT_FINISHED if is_other else DECIDED
    lines = [_(told[row.decision], moderator=f"<@{row.decided_by}>")]
    if row.words:
        lines.append(
            _("I told them: “{words}”", words=escape_within(" ".join(clean(row.words).split()), WORDS_LENGTH))
        )
    return lines
