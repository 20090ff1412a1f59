"""What the runner needs from whoever shows results to people; Discord's side is `cogs.ui.delivery`."""

from dataclasses import dataclass
from typing import Protocol

from bot.media import Clip
from bot.models import Generation


class DeliveryPostponedError(Exception):
    """It could not be shown now, but may be later."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        """`retry_after`: seconds that were asked for, or None."""
        super().__init__(reason)
        self.retry_after = retry_after


class UndeliverableError(Exception):
    """There is no place left where it could be shown."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message with a result. `channel_id`: None for a direct message."""

    message_id: int
    channel_id: int | None


class Delivery(Protocol):
    """Shows a generation to people. Every method may be called again for the same generation.

    Each may raise `DeliveryPostponedError`: try again later, if it matters.
    """

    async def show_state(self, generation: Generation) -> None:
        """Bring the card up to date, as far as there is one."""
        ...

    async def find_card(self, generation: Generation) -> int | None:
        """Return the id of a card that was shown but not recorded, or None."""
        ...

    async def open_thread(self, generation: Generation) -> int | None:
        """Return the id of the thread on the card, made if need be, or None where none can be."""
        ...

    async def find_result(self, generation: Generation) -> Posted | None:
        """Return the message with the result, if one was posted since `posting_at`, or None."""
        ...

    async def post_video(self, generation: Generation, clip: Clip) -> Posted:
        """Post the video.

        Raises:
            UndeliverableError: it cannot be posted anywhere.
        """
        ...

    async def post_ending(self, generation: Generation) -> Posted:
        """Post why there is no video: it failed or was cancelled.

        Raises:
            UndeliverableError: it cannot be posted anywhere.
        """
        ...
