"""Fixtures: the pseudo-language, and catalogues of a test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.i18n import catalogues
from tests.pseudo import forget_catalogues, write_pseudo

WriteCatalogue = Callable[[str, str], None]

HEADER = r"""
msgid ""
msgstr ""
"Language: LANGUAGE\n"
"Content-Type: text/plain; charset=utf-8\n"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in place of the one with the catalogues."""
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    forget_catalogues()
    yield tmp_path
    forget_catalogues()


@pytest.fixture
def write_catalogue(folder: Path) -> WriteCatalogue:
    """Write the messages of a language, as they stand in its file after the header."""

    def write(language: str, messages: str) -> None:
        path = folder / language / "LC_MESSAGES" / f"{catalogues.DOMAIN}.po"
        path.parent.mkdir(parents=True)
        path.write_text(HEADER.replace("LANGUAGE", language) + messages, encoding="utf-8")
        forget_catalogues()

    return write


@pytest.fixture
def pseudo(folder: Path) -> None:
    """The pseudo-language instead of the real ones."""
    write_pseudo(folder)
    forget_catalogues()
