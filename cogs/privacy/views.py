"""The text of /privacy, the file it hands out, and the buttons under its question."""

import gzip
import io
import json
from collections.abc import Mapping
from typing import Any, ClassVar, cast

import discord

from bot.admission.limits import LONGEST_WINDOW
from bot.errors import BadInputError, UserError
from bot.i18n import N_, NC_, _, ngettext
from bot.privacy.service import Forgotten
from cogs.ui.interaction import Interaction
from cogs.ui.items import Item, Parts

LARGEST_FILE = 8 * 2**20  # bytes; every server takes that much

KEPT = N_("Nothing was deleted.")


class ExportTooLargeError(UserError):
    """The file is larger than Discord takes."""

    def __init__(self) -> None:
        super().__init__(
            _("Your data is too large for a Discord file. Ask the people who run the bot for it.")
        )


def question() -> str:
    """Return what is asked before anything is deleted."""
    warning = _(
        "🗑️ **Delete your prompts?** This affects all your requests on every server I'm on and "
        "can't be undone. To get a copy first, use `/privacy export`."
    )
    words = _(
        "**Deleted:** prompts, negative prompts, seeds, failure reasons, and the links to "
        "videos, images and messages."
    )
    name = ngettext(
        "{count} day after a request, I also remove your name from it.",
        "{count} days after a request, I also remove your name from it.",
        LONGEST_WINDOW.days,
    )
    figures = _(
        "**Kept:** how many videos you requested, when, and what they cost, because limits and "
        "budgets depend on it."
    )
    decisions = _(
        "**Kept:** what moderators recorded (blocks, grants, their log), and reports. While a "
        "report about one of your videos is open, I also keep the link to it and your name."
    )
    questions = _(
        "**Deleted:** what you asked moderators, and what they allowed you once. An open question ends. "
        "**Kept** for 24 hours: that it ended or was declined, because you can ask again only after that. "
        "You can't ask about a deleted video whose prompt is gone."
    )
    messages = _("**Kept on Discord:** posted messages and videos, until somebody deletes them there.")
    later = _("A video that's still being made arrives as usual; I delete its prompt after that.")
    points = [f"- {point}" for point in (f"{words} {name}", questions, figures, decisions, messages)]
    return "\n".join([warning, *points, later])


def export_text(document: Mapping[str, Any]) -> str:
    """Return the text above the file."""
    return ngettext(
        "📦 Here's everything I have recorded about you on all servers: **{count} request**, "
        "the reports you made, what you asked moderators and their answers, and what they decided about "
        "your limits. Only you can see this message.",
        "📦 Here's everything I have recorded about you on all servers: **{count} requests**, "
        "the reports you made, what you asked moderators and their answers, and what they decided about "
        "your limits. Only you can see this message.",
        len(document["requests"]),
    )


def export_file(document: Mapping[str, Any]) -> discord.File:
    """Return the document as a JSON file, compressed where it is large; takes time, so call it in a thread.

    Raises:
        ExportTooLargeError: it is too large all the same.
    """
    name = f"veo-{document['user_id']}.json"
    content = _written(document).encode()
    if len(content) > LARGEST_FILE:
        name, content = f"{name}.gz", gzip.compress(content, mtime=0)
    if len(content) > LARGEST_FILE:
        raise ExportTooLargeError
    return discord.File(io.BytesIO(content), filename=name)


def _written(document: Mapping[str, Any]) -> str:
    """Return the document as JSON, with each request, offer and report on a line of its own.

    Python indents in slow steps of its own, and writes all in one step that lets no other thread run.
    """
    parts = [f"  {json.dumps(key)}: {_value(value)}" for key, value in document.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, ensure_ascii=False)
    items = [json.dumps(item, ensure_ascii=False) for item in cast("list[object]", value)]
    return "[\n    " + ",\n    ".join(items) + "\n  ]"


def forgotten_text(forgotten: Forgotten) -> str:
    """Return what was deleted, and what is still to come."""
    lines = list[str]()
    if forgotten.now or forgotten.later:
        lines.append(
            ngettext(
                "🗑️ Deleted the prompt and links of **{count} request**.",
                "🗑️ Deleted the prompts and links of **{count} requests**.",
                forgotten.now,
            )
        )
    if forgotten.questions:
        lines.append(
            _("🗑️ Deleted what you asked moderators, and the refused requests that you could ask about.")
        )
    if not lines:
        return _("There was nothing to delete: I have no prompts or links of yours.")
    if forgotten.later:
        lines.append(
            ngettext(
                "**{count} request** will follow: its video arrives first, and I delete its "
                "prompt and links within about an hour after that. You don't have to do "
                "anything.",
                "**{count} requests** will follow: their videos arrive first, and I delete "
                "their prompts and links within about an hour after that. You don't have to do "
                "anything.",
                forgotten.later,
            )
        )
    lines.append(
        _("Your limits haven't changed. What's posted on Discord stays until somebody deletes it there.")
    )
    return "\n".join(lines)


class OwnButton(Item):
    """Base of the buttons under the question: only the member who was asked may press them."""

    pattern = r"(?P<user_id>[0-9]{1,20})"
    parts: ClassVar[Parts] = {"user_id": int}

    def __init__(self, user_id: int) -> None:
        super().__init__(user_id)
        self._user_id = user_id

    def ensure_asked(self, interaction: Interaction) -> None:
        """Check who presses, since a changed client can send any id.

        Raises:
            BadInputError: it is somebody else.
        """
        if interaction.user.id != self._user_id:
            raise BadInputError(_("This button belongs to somebody else. Nothing was deleted."))


class ForgetButton(OwnButton):
    """Deletes the words and links of the member who was asked."""

    action = "forget"
    label = NC_("button", "Delete my prompts")
    style = discord.ButtonStyle.danger

    async def act(self, interaction: Interaction) -> None:
        """Delete, and say so in place of the question."""
        self.ensure_asked(interaction)
        await interaction.response.defer()  # many requests may take longer than Discord waits
        forgotten = await interaction.client.services.privacy.forget(interaction.user.id)
        await interaction.edit_original_response(content=forgotten_text(forgotten), view=None)


class KeepButton(OwnButton):
    """Leaves everything as it is."""

    action = "keep"
    label = NC_("button", "Keep them")

    async def act(self, interaction: Interaction) -> None:
        """Take the question away."""
        self.ensure_asked(interaction)
        await interaction.response.edit_message(content=_(KEPT), view=None)
