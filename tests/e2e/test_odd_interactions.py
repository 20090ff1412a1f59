"""What only a changed client can send: a sentence, or nothing, and the program goes on as before."""

import copy
from typing import Any

import pytest
from discord import app_commands
from structlog.testing import capture_logs

from bot.discord_client.interaction_payload import OptionType
from sandbox.world import World
from tests.e2e.driver import ask_and_hold, ask_for_video, case, results, rows, shown, the_result
from tests.e2e.quoting import ask_first
from tests.e2e.raw import COMMAND, COMPONENT, FORM, TYPING, Sent, answers_in, send_raw
from tests.e2e.reporting import add_bob

BAD_FIELD = "One of the fields has an invalid value. Open the form again."
BAD_VALUE = "One of the options has an invalid value. Choose it again."
UNREADABLE = "I can't read that message. Try another one."


def said(sent: Sent) -> str:
    """Return the one sentence that the person got, who alone sees it."""
    [answer] = answers_in(sent)
    assert answer["data"]["flags"] == 64, "everybody sees it"
    return answer["data"]["content"]


async def open_remix(world: World) -> tuple[str, list[dict[str, Any]]]:
    """Let alice open the Remix form of a video; return its id, and its parts as they are sent."""
    if not results(world):
        await ask_for_video(world)
        await ask_first(world)
    form = (await world.alice.click(the_result(world), label="Remix")).modal
    assert form is not None
    parts: list[dict[str, Any]] = []
    for label in form["components"]:
        part = label["component"]
        known = {"type": part["type"], "custom_id": part["custom_id"]}
        held: dict[str, Any] = {"value": part.get("value", "")}
        if part["type"] == 3:
            held = {"values": [option["value"] for option in part["options"] if option.get("default")]}
        parts.append({"type": 18, "component": {**known, **held}})
    return form["custom_id"], parts


ODD_FIELDS: list[tuple[int, dict[str, Any]]] = [
    (0, {"value": ["a", "list"]}),
    (0, {"value": 5}),
    (1, {"value": {"x": "y"}}),
    (2, {"values": ["google/veo9"]}),
    (2, {"values": []}),
    (2, {"values": None}),
    (2, {"values": 5}),
    (3, {"values": ["4", "8"]}),
    (3, {"values": [4]}),
    (3, {"values": [["4"]]}),
    (4, {"values": "16:9 720P"}),
    (4, {"custom_id": "unknown"}),
    (4, {"type": 18}),
]


@pytest.mark.nightly
async def test_a_form_with_something_else_in_it_is_refused_and_can_be_sent_again_rightly(
    world: World,
) -> None:
    form, parts = await open_remix(world)
    for number, changes in ODD_FIELDS:
        odd = copy.deepcopy(parts)
        odd[number]["component"].update(changes)
        with case((number, changes)):
            sent = await send_raw(world, world.alice, FORM, {"custom_id": form, "components": odd})
            assert said(sent).startswith(BAD_FIELD)
    sent = await send_raw(world, world.alice, FORM, {"custom_id": form, "components": [{"x": "y"}]})
    assert said(sent).startswith(BAD_FIELD)
    sent = await send_raw(world, world.alice, FORM, {"custom_id": form, "components": parts})
    assert "before you spend anything" in said(sent)


@pytest.mark.nightly
async def test_words_that_are_too_long_to_give_back_are_cut(world: World) -> None:
    for prompt in ("x" * 5000, "*" * 5000, "@" * 5000, "https://" * 300, "\n# " * 1000):
        form, parts = await open_remix(world)
        parts[0]["component"]["value"] = prompt
        with case(prompt[:9]):
            sent = await send_raw(world, world.alice, FORM, {"custom_id": form, "components": parts})
            assert "the maximum is 2,000" in said(sent)


@pytest.mark.nightly
async def test_a_form_of_another_person_is_sent_in_the_name_of_whoever_sends_it(world: World) -> None:
    form, parts = await open_remix(world)
    bob = add_bob(world)
    await send_raw(world, bob, FORM, {"custom_id": form, "components": parts})
    assert len((await world.app.services.privacy.export(bob.id))["offers"]) == 1
    assert (await world.app.services.privacy.export(world.alice.id))["offers"] == []


UNDESCRIBED: list[tuple[dict[str, Any], object]] = [
    ({"type": 6, "value": "123456789012345678"}, {}),
    ({"type": 6, "value": "x"}, {"users": {}}),
    ({"type": 6, "value": "5"}, {"users": {"5": {"id": "five", "username": "x"}}}),
    ({"type": 6, "value": "5"}, {"users": {"5": {"id": "5", "username": "x"}}, "members": {"5": []}}),
    ({"type": 3, "value": "alice"}, {}),
    ({"type": 6, "value": None}, None),
]


async def test_a_member_who_is_not_described_is_refused(world: World) -> None:
    for option, resolved in UNDESCRIBED:
        options = [{"name": "block", "type": 1, "options": [{"name": "member", **option}]}]
        data = {"id": "1", "name": "veo-admin", "type": 1, "options": options, "resolved": resolved}
        with case((option, resolved)):
            assert said(await send_raw(world, world.mona, COMMAND, data)).startswith(BAD_VALUE)
    assert await world.app.services.moderation.list_blocked(world.guild.id) == []


async def test_the_types_of_all_options_are_known_to_whoever_checks_them(world: World) -> None:
    commands = [c for c in world.app.bot.tree.walk_commands() if isinstance(c, app_commands.Command)]
    types = {option.type.value for command in commands for option in command.parameters}
    assert types >= {OptionType.TEXT, OptionType.WHOLE, OptionType.USER}, "the options were not found"
    assert types <= {*OptionType}


async def test_a_message_that_is_not_described_is_refused(world: World) -> None:
    odd: list[object] = [{}, {"messages": {}}, {"messages": {"5": {"content": 5}}}, None, []]
    for resolved in odd:
        data = {"id": "1", "name": "Animate this image", "type": 3, "target_id": "5", "resolved": resolved}
        with case(resolved):
            assert said(await send_raw(world, world.alice, COMMAND, data)).startswith(UNREADABLE)


async def test_what_cannot_be_completed_gets_no_suggestions(world: World) -> None:
    odd: list[tuple[object, int]] = [(5, 3), (None, 3), (["x"], 3), (4.5, 3), ("Ve", 9), ("Ve", 99)]
    for typed, kind in odd:
        models = {"name": "models", "type": kind, "value": typed, "focused": True}
        data = {"name": "veo-admin", "options": [{"name": "settings", "type": 1, "options": [models]}]}
        with case((typed, kind)):
            [answer] = answers_in(await send_raw(world, world.mona, TYPING, data))
            assert answer == {"type": 8, "data": {"choices": []}}


async def test_an_interaction_that_cannot_be_read_does_not_end_the_connection(world: World) -> None:
    await ask_and_hold(world)
    odd: list[tuple[int, object]] = [
        (FORM, {"custom_id": ["x"], "components": []}),
        (FORM, {"custom_id": "x"}),
        (COMPONENT, {"custom_id": 5, "component_type": 2}),
        (COMPONENT, None),
    ]
    for kind, data in odd:
        with case((kind, data)):
            with capture_logs() as logs:
                assert answers_in(await send_raw(world, world.alice, kind, data)) == []
            [line] = [line for line in logs if line["event"] == "could not read an event"]
            assert (line["kind"], line["log_level"]) == (kind, "warning")
            assert shown(await world.alice.slash(world.channel, "videos")).content
    assert len(await rows(world)) == 1
