"""The payload of a command, read strictly before discord.py makes objects of it. Pure.

Discord checks most of it, but a client that was changed, one of another version, or a field that discord.py
does not expect may bring anything; discord.py would then fail where nobody is answered, or hand on a value of
another type than was declared. The shapes are those of "Interaction Data" and "Resolved Data" in Discord's
documentation; only what is read later is named here.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import BadInputError, UserError, uncounted
from bot.i18n import N_, _
from bot.provider.options import WRONG_TYPE

BAD_VALUE = N_(
    "One of the options has an invalid value. Choose it again. This didn't count toward your limit."
)
OUTDATED = N_(
    "This command has changed. Reload Discord (Ctrl+R) and try again. This didn't count toward your limit."
)
UNREADABLE = N_("I can't read that message. Try another one. This didn't count toward your limit.")

MAX_INTEGER = 2**53  # the bound of Discord's INTEGER, either way

Snowflake = Annotated[str, Field(pattern=r"\A[0-9]{1,20}\z")]


class OptionType(IntEnum):
    """Discord's numbers of the types of options that commands here have."""

    TEXT = 3
    WHOLE = 4
    TRUTH = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    FILE = 11


TYPES: Mapping[int, type] = {OptionType.TEXT: str, OptionType.WHOLE: int, OptionType.TRUTH: bool}


class _Sent(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class SentUser(_Sent):
    """A person or a bot, as Discord describes them."""

    id: Snowflake
    username: str
    global_name: str | None = None
    bot: bool = False


class SentFile(_Sent):
    """An uploaded file; `size` in bytes."""

    id: Snowflake
    filename: str
    url: str
    size: int
    content_type: str | None = None


class SentImage(_Sent):
    """An image in an embed."""

    url: str | None = None


class SentEmbed(_Sent):
    """The images of a link."""

    image: SentImage | None = None
    thumbnail: SentImage | None = None


class SentSnapshot(_Sent):
    """A message that another one forwards."""

    message: "SentMessage"


class SentMessage(_Sent):
    """A message in whose menu a command was chosen."""

    content: str = ""
    attachments: list[SentFile] = []
    embeds: list[SentEmbed] = []
    mentions: list[SentUser] = []
    message_snapshots: list[SentSnapshot] = []


class Resolved(_Sent):
    """The objects behind a command's ids, by id; the rest of each is left to discord.py."""

    users: dict[str, SentUser] = {}
    channels: dict[str, dict[str, Any]] = {}
    roles: dict[str, dict[str, Any]] = {}
    attachments: dict[str, SentFile] = {}
    messages: dict[str, SentMessage] = {}

    def has(self, kind: int, value: object) -> bool:
        """Return whether an id is one of those that something is said of."""
        sections: dict[int, Mapping[str, object]] = {
            OptionType.USER: self.users,
            OptionType.CHANNEL: self.channels,
            OptionType.ROLE: self.roles,
            OptionType.FILE: self.attachments,
        }
        return isinstance(value, str) and value in sections.get(kind, {})


class SentOption(_Sent):
    """An option, or a subcommand with options of its own."""

    name: str
    type: int
    value: Any = None
    focused: bool = False
    options: list[Self] = []


class SentCommand(_Sent):
    """A command. `type`: 1 is typed, 2 and 3 are of the menus of a person and of a message."""

    name: str
    type: Literal[1, 2, 3] = 1
    guild_id: Snowflake | None = None
    target_id: Snowflake | None = None
    options: list[SentOption] = []
    resolved: Resolved = Resolved()

    @classmethod
    def read(cls, data: object) -> Self:
        """Return it as it was sent.

        Raises:
            BadInputError: it has another shape.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            is_menu = isinstance(data, Mapping) and "target_id" in data
            raise BadInputError(_(UNREADABLE) if is_menu else _(BAD_VALUE)) from error

    @property
    def chosen(self) -> list[SentOption]:
        """The options of the command or of its subcommand."""
        options = self.options
        while options and options[0].type in {1, 2}:
            options = options[0].options
        return options

    @property
    def typed(self) -> SentOption | None:
        """The option that suggestions are wanted for; None: there is none, or none with a text."""
        focused = next((option for option in self.chosen if option.focused), None)
        is_text = focused is not None and focused.type == OptionType.TEXT and isinstance(focused.value, str)
        return focused if is_text else None

    def ensure_fits(self, declared: Mapping[str, int]) -> None:
        """Check the values by the options' declared types, Discord's numbers by name.

        Raises:
            UserError: one has another type, names what Discord says nothing of, or is not declared.
        """
        for option in self.chosen:
            if option.name not in declared:
                raise UserError(_(OUTDATED))
            self._ensure_value(option, declared[option.name])

    def ensure_target(self) -> None:
        """Check that the message is there in whose menu the command was chosen.

        Raises:
            BadInputError: it is not.
        """
        if self.target_id not in self.resolved.messages:
            raise BadInputError(_(UNREADABLE))

    def _ensure_value(self, option: SentOption, declared: int) -> None:
        wanted = TYPES.get(declared)
        if wanted is None:
            if option.type != declared or not self.resolved.has(declared, option.value):
                raise BadInputError(_(BAD_VALUE))
        elif option.type != declared or type(option.value) is not wanted:
            reason = _(WRONG_TYPE[wanted], option=option.name)
            raise BadInputError(uncounted(reason))
        elif wanted is int and abs(option.value) > MAX_INTEGER:
            raise BadInputError(_(BAD_VALUE))
