"""Permission for `/veo-admin`, `/quota` and their buttons: Discord checks commands, but not buttons.

Source: Discord's help article "Updates to Command Permissions", and "Permissions" of "Application Commands"
in its documentation: what is set for the command wins over what is set for the whole application; only a
permission for the command itself stands in for the permission that it asks for. Settings for channels say
where a command is used, not by whom, and are left aside.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import discord
import structlog

from bot.discord_client.client import VeoBot
from bot.errors import UserError
from bot.i18n import _
from cogs.ui.discord_errors import CALL_ERRORS
from cogs.ui.interaction import Interaction
from cogs.ui.requester import role_ids_of

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

COMMAND = "veo-admin"
NO_OVERRIDES = 10066  # "Unknown application command permissions": nothing was set

ROLE = discord.AppCommandPermissionType.role.value
USER = discord.AppCommandPermissionType.user.value

# The commands' ids by their names, which only a new registration changes.
_command_ids: WeakKeyDictionary[discord.Client, dict[str, int]] = WeakKeyDictionary()


class NotModeratorError(UserError):
    """Somebody who may not use a command of moderators used one of its buttons."""

    def __init__(self, command: str) -> None:
        super().__init__(
            _("Only members who can use `/{command}` can do that. Nothing changed.", command=command)
        )


@dataclass(frozen=True, slots=True)
class Person:
    """A member, as an interaction shows them. `has_default`: the permission that the command asks for."""

    guild_id: int
    user_id: int
    role_ids: frozenset[int]
    is_administrator: bool = False
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """A server's permission for a role or member (`kind`); the server's own id is everyone's role."""

    kind: int
    id: int
    is_allowed: bool


def may_use(person: Person, of_command: Collection[Override], of_application: Collection[Override]) -> bool:
    """Whether Discord would let the person use the command."""
    if person.is_administrator:
        return True
    word = _word(person, of_command)
    if word is not None:
        return word
    return person.has_default and _word(person, of_application) is not False


def _word(person: Person, overrides: Collection[Override]) -> bool | None:
    """Return what the overrides say about the person; None: nothing."""
    own = [o.is_allowed for o in overrides if o.kind == USER and o.id == person.user_id]
    roles = person.role_ids - {person.guild_id}
    of_roles = [o.is_allowed for o in overrides if o.kind == ROLE and o.id in roles]
    of_everyone = [o.is_allowed for o in overrides if o.kind == ROLE and o.id == person.guild_id]
    if own:
        return all(own)
    if of_roles:
        return any(of_roles)
    return all(of_everyone) if of_everyone else None


async def ensure_moderator(interaction: Interaction, command: str = COMMAND) -> None:
    """Check that the person may use a command of moderators in this server; asks Discord, so defer first.

    Raises:
        NotModeratorError: they may not.
    """
    if not await is_moderator(interaction, command):
        raise NotModeratorError(command)


async def is_moderator(interaction: Interaction, command: str = COMMAND) -> bool:
    """Whether the person may use a command of moderators in this server; asks Discord, so defer first."""
    if interaction.guild_id is None:
        return False
    allowed = interaction.permissions
    person = Person(
        interaction.guild_id,
        interaction.user.id,
        role_ids_of(interaction.user),
        is_administrator=allowed.administrator,
        has_default=allowed.manage_guild,
    )
    of_command, of_application = await _fetch_overrides(interaction.client, person.guild_id, command)
    return may_use(person, of_command, of_application)


async def _fetch_overrides(bot: VeoBot, guild_id: int, command: str) -> tuple[list[Override], list[Override]]:
    """Return what the server set for the command and for the application; nothing where it cannot be read."""
    try:
        command_id = await _find_command(bot, command)
        if command_id is None or bot.application_id is None:
            return [], []
        of_command = await _fetch(bot, bot.application_id, guild_id, command_id)
        return of_command, await _fetch(bot, bot.application_id, guild_id, bot.application_id)
    except CALL_ERRORS as error:
        _command_ids.pop(bot, None)  # the command may have been registered anew
        log.warning("could not check who can moderate", guild=guild_id, error=str(error))
        return [], []


async def _find_command(bot: VeoBot, name: str) -> int | None:
    if name not in _command_ids.get(bot, {}):
        _command_ids[bot] = {command.name: command.id for command in await bot.tree.fetch_commands()}
    return _command_ids[bot].get(name)


async def _fetch(bot: VeoBot, application_id: int, guild_id: int, target_id: int) -> list[Override]:
    """Return what is set for `target_id`, a command or the application itself."""
    try:
        found: Any = await bot.http.get_application_command_permissions(application_id, guild_id, target_id)
    except discord.NotFound as error:
        if error.code != NO_OVERRIDES:
            raise
        return []
    return [
        Override(int(entry["type"]), int(entry["id"]), bool(entry["permission"]))
        for entry in found["permissions"]
    ]
