"""One field of a model's request body: what it may hold, and how a member's wish becomes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from bot.i18n import N_, _, number
from bot.markup import in_words

OptionValue = bool | int | str

WRONG_TYPE: Mapping[type, LiteralString] = {
    bool: N_("`{option}` must be yes or no."),
    int: N_("`{option}` must be a whole number."),
    str: N_("`{option}` must be text."),
}

NEGATIVE_PROMPT_MAX_LENGTH = 1000  # characters
SEED_MAX = 2**32 - 1  # Veo's seed is an unsigned 32-bit number

EMPTY_OPTION = N_("`{option}` is empty. Describe what you mean in words.")
EMPTY: Mapping[str, LiteralString] = {
    "prompt": N_("The prompt is empty. Describe the video in words."),
    "negative_prompt": N_("The negative prompt is empty. Describe in words what to leave out."),
}
TOO_LONG_OPTION = N_("`{option}` has {length} characters; the maximum is {most}.")
TOO_LONG: Mapping[str, LiteralString] = {
    "prompt": N_("The prompt has {length} characters; the maximum is {most}."),
    "negative_prompt": N_("The negative prompt has {length} characters; the maximum is {most}."),
}


class InvalidOptionError(ValueError):
    """A request that the catalogue does not allow; `str()` is a sentence for the member."""


def words_in(prompt: str, options: Mapping[str, object]) -> tuple[str, str]:
    """Return the texts of a request that its member wrote, each by itself; there may be no second one."""
    return prompt, str(options.get("negative_prompt", ""))


@dataclass(frozen=True, slots=True)
class Option:
    """One field of a model's request body.

    Attributes:
        name: the field's name on the wire and in the command.
        type: bool, int or str.
        description: shown beside the option in Discord; at most 100 characters.
        choices: the only allowed values, spelled as the provider spells them; empty: any.
        default: what the provider uses when the field is not sent; None: it decides by itself.
        minimum, maximum: bounds of an int without choices.
        max_length: characters of a str without choices.
        words: what the card says for yes and for no; a bool has these, and nothing else.
    """

    name: str
    type: type[OptionValue]
    description: str
    choices: tuple[int | str, ...] = ()
    default: OptionValue | None = None
    minimum: int = 0
    maximum: int = SEED_MAX
    max_length: int = NEGATIVE_PROMPT_MAX_LENGTH
    words: tuple[LiteralString, LiteralString] | None = None

    def __post_init__(self) -> None:
        """Refuse a row whose values would be shown as Python spells them."""
        if (self.type is bool) != (self.words is not None):
            raise TypeError(f"{self.name}: a bool has words for yes and for no, and nothing else has")

    def parse(self, value: object) -> OptionValue:
        """Return `value` as the provider spells it.

        Raises:
            InvalidOptionError: it is of the wrong type or outside the choices or bounds.
        """
        if type(value) is not self.type:
            raise InvalidOptionError(_(WRONG_TYPE[self.type], option=self.name))
        if self.choices:
            return self._choose(value)
        match value:
            case bool():
                return value
            case int() if not self.minimum <= value <= self.maximum:
                least, most = number(self.minimum), number(self.maximum)
                raise InvalidOptionError(
                    _("`{option}` must be from {least} to {most}.", option=self.name, least=least, most=most)
                )
            case str():
                return checked_text(value, self.name, self.max_length)
            case _:
                return value

    def shown(self, value: OptionValue) -> str:
        """Return what the card says for a value, in the language of the context."""
        if self.words is None:
            return str(value)
        yes, no = self.words
        return _(yes if value else no)

    def spelled(self, value: OptionValue) -> OptionValue | None:
        """Return the choice that differs from `value` in upper and lower case at most, or None."""
        alike = (choice for choice in self.choices if _folded(choice) == _folded(value))
        return next(alike, None)

    def _choose(self, value: OptionValue) -> OptionValue:
        choice = self.spelled(value)
        if choice is not None:
            return choice
        if len(self.choices) == 1:
            raise InvalidOptionError(
                _("Here, `{option}` must be {choice}.", option=self.name, choice=self.choices[0])
            )
        allowed = ", ".join(str(choice) for choice in self.choices)
        raise InvalidOptionError(
            _("`{option}` must be one of: {choices}.", option=self.name, choices=allowed)
        )


def _folded(value: OptionValue) -> OptionValue:
    return value.casefold() if isinstance(value, str) else value


def checked_text(text: object, name: str, max_length: int) -> str:
    """Return `text` in words, as `in_words` does; `max_length` counts what is left.

    Raises:
        InvalidOptionError: it is no text, says nothing, or is too long.
    """
    if not isinstance(text, str):
        raise InvalidOptionError(_(WRONG_TYPE[str], option=name))
    cleaned = in_words(text)
    if not cleaned:
        raise InvalidOptionError(_(EMPTY.get(name, EMPTY_OPTION), option=name))
    if len(cleaned) > max_length:
        raise InvalidOptionError(
            _(
                TOO_LONG.get(name, TOO_LONG_OPTION),
                option=name,
                length=number(len(cleaned)),
                most=number(max_length),
            )
        )
    return cleaned
