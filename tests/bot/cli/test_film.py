"""`veo-bot film`, as it's used: real processes, the sandbox's server, real ffmpeg."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.media.files import probe
from sandbox.provider import QUICK, Fault, Kind, Provider
from sandbox.schema import fields_of
from tests.bot.cli.test_main import HURRIED, Finished, names_in, reached, run_python, veo_bot
from tests.bot.drawn import draw

SHOTS = "a fox\n\nthe fox jumps\n"
OPTIONS = ("--model", "Veo 3 Fast", "--duration", "4", "--no-generate-audio")
PRICE = 4 * 0.13  # USD of each


async def film(
    folder: Path, provider: Provider, *arguments: str, text: str = SHOTS, **options: Any
) -> Finished:
    """Run `veo-bot film` on shots in `folder`; `options` as in `run_python`."""
    (folder / "shots.txt").write_text(text)
    command = ["-c", HURRIED, "film", "shots.txt", *OPTIONS, *arguments]
    return await run_python(folder, command, reached(provider), **options)


def quick(files: Path) -> Provider:
    return Provider(generation_seconds=0.2, render=QUICK, files=files)


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
        assert "Shot 1: The provider doesn't say yet what it cost." in failed.text, failed.text
        assert "Missing: shot 1, shot 2." in failed.text
        assert provider.count("create") == 1, "a shot was requested that has nothing to begin with"
        asked = await film(tmp_path, provider)
        assert (asked.code, provider.count("create")) == (1, 1), asked.text
        assert "Price: about $1.04 for 2 shots." in asked.text
        finished = await film(tmp_path, provider, "--yes")
        assert (finished.code, provider.count("create")) == (0, 3), finished.text
        assert provider.balance_usd == pytest.approx(100 - 2 * PRICE)


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
    assert "film.mp4 is there already. Nothing was requested." in late.text
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
