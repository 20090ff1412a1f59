"""Every check of `make check` can fail: it finds what is wrong in a broken copy of the repository."""

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from tests.lint import broken, broken_more, unit
from tests.lint.__main__ import CHECKS, ROOT, main
from tests.lint.findings import Check

ROWS = {**broken.ROWS, **broken_more.ROWS}
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".env", ".*_cache", "__pycache__", ".hypothesis", "data")
OF_SYSTEMD = (unit.systemd_understands_every_line, unit.systemd_finds_little_to_attack)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, as Git sees it."""
    root = tmp_path_factory.mktemp("lint") / "copy"
    shutil.copytree(ROOT, root, ignore=NOT_COPIED)
    subprocess.run(["git", "init", "--quiet", root], check=True)  # noqa: S603, S607 our own folder
    return root


@contextmanager
def changed(path: Path, old: str, new: str) -> Generator[None]:
    """Let a file have another text for a while."""
    text = path.read_text(encoding="utf-8") if path.exists() else None
    assert old in (text or ""), f"{path} does not contain {old!r}"
    folders = [folder for folder in path.parents if not folder.exists()]  # of a new file, the inner one first
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((text or "").replace(old, new) if old else f"{text or ''}\n{new}\n", encoding="utf-8")
    try:
        yield
    finally:
        if text is None:
            path.unlink()
            for folder in folders:
                folder.rmdir()
        else:
            path.write_text(text, encoding="utf-8")


def test_every_check_has_a_row() -> None:
    tried = {row[0] for rows in ROWS.values() for row in rows}
    assert set(CHECKS) - tried == {broken.source.there_are_modules_to_look_at}, "which has a test of its own"


@pytest.mark.nightly
@pytest.mark.parametrize("subject", ROWS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_it_finds_what_is_wrong(copy: Path, subject: ModuleType) -> None:
    unnoticed: list[str] = []
    for check, name, old, new, sentence in ROWS[subject]:
        if check in OF_SYSTEMD and unit.ANALYZER is None:
            continue
        with changed(copy / name, old, new):
            found = [str(finding) for finding in check(copy)]
        if not any(sentence in line for line in found):
            unnoticed.append(f"{check.__name__} with {new!r} in {name} did not find {sentence!r}: {found}")
    assert not unnoticed, "\n".join(unnoticed)


def test_a_folder_without_modules_is_found(tmp_path: Path) -> None:
    (tmp_path / "CONTRIBUTING.md").write_text("| `bot/` |\n| `cogs/` |\n", encoding="utf-8")
    found = list(map(str, broken.source.there_are_modules_to_look_at(tmp_path)))
    assert found[1] == "CONTRIBUTING.md:2: The folder cogs has no modules."


def test_what_is_found_is_printed_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    check: Check = broken.source.there_are_modules_to_look_at
    monkeypatch.setattr("tests.lint.__main__.CHECKS", (check, check))
    (tmp_path / "CONTRIBUTING.md").touch()
    assert main(tmp_path) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed == [*sorted(printed[:3]), "2 checks, 3 findings"]
    assert main(ROOT) == 0
