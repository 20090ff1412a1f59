"""Whatever a changed client sends as a command: it is answered without a fault, and spends nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.fuzz.answers import ODD_NUMBERS, ODD_TEXTS
from tests.fuzz.listening import Listener
from tests.fuzz.stage import COMMAND, Stage, open_stage
from tests.fuzz.tally import fuzz

GROUPS = (1, 2)  # Discord's numbers of subcommands and their groups
VALUES: dict[int, st.SearchStrategy[Any]] = {
    3: st.sampled_from(ODD_TEXTS) | st.text(max_size=100),
    4: st.sampled_from([0, -1, 1, 4, 8, 2**31, 2**53 - 1]) | st.integers(-(2**53), 2**53),
    5: st.booleans(),
    10: st.sampled_from([number for number in ODD_NUMBERS if isinstance(number, float)]) | st.floats(0, 100),
}


def leaves(command: dict[str, Any], path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], list[Any]]]:
    """Return each subcommand's way from the command, and its options."""
    here = (*path, (command["name"], command.get("type", 1)))
    inner = [option for option in command.get("options", []) if option["type"] in GROUPS]
    if not inner:
        return [(here, command.get("options", []))]
    return [leaf for option in inner for leaf in leaves(option, here)]


@st.composite
def commands(draw: st.DrawFn, known: list[tuple[tuple[Any, ...], list[Any]]]) -> dict[str, Any]:
    """Draw a command with values of the right types that Discord would not offer; some are missing."""
    path, options = draw(st.sampled_from(known))
    chosen: list[dict[str, Any]] = []
    for option in options:
        if option["type"] not in VALUES or draw(st.integers(0, 3)) == 0:
            continue
        kind = option["type"]
        chosen.append({"name": option["name"], "type": kind, "value": draw(VALUES[kind])})
    for name, kind in reversed(path[1:]):
        chosen = [{"name": name, "type": kind, "options": chosen}]
    return {"id": "1", "name": path[0][0], "type": 1, "options": chosen}


@pytest.fixture
def stage(tmp_path: Path, log: Listener) -> Iterator[Stage]:
    with open_stage(tmp_path, log) as stage:
        yield stage


def test_every_command_with_any_values_is_answered(stage: Stage) -> None:
    tree = stage.world.app.bot.tree
    known = [leaf for command in tree.get_commands() for leaf in leaves(command.to_dict(tree)) if leaf[1]]
    harmless = [leaf for leaf in known if leaf[0][0][0] != "veo"]
    assert len(harmless) > 10

    def play(data: dict[str, Any]) -> None:
        stage.log.forget()
        sent = stage.play(stage.dispatch(stage.world.mona, COMMAND, data))
        stage.check(sent)
        assert any(request["path"].endswith("/callback") for request in sent), "it was not answered"
        assert stage.world.provider.count("create") == 0

    fuzz("commands", 60, commands(harmless), play)
