"""SIGKILL in the midst of a burst: who was answered gets a video, and nobody else's request is left lying."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.world import wait_until
from tests.process.scene import REQUEST, Scene, open_scene
from tests.wire_discord import Interaction

MEMBERS = range(100, 112)


@dataclass(frozen=True)
class Found:
    """What was left of a request when all had settled."""

    card_id: int | None
    results: int
    create_calls: int


async def play(answers: int, folder: Path, files: Path) -> tuple[set[int], list[Found]]:
    """Kill the program once as many of a burst are answered; start it again; let everything settle.

    Returns the ids of the cards that were shown before the kill, and what became of each recorded request.
    """
    async with open_scene(folder, files) as scene:
        async with scene.start() as program:
            await scene.wire.wait_for_sessions()
            asked = [await scene.ask(REQUEST, user_id) for user_id in MEMBERS]
            await answered(asked, answers)
            await program.kill()
        shown = {interaction.message.id for interaction in asked if interaction.message is not None}
        async with scene.start() as again:
            await scene.wire.wait_for_sessions()
            found = [find(scene, row.id, row.card_id) for row in await scene.settle(120)]
            assert await again.stop() == 0, again.output
        return shown, found


def find(scene: Scene, generation_id: str, card_id: int | None) -> Found:
    return Found(card_id, len(scene.results(generation_id)), scene.create_calls(generation_id))


async def answered(asked: list[Interaction], answers: int) -> None:
    """Return as soon as so many are answered."""

    async def look() -> bool | None:
        return True if sum(one.message is not None for one in asked) >= answers else None

    await wait_until(look, seconds=120)


@pytest.mark.nightly(daily=["6"])
@pytest.mark.parametrize("answers", range(len(MEMBERS) + 1))
async def test_a_burst_survives_a_kill_after_answers(tmp_path: Path, files: Path, answers: int) -> None:
    shown, found = await play(answers, tmp_path, files)
    assert len(shown) >= answers
    assert shown <= {request.card_id for request in found}, "an answer was given and does not stand"
    assert [request.results for request in found] == [1] * len(found), "not every one ended once"
    assert [request.create_calls for request in found] == [1] * len(found), "not every one was paid for once"
