"""The message with a film, in the forms that a server may force on it."""

from dataclasses import dataclass, replace
from hashlib import blake2s

import discord

from bot.db.film_models import FilmRow
from bot.films.rows import Film
from bot.i18n import _, format_and, locale_used, ngettext, number
from bot.media.files import Clip
from bot.media.fitting import Loss
from bot.media.upload_sizes import MIB
from cogs.cards.card import QUOTE_MARK
from cogs.cards.film_card import film_member, film_number_line, film_thread_names, shown_title
from cogs.cards.result_message import is_card, is_number_line, open_video

NONCE_MARK_BYTES = 3  # of the shots; a nonce may have 25 characters


@dataclass(frozen=True, slots=True)
class FilmMessage:
    """The message of a film, less what a server has refused so far.

    Attributes:
        clip: the joined file.
        loss: what a new coding changed, or None where `clip` is the original.
        with_file: the file is attached; otherwise the message says that it couldn't be posted.
        with_words: the title is quoted.
    """

    film: Film
    clip: Clip
    loss: Loss | None = None
    with_file: bool = True
    with_words: bool = True

    @property
    def subject(self) -> FilmRow:
        """Whose message it is."""
        return self.film.row

    @property
    def nonce(self) -> str:
        """The same for the same message, so that Discord posts it once however often it is sent.

        A film with another shot, a late or a redone one, is another message: taken for the one before, it
        would lose its file as that does.
        """
        shots = " ".join(shot.id for shot in self.film.shown)
        mark = blake2s(shots.encode(), digest_size=NONCE_MARK_BYTES).hexdigest()
        form = f"{'v' if self.with_file else 'l'}{'' if self.with_words else 'n'}"
        return f"{self.film.row.id}-{form}{mark}"

    @property
    def attached(self) -> Clip | None:
        """The film, if it is in the message."""
        return self.clip if self.with_file else None

    @property
    def content(self) -> str:
        """The message's text, in the member's language."""
        with locale_used(self.film.row.locale):
            lines = [self._headline(), self._missing(), self._size()]
            if self.with_words:
                lines.append(f"{QUOTE_MARK}{shown_title(self.film.row)}")
            return "\n".join([*filter(None, lines), film_number_line(self.film.row)])

    def _headline(self) -> str:
        if self.with_file:
            return _("🎞️ {member} Your film is ready.", member=film_member(self.film.row))
        return _(
            "🎞️ {member} Your film is done, but I couldn't post its file here. "
            "Its shots are in their own messages.",
            member=film_member(self.film.row),
        )

    def _missing(self) -> str:
        missing = self.film.missing
        if not missing:
            return ""
        return ngettext(
            "Shot {numbers} is missing. The film's card says whether it counts.",
            "Shots {numbers} are missing. The film's card says whether they count.",
            len(missing),
            numbers=format_and(number(shot) for shot in missing),
        )

    def _size(self) -> str:
        if self.loss is None or not self.with_file:
            return ""
        sizes = f"{number(self.loss.from_size / MIB, 1)} → {number(self.loss.to_size / MIB, 1)} MiB"
        return _("Made smaller for this server: {lost}.", lost=sizes)

    def files(self) -> list[discord.File]:
        """Open the file again: discord.py closes it with every attempt."""
        if self.attached is None:
            return []
        with locale_used(self.film.row.locale):
            row = self.film.row
            # A screen reader reads no markdown, so nothing is escaped for it.
            title = shown_title(row) if row.erased_at else film_thread_names(row)[0]
            said = _("Film: {title}", title=title)
        return [open_video(self.attached, row, said)]

    def without_file(self) -> "FilmMessage | None":
        """Return the form without the file, or None when this is it already."""
        return replace(self, with_file=False) if self.with_file else None

    def without_words(self) -> "FilmMessage | None":
        """Return the form without anybody's words, or None when this is it already."""
        return replace(self, with_words=False) if self.with_words else None


def is_film(message: discord.Message, row: FilmRow) -> bool:
    """Whether one of our messages is the one with the film, in whatever language it was written."""
    last = message.content.rsplit("\n", 1)[-1]
    return is_number_line(last, row) and not is_card(message, row)
