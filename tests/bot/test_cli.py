"""The command line, as an operator uses it: real processes, real exit codes."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.media.files import probe
from sandbox.provider import QUICK, Fault, Provider

SECRET = "sk-do-not-print-me"


@dataclass(frozen=True)
class Finished:
    """What a command left behind; `text` is all that it printed."""

    code: int
    text: str


async def veo_bot(folder: Path, *arguments: str, **environment: str) -> Finished:
    """Run `veo-bot` in `folder` with nothing but `environment`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *["-m", "bot", *arguments],
        cwd=folder,
        env={**kept, "COLUMNS": "200", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return Finished(process.returncode or 0, output.decode())


async def test_without_settings_each_missing_one_is_named_on_a_line_of_its_own(tmp_path: Path) -> None:
    finished = await veo_bot(tmp_path, "run")
    assert finished.code == 2
    assert finished.text.splitlines() == ["AIMLAPI_KEY: is missing", "DISCORD_TOKEN: is missing"]


async def test_a_malformed_setting_is_explained_without_a_traceback_or_a_secret(tmp_path: Path) -> None:
    finished = await veo_bot(
        tmp_path,
        "run",
        DISCORD_TOKEN=f"{SECRET} with a space",
        AIMLAPI_KEY=SECRET,
        POLL_INTERVAL=SECRET,
        AIMLAPI_BASE_URL=SECRET,
    )
    assert finished.code == 2
    assert len(finished.text.splitlines()) == 3, finished.text
    assert SECRET not in finished.text
    assert "Traceback" not in finished.text


async def test_settings_are_read_from_the_env_file_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"AIMLAPI_KEY={SECRET}\nPOLL_INTERVAL=never\n")
    finished = await veo_bot(tmp_path, "run")
    assert [line.split(":")[0] for line in finished.text.splitlines()] == ["POLL_INTERVAL", "DISCORD_TOKEN"]


async def test_a_database_that_cannot_be_opened_is_explained(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    finished = await veo_bot(tmp_path, "run", DISCORD_TOKEN="t", AIMLAPI_KEY="k")
    assert finished.code == 2
    assert "DATABASE_URL" in finished.text
    assert "Traceback" not in finished.text


@pytest.mark.parametrize("legacy", ["false", "true"], ids=["universal URL", "legacy URL"])
async def test_generate_saves_the_video_that_was_asked_for(tmp_path: Path, files: Path, legacy: str) -> None:
    async with Provider(generation_seconds=0.5, render=QUICK, files=files) as provider:
        finished = await veo_bot(
            tmp_path,
            *["generate", "a red dragon", "--model", "google/veo-3.0-fast", "--duration", "4"],
            *["--aspect-ratio", "9:16", "--no-generate-audio", "-o", "out/dragon.mp4"],
            AIMLAPI_KEY=provider.key,
            AIMLAPI_BASE_URL=provider.url,
            AIMLAPI_LEGACY_URLS=legacy,
            POLL_INTERVAL="0.2",
        )
        assert finished.code == 0, finished.text
        (created,) = [call for call in provider.calls if call.kind == "create"]
    assert created.json == {
        "model": "google/veo-3.0-fast",
        "prompt": "a red dragon",
        "duration": 4,
        "aspect_ratio": "9:16",
        "generate_audio": False,
    }
    clip = await probe(tmp_path / "out" / "dragon.mp4")
    assert (clip.width, clip.height, clip.has_sound) == (720, 1280, False)
    assert clip.seconds == pytest.approx(4, abs=0.2)
    assert "Saved out/dragon.mp4" in finished.text


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["  "], "The prompt is empty"),
        (["a dragon", "--duration", "5"], "`duration` must be one of: 4, 6, 8"),
        (["a dragon", "--seed", "-1"], "`seed` must be from 0"),
        (["a dragon", "--model", "veo9"], "model is not offered"),
        (["a dragon", "--model", "google/veo-3.1-i2v"], "Veo 3.1 from a picture needs a picture."),
    ],
)
async def test_generate_refuses_what_the_catalogue_does_not_allow(
    tmp_path: Path, options: list[str], complaint: str
) -> None:
    finished = await veo_bot(tmp_path, "generate", *options, AIMLAPI_KEY="k")
    assert finished.code == 2
    assert complaint in finished.text
    assert "Traceback" not in finished.text


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (Fault.status(401, "Invalid key"), "not accepted: Invalid key"),
        (Fault.status(503), "may have been accepted"),
    ],
)
async def test_generate_says_why_there_is_no_video(tmp_path: Path, fault: Fault, complaint: str) -> None:
    async with Provider(render=QUICK) as provider:
        provider.faults.add("create", fault)
        finished = await veo_bot(
            tmp_path, "generate", "a dragon", AIMLAPI_KEY=provider.key, AIMLAPI_BASE_URL=provider.url
        )
    assert finished.code == 1
    assert complaint in finished.text
    assert "Traceback" not in finished.text


async def test_generate_says_that_the_key_is_missing(tmp_path: Path) -> None:
    finished = await veo_bot(tmp_path, "generate", "a dragon")
    assert (finished.code, finished.text.strip()) == (2, "AIMLAPI_KEY: is missing")
