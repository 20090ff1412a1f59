"""SIGKILL between a refusal that gives the last strike and its effect: one strike, one block, told once."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.process.scene import Scene, open_scene
from tests.process.test_undo_kills import use
from tests.wire_discord import Interaction

WORD = "zebra"
DECIDED = {
    "before": "bot.requests.service:GenerationService.request:before",
    "after": "bot.discord_client.tree:VeoTree.on_error:before",  # the refusal is written down, not answered
}
FAIL = "bot.jobs.queue:GenerationQueue.fail"


def stored(scene: Scene) -> tuple[list[str], int]:
    """Return what strikes were given for, and how many blocks the trail has."""
    with closing(sqlite3.connect(scene.database, timeout=10)) as connection:
        strikes = connection.execute("SELECT kind FROM strikes ORDER BY id").fetchall()
        (blocks,) = connection.execute("SELECT count(*) FROM audit WHERE action = 'block'").fetchone()
    return [kind for (kind,) in strikes], blocks


async def refusal(interaction: Interaction) -> str:
    answered = await interaction.answered()
    assert answered is not None
    return answered.content


@pytest.mark.nightly(daily=["after"])
@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_kill_around_the_last_strike_for_a_word_leaves_all_of_it_or_nothing(
    tmp_path: Path, files: Path, point: str
) -> None:
    async with open_scene(tmp_path, files) as scene:
        async with scene.start(kill_at=DECIDED[point]) as program:
            await scene.wire.wait_for_sessions()
            await use(scene, "veo-admin words add", {"word": WORD})
            await use(scene, "veo-admin strikes", {"ladder": "1: 1 day"})
            await scene.ask({"prompt": WORD, "duration": 4})
            assert await program.ended() == -signal.SIGKILL, "it was not killed at the named point"
        assert stored(scene) == (([], 0) if point == "before" else (["word"], 1))
        async with scene.start() as again:
            await scene.wire.wait_for_sessions()
            said = await refusal(await scene.ask({"prompt": WORD, "duration": 4}))
            assert "You're blocked from /veo on this server." in said
            assert stored(scene) == (["word"], 1)
            assert await again.stop() == 0, again.output


@pytest.mark.nightly(daily=["after"])
@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_kill_around_the_end_of_a_filtered_prompt_gives_one_strike_and_one_message(
    tmp_path: Path, files: Path, point: str
) -> None:
    async with open_scene(tmp_path, files) as scene:
        async with scene.start(kill_at=f"{FAIL}:{point}") as program:
            await scene.wire.wait_for_sessions()
            await use(scene, "veo-admin strikes", {"ladder": "1: 1 day"})
            await scene.ask({"prompt": "A fox [fail]", "duration": 4})
            assert await program.ended() == -signal.SIGKILL, "it was not killed at the named point"
        assert stored(scene) == (([], 0) if point == "before" else (["safety"], 1))
        async with scene.start() as again:
            await scene.wire.wait_for_sessions()
            await scene.settle()
            await scene.wire.wait_for(lambda: told(scene) or None)
            assert stored(scene) == (["safety"], 1)
            assert await again.stop() == 0, again.output
        assert len(told(scene)) == 1, "it was told twice"


def told(scene: Scene) -> list[str]:
    """Return the messages about strikes."""
    return [message.content for message in scene.wire.messages() if "You got a strike" in message.content]
