"""Buttons and forms that outlive a restart, and whose errors reach the person who used them.

A button's state is in its custom id, so nothing is kept in memory. All items of a view have to be such
buttons or links, and the view must have no timeout: discord.py's `ViewStore` unregisters the pattern of a
button for the whole program when a view that also has other items ends.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, LiteralString, Self, TypedDict

import discord

from bot.db.models import Generation, Status
from bot.discord_client.replies import is_served, record_shown, reply_with_error
from bot.errors import BadInputError, UserError
from bot.i18n import NC_, _, locale_used, pgettext
from bot.jobs.ports import Posted
from cogs.ui.interaction import Interaction

TextInput = discord.ui.TextInput[Any]
Parts = Mapping[str, Callable[[str], object]]
AnyInteraction = discord.Interaction[Any]  # what discord.py says that it hands over; it is always ours

FORM_TIMEOUT = 900.0  # seconds in which a form can be sent; discord.py keeps an open one in memory

READ = "read"  # in `Interaction.extras`: discord.py could read what was sent with a form


NOTHING = r"(?!)"  # a pattern that matches nothing


def message_link(generation: Generation) -> str | None:
    """Return the address of the message with the video, or None where there is none that others can open."""
    if generation.result_id is None:
        return None
    return post_link(generation.guild_id, Posted(generation.result_id, generation.result_channel_id))


def post_link(guild_id: int, post: Posted) -> str | None:
    """Return the address of a message; None for a direct one, which others cannot open."""
    if post.channel_id is None:
        return None
    return f"https://discord.com/channels/{guild_id}/{post.channel_id}/{post.message_id}"


def linked(generation_id: str, link: str | None) -> str:
    """Return a video's ID as it stands in a text: it leads to the message, where there is one."""
    return generation_id if link is None else f"[{generation_id}]({link})"


LinkButton = discord.ui.Button[discord.ui.View]


def watch_button(generation: Generation) -> LinkButton | None:
    """Return the button that leads to the video; None: there is none, or none that others can open."""
    link = message_link(generation) if generation.status is Status.SUCCEEDED else None
    if link is None or generation.removed_at is not None:
        return None
    return discord.ui.Button(label=pgettext("button", "Watch the video"), url=link)


def card_button(generation: Generation, card_id: int | None, *, row: int | None = None) -> LinkButton | None:
    """Return the button that leads to the request's card; None: there is none."""
    if card_id is None:
        return None
    link = post_link(generation.guild_id, Posted(card_id, generation.channel_id))
    return discord.ui.Button(label=pgettext("button", "Show the card"), url=link, row=row)


class BadFieldError(BadInputError):
    """A form was sent with something in it that it does not take; only a changed client can do that."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "One of the fields has an invalid value. Open the form again. This didn't "
                "count toward your limit."
            )
        )


class Item(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=NOTHING):
    """Base of our buttons: give an `action`, the `pattern` of its state, a `label`, and `act`.

    The custom id is `veo1:<action>:<state>`; 1 is the version of what stands in it. `parts`: what reads those
    groups of the pattern that are no plain text, such as `int`. The label is marked with
    `NC_`, and said in the language that is spoken when the button is made. Register each class with
    `bot.add_dynamic_items`.
    """

    action: ClassVar[str] = ""
    label: ClassVar[LiteralString]
    pattern: ClassVar[str]
    parts: ClassVar[Parts] = {}
    emoji: ClassVar[str | None] = None
    style: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init_subclass__(cls) -> None:
        """Make the template; a base without an action has none."""
        super().__init_subclass__(template=f"veo1:{cls.action}:{cls.pattern}" if cls.action else NOTHING)

    def __init__(self, *state: object, label: str | None = None, row: int | None = None) -> None:
        """`state`: what stands in the custom id, with colons between; `label`: in place of the usual one."""
        super().__init__(
            discord.ui.Button(
                label=pgettext("button", self.label) if label is None else label,
                emoji=self.emoji,
                style=self.style,
                custom_id=":".join(["veo1", self.action, *map(str, state)]),
            ),
            row=row,
        )

    @classmethod
    def match(cls, custom_id: str | None) -> re.Match[str] | None:
        """Return what a custom id says, if it is of such a button."""
        return cls.__discord_ui_compiled_template__.fullmatch(custom_id or "")

    @classmethod
    async def from_custom_id(
        cls, _: AnyInteraction, __: discord.ui.Item[discord.ui.View], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed; discord.py calls this."""
        return cls.from_match(match)

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Return the button that a custom ID stands for: made of the state's parts, in their order there."""
        return cls(*(cls.parts.get(name, str)(part) for name, part in match.groupdict().items()))

    async def callback(self, interaction: AnyInteraction) -> None:
        """Do what the button is for; discord.py would only log an error."""
        with locale_used(interaction.locale.value):
            try:
                if await is_served(interaction):
                    await self.act(interaction)
            except Exception as error:  # noqa: BLE001 it is logged where it becomes a reply
                await reply_with_error(interaction, error)

    async def act(self, interaction: Interaction) -> None:
        """Do what the button is for; every error becomes a reply."""
        raise NotImplementedError


def view_of(*buttons: Item | LinkButton | None) -> discord.ui.View:
    """Return a view of buttons and links, or an empty one. discord.py keeps nothing of it (see above)."""
    view = discord.ui.View(timeout=None)
    for button in filter(None, buttons):
        view.add_item(button)
    return view


class Content(TypedDict):
    """A message as discord.py's send and edit methods take it."""

    content: str
    view: discord.ui.View


class VideoButton(Item):
    """Base of the buttons about one video, whose id is all that they need."""

    pattern = r"(?P<generation>[0-9a-f]{16})"

    def __init__(self, generation_id: str, label: str | None = None, *, row: int | None = None) -> None:
        """`label`: in place of the usual one."""
        super().__init__(generation_id, label=label, row=row)
        self.generation_id = generation_id


class FilmButton(Item):
    """Base of the buttons about one film, whose id is all that they need."""

    pattern = r"(?P<film>[0-9a-f]{16})"

    def __init__(self, film_id: str) -> None:
        super().__init__(film_id)
        self.film_id = film_id


class AskingButton(Item):
    """Base of those that ask whether it is to be deleted."""

    label = NC_("button", "Delete")
    emoji = "🗑️"


class DeletingButton(Item):
    """Base of those that delete it."""

    label = NC_("button", "Delete it")
    style = discord.ButtonStyle.danger


class KeepingButton(Item):
    """Base of those that leave it where it is."""

    label = NC_("button", "Keep it")

    async def act(self, interaction: Interaction) -> None:
        """Take the question away."""
        await interaction.response.edit_message(content=_("Nothing was deleted."), view=None)


class Form(discord.ui.Modal):
    """Base of our forms: give `act`.

    One that is open while the program restarts cannot be sent any more: Discord says so.

    Args:
        title: in the language of the person who opens it.
    """

    def __init__(self, title: str) -> None:
        super().__init__(title=title, timeout=FORM_TIMEOUT)

    def add_text(
        self,
        custom_id: str,
        label: str,
        max_length: int,
        *,
        description: str | None = None,
        default: str | None = None,
        required: bool = True,
    ) -> TextInput:
        """Add a field for words of several lines, and return it; one that is `required` can't be empty."""
        field = TextInput(
            custom_id=custom_id,
            style=discord.TextStyle.paragraph,
            default=default,
            required=required,
            min_length=1 if required else None,
            max_length=max_length,
        )
        self.add_item(discord.ui.Label(text=label, description=description, component=field))
        return field

    async def give_back(self, interaction: Interaction, error: UserError, **words: Any) -> None:
        """Answer with a refusal, what can be done now, and the words that were sent, since the form is gone.

        `words`: the parts of the message that have them.
        """
        view = interaction.client.way_on(error)
        await interaction.edit_original_response(content=str(error), view=view, **words)
        await record_shown(interaction, error)

    async def interaction_check(self, interaction: AnyInteraction, /) -> bool:
        """Remember that discord.py came so far: what it raises before is about what was sent."""
        interaction.extras[READ] = True
        return True

    async def on_submit(self, interaction: AnyInteraction, /) -> None:
        """Do what the form is for, if its fields hold what they can hold."""
        with locale_used(interaction.locale.value):
            if await is_served(interaction):
                for field in self.walk_children():
                    _ensure_possible(field)
                await self.act(interaction)

    async def on_error(self, interaction: AnyInteraction, error: Exception, /) -> None:
        """Answer the person who sent the form."""
        with locale_used(interaction.locale.value):
            await reply_with_error(interaction, error if READ in interaction.extras else BadFieldError())

    async def act(self, interaction: Interaction) -> None:
        """Do what the form is for; every error becomes a reply."""
        raise NotImplementedError


def _ensure_possible(field: discord.ui.Item[Any]) -> None:
    """Check what discord.py takes from a form as it comes; how long a text may be says whoever uses it.

    Raises:
        BadFieldError: a text is none, or what was chosen is none of the choices.
    """
    match field:
        case discord.ui.TextInput():
            is_possible = isinstance(field.value, str)  # pyright: ignore[reportUnnecessaryIsInstance]: it is as it was sent
        case discord.ui.Select():
            min_values, offered = field.min_values if field.required else 0, [o.value for o in field.options]
            is_possible = min_values <= len(field.values) <= field.max_values
            is_possible = is_possible and all(value in offered for value in field.values)
        case _:
            return
    if not is_possible:
        raise BadFieldError
