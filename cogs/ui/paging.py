"""Long lists in pages that fit into one message, and the buttons that lead from one to the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.i18n import _, pgettext
from bot.i18n import number as in_words
from cogs.ui.items import Item

PAGE_LENGTH = 1950  # characters; Discord takes 2,000, and the page's number needs some


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
