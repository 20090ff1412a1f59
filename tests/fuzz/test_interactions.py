"""Whatever a changed client sends as a command: it is answered without a fault, and spends nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.e2e.raw import COMMAND, TYPING
from tests.fuzz.listening import Listener
from tests.fuzz.sent import Leaf, commands, known_things, leaves_of, mistyped, naming, nested, odd_values
from tests.fuzz.stage import Stage, open_stage
from tests.fuzz.tally import fuzz

SPENDS = "veo"  # the one command that may have something made


@pytest.fixture
def stage(tmp_path: Path, log: Listener) -> Iterator[Stage]:
    with open_stage(tmp_path, log) as stage:
        yield stage


@pytest.fixture
def things(stage: Stage) -> dict[str, Any]:
    """What Discord could say of what a command names."""

    async def open_server() -> Any:
        elsewhere = stage.world.env.create_guild("Elsewhere")
        elsewhere.create_text_channel("videos")
        return elsewhere.add_member(stage.world.env.create_user("zoe"))

    return known_things(stage.world, stage.play(open_server()))


def known(stage: Stage, *, spending: bool) -> list[Leaf]:
    """Return the commands of one of the two sorts."""
    found = [leaf for leaf in leaves_of(stage.world) if (leaf[0][0][0] == SPENDS) is spending]
    assert len(found) > (0 if spending else 10)
    return found


def play(stage: Stage, data: Any) -> None:
    """Let the moderator send a command, and check what must hold."""
    stage.log.forget()
    sent = stage.play(stage.dispatch(stage.world.mona, COMMAND, data))
    stage.check(sent)
    answers = [request for request in sent if request["path"].endswith("/callback")]
    assert len(answers) == 1, "it was not answered, or more than once"
    assert stage.world.provider.count("create") == 0


def ask_first(stage: Stage) -> None:
    """Let /veo make offers only: they cost nothing."""
    world = stage.world
    stage.play(world.mona.slash(world.channel, "veo-admin settings", ask_first=True))


def test_every_command_with_any_values_is_answered(stage: Stage) -> None:
    fuzz("commands", 20, commands(known(stage, spending=False)), lambda data: play(stage, data))


def test_every_command_with_values_of_any_type_is_answered(stage: Stage) -> None:
    cases = mistyped(known(stage, spending=False))
    fuzz("commands: other types", 26, cases, lambda data: play(stage, data))


def test_whatever_a_command_names_it_is_answered(stage: Stage, things: dict[str, Any]) -> None:
    cases = naming(known(stage, spending=False), things)
    fuzz("commands: people, roles, channels", 26, cases, lambda data: play(stage, data))


def test_a_request_with_values_of_any_type_is_answered(stage: Stage, things: dict[str, Any]) -> None:
    ask_first(stage)
    requests = known(stage, spending=True)
    cases = mistyped(requests) | naming(requests, things) | commands(requests)
    fuzz("requests: values and files", 32, cases, lambda data: play(stage, data))


def test_whatever_is_typed_gets_suggestions_or_none(stage: Stage) -> None:
    typing = [
        (leaf, option["name"])
        for leaf in [*known(stage, spending=False), *known(stage, spending=True)]
        for option in leaf[1]
        if option.get("autocomplete")
    ]
    assert len(typing) > 3

    def suggest(case: tuple[tuple[Leaf, str], Any, Any, int]) -> None:
        (leaf, name), typed, other, kind = case
        options = [{"name": name, "type": 3, "value": typed, "focused": True}]
        options += [{"name": o["name"], "type": kind, "value": other} for o in leaf[1] if o["name"] != name]
        stage.log.forget()
        sent = stage.play(stage.dispatch(stage.world.mona, TYPING, nested(leaf[0], options)))
        stage.check(sent)
        assert [request["json"]["type"] for request in sent] == [8], "no suggestions came"
        assert len(sent[0]["json"]["data"]["choices"]) <= 25

    kinds = st.sampled_from([3, 4, 6, 7, 8, 10, 11])
    fuzz("typing", 20, st.tuples(st.sampled_from(typing), st.text() | odd_values, odd_values, kinds), suggest)
