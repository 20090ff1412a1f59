"""The message with a result, in the forms that a server may force on it."""

from dataclasses import dataclass, replace

import discord

from bot.media import Clip
from bot.models import Generation
from cogs.ui.card import alt_text, render_failure, render_result


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said, less what a server has refused so far.

    Attributes:
        clip: the video, or None for a failure.
        with_file: the video is attached; otherwise a link to it is given.
        with_words: the words of the member and the provider are quoted.
    """

    generation: Generation
    clip: Clip | None
    with_file: bool = True
    with_words: bool = True

    @property
    def nonce(self) -> str:
        """The same for the same message, so that Discord posts it once however often it is sent."""
        form = "f" if self.clip is None else ("v" if self.with_file else "l")
        return f"{self.generation.id}-{form}{'' if self.with_words else 'n'}"

    @property
    def content(self) -> str:
        """The message's text."""
        if self.clip is None:
            return render_failure(self.generation, quote=self.with_words)
        text = render_result(self.generation, quote=self.with_words)
        if self.with_file:
            return text
        size = f"{self.clip.size / 2**20:.1f} MiB"
        return (
            f"{text}\nThis server does not take the file ({size}). While the link lasts, it is here: "
            f"<{self.generation.video_url}>"
        )

    def files(self) -> list[discord.File]:
        """Open the file anew: discord.py closes it with every attempt."""
        if self.clip is None or not self.with_file:
            return []
        name = f"veo-{self.generation.id}.mp4"
        return [discord.File(self.clip.path, filename=name, description=alt_text(self.generation))]

    def without_file(self) -> "Draft | None":
        """Return the form with a link, or None when this is it already."""
        return replace(self, with_file=False) if self.clip is not None and self.with_file else None

    def without_words(self) -> "Draft | None":
        """Return the form without anybody's words, or None when this is it already."""
        return replace(self, with_words=False) if self.with_words else None
