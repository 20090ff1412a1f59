"""What moderators read about a request that waits for them. Pure text."""

from collections.abc import Mapping
from typing import LiteralString

import discord

from bot.db.models import Generation
from bot.db.review_models import ReviewDecision
from bot.escape import escape, plain
from bot.i18n import N_, _, ngettext, pgettext
from bot.moderation.review_decisions import Review
from bot.money import show_money
from bot.timestamps import relative_time
from cogs.cards.card import NUMBER_MARK, QUOTE_MARK, lineage_lines, parameter_lines, shown_prompt
from cogs.cards.film_card import shown_title

PROMPTS_LENGTH = 600  # characters of all prompts in the text; escaped they may be twice as many
EMBEDS_LENGTH = 5000  # of all prompts in the embeds; Discord takes 6,000
WORDS_LENGTH = 300
LINK_BEGINS = ("https://", "http://")  # what else an image is named by is no address

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
    member = f"<@{review.row.user_id}>"
    left = [_("⚠️ {member} has left the server.", member=member)] if has_left else []
    return "\n".join(
        [
            _headline(review),
            _who_line(review, member),
            *_what_lines(review),
            *(_prompt_lines(review) if quote else [_("This server's filter hides the words.")]),
            *left,
            *_outcome(review),
            f"{NUMBER_MARK}{_('review {number}', number=review.row.id)}",
        ]
    )


def review_embeds(review: Review) -> list[discord.Embed]:
    """Return the images that the requests are made from, and their prompts where the text has no room."""
    known = [request for request in review.requests if request.erased_at is None]
    each = _room(review, PROMPTS_LENGTH)
    is_cut = any(len(request.prompt) > each for request in known)
    prompts = [_prompt_embed(review, request) for request in known] if is_cut else []
    links = dict.fromkeys(link for request in known for link in request.picture_urls or ())
    return [
        *prompts,
        *(discord.Embed().set_image(url=link) for link in links if link.startswith(LINK_BEGINS)),
    ]


def is_forgotten(review: Review) -> bool:
    """Whether the words are gone, so that no embed may show them."""
    return all(request.erased_at is not None for request in review.requests)


def _headline(review: Review) -> str:
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


def _who_line(review: Review, member: str) -> str:
    row = review.row
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
    first, price = review.requests[0], review.price
    cost = (
        _("💰 Price: **unknown**")
        if price is None
        else _("💰 Price: about **{price}**", price=show_money(price))
    )
    if review.film is not None:
        return [*parameter_lines(first)[:1], cost]
    return [*parameter_lines(first), *lineage_lines(first), cost]


def _prompt_lines(review: Review) -> list[str]:
    each = _room(review, PROMPTS_LENGTH)
    if review.film is None:
        return [f"{QUOTE_MARK}{shown_prompt(request, each)}" for request in review.requests]
    shots = [f"{QUOTE_MARK}**{request.shot}** {shown_prompt(request, each)}" for request in review.requests]
    return [f"{QUOTE_MARK}{shown_title(review.film)}", *shots]


def _prompt_embed(review: Review, request: Generation) -> discord.Embed:
    title = pgettext("title", "Full prompt")
    if review.film is not None:
        title = _("Shot {number}", number=request.shot or 0)
    return discord.Embed(title=title, description=escape(request.prompt)[: _room(review, EMBEDS_LENGTH)])


def _room(review: Review, length: int) -> int:
    """Return how many characters each prompt may have."""
    return length // max(1, len(review.requests))


def _outcome(review: Review) -> list[str]:
    row = review.row
    if row.decision is None:
        return []
    lines = [_(DECIDED[row.decision], moderator=f"<@{row.decided_by}>")]
    if row.words:
        lines.append(_("I told them: “{words}”", words=plain(row.words, WORDS_LENGTH)))
    return lines
