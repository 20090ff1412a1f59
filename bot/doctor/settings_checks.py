"""The settings as far as they make sense, and those that nobody reads, as after a slip of the keyboard."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import SecretStr, ValidationError

from bot.doctor.check_result import CheckResult
from bot.settings import Settings, SettingsError, load_settings, names_in_env_file, names_in_environment

KNOWN = frozenset(name.upper() for name in Settings.model_fields)
# What others read in the same file: `compose.yaml`, Docker Compose itself, a container's system (TZ).
OF_OTHERS = frozenset({"VEO_IMAGE", "POSTGRES_PASSWORD", "IMAGEIO_FFMPEG_EXE", "TZ"})
PREFIX_OF_COMPOSE = "COMPOSE_"
# In the environment stand many names of other programs: only a slip of one letter or two is told.
LIKENESS, LIKENESS_IN_ENVIRONMENT = 0.6, 0.9


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


def check_names() -> list[CheckResult]:
    """Return a warning for each name in `.env` that is no setting, and for each slip in the environment."""
    return [_finding(name, meant) for name, meant in _strangers(names_in_env_file(), names_in_environment())]


def _strangers(in_file: Collection[str], in_environment: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each name that nobody reads, with the setting that it resembles most; None: it resembles none."""
    for name in sorted(in_file):
        if name.upper() not in KNOWN | OF_OTHERS and not name.upper().startswith(PREFIX_OF_COMPOSE):
            yield name, _nearest(name, LIKENESS)
    for name in sorted(set(in_environment) - set(in_file)):
        meant = None if name.upper() in KNOWN else _nearest(name, LIKENESS_IN_ENVIRONMENT)
        if meant is not None:
            yield name, meant


def _nearest(name: str, likeness: float) -> str | None:
    return next(iter(get_close_matches(name.upper(), KNOWN, n=1, cutoff=likeness)), None)


def _finding(name: str, meant: str | None) -> CheckResult:
    return CheckResult(
        is_good=False,
        is_warning=True,
        what=f"There's no setting {name}, so it has no effect.",
        remedy=f"Did you mean {meant}?"
        if meant
        else "Remove it from .env, or look up its name in .env.example.",
    )
