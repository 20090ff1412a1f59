"""Errors whose text may be shown to the person who caused them: `str()` is the whole sentence.

Anything else that reaches a command's edge is a fault of ours and is answered with a reference instead
(`bot.replies`).
"""

from datetime import datetime


class UserError(Exception):
    """A request that cannot be served, with a sentence that says why and what to do."""


class BadRequestError(UserError):
    """The options do not make a video."""


class QuotaReachedError(UserError):
    """The member has used all places of the window."""

    def __init__(self, limit: int, frees_at: datetime | None) -> None:
        """`frees_at`: when the next place frees, or None when there is no place at all."""
        if frees_at is None:
            text = "Videos are switched off for members of this server. Nothing was counted."
        else:
            text = (
                f"You have used your {limit} {'video' if limit == 1 else 'videos'} of the last 24 hours. "
                f"The next place frees {relative_time(frees_at)}. Nothing was counted."
            )
        super().__init__(text)
        self.limit = limit
        self.frees_at = frees_at


class RestartingError(UserError):
    """The program is stopping and takes nothing new."""


class AlreadyRequestedError(Exception):
    """The same interaction arrived twice; the first one is being served and answered."""


def relative_time(moment: datetime) -> str:
    """Return Discord's markup for "in 5 minutes", which each reader's client counts down by itself."""
    return f"<t:{int(moment.timestamp())}:R>"
