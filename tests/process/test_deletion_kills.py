"""SIGKILL between a click on Delete and its effect: the message is deleted without another click."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.world import wait_until
from tests.process.scene import ALICE, REQUEST, Scene, open_scene

POINTS = {
    "before anything is written down": "bot.library.removal:Removal.remove:before",
    "before the message is deleted": "bot.library.removal:Removal.remove:after",
    "before it's noted that the message is deleted": "bot.library.removal:Removal.finish:before",
}
UNTOUCHED = "before anything is written down"


def let_the_grace_pass(scene: Scene) -> None:
    """Let the time pass that the click has, without waiting."""
    with closing(sqlite3.connect(scene.database, timeout=10)) as connection, connection:
        past = "UPDATE generations SET take_down_at = removed_at WHERE take_down_at IS NOT NULL"
        connection.execute(past)


def is_done(scene: Scene) -> bool:
    """Whether the video is removed, and nothing is left to do."""
    with closing(sqlite3.connect(scene.database, timeout=10)) as connection:
        done = "SELECT count(*) FROM generations WHERE removed_at IS NOT NULL AND take_down_at IS NULL"
        return connection.execute(done).fetchone() == (1,)


@pytest.mark.nightly(daily=["before the message is deleted"])
@pytest.mark.parametrize("name", POINTS)
async def test_a_video_that_is_deleted_is_gone_after_a_kill_without_another_click(
    tmp_path: Path, files: Path, name: str
) -> None:
    async with open_scene(tmp_path, files) as scene:
        async with scene.start(kill_at=POINTS[name]) as program:
            await scene.wire.wait_for_sessions()
            await (await scene.ask(REQUEST)).answered()
            [row] = await scene.settle()
            [posted] = scene.results(row.id)
            asked = await (await scene.wire.click(ALICE, posted, f"veo1:delete:{row.id}")).answered()
            assert asked is not None
            await scene.wire.click(ALICE, asked, f"veo1:delete-yes:{row.id}")
            assert await program.ended() == -signal.SIGKILL, "it was not killed at the named point"
        if name == UNTOUCHED:
            assert not is_done(scene)
            assert scene.results(row.id) == [posted]
            return
        let_the_grace_pass(scene)
        async with scene.start() as again:
            await scene.wire.wait_for_sessions()

            async def look() -> bool | None:
                return is_done(scene) or None

            await wait_until(look, seconds=120)
            assert scene.results(row.id) == []
            assert await again.stop() == 0, again.output
