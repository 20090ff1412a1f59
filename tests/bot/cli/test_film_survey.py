"""What a run of `veo-bot film` makes of what earlier ones left: used, made again, or somebody else's."""

import signal
from pathlib import Path

import pytest

from sandbox.provider import Fault, Provider
from tests.bot.cli.test_film import PRICE, Finished, bodies, change_record, film, quick
from tests.bot.cli.test_main import names_in, veo_bot

CUTS = ("--yes", "--continuity", "cuts")
CHAIN = "a\nb\nc\n"
MADE_AGAIN = "Shot 2 begins with the end of an earlier shot 1, so it's made again. You'll pay for it again."


def refuse_last(provider: Provider) -> None:
    provider.faults.add("create", Fault.status(400, "x"), only={"prompt": "c"})


async def film_with_a_lost_start(folder: Path, provider: Provider, *, is_failed: bool = False) -> Path:
    """Make two of three shots, and lose the first one; return the shots' folder."""
    refuse_last(provider)
    await film(folder, provider, "--yes", text=CHAIN)
    shots = folder / "film.mp4.shots"
    if is_failed:
        (shots / "veo-1.mp4").write_bytes(b"damaged")
        provider.faults.add("retrieve", Fault.failed("No faces"))
        await film(folder, provider, "--yes", text=CHAIN)
    else:
        (shots / "shot-1.json").unlink()
    return shots


@pytest.mark.parametrize("is_older", [False, True], ids=["noted", "of an older version"])
@pytest.mark.parametrize(("is_failed", "count"), [(False, 4), (True, 5)], ids=["deleted", "failed"])
async def test_a_shot_whose_start_is_made_again_is_made_again_once_that_is_paid_for(
    tmp_path: Path, files: Path, count: int, *, is_failed: bool, is_older: bool
) -> None:
    async with quick(files) as provider:
        shots = await film_with_a_lost_start(tmp_path, provider, is_failed=is_failed)
        if is_older:  # which noted no start
            change_record(tmp_path, 2, before=None)
        kept = (shots / "veo-2.mp4").read_bytes()
        asked = await film(tmp_path, provider, text=CHAIN)
        assert MADE_AGAIN in asked.text
        assert f"Price: about ${3 * PRICE:.2f} for 3 shots." in asked.text
        assert (asked.code, (shots / "veo-2.mp4").read_bytes()) == (1, kept), "it was thrown away unasked"
        finished = await film(tmp_path, provider, "--yes", text=CHAIN)
        assert finished.code == 0, finished.text
        prompts = [body["prompt"] for body in bodies(provider)]
    assert prompts == ["a", "b", "c", "a", "b", "c"]
    assert f"Its shots cost ${count * PRICE:.2f}." in finished.text, "what's of no use any more was paid for"


@pytest.mark.parametrize("words", ["a", "other words"])
async def test_a_stop_between_two_shots_that_are_made_again_changes_nothing(
    tmp_path: Path, files: Path, words: str
) -> None:
    text = CHAIN.replace("a", words, 1)
    async with quick(files) as provider:
        await film_with_a_lost_start(tmp_path, provider)
        provider.faults.add("create", Fault.status(400, "x"), only={"prompt": "b"})
        refused = await film(tmp_path, provider, "--yes", text=text)
        assert "Missing: shot 2, shot 3." in refused.text
        finished = await film(tmp_path, provider, "--yes", text=text)
        assert finished.code == 0, finished.text
        assert [body["prompt"] for body in bodies(provider)][3:] == [words, "b", "b", "c"]


async def test_a_shot_that_failed_free_goes_with_its_line(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        provider.hold = True
        provider.faults.add("retrieve", Fault.failed("No faces"))
        await film(tmp_path, provider, *CUTS, text="a fox")
        provider.release()
        shots = tmp_path / "film.mp4.shots"
        (shots / "shot-1.json").rename(shots / "shot-2.json")  # as if there had been a line before
        finished = await film(tmp_path, provider, *CUTS, text="a cat")
    assert finished.code == 0, finished.text
    assert set(names_in(tmp_path)) == {"shots.txt", "film.mp4"}


async def test_of_a_shot_that_is_not_the_films_only_what_is_known_is_said(
    tmp_path: Path, files: Path
) -> None:
    async with quick(files) as provider:
        provider.faults.add("create", Fault.status(400, "x"), only={"prompt": "a fox"})
        await film(tmp_path, provider, *CUTS, text="a fox\na dog")
        shorter = await film(tmp_path, provider, *CUTS, text="a cat")
    assert (
        "film.mp4.shots/shot-2.json is of a shot that this film doesn't have. Nothing was requested. Use "
        "another --output, or delete that file to give up the shot. It may have been charged."
    ) in shorter.text


STOPPED_AFTER = (
    "from bot.cli import film_making as making; import os, signal; move = making._move\n"
    "def stop(*places): move(*places); os.kill(os.getpid(), signal.{name})\n"
    "making._move = stop\n"
)


async def stopped_in_place(folder: Path, provider: Provider, name: str = "SIGKILL") -> Finished:
    """Run until the film is in its place and its shots are still there."""
    return await film(folder, provider, *CUTS, before=STOPPED_AFTER.format(name=name))


async def test_a_film_whose_run_was_killed_once_it_was_in_its_place_is_whole(
    tmp_path: Path, files: Path
) -> None:
    async with quick(files) as provider:
        assert (await stopped_in_place(tmp_path, provider)).code == -signal.SIGKILL
        again = await film(tmp_path, provider, *CUTS)
        assert (again.code, provider.count("create")) == (0, 2)
    assert again.text.strip() == "An earlier run has finished film.mp4. Its shots cost $1.04."
    assert set(names_in(tmp_path)) == {"film.mp4", "shots.txt"}


@pytest.mark.parametrize("text", ["a cat\n", "a fox\n", "a fox\nthe fox jumps\na cat\n"])
async def test_another_film_is_not_taken_for_one_that_is_whole(
    tmp_path: Path, files: Path, text: str
) -> None:
    async with quick(files) as provider:
        await stopped_in_place(tmp_path, provider)
        made = (tmp_path / "film.mp4").read_bytes()
        other = await film(tmp_path, provider, *CUTS, text=text)
    assert (other.code, other.text.strip()) == (1, "film.mp4 already exists. Nothing was requested.")
    assert (tmp_path / "film.mp4").read_bytes() == made
    assert set(names_in(tmp_path)) == {"film.mp4", "shots.txt"}, "what the film was made of stays forever"


async def test_shots_stay_beside_a_film_that_is_not_theirs(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        await stopped_in_place(tmp_path, provider)
        (tmp_path / "film.mp4").write_bytes(b"another film")
        late = await film(tmp_path, provider, *CUTS)
    assert (late.code, late.text.strip()) == (1, "film.mp4 already exists. Nothing was requested.")
    assert "veo-1.mp4" in names_in(tmp_path / "film.mp4.shots")


async def test_ctrl_c_once_the_film_is_in_its_place_says_nothing_of_charges(
    tmp_path: Path, files: Path
) -> None:
    async with quick(files) as provider:
        stopped = await stopped_in_place(tmp_path, provider, "SIGINT")
    assert "Its shots cost $1.04." in stopped.text
    assert "may still finish" not in stopped.text
    assert set(names_in(tmp_path)) == {"film.mp4", "shots.txt"}


@pytest.mark.parametrize("output", ["x" * 300 + ".mp4", "y" * 252], ids=["name", "name of the folder"])
async def test_a_name_that_is_too_long_is_told_in_a_line(tmp_path: Path, output: str) -> None:
    (tmp_path / "shots.txt").write_text("a fox")
    finished = await veo_bot(tmp_path, "film", "shots.txt", "-o", output, AIMLAPI_KEY="k")
    assert (finished.code, len(finished.text.splitlines())) == (1, 1), finished.text
    assert "File name too long. Nothing was requested." in finished.text


@pytest.mark.parametrize("look", ["is_dir", "exists"])
async def test_a_place_that_cannot_be_looked_at_is_told_in_a_line(
    tmp_path: Path, files: Path, look: str
) -> None:
    closed = f"from pathlib import Path; look = Path.{look}\ndef closed(path):\n"
    closed += "    if path.name == 'film.mp4': raise PermissionError(13, 'Permission denied')\n"
    closed += f"    return look(path)\nPath.{look} = closed\n"
    async with quick(files) as provider:
        finished = await film(tmp_path, provider, *CUTS, before=closed)
        assert (finished.code, provider.count("create")) == (1, 0)
    assert finished.text.strip() == "I can't use film.mp4: Permission denied. Nothing was requested."


async def test_a_late_answer_uses_the_shot_that_was_made_for_it(tmp_path: Path, files: Path) -> None:
    async with quick(files) as provider:
        refuse_last(provider)
        await film(tmp_path, provider, "--yes", text=CHAIN)
        change_record(tmp_path, 1, is_failed=True)  # it looked like that for a while
        finished = await film(tmp_path, provider, "--yes", text=CHAIN)
        assert finished.code == 0, finished.text
        assert [body["prompt"] for body in bodies(provider)] == ["a", "b", "c", "c"]
