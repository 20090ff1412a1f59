"""The command as Discord is told about it."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.provider.catalogue import CATALOGUE, PROMPT_MAX_LENGTH, Option
from cogs.veo.options import FILES
from sandbox.world import World
from tests.e2e.driver import ask, case, requests

TYPES: dict[type, int] = {str: 3, int: 4, bool: 5}  # Discord's numbers of option types
OPTIONS = {option.name: option for model in reversed(CATALOGUE) for option in model.options}
ATTACHMENT = 11


def command(world: World) -> dict[str, Any]:
    """Return /veo as it was sent."""
    return dict(world.env.backend.commands[None]["veo", 1])


def declared(world: World) -> dict[str, dict[str, Any]]:
    return {option["name"]: option for option in command(world)["options"]}


def texts(part: dict[str, Any]) -> Iterator[str]:
    """Yield what Discord counts: names, descriptions and the values of choices."""
    for key in ("name", "description", "value"):
        yield str(part.get(key, ""))
    for inner in [*part.get("options", []), *part.get("choices", [])]:
        yield from texts(inner)


async def test_the_command_exists_in_servers_only_and_for_every_member(world: World) -> None:
    sent = command(world)
    assert (sent["name"], sent["type"]) == ("veo", 1)
    assert sent["contexts"] == [0], "the command is offered outside of servers"
    assert sent["integration_types"] == [0], "the command can be installed for a user alone"
    assert sent["default_member_permissions"] is None, "not every member may use the command"
    assert "veo" in world.alice.available_commands(world.channel)


async def test_the_options_are_a_prompt_and_what_nobody_has_to_choose(world: World) -> None:
    options = command(world)["options"]
    assert {option["name"] for option in options} == {"prompt", "model", *FILES, *OPTIONS}
    assert options[0]["name"] == "prompt"
    assert [option["name"] for option in options if option["required"]] == ["prompt"]
    assert (options[0]["min_length"], options[0]["max_length"]) == (1, PROMPT_MAX_LENGTH)
    assert {declared(world)[name]["type"] for name in ("image", "last_image")} == {ATTACHMENT}


async def test_discord_checks_what_the_catalogue_checks(world: World) -> None:
    options = declared(world)
    for name, option in OPTIONS.items():
        with case(name):
            assert_checked(options[name], option)


def assert_checked(sent: dict[str, Any], option: Option) -> None:
    """Check that an option as it was sent has the catalogue's type, choices, bounds and default."""
    assert sent["type"] == TYPES[option.type]
    assert tuple(choice["value"] for choice in sent.get("choices", [])) == option.choices
    if option.type is int and not option.choices:
        assert (sent["min_value"], sent["max_value"]) == (option.minimum, option.maximum)
    if option.type is str and not option.choices:
        assert (sent["min_length"], sent["max_length"]) == (1, option.max_length)
    assert sent["description"].startswith(option.description)
    default = {"True": "yes", "False": "no"}.get(str(option.default), str(option.default))
    says_default = f"(default: {default}" in sent["description"]
    assert says_default == (option.default is not None), "the description tells another default"


async def test_discords_limits_are_kept(world: World) -> None:
    sent = command(world)
    assert len(sent["options"]) <= 25
    for part in [sent, *sent["options"]]:
        assert 1 <= len(part["description"]) <= 100, f"{part['name']} has a description of the wrong length"
    for option in sent["options"]:
        assert len(option.get("choices", [])) <= 25
        assert all(1 <= len(choice["name"]) <= 100 for choice in option.get("choices", []))
    assert sum(map(len, texts(sent))) <= 8000, "the command is too large for Discord"


@pytest.mark.nightly
async def test_discord_is_told_once_as_long_as_nothing_changes(own_world: World) -> None:
    world = own_world
    [synced] = requests(world, "PUT", "/commands")
    commands: Any = synced.json
    assert not any(command["nsfw"] for command in commands), "a command is hidden in most channels"
    await world.restart()
    await world.restart()
    assert len(requests(world, "PUT", "/commands")) == 1, "unchanged commands were synced again"
    assert (await ask(world)).acknowledged, "the command does not work after a restart"
