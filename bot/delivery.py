"""What the runner needs from whoever shows results to people; Discord's side is `cogs.ui.delivery`."""

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


class Delivery(Protocol):
    """Shows a generation to people. Every method may be called again for the same generation."""

    async def show_state(self, generation: Generation) -> None:
        """Bring the card up to date. Never raises: a card is a courtesy, the result is not."""
        ...

    async def open_thread(self, generation: Generation) -> int | None:
        """Return the id of the thread on the card, made if need be, or None where none can be."""
        ...

    async def post_video(self, generation: Generation, clip: Clip) -> int:
        """Post the video and return the message's id.

        Raises:
            DeliveryPostponedError: try again later.
            UndeliverableError: it cannot be posted anywhere.
        """
        ...

    async def post_failure(self, generation: Generation) -> int:
        """Post why there is no video and return the message's id.

        Raises:
            DeliveryPostponedError: try again later.
            UndeliverableError: it cannot be posted anywhere.
        """
        ...
