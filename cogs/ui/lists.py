"""Lists of any length: as text, in pages, or as an attached file, which Discord may not take."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import discord

from bot.i18n import _, ngettext, pgettext
from bot.i18n import number as in_words
from cogs.ui.discord_errors import Remedy, classify_error
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item

MESSAGE_MAX_LENGTH = 2000  # characters of one Discord message
MAX_CHOICES = 25  # suggestions that Discord shows
PAGE_LENGTH = 1950  # characters; Discord takes 2,000, and the page's number needs some


def together(parts: Iterable[str]) -> str:
    """Return parts of a sentence as a list, such as "a and b and c"."""
    # Translators: the blanks belong to it
    return pgettext("between the parts of a list", " and ").join(parts)


def first_of(texts: Sequence[str], room: int, between: int = 2) -> list[str]:
    """Return as many texts as fit into so many characters, at least one, then how many more there are.

    `between`: characters that stand around each.
    """
    shown: list[str] = []
    for text in texts:
        room -= len(text) + between
        if shown and room < 0:
            break
        shown.append(text)
    left = len(texts) - len(shown)
    return [*shown, ngettext("{count} more", "{count} more", left)] if left else shown


async def reply_with_list(
    interaction: Interaction,
    heading: str,
    lines: Sequence[str],
    *,
    file_lines: Sequence[str],
    file_name: str,
) -> None:
    """Answer with a list that only the person who used the command sees.

    `lines` are as Discord shows them, `file_lines` for a file.
    """
    text = "\n".join([heading, *lines])
    if len(text) <= MESSAGE_MAX_LENGTH:
        await interaction.response.send_message(text, ephemeral=True)
        return
    content = io.BytesIO("\n".join(file_lines).encode())
    amount = ngettext("{count} line of text.", "{count} lines of text.", len(file_lines))
    file = discord.File(content, file_name, description=f"{heading} {amount}")
    where = _("The list is long, so I attached it as a file.")
    await interaction.response.send_message(f"{heading} {where}", file=file, ephemeral=True)


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `number` counts from 0 and is always one that there is."""

    content: str
    number: int
    count: int


def paginate(head: str, lines: Sequence[str], foot: str, number: int) -> Page:
    """Return page `number` of `lines`, or the last one; `head` and `foot` stand on every page.

    The three together must leave room for the longest line.
    """
    room = PAGE_LENGTH - len(head) - len(foot)
    pages: list[list[str]] = [[]]
    taken = 0
    for line in lines:
        if pages[-1] and taken + len(line) + 1 > room:
            pages.append([])
            taken = 0
        pages[-1].append(line)
        taken += len(line) + 1
    shown = min(max(number, 0), len(pages) - 1)
    footer = (
        [_("Page {number} of {count}", number=in_words(shown + 1), count=in_words(len(pages)))]
        if len(pages) > 1
        else []
    )
    return Page("\n".join(part for part in [head, *pages[shown], foot, *footer] if part), shown, len(pages))


def page_buttons(number: int, count: int, make: Callable[[int, str], Item], *between: Item) -> list[Item]:
    """Return the buttons to the pages before and after, where there are such; with `between` between them."""
    before = [make(number - 1, pgettext("button", "Previous page"))] if number > 0 else []
    after = [make(number + 1, pgettext("button", "Next page"))] if number < count - 1 else []
    return [*before, *between, *after]


async def edit_with_files(
    interaction: Interaction,
    content: str,
    files: Sequence[discord.File],
    view: discord.ui.View | None,
    *,
    without: str | None = None,
) -> None:
    """Let the answer be this, in place of what it was; where Discord takes no files, without them.

    `without`: what is said then; None: the same.
    """
    edit = interaction.edit_original_response
    try:
        await edit(content=content, attachments=files, view=view)
    except discord.HTTPException as error:
        if not files or classify_error(error) is Remedy.LATER:
            raise
        await edit(content=content if without is None else without, attachments=[], view=view)
