"""SIGKILL at every point that matters: each request still ends once, and is paid for once."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.media.fitting import WORK_PREFIX
from bot.media.upload_sizes import MIB
from tests.noise import make_noise, replace_files
from tests.process.scene import FAILING_REQUEST, REQUEST, Row, Scene, open_scene
from tests.wire_discord import Message

# Seconds after which a create call is given up for lost; MiB that the server takes.
SETTINGS = {"lookup_window": 3, "upload_limits_mib": "1,2,4,8"}

POINTS = {
    "the request is recorded, not answered": "bot.requests.service:GenerationService.request:after",
    "the card is shown, not recorded": "bot.requests.service:GenerationService.attach_card:before",
    "the work may begin": "bot.requests.service:GenerationService.attach_card:after",
    "the row is leased": "bot.jobs.queue:GenerationQueue.move:before",
    "the create call is announced, not made": "bot.provider.client:VeoClient.create:before",
    "the create call is answered, not recorded": "bot.provider.client:VeoClient.create:after",
    "the thread is opened, not recorded": "cogs.delivery.delivery:DiscordDelivery.open_thread:after",
    "the task was asked for once": "bot.provider.client:VeoClient.retrieve:after",
    "the file is fetched": "bot.media.files:VideoStore.fetch:after",
    "the video is posted, not recorded": "cogs.delivery.delivery:DiscordDelivery.post_video:after",
    "all but the end is recorded": "bot.jobs.steps.deliver:Deliver._close:before",
    "everything is done, but the lease stands": "bot.jobs.queue:GenerationQueue.release:before",
}
FAILURE_POINTS = {
    "the failure is posted, not recorded": "cogs.delivery.delivery:DiscordDelivery.post_ending:after",
}
CANCEL_POINTS = {
    "the cancellation is recorded, not told": "cogs.delivery.delivery:DiscordDelivery.post_ending:before",
    "the cancellation is posted, not recorded": "cogs.delivery.delivery:DiscordDelivery.post_ending:after",
}
# Here Discord has forgotten the message's nonce by the time it is sent again, as after some minutes.
FORGOTTEN_POINTS = {
    f"{name}, and its nonce is forgotten": point
    for name, point in (POINTS | FAILURE_POINTS | CANCEL_POINTS).items()
    if "is posted" in name
}
# Here the file is larger than the server takes.
LARGE_POINTS = {
    "a large file is made smaller, not kept": "bot.media.encoding:Encoder.encode:after",
    "a large file is made smaller, not posted": "bot.media.fitting:Fitter.fit:after",
    "a large file is posted smaller, not recorded": "cogs.delivery.delivery:DiscordDelivery.post_video:after",
}
ALL_POINTS = POINTS | FAILURE_POINTS | CANCEL_POINTS | FORGOTTEN_POINTS | LARGE_POINTS
# One of each kind: before anybody was answered, around the money, around the post, and a cancellation.
DAILY = [
    "the request is recorded, not answered",
    "the create call is announced, not made",
    "the create call is answered, not recorded",
    "the video is posted, not recorded",
    "the video is posted, not recorded, and its nonce is forgotten",
    "the cancellation is recorded, not told",
]
# Killed before the create call left: its fate cannot be told from that of one that got lost.
NEVER_CREATED = "the create call is announced, not made"


@dataclass(frozen=True)
class Outcome:
    """What was left of one request when all had settled."""

    exit_code: int
    row: Row
    results: list[Message]
    create_calls: int
    card: Message | None
    files: set[str]  # below the folder for videos; half-done work is cleaned up later


async def play(name: str, folder: Path, files: Path) -> Outcome:
    """Kill the program while it serves one request; start it again; let everything settle."""
    request = FAILING_REQUEST if "failure" in name else REQUEST
    nonce_seconds = 0.0 if name in FORGOTTEN_POINTS else 180.0
    if name in LARGE_POINTS:
        files = folder / "rendered"  # a folder of its own, whose files are replaced
        files.mkdir()
    async with open_scene(folder, files, nonce_seconds=nonce_seconds) as scene:
        async with scene.start(kill_at=ALL_POINTS[name], settings=SETTINGS) as program:
            scene.provider.hold = "cancellation" in name or name in LARGE_POINTS
            await scene.ask(request)
            if scene.provider.hold:
                await scene.provider.called("retrieve")
            if name in LARGE_POINTS:
                await enlarge(scene, folder, files)
            elif scene.provider.hold:
                await scene.cancel(scene.rows()[0].id)
            exit_code = await program.ended(60)
        async with scene.start(settings=SETTINGS) as again:
            await scene.wire.wait_for_sessions()
            (row,) = await scene.settle()
            assert await again.stop() == 0, again.output
        cards = [m for m in scene.wire.messages(scene.wire.channel.id) if m.id == row.card_id]
        return Outcome(
            exit_code,
            row,
            scene.results(row.id),
            scene.create_calls(row.id),
            cards[0] if cards else None,
            files_in(folder / "data" / "videos"),
        )


async def enlarge(scene: Scene, folder: Path, files: Path) -> None:
    """Let the provider deliver a file that the server does not take."""
    await scene.provider.rendered()
    noise = await asyncio.to_thread(make_noise, folder / "noise.mp4")
    await asyncio.to_thread(replace_files, files, noise)
    scene.provider.release()


def files_in(videos: Path) -> set[str]:
    """Return the files in the folder for videos and below it, without half-done work."""
    names = {path.relative_to(videos).as_posix() for path in videos.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith(WORK_PREFIX)}


@pytest.mark.nightly(daily=DAILY)
@pytest.mark.parametrize("point", ALL_POINTS)
async def test_a_request_survives_a_kill_when(tmp_path: Path, files: Path, point: str) -> None:
    outcome = await play(point, tmp_path, files)
    check_that_it_was_done_once(point, outcome)
    check_the_card(outcome)
    check_that_no_files_are_left(point, outcome)


def check_that_it_was_done_once(point: str, outcome: Outcome) -> None:
    assert outcome.exit_code == -signal.SIGKILL, "the program was not killed at the named point"
    assert len(outcome.results) == 1, f"{len(outcome.results)} results were posted instead of one"
    assert outcome.create_calls == (0 if point == NEVER_CREATED else 1)
    assert outcome.row.result_id == outcome.results[0].id
    if "failure" in point:
        assert outcome.row.failure_kind == "unmade"
    elif "cancellation" in point:
        assert outcome.row.status == "cancelled"
    elif point == NEVER_CREATED:
        assert outcome.row.failure_kind == "lost"
    else:
        assert outcome.row.status == "succeeded"
        assert outcome.results[0].attachments, "the result has no video"


def check_the_card(outcome: Outcome) -> None:
    """It is final."""
    assert outcome.card is not None
    wanted = {"succeeded": "**Ready.**", "failed": "**No video.**", "cancelled": "**cancelled**"}
    assert wanted[outcome.row.status] in outcome.card.content


def check_that_no_files_are_left(point: str, outcome: Outcome) -> None:
    """But the originals of those that were made smaller."""
    is_large = point in LARGE_POINTS
    assert outcome.files == ({f"originals/veo-{outcome.row.id}.mp4"} if is_large else set())
    if is_large:
        (posted,) = outcome.results[0].attachments
        assert posted.size < MIB
        assert "Made smaller for this server" in outcome.results[0].content
