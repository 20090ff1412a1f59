"""The moderators' channels, as everybody there sees them: messages with buttons, videos and sentences."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import discord

from tests.simulation.discord import Discord, is_same_post
from tests.simulation.refusals import refused

NUMBER = re.compile(r"review ([0-9a-f]{16})")  # in a message's last line (`cogs.reviews.review_text`)

LINK = "[Download it](<http"  # in place of a file (`cogs.cards.result_message`)


@dataclass(slots=True)
class Notice:
    """A message.

    Attributes:
        review: its ID; None: it's about no review.
        video: the file's words; None: there is no file, or it's gone.
        is_open: it has buttons.
        is_out_of_reach: the bot could do nothing in its channel when it last tried to change it.
        edited: when the last edit was sent; one that was sent before and arrives later changes nothing.
    """

    id: int
    guild: int
    place: int
    nonce: str
    at: float
    content: str
    review: str | None
    video: str | None = None
    is_open: bool = False
    is_out_of_reach: bool = False
    edited: float = 0.0

    @property
    def shows_video(self) -> bool:
        """Whether who reads it can watch the video."""
        return self.video is not None or LINK in self.content


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit does to a message; `content`: None: it stays."""

    sent_at: float
    content: str | None
    is_open: bool
    keeps_video: bool


@dataclass
class Rooms:
    """All of them.

    Attributes:
        gone: channels that somebody deleted.
        torn: what somebody deleted: the review, and where it was shown.
    """

    outside: Discord
    now: Callable[[], float]
    gone: set[int] = field(default_factory=set[int])
    torn: list[tuple[str | None, int]] = field(default_factory=list[tuple[str | None, int]])
    _notices: dict[int, Notice] = field(default_factory=dict[int, Notice])

    def refusal(self, place: int, guild: int) -> discord.HTTPException | None:
        """Return why the bot can do nothing there; None: it can."""
        if place in self.gone:
            return refused(404, 10003, "Unknown Channel")
        if guild in self.outside.removed:
            return refused(403, 50001, "Missing Access")
        if place in self.outside.closed:
            return refused(403, 50013, "Missing Permissions")
        return None

    def post(self, notice: Notice, sent_at: float) -> Notice:
        """Show a message; the same nonce brings the first one back."""
        for found in self._notices.values():
            is_same = (found.place, found.nonce) == (notice.place, notice.nonce)
            if is_same and is_same_post(sent_at, found.at, self.now()):
                return found
        notice.id, notice.at = self.outside.new_id(), self.now()
        notice.review = _review_of(notice.content)
        self._notices[notice.id] = notice
        return notice

    def refuse_edit(self, message_id: int, place: int, guild: int) -> discord.HTTPException | None:
        """Return why the bot can't change a message, which knows that from now on; None: it can."""
        refusal = self.refusal(place, guild)
        if message_id in self._notices:
            self._notices[message_id].is_out_of_reach = refusal is not None
        return refusal

    def edit(self, place: int, message_id: int, change: Change) -> discord.HTTPException | None:
        """Change a message; return the refusal if it isn't there."""
        found = self._notices.get(message_id)
        if found is None or found.place != place:
            return refused(404, 10008, "Unknown Message")
        if found.edited <= change.sent_at:
            found.edited, found.is_open = change.sent_at, change.is_open
            found.content = found.content if change.content is None else change.content
            found.video = found.video if change.keeps_video else None
        return None

    def tear(self, notice: Notice) -> None:
        """Let somebody delete a message."""
        if self._notices.pop(notice.id, None) is not None:
            self.torn.append((notice.review, notice.place))

    def lose(self, place: int) -> None:
        """Let somebody delete a channel."""
        self.gone.add(place)
        for notice in self.in_place(place):
            del self._notices[notice.id]

    def in_place(self, place: int) -> list[Notice]:
        """Return the messages of a channel, oldest first."""
        return [notice for notice in self._notices.values() if notice.place == place]

    def of(self, guild: int) -> list[Notice]:
        """Return what a server's moderators can click on, oldest first."""
        return [notice for notice in self.about_reviews() if notice.guild == guild and notice.is_open]

    def about_reviews(self) -> list[Notice]:
        """Return all messages that are about reviews, oldest first."""
        return [notice for notice in self._notices.values() if notice.review is not None]


def _review_of(content: str) -> str | None:
    found = NUMBER.search(content.rsplit("\n", 1)[-1])
    return found and found[1]
