"""The commands that the bot has synced; they say which type an option has."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from tests.wire_discord.bodies import BODY
from tests.wire_discord.channel_routes import API
from tests.wire_discord.refusals import RefusalError, json_answer
from tests.wire_discord.state import Json, State

GLOBAL = API + "/applications/{application_id}/commands"
OF_GUILD = API + "/applications/{application_id}/guilds/{guild_id}/commands"
CHAT_INPUT, ENTRY_POINT = 1, 4
SUBCOMMAND, GROUP = 1, 2  # option types that are no values


@dataclass(frozen=True, slots=True)
class CommandOption:
    """A value for an option, with Discord's number of its type."""

    name: str
    type: int
    value: object


class Commands:
    """Commands by name, those of all servers and those of one (bulk overwrite and list)."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_guild: dict[int | None, list[Json]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(GLOBAL, self._list),
            web.put(GLOBAL, self._overwrite),
            web.get(OF_GUILD, self._list),
            web.put(OF_GUILD, self._overwrite),
        ]

    def all(self, guild_id: int | None = None) -> list[Json]:
        """Return the commands of a server, or those of all servers."""
        return self._by_guild.get(guild_id, [])

    def keep(self, command: Json) -> None:
        """Add a command of all servers that the bot did not upload, such as an Entry Point command."""
        self._by_guild.setdefault(None, []).append(command)

    def data(
        self, guild_id: int, name: str, options: Mapping[str, object]
    ) -> tuple[Json, list[CommandOption]]:
        """Return an interaction's `data` without values, and the values with their types.

        `name` names a subcommand after its command, such as `quota set`; its options belong into the
        innermost `options` list of the returned data.

        Raises:
            LookupError: no such command or option was synced.
        """
        first, *rest = name.split()
        known = [*self.all(guild_id), *self.all()]
        command = _named(known, first)
        data: Json = {"id": command["id"], "name": first, "type": CHAT_INPUT, "options": []}
        inner = data
        for part in rest:
            command = _named(command.get("options") or [], part)
            deeper: Json = {"name": part, "type": command["type"], "options": []}
            inner["options"].append(deeper)
            inner = deeper
        known_options: list[Json] = command.get("options") or []
        kinds: dict[str, int] = {option["name"]: option["type"] for option in known_options}
        unknown = set(options) - set(kinds)
        if unknown:
            raise LookupError(f"/{name} has no option {min(unknown)}")
        values = [CommandOption(key, kinds[key], value) for key, value in options.items()]
        return data, values

    async def _list(self, request: web.Request) -> web.Response:
        return json_answer(self.all(_guild_of(request)))

    async def _overwrite(self, request: web.Request) -> web.Response:
        guild_id = _guild_of(request)
        sent = request[BODY].json
        kept = [command["id"] for command in self.all(guild_id) if command["type"] == ENTRY_POINT]
        if not {*kept} <= {command.get("id") for command in (sent if isinstance(sent, list) else [])}:  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType]: JSON
            raise RefusalError(400, 50240, "You cannot remove this app's Entry Point command")
        commands = [self._stored(command, guild_id) for command in (sent if isinstance(sent, list) else [])]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]: JSON
        self._by_guild[guild_id] = commands
        self._state.notify()
        return json_answer(commands)

    def _stored(self, command: Json, guild_id: int | None) -> Json:
        new_id = self._state.snowflakes.new()
        return {
            "type": CHAT_INPUT,
            "description": "",
            **command,
            "id": str(new_id),
            "application_id": str(self._state.bot_id),
            "version": str(new_id),
            **({} if guild_id is None else {"guild_id": str(guild_id)}),
        }


def innermost(data: Json) -> list[Json]:
    """Return the list into which the values of a command or subcommand belong."""
    options: list[Json] = data["options"]
    while options and options[0]["type"] in {SUBCOMMAND, GROUP}:
        options = options[0]["options"]
    return options


def _named(items: list[Json], name: str) -> Json:
    for item in items:
        if item["name"] == name:
            return item
    raise LookupError(f"the bot has not synced /{name}")


def _guild_of(request: web.Request) -> int | None:
    guild_id = request.match_info.get("guild_id")
    return None if guild_id is None else int(guild_id)
