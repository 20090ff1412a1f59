"""The moderators' text of a request that waits for them. Pure text."""

from collections.abc import Mapping
from typing import Any, LiteralString

from bot.db.review_models import ReviewDecision
from bot.escape import escape_within
from bot.i18n import N_, _, ngettext
from bot.markup import relative_time
from bot.moderation.review_decisions import Review
from bot.money import show_money
from bot.text import clean
from cogs.cards.card import NUMBER_MARK, lineage_lines, parameter_lines
from cogs.moderation.shapes import DROP_ALL, DROP_FILES, KEEP_ALL, Shape
from cogs.reviews.quoted import Beside, Quotation, all_words, quote_review

TEXT_LENGTH = 2000  # characters that Discord takes
WORDS_LENGTH = 400  # of what a moderator says, escaped
NOTES_LENGTH = 250  # of what's said about what isn't shown, in any language
MIN_LENGTH = 60  # of a prompt, however long what stands beside it is

# What's tried to show, one after the other: with whose words, and what beside the text.
WAYS = (
    *((True, Beside(embeds, file)) for embeds in (True, False) for file in (True, False)),
    *((False, Beside(embeds=False, file=file)) for file in (True, False)),
)

DECIDED: Mapping[ReviewDecision, LiteralString] = {
    ReviewDecision.APPROVE: N_("✅ **Approved** by {moderator}."),
    ReviewDecision.DECLINE: N_("❌ **Declined** by {moderator}. It didn't count."),
    ReviewDecision.LEFT: N_("🚪 **The member has left the server,** so this is closed. It didn't count."),
    ReviewDecision.LAPSE: N_("⌛ **Nobody decided in time,** so this expired. It didn't count."),
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


def render_review(review: Review, *, quote: bool = True, has_left: bool = False) -> str:
    """Return the message for moderators as the review stands; `quote`: with the words of members.

    `has_left`: the member is not on the server any more.
    """
    quoted = quote_review(review, _room(review))
    return _shape(review, quoted, Beside(), is_quoted=quote, has_left=has_left).text


def review_shapes(review: Review, *, has_left: bool = False, line: str = "") -> list[Shape]:
    """Return the ways to show a review; once it's decided, nothing is said about what isn't shown.

    `line`: one more, above what becomes of it.
    """
    shapes: list[Shape] = []
    quoted = quote_review(review, _room(review, line))
    for is_quoted, beside in WAYS:
        shape = _shape(review, quoted, beside, is_quoted=is_quoted, has_left=has_left, line=line)
        if shape not in shapes:
            shapes.append(shape)
    return shapes


def _shape(
    review: Review, quoted: Quotation, beside: Beside, *, is_quoted: bool, has_left: bool, line: str = ""
) -> Shape:
    words = quoted.lines if is_quoted else [_("This server's word filter is hiding the text.")]
    head, foot = _head(review), _foot(review, has_left=has_left)
    is_open = review.row.decision is None
    notes = quoted.notes(beside, is_quoted=is_quoted) if is_open else []
    needs_file = beside.file and not (is_quoted and quoted.is_whole(beside))
    text = "\n".join([*head, *words, *notes, *filter(None, [line]), *foot])
    return Shape(text, quoted.embeds if beside.embeds else [], all_words(review) if needs_file else None)


def review_left_out(review: Review) -> Mapping[str, Any]:
    """Return what goes from the message of a review that is decided: words that are gone, and the video."""
    if all(request.erased_at is not None for request in review.requests):
        return DROP_ALL
    return DROP_FILES if review.is_finished else KEEP_ALL


def has_room_for(review: Review, line: str) -> bool:
    """Whether the message takes one more line beside the members' words, however much of these it cuts."""
    return _room(review, line) >= MIN_LENGTH


def _head(review: Review) -> list[str]:
    return [_headline(review), _who_line(review), *_what_lines(review)]


def _foot(review: Review, *, has_left: bool) -> list[str]:
    left = _("⚠️ {member} has left the server.", member=f"<@{review.row.user_id}>")
    number = f"{NUMBER_MARK}{_('review {number}', number=review.row.id)}"
    return [*[left] * has_left, *_outcome(review), number]


def _room(review: Review, line: str = "") -> int:
    """Return how many characters of the message are left for the members' words, in any shape."""
    lines = [*_head(review), line, *_foot(review, has_left=True)]
    return TEXT_LENGTH - NOTES_LENGTH - sum(len(line) + 1 for line in lines)


def _headline(review: Review) -> str:
    if review.is_finished:
        return _("👀 **A finished video is waiting for your approval**")
    if review.film is None:
        return _("👀 **A request is waiting for your approval**")
    if any(request.source_id is not None for request in review.at_stake):
        return ngettext(
            "👀 **{count} new shot of a film is waiting for your approval**",
            "👀 **{count} new shots of a film are waiting for your approval**",
            len(review.at_stake),
        )
    return ngettext(
        "👀 **A film of {count} shot is waiting for your approval**",
        "👀 **A film of {count} shots is waiting for your approval**",
        len(review.at_stake),
    )


def _who_line(review: Review) -> str:
    row = review.row
    member = f"<@{row.user_id}>"
    asked = _("{member} requested it {when}.", member=member, when=relative_time(row.created_at))
    if review.requests:
        first = review.requests[0]  # of a finished video, the review is younger
        asked = _(
            "{member} requested it in {channel} {when}.",
            member=member,
            channel=f"<#{first.channel_id}>",
            when=relative_time(first.created_at),
        )
    if row.decision is not None:
        return asked
    return f"{asked} {_waits(review)}"


def _waits(review: Review) -> str:
    ends = relative_time(review.row.ends_at)
    if not review.is_finished:
        return _("I'll send it once one of you approves it. If nobody decides, it expires {when}.", when=ends)
    if review.is_posted_unseen:
        return _(
            "I'll post it once one of you approves it. If nobody decides, I'll post it {when}.", when=ends
        )
    return _(
        "I'll post it only if one of you approves it. If nobody decides, it expires {when}.",
        when=ends,
    )


def _what_lines(review: Review) -> list[str]:
    if not review.requests:
        return []
    first = review.at_stake[0]
    lineage = [] if review.film is not None else lineage_lines(first)
    return [*parameter_lines(first), *lineage, _price_line(review)]


def _price_line(review: Review) -> str:
    """Return what it will cost, or what a finished video cost once that's known."""
    cost, price = review.requests[0].credits_used, review.price
    if review.is_finished and cost is not None:
        return _("💰 Cost: **{price}**", price=show_money(cost))
    if price is None:
        return _("💰 Price: **unknown**")
    return _("💰 Price: about **{price}**", price=show_money(price))


def _outcome(review: Review) -> list[str]:
    row = review.row
    if row.decision is None:
        return []
    is_other = review.is_finished and row.decision in DECIDED_ABOUT_FINISHED
    sentences = DECIDED_ABOUT_FINISHED if is_other else DECIDED
    lines = [_(sentences[row.decision], moderator=f"<@{row.decided_by}>")]
    if row.words:
        lines.append(
            _("I told them: “{words}”", words=escape_within(" ".join(clean(row.words).split()), WORDS_LENGTH))
        )
    return lines
