"""SIGKILL between a moderator's click and its effect: it's decided once, and the member is told once."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.db.database import open_database
from bot.moderation.appeals import Appeals
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from sandbox.world import wait_until
from tests.process.scene import ALICE, MODERATOR, REQUEST, Scene, open_scene
from tests.wire_discord import Interaction, Message
from tests.wire_discord.payloads import member_payload
from tests.wire_discord.state import ALL_PERMISSIONS

MEMBER = member_payload(MODERATOR) | {"permissions": str(ALL_PERMISSIONS)}
DECIDE = "bot.moderation.appeals:Appeals.decide"


def stored(scene: Scene) -> tuple[str | None, int]:
    """Return what was decided, and how often that stands in the trail."""
    with closing(sqlite3.connect(scene.database, timeout=10)) as connection:
        (decision,) = connection.execute("SELECT decision FROM appeals").fetchone()
        (entries,) = connection.execute("SELECT count(*) FROM audit WHERE action = 'appeal_allow'").fetchone()
    return decision, entries


async def forbid(scene: Scene) -> None:
    """Forbid a word of the request, and choose a channel for moderators."""
    mona = Moderator(scene.wire.guild.id, MODERATOR)
    async with open_database(f"sqlite+aiosqlite:///{scene.database}") as database:
        moderation = Moderation(Decisions(database))
        await moderation.add_word(mona, "fox")
        await moderation.change_settings(mona, {"moderators_channel_id": scene.wire.channel.id})


async def appeal(scene: Scene) -> Message:
    """Let alice be refused and ask a moderator; return what the moderators see."""
    refusal = await (await scene.ask(REQUEST)).answered()
    assert refusal is not None
    async with open_database(f"sqlite+aiosqlite:///{scene.database}") as database:
        alice = Moderator(scene.wire.guild.id, ALICE)
        await Appeals(database).ask(alice, appeal_id(scene), "it is a play")

    async def look() -> Message | None:
        return next((one for one in scene.wire.messages() if one.content.startswith("🙋")), None)

    return await wait_until(look, seconds=120)


def appeal_id(scene: Scene) -> str:
    with closing(sqlite3.connect(scene.database, timeout=10)) as connection:
        (row_id,) = connection.execute("SELECT id FROM appeals").fetchone()
    return str(row_id)


async def told(scene: Scene) -> bool | None:
    return True if scene.wire.direct_messages(ALICE) else None


async def accepted(scene: Scene) -> bool | None:
    return True if scene.rows() else None


async def allow(scene: Scene, message: Message) -> Interaction:
    return await scene.wire.click(
        MODERATOR, message, f"veo1:appeal-decide:allow:{appeal_id(scene)}", member=MEMBER
    )


@pytest.mark.nightly(daily=["after"])
@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_kill_between_the_click_and_its_effect_allows_once(
    tmp_path: Path, files: Path, point: str
) -> None:
    async with open_scene(tmp_path, files) as scene:
        async with scene.start(kill_at=f"{DECIDE}:{point}") as program:
            await scene.wire.wait_for_sessions()
            await forbid(scene)
            message = await appeal(scene)
            await allow(scene, message)
            assert await program.ended() == -signal.SIGKILL, "it was not killed at the named point"
        assert stored(scene) == ((None, 0) if point == "before" else ("allow", 1))
        async with scene.start() as again:
            await scene.wire.wait_for_sessions()
            await allow(scene, message)
            await wait_until(lambda: told(scene), seconds=120)
            await scene.ask(REQUEST)
            await wait_until(lambda: accepted(scene), seconds=120)
            [made] = await scene.settle()
            assert made.prompt == REQUEST["prompt"]
            assert await again.stop() == 0, again.output
        assert stored(scene) == ("allow", 1)
        [message] = scene.wire.direct_messages(ALICE)
        assert "allowed this request once" in message.content
