"""SIGKILL between a moderator's click and its effect: it's approved once, and the video is made once."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.db.database import open_database
from bot.db.models import Status
from bot.db.review_models import ReviewStage
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from bot.policy.documents import Reviewed, ReviewRule
from sandbox.world import wait_until
from tests.process.scene import MODERATOR, REQUEST, Scene, open_scene
from tests.process.test_appeal_kills import MEMBER
from tests.wire_discord import Interaction, Message

DECIDE = "bot.moderation.reviews:Reviews.decide"


async def review_everybody(scene: Scene, stage: ReviewStage = ReviewStage.MADE) -> None:
    """Let requests or finished videos wait for moderators, who have a channel."""
    settings = {
        "moderators_channel_id": scene.wire.channel.id,
        "review": ReviewRule(who=Reviewed.EVERYBODY),
        "review_stage": stage,
    }
    async with open_database(f"sqlite+aiosqlite:///{scene.database}") as database:
        moderation = Moderation(Decisions(database))
        await moderation.change_settings(Moderator(scene.wire.guild.id, MODERATOR), settings)


def stored(scene: Scene) -> tuple[str, str | None, int]:
    """Return the review's ID, what was decided, and how often that stands in the trail."""
    with closing(sqlite3.connect(scene.database, timeout=10)) as connection:
        review_id, decision = connection.execute("SELECT id, decision FROM reviews").fetchone()
        counted = "SELECT count(*) FROM audit WHERE action LIKE 'review_%'"
        (entries,) = connection.execute(counted).fetchone()
    return review_id, decision, entries


async def shown_review(scene: Scene) -> Message:
    async def look() -> Message | None:
        return next((one for one in scene.wire.messages() if one.content.startswith("👀 **A")), None)

    return await wait_until(look, seconds=120)


async def click(scene: Scene, message: Message) -> Interaction:
    custom_id = f"veo1:review-decide:approve:{stored(scene)[0]}"
    return await scene.wire.click(MODERATOR, message, custom_id, member=MEMBER)


@pytest.mark.nightly(daily=["after"])
@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_kill_between_the_click_and_its_effect_approves_once(
    tmp_path: Path, files: Path, point: str
) -> None:
    async with open_scene(tmp_path, files) as scene:
        async with scene.start(kill_at=f"{DECIDE}:{point}") as program:
            await scene.wire.wait_for_sessions()
            await review_everybody(scene)
            await scene.ask(REQUEST)
            message = await shown_review(scene)
            await click(scene, message)
            assert await program.ended() == -signal.SIGKILL, "it was not killed at the named point"
        assert stored(scene)[1:] == ((None, 0) if point == "before" else ("approve", 1))
        assert scene.provider.count("create") == 0
        async with scene.start() as again:
            await scene.wire.wait_for_sessions()
            await click(scene, message)
            [made] = await scene.settle()
            assert made.status == Status.SUCCEEDED
            assert await again.stop() == 0, again.output
        assert stored(scene)[1:] == ("approve", 1)
        assert scene.provider.count("create") == 1


def videos(scene: Scene) -> list[str]:
    """Return the names of all files that were posted; what moderators see first is a spoiler."""
    return sorted(file.filename for message in scene.wire.messages() for file in message.attachments)


@pytest.mark.nightly(daily=["a decision is written"])
@pytest.mark.parametrize(
    "kill_at",
    [
        pytest.param(f"{DECIDE}:before", id="a moderator clicks"),
        pytest.param(f"{DECIDE}:after", id="a decision is written"),
        pytest.param("bot.moderation.approval:Approval._open:after", id="the review is written"),
        pytest.param("cogs.delivery.held_videos:HeldVideos.post_video:after", id="moderators see it"),
    ],
)
async def test_a_finished_video_is_shown_and_posted_once_though_it_is_killed_when(
    tmp_path: Path, files: Path, kill_at: str
) -> None:
    async with open_scene(tmp_path, files) as scene:
        async with scene.start(kill_at=kill_at) as program:
            await scene.wire.wait_for_sessions()
            await review_everybody(scene, ReviewStage.POSTED)
            await scene.ask(REQUEST)
            if kill_at.startswith(DECIDE):
                await click(scene, await shown_review(scene))
            assert await program.ended() == -signal.SIGKILL, "it was not killed at the named point"
        assert len(videos(scene)) <= 1, "it was posted before anybody approved it"
        async with scene.start() as again:
            await scene.wire.wait_for_sessions()
            await click(scene, await shown_review(scene))
            [made] = await scene.settle()
            assert made.status == Status.SUCCEEDED
            assert await again.stop() == 0, again.output
        assert stored(scene)[1:] == ("approve", 1)
        assert len([name for name in videos(scene) if not name.startswith("SPOILER_")]) == 1
        shown = [
            message for message in scene.wire.messages() if message.content.startswith("👀 **A finished")
        ]
        assert len(shown) == 1
        assert scene.provider.count("create") == 1
