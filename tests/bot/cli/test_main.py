"""The command line, as an operator uses it: real processes, real exit codes."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bot.db.database import open_database
from bot.media.files import probe
from bot.media.images import MAX_SIZE, data_uri_of
from sandbox.odd_answers import Reshaped, dead_address, once_done, says
from sandbox.provider import QUICK, Fault, Kind, Provider
from tests.bot.drawn import BLUE, HTML, draw
from tests.bot.troubles import make_damaged
from tests.forked import start_python

SECRET = "sk-do-not-print-me"
NOBODY = dict.fromkeys(("AIMLAPI_BASE_URL", "DISCORD_API_BASE"), "http://127.0.0.1:1")  # listens there


@dataclass(frozen=True)
class Finished:
    """What a command left behind; `text` is all that it printed."""

    code: int
    text: str


async def veo_bot(folder: Path, *arguments: str, **environment: str) -> Finished:
    """Run `veo-bot` in `folder` with nothing but `environment`."""
    return await python(folder, "-m", "bot", *arguments, **environment)


async def python(folder: Path, *arguments: str, **environment: str) -> Finished:
    """Run Python in `folder` with nothing but `environment`."""
    return await run_python(folder, arguments, environment)


async def run_python(
    folder: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: int = asyncio.subprocess.DEVNULL,
    stdout: int = asyncio.subprocess.PIPE,
    stopped_by: tuple[Awaitable[None], signal.Signals] | None = None,
) -> Finished:
    """Run Python in `folder` with nothing but `environment`; `stopped_by`: a signal, and when it is sent."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME", "PYTHONPATH") if name in os.environ}
    everything = {**kept, "COLUMNS": "200", **environment}
    process = await start_python(arguments, everything, folder, stdin=stdin, stdout=stdout)
    if stopped_by is not None:
        moment, number = stopped_by
        await moment
        process.send_signal(number)
    output, errors = await process.communicate()
    return Finished(process.returncode or 0, (output or b"").decode() + errors.decode())


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


@pytest.mark.parametrize("command", ["doctor", "generate --help"])
async def test_a_command_can_speak_where_the_encoding_lacks_its_signs(tmp_path: Path, command: str) -> None:
    script = f'exec "{sys.executable}" -m bot {command}'
    finished = await run_shell(tmp_path, script, PYTHONIOENCODING="latin-1", **NOBODY)
    assert "Traceback" not in finished.text, finished.text
    assert "?" in finished.text, "every sign was there"


async def test_the_version_can_be_asked_for_without_settings(tmp_path: Path) -> None:
    finished = await veo_bot(tmp_path, "--version")
    assert (finished.code, finished.text.strip()) == (0, f"veo-bot {version('veo-bot')}")


async def test_a_file_in_the_place_of_the_data_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    finished = await veo_bot(tmp_path, "run", DISCORD_TOKEN="t", AIMLAPI_KEY="k")
    assert (finished.code, finished.text.strip()) == (
        2,
        "DATA_DIR: The folder data cannot be used: File exists",
    )


async def test_a_folder_in_the_place_of_the_database_is_named(tmp_path: Path) -> None:
    (place := tmp_path / "data" / "veo.db").mkdir(parents=True, mode=0o700)
    (tmp_path / "data").chmod(0o700)
    secrets = {"DISCORD_TOKEN": "a-token", "AIMLAPI_KEY": "a-key"}
    address = f"sqlite+aiosqlite:///{place}"
    finished = await veo_bot(tmp_path, "run", **secrets, DATABASE_URL=address)
    assert finished.code == 2
    assert finished.text.splitlines()[-1] == (
        f"DATABASE_URL: The database can't be opened: unable to open database file ({place})"
    )


async def test_a_damaged_database_is_explained(tmp_path: Path) -> None:
    await make_damaged(tmp_path / "data" / "veo.db")
    finished = await veo_bot(tmp_path, "run", DISCORD_TOKEN="t", AIMLAPI_KEY="k")
    assert finished.code == 2, "systemd would start it again and again"
    assert re.fullmatch(
        r"DATABASE_URL: The file .*veo\.db is damaged \(.+\)\. Keep it, and restore the latest backup\.",
        finished.text.splitlines()[-1],
    )
    assert "Traceback" not in finished.text


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("DROP TABLE strikes", "the table strikes"),
        ("ALTER TABLE films DROP COLUMN title", "the column title of the table films"),
    ],
)
async def test_a_database_that_lacks_a_part_is_explained(
    tmp_path: Path, statement: str, missing: str
) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "veo.db"
    async with open_database(f"sqlite+aiosqlite:///{path}"):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
    secrets = {"DISCORD_TOKEN": "a-token", "AIMLAPI_KEY": "a-key"}
    finished = await veo_bot(tmp_path, "run", **secrets, **NOBODY)
    assert finished.code == 2
    assert f"DATABASE_URL: The database lacks {missing}, " in finished.text
    assert "Traceback" not in finished.text
    examined = await veo_bot(tmp_path, "doctor", **secrets, **NOBODY)
    assert f"The database is damaged: it lacks {missing}." in " ".join(examined.text.split())


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"HTTP_PORT": "{taken}"}, "HTTP_PORT"), ({"HTTP_PORT": "0", "HTTP_HOST": "192.0.2.1"}, "HTTP_HOST")],
)
async def test_an_address_that_cannot_be_listened_on_is_told_by_its_setting(
    tmp_path: Path, settings: dict[str, str], name: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        given = {key: value.format(taken=taken) for key, value in settings.items()}
        finished = await veo_bot(tmp_path, "run", DISCORD_TOKEN="t", AIMLAPI_KEY="k", **given)
    assert finished.code == 2
    assert finished.text.splitlines()[-1].startswith(f"{name}: The bot can't listen on ")


async def test_the_databases_to_copy_need_not_stand_in_the_list_of_processes(tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    async with open_database(f"sqlite+aiosqlite:///{old}"):
        pass
    addresses = {"COPY_FROM": f"sqlite+aiosqlite:///{old}", "COPY_TO": f"sqlite+aiosqlite:///{new}"}
    finished = await veo_bot(tmp_path, "copy-database", **addresses)
    assert finished.code == 0, finished.text
    assert new.exists()


async def test_an_address_to_copy_can_be_written_as_in_the_settings(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / ".env").write_text("DATA_DIR=kept\n")
    async with open_database(f"sqlite+aiosqlite:///{tmp_path / 'kept' / 'veo.db'}"):
        pass
    finished = await veo_bot(
        tmp_path,
        "copy-database",
        "sqlite+aiosqlite:///{data_dir}/veo.db",
        "sqlite+aiosqlite:///{data_dir}/new.db",
    )
    assert finished.code == 0, finished.text
    assert (tmp_path / "kept" / "new.db").exists()


async def test_a_data_folder_that_cannot_be_made_is_explained_though_the_database_is_elsewhere(
    tmp_path: Path,
) -> None:
    (tmp_path / "letter").write_text("a file where the folder should be")
    finished = await veo_bot(
        tmp_path,
        "run",
        DISCORD_TOKEN="t",
        AIMLAPI_KEY="k",
        DATA_DIR="letter/data",
        DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/veo.db",
    )
    assert finished.code == 2, "systemd would start it again and again"
    assert (
        finished.text.splitlines()[-1] == "DATA_DIR: The folder letter/data cannot be used: Not a directory"
    )
    assert "Traceback" not in finished.text


# The program as it is started, but for its patience of 30 seconds.
IMPATIENT = (
    "import bot.db.database; bot.db.database.START_PATIENCE = 0.3; from bot.cli.main import main; main()"
)


async def test_a_database_that_is_away_is_worth_another_start(tmp_path: Path) -> None:
    address = f"postgresql+asyncpg://veo:{SECRET}@127.0.0.1:1/veo"
    finished = await python(
        tmp_path, "-c", IMPATIENT, "run", DISCORD_TOKEN="t", AIMLAPI_KEY="k", DATABASE_URL=address
    )
    assert finished.code == 1, "systemd does not start again what ends with 2"
    assert "DATABASE_URL: The database at 127.0.0.1:1/veo can't be reached: " in finished.text
    assert "Traceback" not in finished.text
    assert SECRET not in finished.text


# The kernel refuses to let any file grow, as on a disk that is full.
ON_A_FULL_DISK = (
    "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room})); " + IMPATIENT
)


@pytest.mark.parametrize("room", [0, 40960], ids=["for nothing", "for half of the tables"])
async def test_a_disk_that_is_full_is_worth_another_start(tmp_path: Path, room: int) -> None:
    code = ON_A_FULL_DISK.format(room=room)
    finished = await python(tmp_path, "-c", code, "run", DISCORD_TOKEN="a-token", AIMLAPI_KEY="a-key")
    assert finished.code == 1, f"systemd does not start again what ends with 2: {finished.text}"
    assert re.search(r"DATABASE_URL: The database can't be opened: .*disk.*full", finished.text)
    assert "Traceback" not in finished.text


async def test_a_database_that_is_copied_into_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    async with open_database(f"sqlite+aiosqlite:///{old}"):
        pass
    before = os.umask(0o022)  # as most systems have it
    try:
        finished = await veo_bot(tmp_path, "copy-database", *(f"sqlite+aiosqlite:///{p}" for p in (old, new)))
    finally:
        os.umask(before)
    assert finished.code == 0, finished.text
    assert stat.S_IMODE(new.stat().st_mode) == 0o600, "everybody on the machine could read the prompts"


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
    assert "Price: about $" in finished.text
    assert "It cost $" in finished.text


# The program as it is started, but for its patience where it waits for minutes.
HURRIED = "from bot.cli import desk, main; desk.LOOKUP_SECONDS = 1; main.main()"


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def reached(provider: Provider) -> dict[str, str]:
    """Return the settings with which `veo-bot generate` reaches the provider."""
    return {"AIMLAPI_KEY": provider.key, "AIMLAPI_BASE_URL": provider.url, "POLL_INTERVAL": "0.2"}


async def generate(folder: Path, provider: Provider, *arguments: str, **options: Any) -> Finished:
    """Run `veo-bot generate`; `options` as in `run_python`."""
    return await run_python(folder, ["-c", HURRIED, "generate", *arguments], reached(provider), **options)


@pytest.fixture
async def small_disk(tmp_path: Path) -> AsyncIterator[Path]:
    """A disk with room for eight thousand bytes, which only root gets."""
    folder = tmp_path / "small"
    folder.mkdir()
    if problem := await run_tool("mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(folder)):
        pytest.skip(problem)
    try:
        yield folder
    finally:
        await run_tool("umount", str(folder))


async def run_shell(folder: Path, script: str, **environment: str) -> Finished:
    """Run a line of a shell in `folder`; it needs an interpreter of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME", "PYTHONPATH") if name in os.environ}
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-c", script),
        cwd=folder,
        env={**kept, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await shell.communicate()
    return Finished(shell.returncode or 0, output.decode())


async def run_tool(*command: str) -> str:
    """Run a program of the system; return what it complains about."""
    tool = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, complaint = await tool.communicate()
    return complaint.decode().strip()


async def test_generate_leaves_no_half_of_a_video_on_a_disk_without_room(
    small_disk: Path, tmp_path: Path, files: Path
) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        finished = await generate(tmp_path, provider, "a red dragon", "--duration", "4", "-o", "small/a.mp4")
    assert finished.code == 1
    assert "Fetch it later: veo-bot generate --resume" in finished.text
    assert names_in(small_disk) == [], "somebody would take it for the video"


async def test_generate_overwrites_no_video_that_is_there(tmp_path: Path, files: Path) -> None:
    (tmp_path / "veo.mp4").write_bytes(b"the last one, which was paid for")
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        finished = await generate(tmp_path, provider, "a red dragon", "--duration", "4")
    assert (tmp_path / "veo.mp4").read_bytes() == b"the last one, which was paid for"
    assert (tmp_path / "veo-2.mp4").stat().st_size > 1000
    assert "Saved veo-2.mp4" in finished.text


@pytest.mark.parametrize("place", ["file/veo.mp4", "pipe", "pipe/", "/dev/null"])
async def test_generate_finds_out_that_it_cannot_write_before_it_pays(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    async with Provider(render=QUICK) as provider:
        finished = await generate(tmp_path, provider, "a red dragon", "-o", place)
        assert provider.calls == []
    assert finished.code == 1
    assert "I can't write " in finished.text
    assert "Nothing was requested." in finished.text


async def test_generate_makes_the_folder_that_is_named(tmp_path: Path, files: Path) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        await generate(tmp_path, provider, "a red dragon", "--duration", "4", "-o", "new/")
    assert (tmp_path / "new" / "veo.mp4").stat().st_size > 1000


async def test_generate_takes_no_prompt_in_another_encoding(tmp_path: Path, provider: Provider) -> None:
    (tmp_path / "prompt").write_bytes("ein Bär".encode("latin-1"))
    with (tmp_path / "prompt").open("rb") as prompt:
        refused = await generate(tmp_path, provider, "-", stdin=prompt.fileno())
    assert refused.code != 0
    assert "The prompt isn't UTF-8. Save or type it in that encoding." in refused.text
    assert provider.count("create") == 0, "other words were paid for"


async def test_generate_takes_a_prompt_of_odd_bytes(tmp_path: Path, files: Path) -> None:
    (tmp_path / "prompt").write_bytes(b"\xef\xbb\xbfa fox caf\xc3\xa9 [/x]\n")
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        with (tmp_path / "prompt").open("rb") as prompt:
            finished = await generate(tmp_path, provider, "-", "--duration", "4", stdin=prompt.fileno())
        [created] = [call.json for call in provider.calls if call.kind == "create"]
    assert "Saved veo.mp4" in finished.text, finished.text
    assert isinstance(created, dict)
    assert created["prompt"] == "a fox café [/x]"


@pytest.mark.nightly(daily=["SIGINT-create", "SIGTERM-retrieve"])
@pytest.mark.parametrize("kind", ["create", "retrieve"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda sent: sent.name)
async def test_generate_that_is_stopped_says_how_its_video_is_fetched(
    tmp_path: Path, files: Path, sent: signal.Signals, kind: Kind
) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.faults.add(kind, Fault.hang(accepted=True))
        stop = provider.called(kind), sent
        stopped = await generate(tmp_path, provider, "a fox", "--duration", "4", stopped_by=stop)
        assert (stopped.code, names_in(tmp_path)) == (1, []), stopped.text
        provider.faults.clear()
        [name] = re.findall(r"Fetch it later: veo-bot generate --resume (\S+)", stopped.text)
        fetched = await generate(tmp_path, provider, "--resume", name)
        assert provider.count("create") == 1, "it was paid for again"
    assert "Traceback" not in stopped.text
    assert "Saved veo.mp4" in fetched.text, fetched.text


async def test_generate_that_is_stopped_before_it_asked_says_that_nothing_was_requested(
    tmp_path: Path,
) -> None:
    async with Provider(render=QUICK) as provider:
        provider.faults.add("models", Fault.hang())
        stop = provider.called("models"), signal.SIGTERM
        stopped = await generate(tmp_path, provider, "a fox", stopped_by=stop)
        assert provider.count("create") == 0
    assert "Nothing was requested." in stopped.text


@pytest.mark.parametrize(("kind", "is_saved"), [("cdn", False), ("logs", True)])
async def test_generate_that_is_stopped_once_its_video_is_made_says_how_it_stands(
    tmp_path: Path, files: Path, kind: Kind, is_saved: bool
) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.generations.cost_answers = frozenset()
        provider.faults.add(kind, Fault.hang(), times=None)
        stop = provider.called(kind), signal.SIGINT
        stopped = await generate(tmp_path, provider, "a fox", "--duration", "4", stopped_by=stop)
    assert "may still finish" not in stopped.text, stopped.text
    assert ("Saved veo.mp4" in stopped.text) is is_saved
    ready = "The video is ready. Fetch it later: veo-bot generate --resume "
    assert (ready in stopped.text) is not is_saved, stopped.text
    assert names_in(tmp_path) == ["veo.mp4"] * is_saved


async def test_generate_goes_on_when_nobody_reads_what_it_says(tmp_path: Path, files: Path) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        reader, writer = os.pipe()
        os.close(reader)
        finished = await generate(tmp_path, provider, "a fox", "--duration", "4", stdout=writer)
        os.close(writer)
    assert (tmp_path / "veo.mp4").stat().st_size > 1000
    assert (finished.code, finished.text.count("Generation ID: ")) == (0, 1), finished.text
    assert "Saved veo.mp4" in finished.text, "nor on standard error is it told"


@pytest.mark.parametrize("where", ["a full disk", "a terminal that is gone"])
async def test_generate_goes_on_when_what_it_says_cannot_be_written(
    tmp_path: Path, files: Path, where: str
) -> None:
    if where == "a full disk":
        writer = os.open("/dev/full", os.O_WRONLY)
    else:
        terminal, writer = os.openpty()
        os.close(terminal)
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        finished = await generate(tmp_path, provider, "a fox", "--duration", "4", stdout=writer)
    os.close(writer)
    assert (tmp_path / "veo.mp4").stat().st_size > 1000, finished.text
    assert (finished.code, finished.text.count("Generation ID: ")) == (0, 1), finished.text


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
async def test_generate_makes_its_video_without_the_standard_streams(
    tmp_path: Path, files: Path, closed: str
) -> None:
    script = f'exec "{sys.executable}" -m bot generate "a fox" --duration 4 {closed}'
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        await run_shell(tmp_path, script, **reached(provider))
    assert (tmp_path / "veo.mp4").stat().st_size > 1000


async def test_a_prompt_from_a_closed_standard_input_is_none(tmp_path: Path) -> None:
    script = f'exec "{sys.executable}" -m bot generate - <&-'
    finished = await run_shell(tmp_path, script, AIMLAPI_KEY=SECRET)
    assert finished == Finished(2, "Describe the video, or fetch one with --resume.\n")


async def test_generate_believes_a_failure_only_once_it_is_repeated(tmp_path: Path, files: Path) -> None:
    failed = says(status="error", error={"message": "[/x] No faces"})
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.faults.add("retrieve", failed)
        finished = await generate(tmp_path, provider, "a fox", "--duration", "4")
        assert "Saved veo.mp4" in finished.text, finished.text
        provider.faults.add("retrieve", failed, times=None)
        finished = await generate(tmp_path, provider, "a fox", "--duration", "4")
    assert "No video: [/x] No faces. To ask once more: veo-bot generate --resume " in finished.text
    assert not (tmp_path / "veo-2.mp4").exists(), "an empty file was left"


async def test_generate_does_not_give_up_a_video_while_the_provider_fails_without_saying_why(
    tmp_path: Path, files: Path
) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.faults.add("retrieve", says(status="error"), times=4)
        finished = await generate(tmp_path, provider, "a fox", "--duration", "4")
    said = "The provider says there's no video, but not why. Asking for a few more minutes."
    assert finished.text.count(said) == 1, finished.text
    assert "Saved veo.mp4" in finished.text, finished.text


async def test_generate_takes_no_lost_answer_for_one_more_that_there_is_no_video(
    tmp_path: Path, files: Path
) -> None:
    failed = says(status="error", error={"message": "[/x] No faces"})
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.faults.add("retrieve", failed)
        provider.faults.add("retrieve", Fault.status(503), times=4)
        finished = await generate(tmp_path, provider, "a fox", "--duration", "4")
    assert "Saved veo.mp4" in finished.text, finished.text


async def test_generate_looks_up_a_cost_that_no_answer_told(tmp_path: Path, files: Path) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.generations.cost_answers = frozenset()
        finished = await generate(tmp_path, provider, "a fox", "--duration", "4")
    assert re.search(r"^It cost \$\d", finished.text, re.MULTILINE), finished.text


async def test_generate_looks_for_a_request_whose_answer_was_lost(tmp_path: Path, files: Path) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.faults.add("create", Fault.reset(accepted=True))
        finished = await generate(tmp_path, provider, "a red dragon", "--duration", "4")
        assert provider.count("create") == 1
    assert "Saved veo.mp4" in finished.text, finished.text


async def test_generate_fetches_what_has_begun_though_the_log_shows_the_call_as_failed(
    tmp_path: Path, files: Path
) -> None:
    failed = Reshaped(lambda page: {"data": [{**row, "status": "failed"} for row in page["data"]]})
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.faults.add("create", Fault.status(502, body="html", accepted=True))
        provider.faults.add("logs", failed, times=None)
        finished = await generate(tmp_path, provider, "a red dragon", "--duration", "4")
    assert "Saved veo.mp4" in finished.text, "the member is to try again, and pays twice: " + finished.text


async def test_a_video_that_misses_the_deadline_can_be_fetched_later(tmp_path: Path, files: Path) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.hold = True
        arguments = ["-m", "bot", "generate", "a fox", "--duration", "4"]
        late = await run_python(tmp_path, arguments, {**reached(provider), "GENERATION_DEADLINE": "1"})
        assert (late.code, names_in(tmp_path)) == (1, []), late.text
        said = r"Not ready after \d s\. The provider may still finish and charge the video\. Fetch it later: "
        [name] = re.findall(rf"{said}veo-bot generate --resume (\S+)", late.text)
        provider.release()
        fetched = await generate(tmp_path, provider, "--resume", name)
        assert provider.count("create") == 1, "it was paid for again"
    assert "Saved veo.mp4" in fetched.text, fetched.text


async def test_a_video_that_was_not_waited_for_can_be_fetched_later(tmp_path: Path, files: Path) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.faults.add("cdn", Fault.status(404), times=None)
        first = await generate(tmp_path, provider, "a red dragon", "--duration", "4", "-o", "a.mp4")
        assert first.code == 1
        assert not (tmp_path / "a.mp4").exists(), "an empty file was left"
        provider.faults.clear()
        [name] = re.findall(r"Fetch it later: veo-bot generate --resume (\S+) -o a.mp4", first.text)
        again = await generate(tmp_path, provider, "--resume", name, "-o", "a.mp4")
        [request] = re.findall(r"Request ID: (\S+)", first.text)
        by_request = await generate(tmp_path, provider, "--resume", request, "-o", "b.mp4")
        assert provider.count("create") == 1, "it was paid for again"
    assert "Saved a.mp4" in again.text, again.text
    assert "Saved b.mp4" in by_request.text, by_request.text


@pytest.mark.parametrize(
    ("kind", "fault"),
    [("retrieve", once_done(dead_address)), ("cdn", Fault.status(200, body="html"))],
    ids=["nothing is at the first address", "a page is there at first"],
)
async def test_generate_asks_for_another_address_when_there_is_no_video_at_one(
    tmp_path: Path, files: Path, kind: Kind, fault: Fault
) -> None:
    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        provider.faults.add(kind, fault)
        finished = await generate(tmp_path, provider, "a fox", "--duration", "4")
        assert provider.count("create") == 1
    assert "Saved veo.mp4" in finished.text, finished.text


async def test_an_empty_id_is_none_and_makes_no_second_video(tmp_path: Path, provider: Provider) -> None:
    refused = await generate(tmp_path, provider, "a fox", "--resume", "")
    assert provider.count("create") == 0, "it was an empty variable of a script"
    assert (refused.code, refused.text) == (2, "--resume needs an ID.\n")


CAT, DOG = draw("JPEG"), draw(colour=BLUE)


@pytest.mark.nightly(daily=["one"])
@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (
            ["--image", "cat.jpg", "--duration", "4"],
            {"model": "google/veo-3.0-i2v", "duration": 4, "image_url": data_uri_of(CAT)},
        ),
        (
            ["--image", "cat.jpg", "--model", "google/veo-3.1-t2v-fast", "--duration", "4"],
            {"model": "google/veo-3.1-i2v-fast", "duration": 4, "image_url": data_uri_of(CAT)},
        ),
        (
            ["--last-image", "dog.png", "--image", "cat.jpg", "--duration", "4"],
            {
                "model": "google/veo-3.1-first-last-image-to-video",
                "duration": 4,
                "image_url": data_uri_of(CAT),
                "last_image_url": data_uri_of(DOG),
            },
        ),
        (
            ["--reference", "cat.jpg", "--reference", "dog.png"],
            {
                "model": "google/veo-3.1-reference-to-video",
                "image_urls": [data_uri_of(CAT), data_uri_of(DOG)],
            },
        ),
    ],
    ids=["one", "another family", "two", "references"],
)
async def test_generate_sends_the_images(
    tmp_path: Path, files: Path, options: list[str], sent: dict[str, Any]
) -> None:
    (tmp_path / "cat.jpg").write_bytes(CAT)
    (tmp_path / "dog.png").write_bytes(DOG)
    async with Provider(generation_seconds=0.1, render=QUICK, files=files) as provider:
        finished = await generate(tmp_path, provider, "a red dragon", *options)
        (created,) = [call for call in provider.calls if call.kind == "create"]
    assert created.json == {"prompt": "a red dragon", **sent}
    assert "Saved veo.mp4" in finished.text, finished.text


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--image", "cat.png"], "I can't read cat.png: No such file or directory."),
        (["--image", "."], "I can't read .: Is a directory."),
        (["--image", "page.png"], "page.png: That file isn't a PNG, JPEG or WebP image"),
        (
            ["--image", "small.png"],
            "small.png: The image is too large or too small. An image can be up to 8",
        ),
        (["--image", "large.png"], "large.png: The image is too large or too small."),
        (
            ["--image", "good.png", "--last-image", "page.png"],
            "page.png: That file isn't a PNG, JPEG or WebP image",
        ),
        (["--reference", "good.png", "--image", "good.png"], "A video can't have --reference and an --image"),
        (["--reference", "good.png", "--last-image", "good.png"], "A video can't have --reference and"),
        (["--reference", "good.png"] * 4, "A video can have up to 3 reference images."),
        (["--reference", "good.png", "--duration", "4"], "`duration` must be 8."),
        (["--last-image", "good.png"], "--last-image needs an --image to start from."),
        (["--image", "good.png", "--last-image", "good.png", "--model", "google/veo3"], "from two images."),
        (["--image", "good.png", "--model", "google/veo-3.1-t2v", "--seed", "1"], "has no option `seed`."),
    ],
)
async def test_generate_refuses_images_that_cannot_be_sent(
    tmp_path: Path, options: list[str], complaint: str
) -> None:
    contents = {
        "good.png": draw(),
        "page.png": HTML,
        "small.png": draw(size=(8, 8)),
        "large.png": draw() + b"\0" * MAX_SIZE,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    finished = await veo_bot(tmp_path, "generate", "a dragon", *options, AIMLAPI_KEY="k")
    assert (finished.code, len(finished.text.splitlines())) == (2, 1), finished.text
    assert complaint in finished.text


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["  "], "The prompt is empty"),
        (["a dragon", "--duration", "5"], "`duration` must be one of: 4, 6, 8"),
        (["a dragon", "--seed", "-1"], "`seed` must be from 0"),
        (["a dragon", "--model", "veo9"], "There's no model veo9. Available: google/veo"),
        ([], "Describe the video, or fetch one with --resume."),
        (["-"], "Describe the video, or fetch one with --resume."),
        (
            ["a dragon", "--model", "google/veo-3.1-i2v"],
            "Veo 3.1 from an image needs an image. You can also choose Veo 3,",
        ),
    ],
)
async def test_generate_refuses_what_the_catalogue_does_not_allow(
    tmp_path: Path, options: list[str], complaint: str
) -> None:
    finished = await veo_bot(tmp_path, "generate", *options, AIMLAPI_KEY="k")
    assert finished.code == 2
    assert complaint in finished.text
    assert "Traceback" not in finished.text


async def test_generate_obeys_the_setting_of_models(tmp_path: Path) -> None:
    refused = await veo_bot(tmp_path, "generate", "x", "--model", "veo 3", AIMLAPI_KEY="k", MODELS="Veo 3.1")
    assert (refused.code, refused.text.splitlines()[0]) == (
        2,
        "There's no model veo 3. Available: google/veo-3.1-t2v, google/veo-3.1-i2v, "
        "google/veo-3.1-first-last-image-to-video, google/veo-3.1-reference-to-video.",
    )


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (
            Fault.status(401, "Invalid key"),
            "didn't accept the request: Invalid key. Check the setting AIMLAPI_KEY",
        ),
        (Fault.status(503), "I don't know yet whether the provider accepted"),
    ],
)
async def test_generate_says_why_there_is_no_video(tmp_path: Path, fault: Fault, complaint: str) -> None:
    async with Provider(render=QUICK) as provider:
        provider.faults.add("create", fault)
        finished = await generate(tmp_path, provider, "a dragon")
    assert finished.code == 1
    assert complaint in finished.text
    assert "Traceback" not in finished.text


async def test_generate_says_which_setting_leads_to_nobody(tmp_path: Path) -> None:
    finished = await veo_bot(
        tmp_path, "generate", "a dragon", AIMLAPI_KEY="a-key", AIMLAPI_BASE_URL="http://127.0.0.1:1"
    )
    assert finished.code == 1
    assert re.search("connection refused.*Check .*AIMLAPI_BASE_URL", finished.text), finished.text


async def test_generate_says_that_the_key_is_missing(tmp_path: Path) -> None:
    finished = await veo_bot(tmp_path, "generate", "a dragon")
    assert (finished.code, finished.text.strip()) == (2, "AIMLAPI_KEY: is missing")
