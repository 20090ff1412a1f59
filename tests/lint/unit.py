"""The systemd unit: what systemd itself says about it, and that it starts what the image starts."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.cli.exits import EXIT_SETTINGS
from bot.db.database import START_PATIENCE
from bot.jobs.runner import STOP_GRACE
from tests.lint.findings import Check, File, Findings
from tests.lint.pages import pages
from tests.packaging.dockerfile import last_words, read_steps

ANALYZER = shutil.which("systemd-analyze")
MAX_EXPOSED = 20  # tenths; 14 with systemd 252, and every version looks at a few more things
SECONDS = {"s": 1, "min": 60}
LEAST_WAIT = START_PATIENCE - 2  # seconds; the last pause would be longer than what is left
PYTHON = "/opt/veo-bot/venv/bin/python"
# What each word must say, and why if that is not plain.
WRITES = {
    "StateDirectory": "veo-bot",
    "StateDirectoryMode": "0700",
    "User": "veo-bot",
    "WorkingDirectory": "%S/veo-bot",
    "ProtectSystem": "strict",
}


class Unit(File):
    """The unit, and every value of each of its words, whatever the section."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "deploy/veo-bot.service")
        self.words: dict[str, list[str]] = {}
        self.strangers: list[str] = []
        for line in self.text.splitlines():
            word, equals, value = line.partition("=")
            if equals and line[0] not in "#[":
                self.words.setdefault(word, []).append(value)
            elif line and line[0] not in "#[":
                self.strangers.append(line)

    def values(self, word: str) -> list[str]:
        """Return what is said for a word, or nothing."""
        return self.words.get(word, [])


def every_line_is_a_word_with_a_value(root: Path) -> Findings:
    """Find a line that says nothing."""
    unit = Unit(root)
    for line in unit.strangers:
        yield unit.found(f"This line sets nothing: {line}", line)


def systemd_understands_every_line(root: Path) -> Findings:
    """Find what systemd does not understand."""
    unit = Unit(root)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / unit.path.name
        copy.write_text(unit.text.replace(PYTHON, sys.executable), encoding="utf-8")  # which must exist
        code, said = _analyze("verify", "--man=no", copy)
    if code != 0 or said:
        yield unit.found(f"systemd says: {said.strip()}")


def systemd_finds_little_to_attack(root: Path) -> Findings:
    """Find rights that the program does not need."""
    unit = Unit(root)
    code, said = _analyze("security", "--offline=true", f"--threshold={MAX_EXPOSED}", "--no-pager", unit.path)
    if code != 0:
        yield unit.found(f"systemd finds much to attack: {said.strip()}")


def it_starts_what_the_image_starts(root: Path) -> Findings:
    """Find another command or environment than the image's."""
    unit, steps = Unit(root), read_steps(root)
    python, *words = unit.values("ExecStart")[0].split()
    if python != PYTHON or ["python", *words] != last_words(steps, "ENTRYPOINT") + last_words(steps, "CMD"):
        yield unit.found("This is not the image's command, in /opt/veo-bot.", "ExecStart=")
    image = {pair.partition("=")[0] for pair in last_words(steps, "ENV")}
    ours = {pair.partition("=")[0] for line in unit.values("Environment") for pair in line.split()}
    # PATH is not needed, and a port is the operator's choice.
    for name in sorted(ours ^ (image - {"PATH", "HTTP_PORT"})):
        yield unit.found(f"The unit and the image do not both set {name}.", "Environment=")


def it_writes_only_where_systemd_keeps_state(root: Path) -> Findings:
    """Find another place that it could write to."""
    unit = Unit(root)
    for word, wanted in WRITES.items():
        if unit.values(word) != [wanted]:
            yield unit.found(f"{word} must be {wanted}.", f"{word}=")
    if "DATA_DIR=%S/veo-bot" not in " ".join(unit.values("Environment")):
        yield unit.found("DATA_DIR must be %S/veo-bot.", "Environment=")
    if unit.values("ReadWritePaths"):
        yield unit.found("It may write to nothing else.", "ReadWritePaths=")


def the_commands_in_the_documents_leave_the_folder_closed(root: Path) -> Findings:
    """Find a command that uses the folder and would open it: systemd-run sets its mode each time."""
    mode = f"-p StateDirectoryMode={WRITES['StateDirectoryMode']}"
    for page in pages(root):
        for block in page.blocks("sh"):
            if "-p StateDirectory=" in block.text and mode not in block.text:
                yield page.found(f"The command lacks {mode}.", "-p StateDirectory=")


def the_bot_gets_the_time_it_needs_to_stop(root: Path) -> Findings:
    """Find a limit at which it would be killed while it lays work down."""
    unit = Unit(root)
    if _seconds(unit, "TimeoutStopSec") < 2 * STOP_GRACE:
        yield unit.found("It would be killed while it lays work down.", "TimeoutStopSec=")


def a_refused_token_is_not_tried_again_and_again(root: Path) -> Findings:
    """Find a restart where a setting is wrong."""
    unit = Unit(root)
    for word, wanted in {"Restart": "on-failure", "RestartPreventExitStatus": str(EXIT_SETTINGS)}.items():
        if unit.values(word) != [wanted]:
            yield unit.found(f"{word} must be {wanted}.", f"{word}=")


def it_is_started_for_as_long_as_its_database_is_away(root: Path) -> Findings:
    """Find a limit of starts that those would reach which wait for the database, or for room on the disk."""
    unit = Unit(root)
    seconds = {word: _seconds(unit, word) for word in ("StartLimitIntervalSec", "RestartSec")}
    starts = seconds["StartLimitIntervalSec"] / (seconds["RestartSec"] + LEAST_WAIT)
    if starts >= int(unit.values("StartLimitBurst")[0]):
        yield unit.found(f"{starts:.0f} starts that wait would end it for good.", "StartLimitBurst=")


def _seconds(unit: Unit, word: str) -> int:
    found = re.fullmatch(r"(\d+)(s|min)", " ".join(unit.values(word)))
    return int(found[1]) * SECONDS[found[2]] if found else 0


def the_unit_has_no_secrets(root: Path) -> Findings:
    """Find a secret in the unit, or a start without any."""
    unit = Unit(root)
    if unit.values("EnvironmentFile") != ["/etc/veo-bot/veo-bot.env"]:
        yield unit.found("The secrets' file is another; a leading minus would start without it.")
    if found := re.search("TOKEN|KEY", " ".join(unit.values("Environment"))):
        yield unit.found("A secret does not belong here.", found[0])


def _analyze(*arguments: str | Path) -> tuple[int, str]:
    if ANALYZER is None:
        print(
            "Left out, since there is no systemd on this machine: what it says of the unit", file=sys.stderr
        )
        return 0, ""
    done = subprocess.run(  # noqa: S603 systemd on our own file
        [ANALYZER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


CHECKS: tuple[Check, ...] = (
    every_line_is_a_word_with_a_value,
    systemd_understands_every_line,
    systemd_finds_little_to_attack,
    it_starts_what_the_image_starts,
    it_writes_only_where_systemd_keeps_state,
    the_commands_in_the_documents_leave_the_folder_closed,
    the_bot_gets_the_time_it_needs_to_stop,
    a_refused_token_is_not_tried_again_and_again,
    it_is_started_for_as_long_as_its_database_is_away,
    the_unit_has_no_secrets,
)
