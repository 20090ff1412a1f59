"""What /privacy says, the file it hands out, and the buttons under its question."""

import gzip
import io
import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import discord

from bot.admission.limits import LONGEST_WINDOW
from bot.client import VeoBot
from bot.errors import BadInputError, UserError
from bot.privacy.service import Forgotten
from cogs.ui.items import Item

LARGEST_FILE = 8 * 2**20  # bytes; every server takes that much

QUESTION = f"""🗑️ **Delete your prompts?** This is about all your requests, on every server I am on, \
and it cannot be undone. `/privacy export` gives you a copy first.
- **Goes:** prompts, negative prompts, seeds, reasons of failures, and the links to videos and messages. \
{LONGEST_WINDOW.days} days after a request your name is taken off it too.
- **Stays:** how many videos you asked for, when, and what they cost, so that limits and budgets hold.
- **Stays:** what moderators recorded (blocks, grants, their log), and reports. While a report about one of \
your videos is open, the link to it and your name stay too.
- **Stays on Discord:** messages and videos that are posted, until somebody deletes them there.
A video that is still being made arrives as usual; its words go after that."""
KEPT = "Nothing was deleted."

Interaction = discord.Interaction[VeoBot]


class ExportTooLargeError(UserError):
    """The file is larger than Discord takes."""

    def __init__(self) -> None:
        super().__init__(
            "Your data is larger than a file on Discord can be. Please ask the people who run me for it."
        )


def export_text(document: Mapping[str, Any]) -> str:
    """Return the text above the file."""
    amount = _count(len(document["requests"]), "request")
    return (
        f"📦 Here is what I have recorded about you on all servers: **{amount}**, the reports you made, and "
        "what moderators decided about your limits. Only you can see this message."
    )


def export_file(document: Mapping[str, Any]) -> discord.File:
    """Return the document as a JSON file, compressed where it is large; takes time, so call it in a thread.

    Raises:
        ExportTooLargeError: it is too large all the same.
    """
    name = f"veo-{document['user_id']}.json"
    content = json.dumps(document, ensure_ascii=False, indent=2).encode()
    if len(content) > LARGEST_FILE:
        name, content = f"{name}.gz", gzip.compress(content, mtime=0)
    if len(content) > LARGEST_FILE:
        raise ExportTooLargeError
    return discord.File(io.BytesIO(content), filename=name)


def forgotten_text(forgotten: Forgotten) -> str:
    """Return what was deleted, and what is still to come."""
    if not forgotten.now and not forgotten.later:
        return "There was nothing to delete: I have recorded no words or links of yours."
    lines = [f"🗑️ Deleted: the words and links of **{_count(forgotten.now, 'request')}**."]
    if forgotten.later:
        lines.append(
            f"**{_count(forgotten.later, 'request')}** will follow: a video that is on its way arrives "
            "first, and its words and links go within about an hour after that. You need not do anything."
        )
    lines.append("Your limits are as before. What is posted on Discord stays until it is deleted there.")
    return "\n".join(lines)


def question_view(user_id: int) -> discord.ui.View:
    """Return the buttons under the question."""
    view = discord.ui.View(timeout=None)
    view.add_item(ForgetButton(user_id))
    view.add_item(KeepButton(user_id))
    return view


class OwnButton(Item, template=r"(?!)"):
    """Base of the buttons under the question: only the member who was asked may press them."""

    action: ClassVar[str]
    label: ClassVar[str]
    style: ClassVar[discord.ButtonStyle]

    def __init__(self, user_id: int) -> None:
        custom_id = f"veo1:{self.action}:{user_id}"
        super().__init__(discord.ui.Button(label=self.label, style=self.style, custom_id=custom_id))
        self._user_id = user_id

    @classmethod
    async def from_custom_id(cls, _: Any, __: Any, match: re.Match[str], /) -> Self:
        """Return the button that was pressed."""
        return cls(int(match["user_id"]))

    def ensure_asked(self, interaction: Interaction) -> None:
        """Check who presses, since a changed client can send any id.

        Raises:
            BadInputError: it is somebody else.
        """
        if interaction.user.id != self._user_id:
            raise BadInputError("This button is somebody else's. Nothing was deleted.")


class ForgetButton(OwnButton, template=r"veo1:forget:(?P<user_id>[0-9]{1,20})"):
    """Deletes the words and links of the member who was asked."""

    action = "forget"
    label = "Delete my prompts"
    style = discord.ButtonStyle.danger

    async def act(self, interaction: Interaction) -> None:
        """Delete, and say so in place of the question."""
        self.ensure_asked(interaction)
        await interaction.response.defer()  # many requests may take longer than Discord waits
        forgotten = await interaction.client.services.privacy.forget(interaction.user.id)
        await interaction.edit_original_response(content=forgotten_text(forgotten), view=None)


class KeepButton(OwnButton, template=r"veo1:keep:(?P<user_id>[0-9]{1,20})"):
    """Leaves everything as it is."""

    action = "keep"
    label = "Keep them"
    style = discord.ButtonStyle.secondary

    async def act(self, interaction: Interaction) -> None:
        """Take the question away."""
        self.ensure_asked(interaction)
        await interaction.response.edit_message(content=KEPT, view=None)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"
