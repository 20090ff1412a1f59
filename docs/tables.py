"""Writes the tables in docs/ from the code, so that they can't say anything else: `make docs`.

Each table stands in one page, between two marks: `<!-- NAME -->` and `<!-- end of NAME -->`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from bot.media.images import MIN_SIDE
from bot.metrics.families import describe
from bot.metrics.metrics import REGISTRY
from bot.monitoring.alert_rules import MEANINGS, WARNINGS
from bot.provider.catalogue import (
    CATALOGUE,
    PROMPT_MAX_LENGTH,
    Option,
)
from bot.provider.choosing import choose_model, family_heads
from bot.provider.input_kinds import BY_IMAGES, InputKind
from bot.settings import Settings
from cogs.veo.options import FILES, MODEL, OPTIONS, PROMPT, default_of
from docs.command_tables import commands_options, commands_overview
from docs.markdown import table

OPEN_LABELS = ("model", "version", "python", "discord_py")  # whose values are not words of this program

ROOT = Path(__file__).parent.parent


def models_table() -> str:
    """Return the models that the catalogue offers."""
    rows = [
        (
            f"`{model.provider_name}`",
            model.family,
            model.kind.source.removeprefix("from ") or "the prompt alone",
            " and ".join(str(max(MIN_SIDE, side)) for side in model.sides(len(model.kind.image_fields))),
            model.description,
            "yes" if model is CATALOGUE[0] else "",
        )
        for model in CATALOGUE
    ]
    return table(("model", "name", "made from", "pixels on each side, at least", "what for", "default"), rows)


def parameters_table() -> str:
    """Return the options of /veo."""
    rows = [
        ("`prompt`", PROMPT, f"1 to {PROMPT_MAX_LENGTH:,} characters", "required"),
        (
            "`model`",
            MODEL,
            ", ".join(f"`{model.label}`" for model in family_heads(CATALOGUE)),
            _default_models(),
        ),
        *((f"`{name}`", description, "a file", "none") for name, description in FILES.items()),
        *(_parameter(option) for option in OPTIONS.values()),
    ]
    return table(("option", "meaning", "values", "default"), rows)


def settings_table() -> str:
    """Return the settings, as the program reads them."""
    rows: list[Sequence[str]] = []
    for name, field in Settings.model_fields.items():
        default = "**required**" if field.default is PydanticUndefined else _shown(field.default)
        rows.append((f"`{name.upper()}`", field.description or "", default))
    # The two secrets first, since they are what a new operator fills in.
    rows.sort(key=lambda row: row[2] != "**required**")
    return table(("setting", "meaning", "default"), rows)


def metrics_table() -> str:
    """Return the figures at /metrics; the values of labels where they are the program's own words."""
    rows = [
        (
            f"`{family.name}`",
            family.type,
            "; ".join(_label(*label) for label in family.labels.items()),
            family.meaning,
        )
        for family in describe(REGISTRY)
    ]
    return table(("name", "type", "labels", "meaning"), rows)


def alerts_table() -> str:
    """Return the alerts, with the level at which each is logged."""
    rows = [
        (f"`{kind}`", "warning" if kind in WARNINGS else "error", meaning)
        for kind, meaning in MEANINGS.items()
    ]
    return table(("alert", "level", "when"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "alerts": alerts_table,
    "commands": commands_overview,
    "command options": commands_options,
    "metrics": metrics_table,
    "models": models_table,
    "parameters": parameters_table,
    "settings": settings_table,
}


def pages(root: Path = ROOT) -> list[Path]:
    """Return the documents that may hold tables, in order."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def tables_in(text: str) -> list[str]:
    """Return the names of the tables that `text` has marks for."""
    return [name for name in TABLES if _marked(name).search(text)]


def with_tables(text: str) -> str:
    """Return `text` with every marked table as the code has it."""
    for name in tables_in(text):
        made = TABLES[name]()
        text = _marked(name).sub(lambda found, made=made: f"{found[1]}{made}{found[2]}", text)
    return text


def _marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)


def _default_models() -> str:
    """Return which family it is when none is chosen: the first one that can."""
    sources: dict[str, list[str]] = {}
    for kind in (*BY_IMAGES, InputKind.REFERENCES):
        family = choose_model(CATALOGUE, None, kind).family
        sources.setdefault(family, []).append(kind.source)
    return ", ".join(
        f"`{family}`" if "" in s else f"{' or '.join(s)} `{family}`" for family, s in sources.items()
    )


def _parameter(option: Option) -> Sequence[str]:
    if option.choices:
        values = ", ".join(f"`{choice}`" for choice in option.choices)
    elif option.type is bool:
        values = "yes, no"
    elif option.type is int:
        values = f"{option.minimum:,} to {option.maximum:,}"
    else:
        values = f"up to {option.max_length:,} characters"
    return (f"`{option.name}`", option.description, values, default_of(option.name) or "not sent")


def _label(name: str, values: Sequence[str]) -> str:
    return f"`{name}`" if name in OPEN_LABELS else f"`{name}`: {', '.join(values)}"


def _shown(value: object) -> str:
    match value:
        case "" | None:
            return ""
        case SecretStr():
            return f"`{value.get_secret_value()}`"
        case bool():
            return "`true`" if value else "`false`"
        case float():
            return f"`{value:g}`"
        case _:
            return f"`{value}`"


if __name__ == "__main__":
    for page in pages():
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
