"""The members' words that a review is about, each with as much of the room as it needs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.db.models import Generation
from bot.escape import escape, escape_within
from bot.i18n import _, pgettext
from bot.moderation.review_decisions import Review
from bot.text import clean, share
from cogs.cards.card import ERASED_PROMPT, NEGATIVE_PROMPT_LENGTH, QUOTE_MARK
from cogs.cards.film_card import shown_title

PROMPTS_LENGTH = 600  # characters of all prompts in the text, escaped
EMBED_LENGTH = 4000  # of one embed; Discord takes 4,096
EMBEDS_LENGTH = 5800  # of all prompts in the embeds; Discord takes 6,000
EMBEDS = 10  # that Discord takes
LINK_BEGINS = ("https://", "http://")  # what else an image is named by is no address


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words of a member, and what stands before them."""

    before: str
    words: str


def prompt_lines(review: Review, room: int) -> list[str]:
    """Return the title of a film and the prompts, one line each, in `room` characters of the message."""
    title = [] if review.film is None else [f"{QUOTE_MARK}{shown_title(review.film)}"]
    left = room - sum(len(line) + 1 for line in title)
    return [*title, *_fitted(_prompts(review), min(PROMPTS_LENGTH, left))]


def embeds_beside(review: Review, room: int) -> list[discord.Embed]:
    """Return the images that the requests are made from, and their words where the text has no room."""
    known = [request for request in review.at_stake if request.erased_at is None]
    negatives = dict.fromkeys(str(request.options.get("negative_prompt") or "") for request in known)
    is_whole = max(map(len, negatives), default=0) <= NEGATIVE_PROMPT_LENGTH and len(negatives) <= 1
    is_cut = (
        not is_whole or _unfitted(_prompts(review)) != prompt_lines(review, room)[-len(review.at_stake) :]
    )
    prompts = _embeds_of(review, known, [words for words in negatives if words]) if is_cut else []
    links = dict.fromkeys(link for request in known for link in request.picture_urls or ())
    images = [discord.Embed().set_image(url=link) for link in links if link.startswith(LINK_BEGINS)]
    return [*prompts, *images[: EMBEDS - len(prompts)]]


def _prompts(review: Review) -> list[Quoted]:
    return [
        Quoted(
            QUOTE_MARK if review.film is None else f"{QUOTE_MARK}**{request.shot}** ",
            _(ERASED_PROMPT) if request.erased_at else " ".join(clean(request.prompt).split()),
        )
        for request in review.at_stake
    ]


def _embeds_of(review: Review, known: Sequence[Generation], negatives: Sequence[str]) -> list[discord.Embed]:
    """Return as few embeds as all words fit in."""
    shots = [_("Shot {number}", number=request.shot or 0) for request in known]
    marks = ["" if review.film is None else f"**{shot}** " for shot in shots]
    parts = [Quoted(mark, request.prompt) for mark, request in zip(marks, known, strict=True)]
    parts += [Quoted(_("Without: {words}", words=""), words) for words in negatives]
    pages = [""]
    for block in _fitted(parts, EMBEDS_LENGTH):
        if pages[-1] and len(pages[-1]) + 1 + len(block) > EMBED_LENGTH:
            pages.append("")
        pages[-1] = f"{pages[-1]}\n{block}" if pages[-1] else block
    title = pgettext("title", "Full prompt") if review.film is None else None
    return [discord.Embed(title=title if page is pages[0] else None, description=page) for page in pages]


def _fitted(parts: Sequence[Quoted], room: int) -> list[str]:
    """Return the parts with their words in `room`, line breaks and what stands before them included."""
    left = room - sum(len(part.before) + 1 for part in parts)
    each = share([len(escape(part.words)) for part in parts], left)
    return [f"{part.before}{escape_within(part.words, each)}" for part in parts]


def _unfitted(parts: Sequence[Quoted]) -> list[str]:
    return [f"{part.before}{escape(part.words)}" for part in parts]
