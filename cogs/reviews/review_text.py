"""What moderators read about a request that waits for them. Pure text."""

from collections.abc import Mapping
from typing import LiteralString

from bot.db.review_models import ReviewDecision
from bot.escape import escape_within
from bot.i18n import N_, _, ngettext
from bot.moderation.review_decisions import Review
from bot.money import show_money
from bot.text import clean
from bot.timestamps import relative_time
from cogs.cards.card import NUMBER_MARK, lineage_lines, parameter_lines
from cogs.moderation.shapes import Shape
from cogs.reviews.quoted import Beside, Quotation, all_words, quote_review

TEXT_LENGTH = 2000  # characters that Discord takes
WORDS_LENGTH = 400  # of what a moderator says, escaped
NOTES_LENGTH = 250  # of what's said about what isn't shown, in any language

# What's tried to show, one after the other: with whose words, and what beside the text.
WAYS = (
    *((True, Beside(embeds, file)) for embeds in (True, False) for file in (True, False)),
    *((False, Beside(embeds=False, file=file)) for file in (True, False)),
)

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
    quoted = quote_review(review, _room(review))
    return _shape(review, quoted, Beside(), is_quoted=quote, has_left=has_left).text


def review_shapes(review: Review, *, has_left: bool = False) -> list[Shape]:
    """Return the ways to show a review; once it's decided, nothing is said about what isn't shown."""
    shapes: list[Shape] = []
    quoted = quote_review(review, _room(review))
    for is_quoted, beside in WAYS:
        shape = _shape(review, quoted, beside, is_quoted=is_quoted, has_left=has_left)
        if shape not in shapes:
            shapes.append(shape)
    return shapes


def _shape(review: Review, quoted: Quotation, beside: Beside, *, is_quoted: bool, has_left: bool) -> Shape:
    words = quoted.lines if is_quoted else [_("This server's filter hides the words.")]
    head, foot = _head(review), _foot(review, has_left=has_left)
    is_open = review.row.decision is None
    notes = quoted.notes(beside, is_quoted=is_quoted) if is_open else []
    needs_file = beside.file and not (is_quoted and quoted.is_whole(beside))
    text = "\n".join([*head, *words, *notes, *foot])
    return Shape(text, quoted.embeds if beside.embeds else [], all_words(review) if needs_file else None)


def is_forgotten(review: Review) -> bool:
    """Whether the words are gone, so that no embed may show them."""
    return all(request.erased_at is not None for request in review.requests)


def _head(review: Review) -> list[str]:
    return [_headline(review), _who_line(review), *_what_lines(review)]


def _foot(review: Review, *, has_left: bool) -> list[str]:
    left = _("⚠️ {member} has left the server.", member=f"<@{review.row.user_id}>")
    number = f"{NUMBER_MARK}{_('review {number}', number=review.row.id)}"
    return [*[left] * has_left, *_outcome(review), number]


def _room(review: Review) -> int:
    """Return how many characters of the message are left for the members' words, in any shape."""
    lines = [*_head(review), *_foot(review, has_left=True)]
    return TEXT_LENGTH - NOTES_LENGTH - sum(len(line) + 1 for line in lines)


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
