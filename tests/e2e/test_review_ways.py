"""Moderators look first, whichever button below a video a request came from."""

import pytest

from bot.db.models import Generation, Status
from bot.db.review_models import ReviewStage
from bot.failures import FailureKind
from bot.privacy.service import Forgotten
from sandbox.world import World, wait_until
from tests.e2e.driver import SECONDS, ask_for_video, card_of, rows, the_result
from tests.e2e.quoting import send
from tests.e2e.reporting import buttons, click
from tests.e2e.reviewing import APPROVE, DECLINE, open_reviewing, reviews_in, the_review
from tests.e2e.test_finished_reviews import WAITS as READY_AND_WAITS
from tests.e2e.test_finished_reviews import videos_in
from tests.e2e.test_reviews import WAITS
from tests.e2e.videos import newest

WAYS = ["Re-roll", "Remix", "Continue", "Extend"]
WORDS = "a red fox"


@pytest.fixture(autouse=True)
def the_loops_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for due rows, and for what is over, often."""
    monkeypatch.setattr("bot.moderation.outbox_relay.LOOK_INTERVAL", 0.05)
    monkeypatch.setattr("bot.moderation.reviews.LOOK_INTERVAL", 0.05)


async def requested(world: World, label: str) -> tuple[Generation, str]:
    """Let alice click a button below her video and send its form; return the request, and its words."""
    answer = await world.alice.click(the_result(world), label=label)
    if answer.modal is not None:
        await send(world, answer, prompt=WORDS)
    found = await rows(world)
    assert len(found) == 2
    return found[0], WORDS if answer.modal is not None else found[1].prompt


@pytest.mark.nightly(daily=["Re-roll"])
@pytest.mark.parametrize("label", WAYS)
async def test_it_waits_before_it_is_made_and_goes_on_once_approved(world: World, label: str) -> None:
    source = await ask_for_video(world)
    moderators_channel = await open_reviewing(world)
    waiting, words = await requested(world, label)
    message = await the_review(moderators_channel)
    assert f"> {words}" in message.content
    assert buttons(message) == [APPROVE, DECLINE]
    assert WAITS in card_of(world, waiting)
    assert world.provider.count("create") == 1, "it was sent before anybody looked at it"
    await world.restart()
    assert await click(world.mona, message, APPROVE) == []
    made = await newest(world, 2)
    assert (made.id, made.status, made.source_id) == (waiting.id, Status.SUCCEEDED, source.id)
    assert "**Approved**" in reviews_in(moderators_channel)[0].content


@pytest.mark.nightly(daily=["Re-roll"])
@pytest.mark.parametrize("label", WAYS)
async def test_it_waits_before_it_is_posted_and_is_posted_once_approved(world: World, label: str) -> None:
    source = await ask_for_video(world)
    moderators_channel = await open_reviewing(world, review_stage=ReviewStage.POSTED)
    waiting, words = await requested(world, label)
    message = await the_review(moderators_channel)
    assert message.content.startswith("👀 **A finished video is waiting for your approval**")
    assert f"> {words}" in message.content
    assert len(message.attachments) == 1
    assert READY_AND_WAITS in card_of(world, waiting)
    assert len(videos_in(world)) == 1, "it was posted before anybody looked at it"
    await world.restart()
    assert await click(world.mona, message, APPROVE) == []
    made = await newest(world, 2)
    assert (made.id, made.status, made.source_id) == (waiting.id, Status.SUCCEEDED, source.id)
    assert len(videos_in(world)) == 2
    assert reviews_in(moderators_channel)[0].attachments == []


@pytest.mark.parametrize("label", ["Continue", "Extend"])
async def test_what_goes_on_from_a_video_that_is_removed_while_it_waits_is_not_sent(
    world: World, label: str
) -> None:
    source = await ask_for_video(world)
    moderators_channel = await open_reviewing(world)
    await requested(world, label)
    message = await the_review(moderators_channel)

    async def has_its_file() -> bool | None:
        return True if (await rows(world))[0].status is Status.QUEUED else None

    await wait_until(has_its_file, seconds=SECONDS)
    await world.app.services.removal.remove(world.guild.id, source.id, world.mona.id)
    assert await click(world.mona, message, APPROVE) == []
    ended = await newest(world, 2)
    assert (ended.status, ended.failure_kind) == (Status.FAILED, FailureKind.VIDEO_GONE)
    assert world.provider.count("create") == 1
    assert "This didn't count toward your limit." in card_of(world, ended)


@pytest.mark.nightly(daily=["Extend"])
@pytest.mark.parametrize("label", ["Continue", "Extend"])
async def test_who_deletes_their_data_gets_what_waits_to_go_on_from_a_video_as_they_are_told(
    world: World, label: str
) -> None:
    source = await ask_for_video(world)
    moderators_channel = await open_reviewing(world)
    await requested(world, label)
    message = await the_review(moderators_channel)
    assert await world.app.services.privacy.forget(world.alice.id) == Forgotten(now=0, later=2)
    assert await click(world.mona, message, APPROVE) == []
    made = await newest(world, 2)
    assert (made.status, made.continues_id) == (Status.SUCCEEDED, source.id)
    assert await world.app.services.privacy.forget(world.alice.id) == Forgotten(now=2, later=0)
