"""The members' words that a review is about, each with as much of the room as it needs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.db.models import Generation
from bot.escape import escape, escape_within
from bot.i18n import _, ngettext, pgettext
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


@dataclass(frozen=True, slots=True)
class Beside:
    """The parts that can stand beside the text."""

    embeds: bool = True
    file: bool = True


@dataclass(frozen=True, slots=True)
class Quotation:
    """The subject of a review, as far as there's room for it.

    Attributes:
        lines: of the text: a film's title, and the prompts.
        embeds: beside it: the words, unless the text has all of them, and the images.
        is_in_text, is_in_embeds: whether these show all words.
        images: how many there are.
    """

    lines: Sequence[str]
    embeds: Sequence[discord.Embed]
    is_in_text: bool
    is_in_embeds: bool
    images: int

    def is_whole(self, beside: Beside) -> bool:
        """Whether all words are shown without a file."""
        return self.is_in_text or (self.is_in_embeds and beside.embeds)

    def notes(self, beside: Beside, *, is_quoted: bool) -> list[str]:
        """Return what's said about what isn't shown; `is_quoted`: the text and the embeds show words."""
        notes: list[str] = []
        is_whole = is_quoted and self.is_whole(beside)
        if not is_whole and beside.file:
            notes.append(_("📎 All of it is in the attached file."))
        elif not is_whole and is_quoted:
            notes.append(_("⚠️ Some of the text is missing because I can't attach files here."))
        shown = sum(embed.image.url is not None for embed in self.embeds) if beside.embeds else 0
        if hidden := self.images - shown:
            notes.append(
                ngettext(
                    "🖼️ Made from {count} image that I can't show here.",
                    "🖼️ Made from {count} images that I can't show here.",
                    hidden,
                )
            )
        return notes


def quote_review(review: Review, room: int) -> Quotation:
    """Return what a review is about; `room`: characters of the text that are left for it."""
    title = [] if review.film is None else [f"{QUOTE_MARK}{shown_title(review.film)}"]
    left = min(PROMPTS_LENGTH, room - sum(len(line) + 1 for line in title))
    prompts, parts, negatives = _prompts(review), _parts(review), _negatives(review)
    in_text, in_embeds = _fitted(prompts, left), _fitted(parts, EMBEDS_LENGTH)
    are_negatives_shown = len(negatives) <= 1 and all(
        len(words) <= NEGATIVE_PROMPT_LENGTH for words in negatives
    )
    is_in_text = are_negatives_shown and in_text == _unfitted(prompts)
    links, pages = _images(review), [] if is_in_text else _embeds_of(review, in_embeds)
    images = [discord.Embed().set_image(url=link) for link in links[: EMBEDS - len(pages)]]
    return Quotation(
        [*title, *in_text], [*pages, *images], is_in_text, in_embeds == _unfitted(parts), len(links)
    )


def all_words(review: Review) -> str:
    """Return all words as their member wrote them, for a file."""
    title = [] if review.film is None or review.film.erased_at else [review.film.title]
    prompts = [
        request.prompt if review.film is None else f"{_shot_name(request)}\n{request.prompt}"
        for request in _known(review)
    ]
    negatives = [_("Without: {words}", words=words) for words in _negatives(review) if words]
    return "\n\n".join([*title, *prompts, *negatives])


def _known(review: Review) -> list[Generation]:
    """Return the requests whose words are there."""
    return [request for request in review.at_stake if request.erased_at is None]


def _negatives(review: Review) -> list[str]:
    """Return what the videos are to be without, each once."""
    found = (str(request.options.get("negative_prompt") or "") for request in _known(review))
    return [*dict.fromkeys(found)]


def _images(review: Review) -> list[str]:
    """Return where the images are, each once."""
    links = dict.fromkeys(link for request in _known(review) for link in request.picture_urls or ())
    return [link for link in links if link.startswith(LINK_BEGINS)]


def _shot_name(request: Generation) -> str:
    return _("Shot {number}", number=request.shot or 0)


def _prompts(review: Review) -> list[Quoted]:
    return [
        Quoted(
            QUOTE_MARK if review.film is None else f"{QUOTE_MARK}**{request.shot}** ",
            _(ERASED_PROMPT) if request.erased_at else " ".join(clean(request.prompt).split()),
        )
        for request in review.at_stake
    ]


def _parts(review: Review) -> list[Quoted]:
    """Return the words as embeds show them."""
    parts = [
        Quoted("" if review.film is None else f"**{_shot_name(request)}** ", request.prompt)
        for request in _known(review)
    ]
    return parts + [Quoted(_("Without: {words}", words=""), words) for words in _negatives(review) if words]


def _embeds_of(review: Review, blocks: Sequence[str]) -> list[discord.Embed]:
    """Return as few embeds as the blocks fit in."""
    pages = [""]
    for block in blocks:
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
