"""How `veo-bot film` ends where a paid shot's file can't be had, at a stop, and with a film in its place."""

import json
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.desk import FETCHES
from bot.clock import utc_now
from bot.media.files import probe
from sandbox.provider import Fault
from tests.bot.cli.test_film import change_record, film, quick
from tests.bot.cli.test_main import names_in

CUTS = ("--yes", "--continuity", "cuts")
ADVICE = "To have shot 1 made again, delete film.mp4.shots/shot-1.json. You'll pay for it again."
LATER = timedelta(minutes=16)


@pytest.mark.parametrize(
    "fault", [Fault.status(404), Fault.status(200, "no video")], ids=["gone", "no video"]
)
async def test_a_shot_whose_file_is_gone_can_be_made_again(tmp_path: Path, files: Path, fault: Fault) -> None:
    async with quick(files) as provider:
        provider.faults.add("cdn", fault, times=2 * FETCHES)
        early = await film(tmp_path, provider, *CUTS, text="a fox")
        assert "The video is ready, but I can't download it:" in early.text
        assert ADVICE not in early.text, "it may come yet"
        record = change_record(tmp_path, 1, sent_at=str(utc_now() - LATER))
        late = await film(tmp_path, provider, *CUTS, text="a fox")
        assert ADVICE in late.text
        assert (late.code, provider.count("create")) == (1, 1), "it was paid for again unasked"
        record.unlink()
        finished = await film(tmp_path, provider, *CUTS, text="a fox")
        assert (finished.code, provider.count("create")) == (0, 2), finished.text


async def test_a_download_that_breaks_is_no_reason_to_pay_again(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        await film(
            tmp_path, provider, *CUTS, text="a fox", stopped_by=(provider.called("cdn"), signal.SIGKILL)
        )
        change_record(tmp_path, 1, sent_at=str(utc_now() - LATER))
        provider.faults.add("cdn", Fault.status(418))
        broken = await film(tmp_path, provider, *CUTS, text="a fox")
    assert "I can't download it" in broken.text
    assert "paid for again" not in broken.text


async def test_a_shot_without_a_last_frame_is_named(tmp_path: Path, files: Path) -> None:
    blind = "from bot.media import last_frames\nlast_frames.STARTS = ()\n"
    async with quick(files) as provider:
        stuck = await film(tmp_path, provider, "--yes", before=blind)
        assert (stuck.code, provider.count("create")) == (1, 1)
    reason = "I can't read the last frame of the shot before: ffmpeg cannot read the last frame."
    assert f"Shot 2: {reason} {ADVICE}" in stuck.text


async def test_a_kept_file_that_cannot_be_read_in_time_stays(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        provider.faults.add("create", Fault.status(400, "x"), only={"prompt": "a dog"})
        await film(tmp_path, provider, *CUTS, text="a fox\na dog")
        slow = "from bot.media import streams\nstreams.PROBE_TIMEOUT = 0\n"
        late = await film(tmp_path, provider, *CUTS, text="a fox\na dog", before=slow)
        assert "I can't read film.mp4.shots/veo-1.mp4: The file could not be read in time." in late.text
        finished = await film(tmp_path, provider, *CUTS, text="a fox\na dog")
        assert finished.code == 0, finished.text
        assert sum(call.kind == "cdn" for call in provider.calls) == 3, "a file was fetched again"


KILLED_BEFORE_THE_COST = (
    "from bot.cli import desk; import os, signal\n"
    "def kill(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
    "desk.Desk.tell_saved = kill\n"
)
SILENT = "from bot.cli import desk\nasync def none(*_): return None\ndesk.Desk.find_cost = none\n"


@pytest.mark.parametrize(
    ("before", "total"),
    [("", "Its shots cost $0.52."), (SILENT, "I don't know what its shots cost.")],
    ids=["found out later", "unknown"],
)
async def test_the_cost_is_told_after_a_kill_before_it_was_noted(
    tmp_path: Path, files: Path, before: str, total: str
) -> None:
    async with quick(files) as provider:
        await film(tmp_path, provider, *CUTS, text="a fox", before=KILLED_BEFORE_THE_COST)
        finished = await film(tmp_path, provider, *CUTS, text="a fox", before=before)
    assert finished.code == 0, finished.text
    assert total in finished.text


async def test_shots_whose_cost_is_unknown_are_counted(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        provider.faults.add("create", Fault.status(400, "x"), only={"prompt": "a dog"})
        await film(tmp_path, provider, *CUTS, text="a fox\na dog")
        change_record(tmp_path, 1, cost=None)
        finished = await film(tmp_path, provider, *CUTS, text="a fox\na dog", before=SILENT)
    assert "Its shots cost $0.52, without 1 whose cost I don't know." in finished.text


async def test_ctrl_c_while_shots_are_joined_says_nothing_of_charges(tmp_path: Path, files: Path) -> None:
    stop = (
        "import asyncio, os, signal; from bot.media import joining\n"
        "async def join(*_): os.kill(os.getpid(), signal.SIGINT); await asyncio.sleep(60)\n"
        "joining.Joiner.join = join\n"
    )
    async with quick(files) as provider:
        stopped = await film(tmp_path, provider, *CUTS, before=stop)
        assert "All shots are there. To go on, run the same command again." in stopped.text
        assert "may still finish" not in stopped.text
        finished = await film(tmp_path, provider, *CUTS)
        assert (finished.code, provider.count("create")) == (0, 2), finished.text


async def test_only_what_the_film_left_is_deleted(tmp_path: Path, files: Path) -> None:
    shots = tmp_path / "film.mp4.shots"
    (shots / "fitting-abcdefgh").mkdir(parents=True)  # of a run that was killed
    mine = {"mine.txt", "film-2.mp4", "veo-10.mp4", "shot-list.json", "joined.mp4"}
    for name in [
        *mine,
        "film-0123abcd.part",
        "joined.part",
        "shot-2.part",
        "veo-8.part",
        "veo-8-0123abcd.part",
    ]:
        (shots / name).write_text("x")
    async with quick(files) as provider:
        finished = await film(tmp_path, provider, *CUTS)
    assert finished.code == 0, finished.text
    assert set(names_in(shots)) == mine


async def test_a_film_whose_crossfades_cannot_be_made_gets_cuts(tmp_path: Path, files: Path) -> None:
    refused = (
        "from bot.media import joining\njoining.crossfades = lambda *_, **__: ['nothing ffmpeg knows']\n"
    )
    async with quick(files) as provider:
        finished = await film(tmp_path, provider, *CUTS, "--transition", "crossfade", before=refused)
    assert finished.code == 0, finished.text
    assert "I can't make the crossfades: ffmpeg refused" in finished.text
    assert "The film gets cuts instead." in finished.text
    assert (await probe(tmp_path / "film.mp4")).seconds == pytest.approx(8, abs=0.2)


async def test_cuts_are_named_where_a_crossfade_is_killed(tmp_path: Path, files: Path) -> None:
    killed = (
        "from bot.media import joining\njoin = joining.run_ffmpeg\n"
        "def run(command, **given): return join(['sh', '-c', 'kill -9 $$'], **given)\n"
        "joining.run_ffmpeg = run\n"
    )
    async with quick(files) as provider:
        stuck = await film(tmp_path, provider, *CUTS, "--transition", "crossfade", before=killed)
        assert "ffmpeg did not come to its end (-9). They stay in film.mp4.shots." in stuck.text
        assert "With `--transition cut`, joining them needs less memory." in stuck.text
        finished = await film(tmp_path, provider, *CUTS, "--transition", "cut")
        assert (finished.code, provider.count("create")) == (0, 2), finished.text


async def test_a_full_disk_while_shots_are_joined_is_named(tmp_path: Path, files: Path) -> None:
    full = (
        "import resource, signal; from bot.media import joining; join = joining.Joiner.join\n"
        "async def fill(*given):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))\n"
        "    return await join(*given)\n"
        "joining.Joiner.join = fill\n"
    )
    async with quick(files) as provider:
        stuck = await film(tmp_path, provider, *CUTS, before=full)
        assert "I can't make film.mp4 from them: No space left on device. They stay in" in stuck.text
        records = [tmp_path / "film.mp4.shots" / f"shot-{number}.json" for number in (1, 2)]
        assert all(json.loads(record.read_text())["cost"] for record in records)
        finished = await film(tmp_path, provider, *CUTS)
        assert (finished.code, provider.count("create")) == (0, 2), finished.text
