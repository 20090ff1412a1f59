"""One field of a model's request body: what it may hold, and how a member's wish becomes it."""

from dataclasses import dataclass

from bot.text import clean

OptionValue = bool | int | str

TYPE_NAMES: dict[type, str] = {bool: "yes or no", int: "a whole number", str: "text"}

NEGATIVE_PROMPT_MAX_LENGTH = 1000  # characters
SEED_MAX = 2**32 - 1  # Veo's seed is an unsigned 32-bit number


class InvalidOptionError(ValueError):
    """A request that the catalogue does not allow; `str()` is a sentence for the member."""


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
    """

    name: str
    type: type[OptionValue]
    description: str
    choices: tuple[int | str, ...] = ()
    default: OptionValue | None = None
    minimum: int = 0
    maximum: int = SEED_MAX
    max_length: int = NEGATIVE_PROMPT_MAX_LENGTH

    def parse(self, value: object) -> OptionValue:
        """Return `value` as the provider spells it.

        Raises:
            InvalidOptionError: it is of the wrong type or outside the choices or bounds.
        """
        if type(value) is not self.type:
            raise InvalidOptionError(f"`{self.name}` must be {TYPE_NAMES[self.type]}.")
        if self.choices:
            return self._choose(value)
        match value:
            case bool():
                return value
            case int() if not self.minimum <= value <= self.maximum:
                raise InvalidOptionError(f"`{self.name}` must be from {self.minimum:,} to {self.maximum:,}.")
            case str():
                return checked_text(value, self.name, self.max_length)
            case _:
                return value

    def spelled(self, value: OptionValue) -> OptionValue | None:
        """Return the choice that differs from `value` in upper and lower case at most, or None."""
        alike = (choice for choice in self.choices if _folded(choice) == _folded(value))
        return next(alike, None)

    def _choose(self, value: OptionValue) -> OptionValue:
        choice = self.spelled(value)
        if choice is not None:
            return choice
        allowed = ", ".join(str(choice) for choice in self.choices)
        raise InvalidOptionError(f"`{self.name}` must be one of: {allowed}.")


def _folded(value: OptionValue) -> OptionValue:
    return value.casefold() if isinstance(value, str) else value


def checked_text(text: object, name: str, max_length: int) -> str:
    """Return `text` without hidden characters; `max_length` counts what is left.

    Raises:
        InvalidOptionError: it is no text, says nothing, or is too long.
    """
    if not isinstance(text, str):
        raise InvalidOptionError(f"`{name}` must be {TYPE_NAMES[str]}.")
    cleaned, shown_name = clean(text), name.replace("_", " ")
    if not cleaned:
        raise InvalidOptionError(f"The {shown_name} is empty. Please write what you mean in words.")
    if len(cleaned) > max_length:
        raise InvalidOptionError(
            f"The {shown_name} has {len(cleaned):,} characters; at most {max_length:,} are possible."
        )
    return cleaned
