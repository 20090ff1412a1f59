"""SIGKILL between a click on Undo and its effect: it's undone once, and the next click says what was."""

import signal
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.world import wait_until
from tests.process.scene import MODERATOR, Scene, open_scene
from tests.wire_discord import Interaction, Message
from tests.wire_discord.payloads import member_payload
from tests.wire_discord.state import ALL_PERMISSIONS

MEMBER = member_payload(MODERATOR) | {"permissions": str(ALL_PERMISSIONS)}
UNDO = "bot.moderation.undo:Undo.undo"


def stored(scene: Scene) -> tuple[str, list[str]]:
    """Return the server's rules as they are stored, and what its undos are about."""
    with closing(sqlite3.connect(scene.database, timeout=10)) as connection:
        (rules,) = connection.execute("SELECT json_extract(policy, '$.rules') FROM guilds").fetchone()
        undos = connection.execute("SELECT subject FROM audit WHERE action = 'undo' ORDER BY id").fetchall()
    return rules, [subject for (subject,) in undos]


async def use(scene: Scene, name: str, options: Mapping[str, object] | None = None) -> Message:
    """Let a moderator use a command, and return the answer."""
    answered = await (await scene.wire.interact(MODERATOR, name, options, member=MEMBER)).answered()
    assert answered is not None
    return answered


async def click(scene: Scene, message: Message) -> Interaction:
    """Let the moderator click the second decision's Undo."""
    return await scene.wire.click(MODERATOR, message, "veo1:undo:2", member=MEMBER)


async def says(message: Message, text: str) -> None:
    """Wait until the log says something."""

    async def look() -> bool | None:
        return True if message.content.startswith(text) else None

    await wait_until(look, seconds=120)


@pytest.mark.nightly(daily=["after"])
@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_kill_between_the_click_and_its_effect_undoes_once(
    tmp_path: Path, files: Path, point: str
) -> None:
    async with open_scene(tmp_path, files) as scene:
        async with scene.start(kill_at=f"{UNDO}:{point}") as program:
            await scene.wire.wait_for_sessions()
            await use(scene, "quota set", {"videos": "5"})
            await use(scene, "quota set", {"videos": "3"})
            log = await use(scene, "veo-admin log")
            await click(scene, log)
            assert await program.ended() == -signal.SIGKILL, "it was not killed at the named point"
        rules, undos = stored(scene)
        assert ('"most":5' in rules, len(undos)) == ((False, 0) if point == "before" else (True, 1))
        async with scene.start() as again:
            await scene.wire.wait_for_sessions()
            await click(scene, log)
            await says(log, "✅ **Undone:**")
            assert await again.stop() == 0, again.output
        rules, undos = stored(scene)
        assert '"most":5' in rules
        assert undos == ["2:quota_set:server"]
