"""A small German catalogue, for tests of what must not depend on the language."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from bot.language import catalogues

# The order of the words differs from the English one wherever it can.
TEXTS: Mapping[str, str] = {
    "{member} asked for a video": "Ein Video für {member}",
    "{member} asked for a video from a picture": "Ein Video aus einem Bild für {member}",
    "{member} asked for a video from two pictures": "Ein Video aus zwei Bildern für {member}",
    "Number {number}": "{number} ist die Nummer",
    "Number {number} · report {report}": "Meldung {report} zur Nummer {number}",
    "(the prompt was deleted)": "(gelöscht)",
    "{member} No video this time.": "Diesmal kein Video, {member}.",
    "It did not count towards your limit.": "Das zählte nicht.",
    "{member} Your video was cancelled by a moderator before it was sent.": "Abgebrochen, {member}.",
    "{member} Your video was cancelled by a moderator while it was being made.": "Zu spät, {member}.",
    "🎬 {member} Your video is ready.": "🎬 Fertig, {member}.",
    "📤 A video of {member}, posted again.": "📤 Noch einmal von {member}.",
    "report {number}": "Meldung {number}",
    "⚙️ **Being made.**": "⚙️ **Wird gemacht.**",
    "{who} cancelled the video `{video}`; it counts towards limits.": "`{video}` abgebrochen von {who}.",
}
BUTTONS: Mapping[str, str] = {
    "Cancel": "Abbrechen",
    "Delete": "Löschen",
    "Report": "Melden",
    "Refresh": "Neu laden",
    "Previous page": "Zurück",
    "Next page": "Weiter",
    "Cancel {place}": "{place} abbrechen",
}


@contextmanager
def spoken_german(folder: Path) -> Generator[None]:
    """Let German be the only language beside English; its catalogue is written into `folder`."""
    catalogue = Catalog(locale="de", domain=catalogues.DOMAIN)
    for english, german in TEXTS.items():
        catalogue.add(english, german)
    for english, german in BUTTONS.items():
        catalogue.add(english, german, context="button")
    path = folder / "de" / "LC_MESSAGES" / f"{catalogues.DOMAIN}.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, catalogue)
    before, catalogues.FOLDER = catalogues.FOLDER, folder
    _read_anew()
    try:
        yield
    finally:
        catalogues.FOLDER = before
        _read_anew()


def _read_anew() -> None:
    catalogues.languages.cache_clear()
    catalogues.translations.cache_clear()
