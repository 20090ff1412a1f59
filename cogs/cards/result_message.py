"""The message with a result, in the forms that a server may force on it."""

from dataclasses import dataclass, replace

import discord
import structlog

from bot.db.film_models import FilmRow
from bot.db.models import Generation, Status
from bot.db.review_models import ReviewRow, is_withheld
from bot.failures import STILL_ASKED, FailureKind
from bot.i18n import _, locale_used, number
from bot.media.files import Clip
from bot.media.fitting import Loss
from bot.media.upload_sizes import MIB
from bot.requests.successors import Successor
from cogs.cards.card import (
    CANCELLED_MARK,
    FAILED_MARK,
    NUMBER_MARK,
    QUOTE_MARK,
    alt_text,
    number_line,
    render_ending,
    render_result,
)
from cogs.ui.discord_errors import postponed
from cogs.ui.lists import MESSAGE_MAX_LENGTH

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ENDING_MARKS = {Status.FAILED: f"{FAILED_MARK} ", Status.CANCELLED: f"{CANCELLED_MARK} "}


@dataclass(frozen=True, slots=True)
class ResultMessage:
    """The message of a result, less what a server has refused so far.

    Attributes:
        clip: the video, or None where there is none: a failure, or a cancelled request.
        loss: what a new coding changed, or None where `clip` is the original.
        with_file: the video is attached; otherwise a link to it is given.
        with_words: the words of the member and the provider are quoted.
        instead: what can make the video where the model is gone.
        has_others: another model could make it; None: it isn't up to the models.
    """

    generation: Generation
    clip: Clip | None
    loss: Loss | None = None
    with_file: bool = True
    with_words: bool = True
    instead: Successor | None = None
    has_others: bool | None = True

    @property
    def subject(self) -> Generation:
        """Whose message it is."""
        return self.generation

    @property
    def nonce(self) -> str:
        """The same for the same message, so that Discord posts it once however often it is sent."""
        form = "f" if self.clip is None else ("v" if self.with_file else "l")
        return f"{self.generation.id}-{form}{'' if self.with_words else 'n'}"

    @property
    def attached(self) -> Clip | None:
        """The video, if it is in the message."""
        return self.clip if self.with_file else None

    @property
    def content(self) -> str:
        """The message's text, in the member's language.

        It is without the words, or the link to an original, where they would be too much.
        """
        with locale_used(self.generation.locale):
            return self._fitting_text()

    def _fitting_text(self) -> str:
        # A filter for links would stop the link beside a file as it stops other people's words.
        for quote, link in ((True, True), (False, True)) if self.with_words else ():
            text = self._text(quote=quote, link=link)
            if len(text) <= MESSAGE_MAX_LENGTH:
                return text
        return self._text(quote=False, link=False)

    def _text(self, *, quote: bool, link: bool) -> str:
        if self.clip is None:
            return render_ending(self.generation, quote=quote, has_others=self.has_others)
        text = render_result(self.generation, quote=quote)
        if self.with_file:
            return text if self.loss is None else f"{text}\n{self._loss_line(self.loss, link=link)}"
        return f"{text}\n{link_line(self.generation, self.clip)}\n{number_line(self.generation)}"

    def _loss_line(self, loss: Loss, *, link: bool) -> str:
        sizes = f"{number(loss.from_size / MIB, 1)} → {number(loss.to_size / MIB, 1)} MiB"
        heights = f", {loss.from_height}p → {loss.to_height}p" if loss.to_height < loss.from_height else ""
        change = f"{sizes}{heights}"
        line = (
            _("Discord can't play the original's format, so I converted it: {change}.", change=change)
            if loss.unplayable
            else _("Made smaller for this server: {lost}.", lost=change)
        )
        if not link:
            return line
        address = f"<{self.generation.video_url}>"
        return f"{line} {_('[Download the original]({link}) before the link expires.', link=address)}"

    def files(self) -> list[discord.File]:
        """Open the file again: discord.py closes it with every attempt."""
        if self.attached is None:
            return []
        return [open_video(self.attached, self.generation, alt_text(self.generation))]

    def without_file(self) -> "ResultMessage | None":
        """Return the form with a link, or None when this is it already."""
        return replace(self, with_file=False) if self.attached is not None else None

    def without_words(self) -> "ResultMessage | None":
        """Return the form without anybody's words, or None when this is it already."""
        return replace(self, with_words=False) if self.with_words else None


def link_line(generation: Generation, clip: Clip) -> str:
    """Return what stands in place of a file, whatever kept it out."""
    return _(
        "I couldn't attach the file ({size}) here. [Download it]({link}) before the link expires.",
        size=size_of(clip),
        link=f"<{generation.video_url}>",
    )


def size_of(clip: Clip) -> str:
    """Return how large a file is, for people."""
    return f"{number(clip.size / MIB, 1)} MiB"


def file_name(subject: Generation | FilmRow) -> str:
    """Return the name of a generation's or a film's attachment, by which the result is found again."""
    return f"veo-{subject.id}.mp4"


def open_video(
    clip: Clip, subject: Generation | FilmRow, description: str, *, spoiler: bool = False
) -> discord.File:
    """Open a file to send it.

    Raises:
        DeliveryPostponedError: it can't be opened, so nothing was sent; the next try fetches it again.
    """
    try:
        return discord.File(clip.path, filename=file_name(subject), spoiler=spoiler, description=description)
    except OSError as error:
        log.error("could not open a video to send it", id=subject.id, error=str(error))
        raise postponed(error) from error


def is_card(message: discord.Message, subject: Generation | FilmRow) -> bool:
    """Whether one of our messages is the card of a generation or a film, in whatever language it was written.

    The line with the number stands right before the prompt on cards only; elsewhere it is the last one.
    Nobody's words can look like that: they are shown on one line, with what markdown begins with escaped.
    """
    lines = message.content.split("\n")
    return len(lines) > 1 and lines[-1].startswith(QUOTE_MARK) and is_number_line(lines[-2], subject)


def is_result(message: discord.Message, generation: Generation) -> bool:
    """Whether one of our messages is what some `ResultMessage` of the generation's present result says.

    As `is_card` it does not depend on the language: a translation may have come or changed meanwhile.
    """
    if is_card(message, generation):
        return False
    with locale_used(generation.locale):
        late, still_asked = FailureKind.LATE.sentence, _(STILL_ASKED)
    if generation.failure_kind is FailureKind.FILE_LOST and late in message.content:
        return False  # that there was no video in time was told before it came, and then its file was lost
    if is_withheld(generation) and still_asked in message.content:
        return False  # that there was no video yet was told before it came, and then moderators saw it
    mark = ENDING_MARKS[Status.FAILED] if is_withheld(generation) else ENDING_MARKS.get(generation.status)
    if mark is not None:
        last = message.content.rsplit("\n", 1)[-1]
        return message.content.startswith(mark) and is_number_line(last, generation)
    is_linked = bool(generation.video_url) and str(generation.video_url) in message.content
    return is_linked or any(file.filename == file_name(generation) for file in message.attachments)


def is_number_line(line: str, subject: Generation | FilmRow | ReviewRow) -> bool:
    """Whether a line says the ID of a generation, a film or a review."""
    return line.startswith(NUMBER_MARK) and subject.id in line
