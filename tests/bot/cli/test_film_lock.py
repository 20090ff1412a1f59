"""The folder of a film's shots: nothing is left of it where nothing was requested."""

import os
from pathlib import Path

import pytest

from tests.bot.cli.test_film import film, quick
from tests.bot.cli.test_main import names_in


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
