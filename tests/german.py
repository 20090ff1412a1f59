"""A small German catalogue, for tests of what must not depend on the language."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from bot.i18n import catalogues

# The order of the words differs from the English one wherever it can.
TEXTS: Mapping[str, str] = {
    "{member} requested a video": "Ein Video für {member}",
    "{member} requested a video from an image": "Ein Video aus einem Bild für {member}",
    "{member} requested a video from two images": "Ein Video aus zwei Bildern für {member}",
    "ID {number}": "{number} ist die Nummer",
    "ID {number} · report {report}": "Meldung {report} zur Nummer {number}",
    "(the prompt was deleted)": "(gelöscht)",
    "{member} I couldn't get you this video.": "Diesmal kein Video, {member}.",
    "This didn't count toward your limit.": "Das zählte nicht.",
    "{member} A moderator cancelled your video before it was sent.": "Abgebrochen, {member}.",
    "{member} A moderator cancelled your video while it was being made.": "Zu spät, {member}.",
    "🎬 {member} Your video is ready.": "🎬 Fertig, {member}.",
    "📤 A video by {member}, posted again.": "📤 Noch einmal von {member}.",
    "report {number}": "Meldung {number}",
    "⚙️ **Making your video.**": "⚙️ **Wird gemacht.**",
    "{who} cancelled the video `{video}`; it counts toward limits.": "`{video}` abgebrochen von {who}.",
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
