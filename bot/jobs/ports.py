"""The ports through which the runners show results; Discord's side is in `cogs.delivery`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

from bot.db.film_models import FilmRow
from bot.db.models import Generation
from bot.db.review_models import ReviewRow
from bot.eta.eta import NO_ETA, Eta
from bot.media.files import Clip
from bot.media.fitting import Loss


@dataclass(frozen=True, slots=True)
class HeldVideo:
    """A finished video that moderators see before it's posted; `channel_id`: where they are to see it."""

    review: ReviewRow
    generation: Generation
    channel_id: int

    @property
    def id(self) -> str:
        """The review's ID."""
        return self.review.id

    @property
    def guild_id(self) -> int:
        """The server's ID."""
        return self.review.guild_id

    @property
    def may_be_posted(self) -> bool:
        """Whether a try to show it was begun whose end nobody knows: where to is written down before."""
        return self.review.channel_id is not None


ARRIVAL = timedelta(minutes=5)  # by which a message that Discord took late is there

Subject = TypeVar("Subject", Generation, FilmRow, HeldVideo)  # what a video is of
Subject_contra = TypeVar(
    "Subject_contra", Generation, FilmRow, HeldVideo, contravariant=True
)  # the same, where it is only taken

IsCurrent = Callable[[], Awaitable[bool]]
ReadRow = Callable[[str], Awaitable[Generation | None]]  # a row as it is now, by its id
# Returns Discord's address of a video's file in its message, or None: it's in none. Raises
# DeliveryPostponedError: Discord can't tell now.
FindAttachment = Callable[[Generation], Awaitable[str | None]]


class DeliveryPostponedError(Exception):
    """It could not be shown now, but may be later."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        """`retry_after`: seconds that were asked for, or None."""
        super().__init__(reason)
        self.retry_after = retry_after


class UploadBrokenError(DeliveryPostponedError):
    """The connection broke while a file of `size` bytes was sent, or before the answer to it came.

    A network's trouble, one that is too slow for the file, or a proxy's way to refuse what is too large: some
    close without reading on, and their answer (413) is lost with the connection.
    """

    def __init__(self, reason: str, size: int) -> None:
        super().__init__(reason)
        self.size = size


class UndeliverableError(Exception):
    """There is no place left where it could be shown."""


class UploadTooLargeError(Exception):
    """The server does not take a file of `size` bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"a file of {size} bytes was refused as too large")
        self.size = size


@dataclass(frozen=True, slots=True)
class Posted:
    """A message with a result. `channel_id`: None for a direct message."""

    message_id: int
    channel_id: int | None


# Returns the file, and the row, which may have another address by then. Raises `MediaError`.
FetchClip = Callable[[Generation], Awaitable[tuple[Generation, Clip]]]


class ApprovalPort(Protocol):
    """Lets moderators see finished videos before they're posted (`bot.moderation.approval`)."""

    async def ask(self, generation: Generation, fetch: FetchClip) -> timedelta:
        """Show the video to moderators where they don't see it yet; return how long to leave it alone.

        Raises:
            MediaError: the file cannot be had now.
        """
        ...


class PostPort(Protocol[Subject_contra]):
    """Posts the video of a generation or of a film, or shows it to moderators.

    Every method may be called again for the same one.

    Each may raise `DeliveryPostponedError`: try again later, if it matters.
    """

    async def find_result(self, subject: Subject_contra, /) -> Posted | None:
        """Return the message with the result, if one was posted since `posting_at`, or None."""
        ...

    async def boost_level(self, subject: Subject_contra, /) -> int:
        """Return the boost level of the subject's server, 0 to 3, as far as it is known."""
        ...

    async def post_video(
        self, subject: Subject_contra, /, clip: Clip, loss: Loss | None = None, *, with_file: bool = True
    ) -> Posted:
        """Post the video, or without `with_file` a link to it.

        `loss`: what a new coding changed against the original, to be said.

        Raises:
            UploadTooLargeError: the server takes files, but none of this size; nothing was posted.
            UploadBrokenError: whether it was posted is not known.
            UndeliverableError: it cannot be posted anywhere.
        """
        ...


class DeliveryPort(PostPort[Generation], Protocol):
    """Shows a generation to people. Every method may be called again for the same generation.

    Each may raise `DeliveryPostponedError`: try again later, if it matters.
    """

    async def show_state(
        self, generation: Generation, eta: Eta = NO_ETA, is_current: IsCurrent | None = None
    ) -> None:
        """Bring the card up to date, as far as there is one.

        While the generation is waited for, that is only begun: the card follows as soon as it may be
        edited, and nothing is raised. Once it has ended, the card is as it should be on return.

        `is_current`: asked right before the edit, whether the generation is as it is shown here; for who
        does not run it, since another process may have edited the card by then.
        """
        ...

    async def find_card(self, generation: Generation) -> int | None:
        """Return the id of a card that was shown but not recorded, or None."""
        ...

    async def post_card(self, generation: Generation) -> int:
        """Post the card into the channel, and return its id.

        Raises:
            UndeliverableError: the channel takes none.
        """
        ...

    async def open_thread(self, generation: Generation) -> int | None:
        """Return the id of the thread on the card, made if need be, or None where none can be.

        Discord may take minutes, so nothing that matters waits for it.
        """
        ...

    async def is_gone(self, generation: Generation) -> bool:
        """Whether the bot was removed from the generation's server; no, while that is not known."""
        ...

    async def take_down(self, generation: Generation) -> None:
        """Delete the messages with the video that are still there."""
        ...

    async def post_ending(self, generation: Generation) -> Posted:
        """Post why there is no video: it failed or was cancelled.

        Raises:
            UndeliverableError: it cannot be posted anywhere.
        """
        ...


class FilmPort(PostPort[FilmRow], Protocol):
    """Shows a film to people. Every method may be called again for the same one."""

    async def take_down(self, row: FilmRow) -> None:
        """Delete the message with the film, if it's there.

        Raises:
            DeliveryPostponedError: try again later.
        """
        ...

    async def show_replaced(self, row: FilmRow) -> None:
        """Let the message with the film before a shot was redone lead to the one with the present film.

        Raises:
            DeliveryPostponedError: try again later, if it matters.
        """
        ...

    async def show_film(self, row: FilmRow) -> None:
        """Bring the film's card up to date, as far as there is one.

        Raises:
            DeliveryPostponedError: try again later, if it matters.
        """
        ...
