"""Writes the README's tables from the code, so that they cannot say anything else: `make docs`.

Each table stands between two marks: `<!-- NAME -->` and `<!-- end of NAME -->`.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from discord import AppCommandType, app_commands
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from bot.app import open_app
from bot.client import EXTENSIONS
from bot.settings import Settings
from bot.veo.catalogue import (
    CATALOGUE,
    DEFAULT_MODEL,
    PROMPT_MAX_LENGTH,
    Kind,
    Option,
    choose_model,
    family_heads,
)
from bot.watch.alert_rules import MEANINGS, WARNINGS, AlertKind
from bot.watch.metrics import Metrics
from cogs.ui.options import MODEL, OPTIONS, PICTURES, PROMPT, default_of

Command = app_commands.Command[Any, ..., Any]

OPEN_LABELS = ("model", "version", "python", "discord_py")  # whose values are not words of this program

README = Path(__file__).parent.parent / "README.md"


def models_table() -> str:
    """Return the models that the catalogue offers."""
    rows = [
        (
            f"`{model.id}`",
            model.family,
            model.kind.source.removeprefix("from ") or "the prompt alone",
            model.description,
            "yes" if model is DEFAULT_MODEL else "",
        )
        for model in CATALOGUE
    ]
    return _table(("model", "name", "made from", "what for", "default"), rows)


def parameters_table() -> str:
    """Return the options of /veo."""
    rows = [
        ("`prompt`", PROMPT, f"1 to {PROMPT_MAX_LENGTH:,} characters", "required"),
        ("`model`", MODEL, ", ".join(f"`{model.label}`" for model in family_heads()), _default_models()),
        *((f"`{name}`", description, "a file", "none") for name, description in PICTURES.items()),
        *(_parameter(option) for option in OPTIONS.values()),
    ]
    return _table(("option", "meaning", "values", "default"), rows)


def settings_table() -> str:
    """Return the settings, as the program reads them."""
    rows: list[Sequence[str]] = []
    for name, field in Settings.model_fields.items():
        default = "**required**" if field.default is PydanticUndefined else _shown(field.default)
        rows.append((f"`{name.upper()}`", field.description or "", default))
    # The two secrets first, since they are what a new operator fills in.
    rows.sort(key=lambda row: row[2] != "**required**")
    return _table(("setting", "meaning", "default"), rows)


def commands_table() -> str:
    """Return the commands, each with who may use it at first; those in the menu of a message at the end."""
    commands, menus = asyncio.run(_load_commands())
    rows = [
        (f"`/{command.qualified_name}`", command.description, _users(command), _options(command))
        for command in sorted(commands, key=lambda command: command.qualified_name)
        if command.qualified_name != "veo"
    ]
    rows += [
        (f"a message's menu → Apps → {menu.name}", menu.extras["description"], "members", "")
        for menu in menus
    ]
    return _table(("command", "what for", "who", "options"), rows)


def metrics_table() -> str:
    """Return the figures at /metrics; the values of labels where they are the program's own words."""
    rows = [
        (
            f"`{family.name}`",
            family.type,
            "; ".join(_label(*label) for label in family.labels.items()),
            family.meaning,
        )
        for family in Metrics(tuple(AlertKind)).describe()
    ]
    return _table(("name", "type", "labels", "meaning"), rows)


def alerts_table() -> str:
    """Return the alerts, with the level at which each is logged."""
    rows = [
        (f"`{kind}`", "warning" if kind in WARNINGS else "error", meaning)
        for kind, meaning in MEANINGS.items()
    ]
    return _table(("alert", "level", "when"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "alerts": alerts_table,
    "commands": commands_table,
    "metrics": metrics_table,
    "models": models_table,
    "parameters": parameters_table,
    "settings": settings_table,
}


def with_tables(text: str) -> str:
    """Return `text` with every marked table as the code has it.

    Raises:
        ValueError: a mark is missing.
    """
    for name, table in TABLES.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"the README has no marks for the table {name!r}")
        text = pattern.sub(lambda found, table=table: f"{found[1]}{table()}{found[2]}", text)
    return text


async def _load_commands() -> tuple[list[Command], list[app_commands.ContextMenu]]:
    """Return the commands of every cog, as Discord is told about them: slash commands, messages' menus."""
    with TemporaryDirectory() as folder:
        values = {"discord_token": "none", "aimlapi_key": "none", "data_dir": folder}
        async with open_app(Settings.model_validate(values)) as app:
            for extension in EXTENSIONS:
                await app.bot.load_extension(extension)
            tree = app.bot.tree
            slash = [found for found in tree.walk_commands() if isinstance(found, app_commands.Command)]
            return slash, tree.get_commands(type=AppCommandType.message)


def _users(command: Command) -> str:
    top = command.root_parent or command
    return "members" if top.default_permissions is None else "moderators"


def _options(command: Command) -> str:
    names = [
        f"`{option.display_name}`" if option.required else option.display_name
        for option in command.parameters
    ]
    return ", ".join(names)


def _default_models() -> str:
    """Return which family it is when none is chosen: the first one that can."""
    sources: dict[str, list[str]] = {}
    for kind in Kind:
        family = choose_model(None, len(kind.image_fields)).family
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


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
