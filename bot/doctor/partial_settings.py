"""The settings as far as they make sense, for a doctor who shall say more than that one is wrong."""

from dataclasses import dataclass

from pydantic import SecretStr, ValidationError

from bot.settings import Settings, SettingsError, load_settings


@dataclass(frozen=True, slots=True)
class Inspection:
    """The readable part of settings that may be wrong.

    Attributes:
        settings: with a stand-in wherever one is wrong; None: nothing can be read at all.
        wrong: the names of those that are, in lower case.
        problems: one readable line each, without values.
    """

    settings: Settings | None
    wrong: frozenset[str]
    problems: list[str]


def inspect_settings() -> Inspection:
    """Read the bot's settings as far as they make sense; never raises for what is in them."""
    try:
        return Inspection(load_settings(), frozenset(), [])
    except SettingsError as error:
        problems = error.problems
    wrong = frozenset(line.partition(":")[0].lower() for line in problems) & Settings.model_fields.keys()
    stand_ins = {name: _stand_in(name) for name in wrong}
    try:
        settings = Settings(**stand_ins)  # pyright: ignore[reportArgumentType]: by name, checked by pydantic
    except (ValidationError, UnicodeDecodeError, OSError):
        return Inspection(None, wrong, problems)
    return Inspection(settings, wrong, problems)


def _stand_in(name: str) -> object:
    """Return what stands for a setting whose value makes no sense."""
    field = Settings.model_fields[name]
    return SecretStr("missing") if field.is_required() else field.default
