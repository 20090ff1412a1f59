"""The tables of docs/commands.md: every command, who may use it at first, and its options."""

import asyncio
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from discord import AppCommandOptionType, AppCommandType, app_commands

from bot.app.application import open_app
from bot.discord_client.client import EXTENSIONS
from bot.settings import Settings
from docs.markdown import anchor, table

Command = app_commands.Command[Any, ..., Any]
Menu = app_commands.ContextMenu

OWN_TABLE = "veo"  # its options are in the table of parameters, with their defaults
TYPES = {
    AppCommandOptionType.attachment: "a file",
    AppCommandOptionType.boolean: "`True`, `False`",
    AppCommandOptionType.channel: "a channel",
    AppCommandOptionType.integer: "a whole number",
    AppCommandOptionType.role: "a role",
    AppCommandOptionType.string: "text",
    AppCommandOptionType.user: "a member",
}


@cache
def load_commands() -> tuple[list[Command], list[Menu]]:
    """Return the commands of every cog, as Discord is told about them: slash commands by name, menus."""
    return asyncio.run(_load_commands())


def commands_overview() -> str:
    """Return the commands, each with who may use it at first; those in a message's menu at the end."""
    commands, menus = load_commands()
    rows = [(_linked(command), command.description, _users(command)) for command in commands]
    rows += [
        (f"a message's menu → Apps → {menu.name}", menu.extras["description"], "members") for menu in menus
    ]
    return table(("command", "what it does", "who"), rows)


def commands_options() -> str:
    """Return a section for each command that has options, but for /veo."""
    commands, _ = load_commands()
    return "\n".join(_section(command) for command in commands if _has_section(command))


def _section(command: Command) -> str:
    rows = [
        (
            f"`{option.display_name}`",
            str(option.description),
            _values(option),
            "yes" if option.required else "",
        )
        for option in command.parameters
    ]
    head = f"### `/{command.qualified_name}`\n\n{command.description}. For {_users(command)}.\n\n"
    return head + table(("option", "meaning", "values", "required"), rows)


def _values(option: app_commands.Parameter) -> str:
    if option.choices:
        return ", ".join(f"`{choice.name}`" for choice in option.choices)
    if option.type is AppCommandOptionType.integer and None not in {option.min_value, option.max_value}:
        return f"{option.min_value:,} to {option.max_value:,}"
    return TYPES[option.type]


def _linked(command: Command) -> str:
    name = f"`/{command.qualified_name}`"
    return f"[{name}](#{anchor(command.qualified_name)})" if _has_section(command) else name


def _has_section(command: Command) -> bool:
    return bool(command.parameters) and command.qualified_name != OWN_TABLE


def _users(command: Command) -> str:
    top = command.root_parent or command
    return "members" if top.default_permissions is None else "moderators"


async def _load_commands() -> tuple[list[Command], list[Menu]]:
    with TemporaryDirectory() as folder:
        values = {"discord_token": "none", "aimlapi_key": "none", "data_dir": Path(folder)}
        async with open_app(Settings.model_validate(values)) as app:
            for extension in EXTENSIONS:
                await app.bot.load_extension(extension)
            tree = app.bot.tree
            slash = [found for found in tree.walk_commands() if isinstance(found, app_commands.Command)]
            by_name = sorted(slash, key=lambda command: command.qualified_name)
            return by_name, tree.get_commands(type=AppCommandType.message)
