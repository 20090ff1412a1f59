"""The base of the buttons that are about one generation, whose id is all that they need."""

import re
from typing import ClassVar, Self

import discord

from cogs.ui.items import Item


def template_of(action: str) -> re.Pattern[str]:
    """Return the pattern of a button's custom id; 1 is the version of what stands in it."""
    return re.compile(rf"veo1:{action}:(?P<generation>[0-9a-f]{{16}})")


class VideoButton(Item, template=r"(?!)"):
    """Give an `action` (as in the template), a `label`, and `act`.

    The label is said in the language that is spoken when the button is made.
    """

    action: ClassVar[str]
    emoji: ClassVar[str | None] = None
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, generation_id: str, label: str | None = None, *, row: int | None = None) -> None:
        """`label`: in place of the usual one."""
        super().__init__(
            discord.ui.Button(
                label=label or self.label(),
                emoji=self.emoji,
                style=self.style,
                custom_id=f"veo1:{self.action}:{generation_id}",
            ),
            row=row,
        )
        self.generation_id = generation_id

    @classmethod
    def label(cls) -> str:
        """Return the usual label."""
        raise NotImplementedError

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return the button that was clicked."""
        return cls(match["generation"])


def view_of(*buttons: Item) -> discord.ui.View:
    """Return a view of buttons, or an empty one. discord.py keeps nothing of it (see `cogs.ui.items`)."""
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    return view
