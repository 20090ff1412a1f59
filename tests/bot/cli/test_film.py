"""`veo-bot film`, as it's used: real processes, the sandbox's server, real ffmpeg."""

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import utc_now
from bot.media.files import probe
from sandbox.provider import QUICK, Fault, Kind, Provider
from sandbox.schema import fields_of
from tests.bot.cli.test_main import HURRIED, Finished, names_in, reached, run_python, veo_bot
from tests.bot.drawn import draw

SHOTS = "a fox\n\nthe fox jumps\n"
OPTIONS = ("--model", "Veo 3 Fast", "--duration", "4", "--no-generate-audio")
PRICE = 4 * 0.13  # USD of each
# The kernel refuses to let any file grow, as on a disk that is full.
ON_A_FULL_DISK = (
    "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
)


async def film(
    folder: Path, provider: Provider, *arguments: str, text: str = SHOTS, before: str = "", **options: Any
) -> Finished:
    """Run `veo-bot film` on shots in `folder`, with code `before` it; `options` as in `run_python`."""
    (folder / "shots.txt").write_text(text, encoding="utf-8", newline="")
    command = ["-c", before + HURRIED, "film", "shots.txt", *OPTIONS, *arguments]
    return await run_python(folder, command, reached(provider), **options)


def quick(files: Path) -> Provider:
    return Provider(generation_seconds=0.2, render=QUICK, files=files)


def change_record(folder: Path, number: int, **values: object) -> Path:
    """Change what is known of a shot, and return where that is."""
    path = folder / "film.mp4.shots" / f"shot-{number}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return path


def bodies(provider: Provider) -> list[Mapping[str, object]]:
    return [fields_of(call.json) for call in provider.calls if call.kind == "create"]


async def test_a_film_is_made_of_the_lines_and_joined(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        finished = await film(tmp_path, provider, "--yes")
        assert finished.code == 0, finished.text
        first, second = bodies(provider)
        assert provider.balance_usd == pytest.approx(100 - 2 * PRICE)
    assert (first["prompt"], first["model"]) == ("a fox", "google/veo-3.0-fast")
    assert (second["prompt"], second["model"]) == ("the fox jumps", "google/veo-3.0-i2v-fast")
    assert str(second["image_url"]).startswith("data:image/jpeg;base64,"), (
        "it doesn't begin with the last frame"
    )
    assert "Price: about $1.04 for 2 shots." in finished.text
    assert "Its shots cost $1.04." in finished.text
    assert sorted(names_in(tmp_path)) == ["film.mp4", "shots.txt"]
    assert (await probe(tmp_path / "film.mp4")).seconds == pytest.approx(8, abs=0.2)


@pytest.mark.parametrize(
    ("kind", "times"), [("create", 1), ("create", 2), ("cdn", 2)], ids=["first", "second", "fetching"]
)
async def test_a_film_goes_on_after_a_kill_and_pays_no_shot_twice(
    tmp_path: Path, files: Path, kind: Kind, times: int
) -> None:
    async with quick(files) as provider:
        if kind == "create":
            prompt = ["a fox", "the fox jumps"][times - 1]
            provider.faults.add("create", Fault.hang(accepted=True), only={"prompt": prompt})
        stop = provider.called(kind, times), signal.SIGKILL
        killed = await film(tmp_path, provider, "--yes", stopped_by=stop)
        assert killed.code == -signal.SIGKILL
        provider.faults.clear()
        finished = await film(tmp_path, provider, "--yes")
        assert finished.code == 0, finished.text
        assert provider.count("create") == 2, "a shot was paid for twice"
        assert provider.balance_usd == pytest.approx(100 - 2 * PRICE)
    assert f"{times} of 2 shots were requested earlier." in finished.text
    assert sorted(names_in(tmp_path)) == ["film.mp4", "shots.txt"]
    assert (await probe(tmp_path / "film.mp4")).seconds == pytest.approx(8, abs=0.2)


async def test_a_film_that_is_stopped_says_how_it_goes_on(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        provider.hold = True
        stop = provider.called("retrieve"), signal.SIGINT
        stopped = await film(tmp_path, provider, "--yes", stopped_by=stop)
        provider.release()
        assert stopped.code == 1
        assert "charge what was requested. To go on, run the same command again." in stopped.text
        finished = await film(tmp_path, provider, "--yes")
        assert (finished.code, provider.count("create")) == (0, 2), finished.text


async def test_shots_fade_into_each_other_though_an_earlier_run_would_have_cut_them(
    tmp_path: Path, files: Path
) -> None:
    async with quick(files) as provider:
        provider.hold = True
        stop = provider.called("retrieve"), signal.SIGINT
        assert (await film(tmp_path, provider, "--yes", stopped_by=stop)).code == 1
        provider.release()
        finished = await film(tmp_path, provider, "--yes", "--transition", "crossfade")
        assert (finished.code, provider.count("create")) == (0, 2), finished.text
    assert (await probe(tmp_path / "film.mp4")).seconds == pytest.approx(7.5, abs=0.2)


async def test_a_refused_shot_leaves_the_others_and_can_get_other_words(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        provider.faults.add("create", Fault.status(400, "No faces"), only={"prompt": "the fox jumps"})
        failed = await film(tmp_path, provider, "--yes", "--continuity", "cuts")
        assert failed.code == 1
        assert "Shot 2: The provider didn't accept the request: No faces" in failed.text
        assert (
            "The film isn't finished. Missing: shot 2. What there is stays in film.mp4.shots." in failed.text
        )
        assert "veo-1.mp4" in names_in(tmp_path / "film.mp4.shots")
        text = SHOTS.replace("jumps", "sleeps")
        finished = await film(tmp_path, provider, "--yes", "--continuity", "cuts", text=text)
        assert finished.code == 0, finished.text
        prompts = [body["prompt"] for body in bodies(provider)]
    assert sorted(map(str, prompts)) == ["a fox", "the fox jumps", "the fox sleeps"]
    assert "Price: about $0.52 for 1 shot." in finished.text


async def test_a_shot_that_failed_is_asked_for_again_before_it_is_paid_for_again(
    tmp_path: Path, files: Path
) -> None:
    async with quick(files) as provider:
        provider.hold = True
        provider.faults.add("retrieve", Fault.failed("[/x] No faces"))
        failed = await film(tmp_path, provider, "--yes")
        provider.release()
        assert failed.code == 1
        assert "Shot 1: No video: [/x] No faces." in failed.text
        assert "Shot 1: The provider hasn't said yet what it cost." in failed.text, failed.text
        assert "Missing: shot 1, shot 2." in failed.text
        assert provider.count("create") == 1, "a shot was requested that has nothing to begin with"
        asked = await film(tmp_path, provider)
        assert (asked.code, provider.count("create")) == (1, 1), asked.text
        assert "Price: about $1.04 for 2 shots." in asked.text
        finished = await film(tmp_path, provider, "--yes")
        assert (finished.code, provider.count("create")) == (0, 3), finished.text
        assert provider.balance_usd == pytest.approx(100 - 2 * PRICE)


async def test_a_failed_shot_that_the_provider_knows_no_more_stays_failed(
    tmp_path: Path, files: Path
) -> None:
    async with quick(files) as provider:
        provider.faults.add("retrieve", Fault.failed("No faces"))
        await film(tmp_path, provider, "--yes")
        provider.faults.add("retrieve", Fault.status(503))
        away = await film(tmp_path, provider, "--yes")
        assert (away.code, provider.count("create")) == (1, 1)
        assert "Error 503. Nothing was requested." in away.text
        provider.faults.add("retrieve", Fault.status(404))
        finished = await film(tmp_path, provider, "--yes")
        assert (finished.code, provider.count("create")) == (0, 3), finished.text


async def test_of_two_runs_at_once_the_second_requests_nothing(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        provider.faults.add("create", Fault.hang(accepted=True))
        first = asyncio.create_task(film(tmp_path, provider, "--yes"))
        await provider.called("create")
        second = await film(tmp_path, provider, "--yes")
        assert second.text == "Another run is using film.mp4.shots. This one requested nothing.\n"
        assert (second.code, provider.count("create")) == (1, 1)
        provider.faults.release()
        finished = await first
        assert (finished.code, provider.count("create")) == (0, 2), finished.text
    assert sorted(names_in(tmp_path)) == ["film.mp4", "shots.txt"]


async def test_a_shot_that_could_not_be_written_down_was_not_requested(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        full = await film(tmp_path, provider, "--yes", before=ON_A_FULL_DISK)
        assert (full.code, provider.count("create")) == (1, 0)
        assert "Shot 1: I can't write film.mp4.shots/shot-1.json: File too large." in full.text
        assert names_in(tmp_path) == ["shots.txt"]
        finished = await film(tmp_path, provider, "--yes")
        assert (finished.code, provider.count("create")) == (0, 2), finished.text


async def test_what_cannot_be_noted_of_one_shot_leaves_the_others(tmp_path: Path, files: Path) -> None:
    cuts, shots = ("--yes", "--continuity", "cuts"), tmp_path / "film.mp4.shots"
    async with quick(files) as provider:
        provider.hold = True
        stop = provider.called("retrieve", 4), signal.SIGKILL
        await film(tmp_path, provider, *cuts, stopped_by=stop)
        for number in (1, 2):
            (shots / f"shot-{number}.part").mkdir()  # so that nothing more can be written
        provider.release()
        provider.faults.add("retrieve", Fault.failed("No faces"))
        failed = await film(tmp_path, provider, *cuts)
    assert "No video: No faces." in failed.text
    assert "Saved film.mp4.shots/veo-" in failed.text
    for number in (1, 2):
        complaint = f"Shot {number}: I can't write film.mp4.shots/shot-{number}.json: Is a directory."
        assert complaint in failed.text
    assert "Missing: shot 1, shot 2." in failed.text


async def test_what_cannot_be_deleted_for_one_shot_leaves_the_others(tmp_path: Path, files: Path) -> None:
    (tmp_path / "film.mp4.shots" / "veo-1.mp4").mkdir(parents=True)
    async with quick(files) as provider:
        failed = await film(tmp_path, provider, "--yes", "--continuity", "cuts")
        assert (failed.code, provider.count("create")) == (1, 1)
    assert "Shot 1: I can't use film.mp4.shots/veo-1.mp4: Is a directory." in failed.text
    assert "Saved film.mp4.shots/veo-2.mp4" in failed.text
    assert "Missing: shot 1." in failed.text


async def test_a_request_of_unknown_fate_can_be_given_up_after_a_while(tmp_path: Path, files: Path) -> None:
    advice = "delete film.mp4.shots/shot-1.json. It may cost twice."
    async with quick(files) as provider:
        provider.faults.add("create", Fault.hang())
        stop = provider.called("create"), signal.SIGKILL
        await film(tmp_path, provider, "--yes", stopped_by=stop)
        early = await film(tmp_path, provider, "--yes")
        assert "I don't know yet whether the provider accepted the request" in early.text
        assert advice not in early.text
        record = change_record(tmp_path, 1, sent_at=str(utc_now() - timedelta(minutes=16)))
        late = await film(tmp_path, provider, "--yes")
        assert (late.code, provider.count("create")) == (1, 1)
        assert advice in late.text
        change_record(tmp_path, 1, task_id="00000000-0000-4000-8000-000000000000:veo-3.0-fast-generate-001")
        forgotten = await film(tmp_path, provider, "--yes")
        assert advice in forgotten.text
        record.unlink()
        finished = await film(tmp_path, provider, "--yes")
        assert (finished.code, provider.count("create")) == (0, 3), finished.text


@pytest.mark.parametrize(
    ("is_charged", "cost", "total"),
    [
        (False, 4 * 260_000, "Its shots cost $1.56."),
        (True, None, "Its shots cost $1.56."),
        (False, None, "Its shots cost $1.04, and I don't know whether an earlier try cost something."),
    ],
    ids=["known", "found out later", "unknown"],
)
async def test_what_a_failed_try_cost_is_in_the_total(
    tmp_path: Path, files: Path, *, is_charged: bool, cost: int | None, total: str
) -> None:
    async with quick(files) as provider:
        provider.hold = not is_charged
        if is_charged:
            provider.faults.add("cdn", Fault.hang())
            await film(tmp_path, provider, "--yes", stopped_by=(provider.called("cdn"), signal.SIGKILL))
        provider.faults.add("retrieve", Fault.failed("No faces"))
        await film(tmp_path, provider, "--yes")
        provider.release()
        change_record(tmp_path, 1, cost=cost)
        provider.faults.add("create", Fault.status(400, "No dogs"))
        refused = await film(tmp_path, provider, "--yes")
        assert "No dogs" in refused.text
        finished = await film(tmp_path, provider, "--yes")
    assert finished.code == 0, finished.text
    assert total in finished.text


async def test_a_film_can_be_made_in_a_folder_with_any_name(tmp_path: Path, files: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    async with quick(files) as provider:
        finished = await film(folder, provider, "--yes", "-o", str(folder / "film.mp4"))
    assert finished.code == 0, finished.text


async def test_a_film_is_asked_about_before_it_costs_anything(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        unasked = await film(tmp_path, provider)
        assert (unasked.code, names_in(tmp_path), provider.count("create")) == (1, ["shots.txt"], 0)
        assert "Price: about $1.04 for 2 shots." in unasked.text
        assert "Nothing was requested. With --yes, I don't ask." in unasked.text
        (tmp_path / "answer").write_text("y\n")
        with (tmp_path / "answer").open("rb") as answer:
            finished = await film(tmp_path, provider, stdin=answer.fileno())
        assert (finished.code, provider.count("create")) == (0, 2), finished.text


async def test_what_is_there_is_neither_overwritten_nor_taken_for_another_film(
    tmp_path: Path, files: Path
) -> None:
    async with quick(files) as provider:
        stop = provider.called("cdn"), signal.SIGKILL
        await film(tmp_path, provider, "--yes", stopped_by=stop)
        sent = provider.count("create")
        other = await film(tmp_path, provider, "--yes", text="a dog\nthe dog jumps\n")
        assert "film.mp4.shots/shot-1.json is of a shot that this film doesn't have." in other.text
        shorter = await film(tmp_path, provider, "--yes", "--model", "Veo 3")
        assert (other.code, shorter.code, provider.count("create")) == (1, 1, sent)
        (tmp_path / "film.mp4").write_bytes(b"another film")
        late = await film(tmp_path, provider, "--yes")
        assert (late.code, provider.count("create")) == (1, sent)
    assert "film.mp4 already exists. Nothing was requested." in late.text
    assert (tmp_path / "film.mp4").read_bytes() == b"another film"


async def test_only_the_ends_of_lines_part_shots(tmp_path: Path, files: Path) -> None:
    text = "\ufeffa fox\u2028in\u0085the\fsnow\r\nthe fox jumps\r"
    async with quick(files) as provider:
        finished = await film(tmp_path, provider, text=text)
    assert "Price: about $1.04 for 2 shots." in finished.text


@pytest.mark.parametrize(
    "text",
    ["a fox\na caf\xe9".encode("cp1252"), "a\u010b\nfox".encode("utf-16-le"), "a fox\nb".encode("utf-16")],
    ids=["cp1252", "UTF-16", "UTF-16 with its mark"],
)
async def test_a_file_in_another_encoding_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "shots.txt").write_bytes(text)
    finished = await veo_bot(tmp_path, "film", "shots.txt", AIMLAPI_KEY="k")
    line = 2 if text.startswith(b"a fox") else 1
    assert (finished.code, finished.text) == (
        2,
        f"shots.txt, line {line}: This isn't UTF-8. Save the file in that encoding.\n",
    )


@pytest.mark.parametrize(
    ("text", "options", "complaint"),
    [
        ("\n \n", [], "shots.txt has no shots. Write one shot per line."),
        ("a fox\n\n" * 9, [], "shots.txt, line 17: A film can have up to 8 shots."),
        ("a fox\n\n" + "x" * 3000, [], "shots.txt, line 3: The prompt has 3,000 characters; the maximum"),
        (SHOTS, ["--model", "veo9"], "“veo9” isn't a model that I can use."),
        (SHOTS, ["--duration", "5"], "`duration` must be one of: 4, 6, 8"),
        (SHOTS, ["--image", "cat.png", "--reference", "cat.png"], "A video can't have --reference and an"),
        (SHOTS, ["--reference", "cat.png", "--continuity", "continuous"], "use --continuity cuts."),
    ],
)
async def test_what_makes_no_film_is_refused_in_one_line(
    tmp_path: Path, text: str, options: list[str], complaint: str
) -> None:
    (tmp_path / "shots.txt").write_text(text)
    (tmp_path / "cat.png").write_bytes(draw())
    finished = await veo_bot(tmp_path, "film", "shots.txt", *options, AIMLAPI_KEY="k")
    assert (finished.code, len(finished.text.splitlines())) == (2, 1), finished.text
    assert complaint in finished.text
    assert "limit" not in finished.text, "there is none in a terminal"


async def test_a_no_leaves_no_new_folders(tmp_path: Path, files: Path) -> None:
    (tmp_path / "old").mkdir()
    async with quick(files) as provider:
        unasked = await film(tmp_path, provider, "-o", "old/new/deep/film.mp4")
        assert (unasked.code, provider.count("create")) == (1, 0)
        assert names_in(tmp_path / "old") == []
        finished = await film(tmp_path, provider, "--yes", "-o", "old/new/deep/film.mp4")
    assert finished.code == 0, finished.text
    assert names_in(tmp_path / "old" / "new" / "deep") == ["film.mp4"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
async def test_a_signal_at_the_question_is_a_no(tmp_path: Path, files: Path, name: str) -> None:
    reading, writing = os.pipe()
    at_the_question = (
        "import click, os, signal, threading; from bot.cli import film; confirm = film.typer.confirm\n"
        "def ask(*words):\n"
        f"    threading.Timer(0.3, os.kill, (os.getpid(), signal.{name})).start()\n"
        "    return confirm(*words)\n"
        "film.typer.confirm = ask\n"
    )
    try:
        async with quick(files) as provider:
            stopped = await film(tmp_path, provider, before=at_the_question, stdin=reading)
            assert (stopped.code, provider.count("create")) == (1, 0)
    finally:
        os.close(reading)
        os.close(writing)
    assert "Nothing was requested. With --yes, I don't ask." in stopped.text
    assert names_in(tmp_path) == ["shots.txt"]


async def test_a_signal_before_the_question_leaves_nothing(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        stop = "from bot.cli import film_survey as survey; import asyncio, os, signal\n"
        stop += "async def wait(*_): os.kill(os.getpid(), signal.SIGTERM); await asyncio.sleep(60)\n"
        stop += "survey.Desk.price_of = wait\n"
        stopped = await film(tmp_path, provider, before=stop)
    assert (stopped.code, stopped.text.strip()) == (1, "Nothing was requested.")
    assert names_in(tmp_path) == ["shots.txt"]
