"""A video always fits: it is made smaller where the server does not take it, or a link is posted."""

import os
import shutil
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from bot.db.models import Generation, Status
from bot.jobs.ports import DeliveryPostponedError, Posted, UploadBrokenError
from bot.jobs.steps.base import StepPostponedError
from bot.jobs.steps.upload import BROKEN_TRIES
from bot.media.files import probe
from bot.media.fit_plan import FittingError, Plan, plan_of
from bot.media.upload_sizes import MIB, usable
from tests.bot.clocks import until
from tests.bot.engine import Engine, MakeEngine
from tests.bot.recorder import Message
from tests.bot.rows import insert
from tests.bot.troubles import Logs, count_events
from tests.noise import make_noise

LIMITS = "1,2,4,8"
BOOSTED = 1  # the level at which the noise is taken


class KilledError(Exception):
    """Ends everything where it stands."""


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video between the limits of the levels 0 and 1."""
    path = make_noise(tmp_path_factory.mktemp("noise") / "noise.mp4")
    assert MIB < path.stat().st_size < usable(2 * MIB), "this noise tests something else"
    return path


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    """One process with small limits."""
    return make_engine(upload_limits_mib=LIMITS)


async def insert_fetched(engine: Engine, noise: Path, **changes: Any) -> Generation:
    """Write a row whose large video is fetched already."""
    left = {"status": Status.SUCCEEDED, "video_url": "https://cdn/noise", "finished_at": engine.clock()}
    row = await insert(engine.database, **left, **changes)
    shutil.copy(noise, engine.videos / f"veo-{row.id}.mp4")
    return row


def files_in(engine: Engine) -> set[str]:
    """Return what lies in the folder for videos, folders in it included."""
    return {str(path.relative_to(engine.videos)) for path in engine.videos.rglob("*") if path.is_file()}


def size_of(path: Path) -> int:
    return path.stat().st_size


def kept_original(row: Generation) -> set[str]:
    return {f"originals/veo-{row.id}.mp4"}


async def test_a_file_over_the_servers_limit_is_made_smaller_first(engine: Engine, noise: Path) -> None:
    row = await engine.delivered((await insert_fetched(engine, noise)).id)
    ((_, clip),) = engine.delivery.videos
    (loss,) = engine.delivery.losses
    assert (engine.delivery.tries, engine.delivery.refused) == (1, []), "it was tried as it is"
    assert clip.size <= usable(1 * MIB)
    assert loss is not None
    assert (loss.from_size, loss.to_size) == (size_of(noise), clip.size)
    assert files_in(engine) == kept_original(row)
    assert size_of(engine.videos / f"originals/veo-{row.id}.mp4") == size_of(noise)


async def test_a_file_within_the_limit_of_the_boost_level_is_posted_as_it_is(
    engine: Engine, noise: Path
) -> None:
    engine.delivery.level = BOOSTED
    await engine.delivered((await insert_fetched(engine, noise)).id)
    ((_, clip),) = engine.delivery.videos
    assert (clip.size, engine.delivery.losses) == (size_of(noise), [None])
    assert files_in(engine) == set(), "an original was kept that everybody has"


async def test_a_refusal_is_learnt_from_and_the_smaller_file_posted_once(
    engine: Engine, make_engine: MakeEngine, noise: Path
) -> None:
    engine.delivery.level, engine.delivery.largest = BOOSTED, 1 * MIB
    row = await engine.delivered((await insert_fetched(engine, noise)).id)
    ((_, clip),) = engine.delivery.videos
    assert clip.size <= usable(1 * MIB)
    assert engine.delivery.refused == [size_of(noise)]
    assert len(engine.delivery.messages) == 1
    assert files_in(engine) == kept_original(row)

    again = make_engine("another", upload_limits_mib=LIMITS)
    again.delivery.level, again.delivery.largest = BOOSTED, 1 * MIB
    await again.delivered((await insert_fetched(again, noise)).id)
    assert (again.delivery.tries, again.delivery.refused) == (1, []), "a restart forgot what was learnt"


@pytest.mark.nightly
async def test_what_one_server_refuses_says_nothing_about_others(engine: Engine, noise: Path) -> None:
    engine.delivery.level, engine.delivery.largest = BOOSTED, 1 * MIB
    await engine.delivered((await insert_fetched(engine, noise)).id)
    engine.restart()
    engine.delivery.largest = 100 * MIB
    other = await insert_fetched(engine, noise, guild_id=2)
    await engine.delivered(other.id)
    assert engine.delivery.losses[1] is None, "it was made smaller for the other server's sake"


async def test_a_small_file_that_is_refused_as_too_large_becomes_a_link(engine: Engine, logs: Logs) -> None:
    engine.delivery.largest = 1000
    rows = [await insert(engine.database) for _ in range(2)]
    for row in rows:
        await engine.delivered(row.id)
        engine.restart()
    assert {row.id for row in engine.delivery.links} == {row.id for row in rows}
    assert len(engine.delivery.refused) == 2, "a senseless refusal was taken for the server's limit"
    assert count_events(logs, "Discord rejected a small file as too large") == 2
    assert files_in(engine) == set()


async def test_a_file_that_cannot_be_made_smaller_becomes_a_link(
    engine: Engine, noise: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    row = await insert_fetched(engine, noise)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nothing"))
    after = await engine.delivered(row.id)
    assert [link.id for link in engine.delivery.links] == [row.id]
    assert (engine.delivery.videos, engine.delivery.tries) == ([], 1)
    assert after.result_id is not None
    assert count_events(logs, "could not shrink a video, so posting a link") == 1


@pytest.mark.parametrize("patience", [1800.0, 0.0], ids=["for a while", "for long"])
async def test_a_disk_without_room_for_a_smaller_file_is_waited_for_and_not_for_ever(
    engine: Engine, noise: Path, monkeypatch: pytest.MonkeyPatch, logs: Logs, patience: float
) -> None:
    def fill(*_: object, **__: object) -> str:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    monkeypatch.setattr("bot.jobs.steps.upload.UPLOAD_PATIENCE", patience)
    row = await insert_fetched(engine, noise)
    with monkeypatch.context() as full:
        full.setattr("bot.media.fitting.tempfile.mkdtemp", fill)
        if patience:
            with pytest.raises(StepPostponedError, match="no room"):
                await engine.workflow.run(await engine.claim())
            await engine.queue.release_all()
        else:
            await engine.delivered(row.id)
    await engine.delivered(row.id)
    assert (len(engine.delivery.videos), len(engine.delivery.links)) == ((1, 0) if patience else (0, 1))
    assert count_events(logs, "could not shrink a video: could not use the disk") == 1


async def test_that_it_is_being_posted_is_written_down_after_the_encoder(engine: Engine, noise: Path) -> None:
    row = await insert_fetched(engine, noise)
    engine.delivery.open_gate.clear()

    async def is_posting() -> bool:
        return engine.delivery.tries == 1

    async with engine.running():
        await until("it is posted", is_posting)
        before = await engine.row(row.id)
        (smaller,) = engine.videos.glob("*.fit-*")
        made_at = smaller.stat().st_mtime
        engine.delivery.open_gate.set()
    assert before.posting_at is not None
    assert before.posting_at.timestamp() >= made_at, "Discord may have forgotten the nonce by then"


async def test_an_earlier_try_that_gets_through_while_the_encoder_works_is_not_repeated(
    engine: Engine, noise: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await insert_fetched(engine, noise, posting_at=engine.clock())
    late = Message(Posted(4242, 77), row.id, is_ending=False, at=engine.clock())

    def plan_late(*arguments: Any) -> Plan:
        engine.delivery.messages.append(late)
        return plan_of(*arguments)

    monkeypatch.setattr("bot.media.fitting.plan_of", plan_late)
    after = await engine.delivered(row.id)
    assert (after.result_id, engine.delivery.tries) == (4242, 0), "the video was posted twice"


async def test_a_smaller_file_of_a_process_that_was_killed_is_posted_once_and_nothing_left(
    make_engine: MakeEngine, noise: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_engine(upload_limits_mib=LIMITS)
    row = await insert_fetched(first, noise)
    first.delivery.trouble = [KilledError()]
    with pytest.raises(KilledError):
        await first.workflow.run(await first.claim())
    await first.queue.release_all()
    (smaller,) = first.videos.glob("*.fit-*")
    assert files_in(first) == {f"veo-{row.id}.mp4", smaller.name}

    second = make_engine(upload_limits_mib=LIMITS)
    monkeypatch.setattr("bot.media.fitting.plan_of", None)  # planning to encode anew would fail
    await second.delivered(row.id)
    assert [clip.path for _, clip in second.delivery.videos] == [smaller]
    assert (len(second.delivery.messages), second.delivery.links) == (1, [])
    assert files_in(second) == kept_original(row)


async def test_uploads_that_keep_breaking_are_tried_smaller_and_nothing_is_learnt(
    engine: Engine, noise: Path
) -> None:
    engine.delivery.level = BOOSTED
    row = await insert_fetched(engine, noise)
    engine.delivery.trouble = [UploadBrokenError("reset", size_of(noise)) for _ in range(BROKEN_TRIES)]
    await engine.delivered(row.id)
    ((_, clip),) = engine.delivery.videos
    assert clip.size <= usable(1 * MIB)
    assert engine.delivery.tries == BROKEN_TRIES + 1
    looks = 2 * BROKEN_TRIES  # before the encoder and after it
    assert len(engine.delivery.searches) == looks, "a broken upload may have been posted"
    engine.restart()
    await engine.delivered((await insert_fetched(engine, noise)).id)
    assert engine.delivery.losses[1] is None, "a broken network made the next video worse"


async def test_a_few_broken_uploads_cost_no_quality(engine: Engine, noise: Path) -> None:
    engine.delivery.level = BOOSTED
    row = await insert_fetched(engine, noise)
    engine.delivery.trouble = [UploadBrokenError("reset", size_of(noise)) for _ in range(BROKEN_TRIES - 1)]
    await engine.delivered(row.id)
    assert engine.delivery.losses == [None]


@pytest.mark.nightly
async def test_uploads_that_always_break_end_in_a_link(engine: Engine, noise: Path) -> None:
    engine.delivery.level = BOOSTED
    engine.delivery.breaks_uploads = True
    row = await engine.delivered((await insert_fetched(engine, noise)).id)
    assert [link.id for link in engine.delivery.links] == [row.id]
    whole, smaller = engine.delivery.refused[:BROKEN_TRIES], engine.delivery.refused[BROKEN_TRIES:]
    assert set(whole) == {size_of(noise)}
    assert len(smaller) == BROKEN_TRIES
    assert max(smaller) < MIB, "it was tried again as it was"
    assert engine.delivery.states[0] == (row.id, Status.SUCCEEDED), "the card says that it is in progress"


async def test_a_link_is_posted_when_uploads_have_failed_for_long(
    engine: Engine, noise: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.steps.upload.UPLOAD_PATIENCE", 0.0)
    engine.delivery.level = BOOSTED
    engine.delivery.breaks_uploads = True
    await engine.delivered((await insert_fetched(engine, noise)).id)
    assert (len(engine.delivery.links), len(engine.delivery.refused)) == (1, 1)


async def test_an_outage_of_discord_costs_no_quality(
    engine: Engine, noise: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.steps.upload.UPLOAD_PATIENCE", 0.0)
    engine.delivery.level = BOOSTED
    engine.delivery.trouble = [DeliveryPostponedError("Discord is away") for _ in range(4)]
    await engine.delivered((await insert_fetched(engine, noise)).id)
    assert (len(engine.delivery.videos), engine.delivery.links) == (1, [])


ODD = {
    "HEVC": ("-c:v", "libx265", "-x265-params", "log-level=none"),
    "AV1": ("-c:v", "libsvtav1", "-preset", "12"),
    "4:4:4": ("-pix_fmt", "yuv444p"),
    "10 bits": ("-pix_fmt", "yuv420p10le"),
    "Opus": ("-c:a", "libopus"),
    "another container": ("-f", "matroska"),
}


@pytest.mark.nightly(daily=["sqlite-Opus"])
@pytest.mark.parametrize("kind", ODD)
async def test_what_discord_does_not_play_is_converted_though_it_fits(
    make_engine: MakeEngine, tmp_path: Path, kind: str
) -> None:
    engine = make_engine(upload_limits_mib="8,8,8,8")
    odd = make_noise(tmp_path / "odd.mp4", options=("-crf", "40", *ODD[kind]))
    row = await engine.delivered((await insert_fetched(engine, odd)).id)
    ((_, posted),) = engine.delivery.videos
    (loss,) = engine.delivery.losses
    assert (posted.unplayable, posted.codec, posted.has_sound) == ("", "h264", True)
    assert loss is not None, "nobody is told that the file is another one"
    assert (loss.unplayable, loss.to_height) == ((await probe(odd)).unplayable, loss.from_height)
    assert files_in(engine) == kept_original(row)


@pytest.mark.nightly
async def test_what_is_too_large_and_not_played_is_made_smaller(engine: Engine, tmp_path: Path) -> None:
    odd = make_noise(tmp_path / "odd.mp4", options=("-pix_fmt", "yuv444p"))
    assert size_of(odd) > MIB, "this noise tests something else"
    await engine.delivered((await insert_fetched(engine, odd)).id)
    ((_, posted),) = engine.delivery.videos
    assert (posted.unplayable, posted.size <= usable(MIB)) == ("", True)


async def test_what_a_full_disk_keeps_from_being_converted_is_posted_unchanged_and_at_once(
    make_engine: MakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    """It can be downloaded and played, so nobody waits for a disk."""

    def fill(*_: object, **__: object) -> str:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    engine = make_engine(upload_limits_mib="8,8,8,8")
    odd = make_noise(tmp_path / "odd.mp4", options=("-crf", "40", "-pix_fmt", "yuv444p"))
    row = await insert_fetched(engine, odd)
    monkeypatch.setattr("bot.media.fitting.tempfile.mkdtemp", fill)
    await engine.delivered(row.id)
    ((_, posted),) = engine.delivery.videos
    assert (posted.size, engine.delivery.losses, engine.delivery.links) == (size_of(odd), [None], [])
    assert count_events(logs, "could not convert a video, so posting the original") == 1


async def test_what_cannot_be_converted_is_posted_unchanged(
    make_engine: MakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    engine = make_engine(upload_limits_mib="8,8,8,8")
    odd = make_noise(tmp_path / "odd.mp4", options=("-crf", "40", *ODD["4:4:4"]))

    async def refuse(*_: object) -> Path:
        raise FittingError("The encoder refused the file (1).")

    monkeypatch.setattr("bot.media.encoding.Encoder.encode", refuse)
    await engine.delivered((await insert_fetched(engine, odd)).id)
    ((_, posted),) = engine.delivery.videos
    assert (posted.size, engine.delivery.losses) == (size_of(odd), [None])
    assert count_events(logs, "could not convert a video, so posting the original") == 1
