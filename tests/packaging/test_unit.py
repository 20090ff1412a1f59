"""The systemd unit: what systemd itself says about it, and that it starts what the image starts."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import EXIT_SETTINGS
from bot.work.runner import STOP_GRACE
from tests.packaging.dockerfile import last_words, read_steps
from tests.packaging.programs import ROOT

PATH = ROOT / "deploy/veo-bot.service"
ANALYZER = shutil.which("systemd-analyze")
MOST_EXPOSED = 20  # tenths; 14 with systemd 252, and every version looks at a few more things
SECONDS = {"s": 1, "min": 60}

needs_systemd = pytest.mark.skipif(ANALYZER is None, reason="no systemd on this machine")


def read_unit() -> dict[str, list[str]]:
    """Return every value of each word of the unit, whatever its section."""
    words: dict[str, list[str]] = {}
    for line in PATH.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            word, equals, value = line.partition("=")
            assert equals, line
            words.setdefault(word, []).append(value)
    return words


def analyze(*arguments: str | Path) -> tuple[int, str]:
    assert ANALYZER
    done = subprocess.run(  # noqa: S603 systemd on our own file
        [ANALYZER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


@needs_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    unit = tmp_path / PATH.name
    # The program must exist to be believed.
    text = PATH.read_text(encoding="utf-8").replace("/opt/veo-bot/venv/bin/python", sys.executable)

    unit.write_text(text, encoding="utf-8")
    assert analyze("verify", "--man=no", unit) == (0, "")

    unit.write_text(text.replace("NoNewPrivileges=", "NoNewPriviliges="), encoding="utf-8")
    assert "Unknown key" in analyze("verify", "--man=no", unit)[1]


@needs_systemd
def test_systemd_finds_little_to_attack() -> None:
    code, said = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", PATH)
    assert code == 0, said


def test_it_starts_what_the_image_starts() -> None:
    unit, steps = read_unit(), read_steps()
    python, *words = unit["ExecStart"][0].split()

    assert ["python", *words] == last_words(steps, "ENTRYPOINT") + last_words(steps, "CMD")
    assert python.startswith("/opt/veo-bot/")
    image = {pair.partition("=")[0] for pair in last_words(steps, "ENV")}
    ours = {pair.partition("=")[0] for line in unit["Environment"] for pair in line.split()}
    assert ours == image - {"PATH", "HTTP_PORT"}, "PATH is not needed, and a port is the operator's choice"


def test_it_writes_only_where_systemd_keeps_state() -> None:
    unit = read_unit()

    assert unit["StateDirectory"] == unit["CacheDirectory"] == unit["User"] == ["veo-bot"]
    assert unit["WorkingDirectory"] == ["%S/veo-bot"]
    assert "DATA_DIR=%S/veo-bot" in " ".join(unit["Environment"])
    assert unit["ProtectSystem"] == ["strict"]
    assert "ReadWritePaths" not in unit


def test_the_bot_gets_the_time_it_needs_to_stop() -> None:
    limit = re.fullmatch(r"(\d+)(s|min)", read_unit()["TimeoutStopSec"][0])
    assert limit
    assert int(limit[1]) * SECONDS[limit[2]] >= 2 * STOP_GRACE, "it would be killed while it lays work down"


def test_a_refused_token_is_not_tried_again_and_again() -> None:
    unit = read_unit()
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == [str(EXIT_SETTINGS)]


def test_the_secrets_are_in_no_file_of_the_repository() -> None:
    unit = read_unit()
    assert unit["EnvironmentFile"] == ["/etc/veo-bot/veo-bot.env"], "a leading minus would start it without"
    assert not re.search("TOKEN|KEY", " ".join(unit["Environment"]))
