"""Nobody but the bot's user can read its files, from the first moment on and after an upgrade."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import file_modes
from bot.file_modes import restrict_files
from sandbox.provider import QUICK, Provider
from tests.bot.troubles import Logs
from tests.wire_discord import WireDiscord
from tests.wire_discord.program import Program, bot_environment

TOLD = "other users could read the bot's files; this is fixed now"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """DATA_DIR, which does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def generous() -> Iterator[None]:
    """A process whose new files everybody may read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


def url_of(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/veo.db"


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def loose(folder: Path) -> list[str]:
    """Return what others can do something with, in a folder and below; it must not be empty."""
    paths = [folder, *folder.rglob("*")]
    assert len(paths) > 1
    return [str(path.relative_to(folder)) for path in paths if mode_of(path) & 0o077]


@pytest.mark.usefixtures("generous")
def test_a_new_folder_and_database_are_the_owners_alone(data: Path, logs: Logs) -> None:
    restrict_files(data, url_of(data))
    assert (mode_of(data), mode_of(data / "veo.db")) == (0o700, 0o600)
    assert (data / "veo.db").stat().st_size == 0
    assert logs == [], "there was nothing to tell"


@pytest.mark.usefixtures("generous")
def test_what_an_earlier_version_left_open_is_closed_and_told_once(data: Path, logs: Logs) -> None:
    for name in ("videos/originals", "videos/fitting-x", "pictures", "mine"):
        (data / name).mkdir(parents=True)
    own = ["veo.db", "veo.db-wal", "videos/veo-a.mp4", "videos/originals/veo-b.mp4", "pictures/a-0"]
    for name in (*own, "mine/letter.txt"):
        (data / name).write_text("private")
    restrict_files(data, url_of(data))
    assert loose(data) == ["mine", "mine/letter.txt"], "only what is the bot's is its business"
    assert {mode_of(data / name) for name in own} == {0o600}
    restrict_files(data, url_of(data))
    [line] = [line for line in logs if line["event"] == TOLD]
    assert (line["files"], line["first"]) == (1 + len(own) + 4, str(data))


@pytest.mark.usefixtures("generous")
def test_a_database_elsewhere_is_closed_and_its_folder_is_not(data: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "veo.db").write_text("private")
    restrict_files(data, url_of(shared))
    assert (mode_of(shared), mode_of(shared / "veo.db")) == (0o777, 0o600)


@pytest.mark.usefixtures("generous")
def test_a_folder_that_many_share_is_left_alone(data: Path, logs: Logs) -> None:
    data.mkdir()
    data.chmod(0o1777)
    restrict_files(data, url_of(data))
    assert mode_of(data) == 0o1777
    assert [line["event"] for line in logs] == ["could not restrict a file's permissions"]


@pytest.mark.usefixtures("generous")
def test_a_folder_that_the_database_is_said_to_be_keeps_its_rights(data: Path, tmp_path: Path) -> None:
    everybodys = tmp_path / "everybodys"
    everybodys.mkdir()
    everybodys.chmod(0o755)
    restrict_files(data, f"sqlite+aiosqlite:///{everybodys}")
    assert mode_of(everybodys) == 0o755


def test_a_link_does_not_lead_out_of_the_folder(data: Path, tmp_path: Path) -> None:
    (data / "videos").mkdir(parents=True)
    outside = tmp_path / "letter.txt"
    outside.write_text("somebody else's")
    outside.chmod(0o644)
    (data / "videos" / "veo-a.mp4").symlink_to(outside)
    (data / "videos" / "more").symlink_to(tmp_path, target_is_directory=True)
    restrict_files(data, url_of(data))
    assert mode_of(outside) == 0o644


@pytest.mark.usefixtures("generous")
def test_a_folder_in_which_another_process_works_may_vanish_meanwhile(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [data / "videos" / name for name in ("fitting-one", "fitting-two")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "pass").touch()
    restrict = file_modes._restrict  # pyright: ignore[reportPrivateUsage]: it is called through

    def restrict_while_the_other_ends(path: Path) -> bool:
        if path.name == "pass":
            shutil.rmtree(next(folder for folder in folders if folder != path.parent))
        return restrict(path)

    monkeypatch.setattr(file_modes, "_restrict", restrict_while_the_other_ends)
    restrict_files(data, url_of(data))
    [left] = [folder for folder in folders if folder.exists()]
    assert mode_of(left / "pass") == 0o600


@pytest.mark.usefixtures("generous")
def test_what_is_neither_a_file_nor_a_folder_is_left_alone(tmp_path: Path) -> None:
    """Root could take a device such as /dev/null from the whole machine."""
    device = tmp_path / "device"
    os.mkfifo(device)
    restrict_files(device, f"sqlite+aiosqlite:///{device}")
    assert mode_of(device) == 0o666


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "postgresql+asyncpg://veo@db/veo"])
def test_a_database_without_a_file_needs_none(data: Path, url: str) -> None:
    restrict_files(data, url)
    assert list(data.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_by_who_needs_it(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("no folder")
    restrict_files(tmp_path / "letter" / "data", url_of(tmp_path / "letter" / "data"))


@pytest.mark.usefixtures("generous")
async def test_all_that_a_running_bot_writes_is_its_users_alone(
    files: Path, tmp_path: Path, data: Path
) -> None:
    async with (
        WireDiscord() as wire,
        Provider(generation_seconds=0.1, render=QUICK, files=files) as provider,
    ):
        provider.hold = True
        environment = bot_environment(wire, provider, data)
        async with Program(["-m", "bot", "run"], environment, tmp_path) as program:
            await wire.wait_for_sessions()
            await wire.interact(11, "veo", {"prompt": "A fox in the snow", "duration": 4})
            await provider.called("retrieve")
            assert names_in(data) >= {"veo.db", "veo.db-wal", "veo.db-shm", "videos", "pictures"}
            assert loose(data) == []
            assert await program.stop() == 0
    assert loose(data) == []
