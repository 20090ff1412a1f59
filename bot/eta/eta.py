"""The rest of a wait; `cogs.cards.card` puts it into words."""

from dataclasses import dataclass
from datetime import datetime

LAST_POSITION = 50  # of those that are told exactly


@dataclass(frozen=True, slots=True)
class Eta:
    """The estimate for a generation that is waited for.

    Attributes:
        position: in the queue, from 1 on; None: it does not wait there, or nobody knows.
        expected_at: when the video will probably be there; None: nothing is known, or it has passed.
        is_late: it takes longer than such videos usually do.
        ends_at: when it will not be waited for any more.
    """

    position: int | None = None
    expected_at: datetime | None = None
    is_late: bool = False
    ends_at: datetime | None = None

    def is_passed(self, now: datetime) -> bool:
        """Whether the expected time is over."""
        return self.expected_at is not None and now >= self.expected_at

    def late(self) -> "Eta":
        """Return the ETA once the expected time is over."""
        return Eta(self.position, is_late=True, ends_at=self.ends_at)


NO_ETA = Eta()
