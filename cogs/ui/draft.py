"""The message with a result, in the forms that a server may force on it."""

from dataclasses import dataclass, replace

import discord

from bot.media.files import Clip
from bot.media.fitting import Loss
from bot.media.upload_limits import MIB
from bot.models import Generation, Status
from cogs.ui.card import alt_text, headline, number_line, render_ending, render_result

MESSAGE_LENGTH = 2000  # characters that Discord allows


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said, less what a server has refused so far.

    Attributes:
        clip: the video, or None where there is none: a failure, or a cancelled request.
        loss: what `clip` lost against the original, or None where it is the original.
        with_file: the video is attached; otherwise a link to it is given.
        with_words: the words of the member and the provider are quoted.
    """

    generation: Generation
    clip: Clip | None
    loss: Loss | None = None
    with_file: bool = True
    with_words: bool = True

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
        """The message's text; without the words, or the link to an original, where they would be too much."""
        # A filter for links would stop the link beside a file as it stops other people's words.
        for quote, link in ((True, True), (False, True)) if self.with_words else ():
            text = self._text(quote=quote, link=link)
            if len(text) <= MESSAGE_LENGTH:
                return text
        return self._text(quote=False, link=False)

    def _text(self, *, quote: bool, link: bool) -> str:
        if self.clip is None:
            return render_ending(self.generation, quote=quote)
        text = render_result(self.generation, quote=quote)
        if self.with_file:
            return text if self.loss is None else f"{text}\n{self._loss_line(self.loss, link=link)}"
        size = f"{self.clip.size / MIB:.1f} MiB"
        return (
            f"{text}\nThis server does not take the file ({size}). While the link lasts, it is here: "
            f"<{self.generation.video_url}>\n{number_line(self.generation)}"
        )

    def _loss_line(self, loss: Loss, *, link: bool) -> str:
        sizes = f"{loss.from_size / MIB:.1f} → {loss.to_size / MIB:.1f} MiB"
        heights = f", {loss.from_height}p → {loss.to_height}p" if loss.to_height < loss.from_height else ""
        address = f" The original, while the link lasts: <{self.generation.video_url}>" if link else ""
        return f"Made smaller for this server: {sizes}{heights}.{address}"

    def files(self) -> list[discord.File]:
        """Open the file anew: discord.py closes it with every attempt."""
        if self.attached is None:
            return []
        return [
            discord.File(
                self.attached.path, filename=file_name(self.generation), description=alt_text(self.generation)
            )
        ]

    def without_file(self) -> "Draft | None":
        """Return the form with a link, or None when this is it already."""
        return replace(self, with_file=False) if self.attached is not None else None

    def without_words(self) -> "Draft | None":
        """Return the form without anybody's words, or None when this is it already."""
        return replace(self, with_words=False) if self.with_words else None


def file_name(generation: Generation) -> str:
    """Return the attachment's name, by which the result is found again."""
    return f"veo-{generation.id}.mp4"


def is_card(message: discord.Message, generation: Generation) -> bool:
    """Whether one of our messages is the generation's card."""
    return message.content.startswith(headline(generation)) and number_line(generation) in message.content


def is_result(message: discord.Message, generation: Generation) -> bool:
    """Whether one of our messages is what some `Draft` of the generation's present result says."""
    if is_card(message, generation):
        return False
    if generation.status in {Status.FAILED, Status.CANCELLED}:
        return number_line(generation) in message.content
    is_linked = bool(generation.video_url) and str(generation.video_url) in message.content
    return is_linked or any(file.filename == file_name(generation) for file in message.attachments)
