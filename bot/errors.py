"""Errors whose text may be shown to the person who caused them: `str()` is the whole sentence.

Anything else that reaches a command's edge is a fault of ours and is answered with a reference instead
(`bot.replies`).
"""

from datetime import datetime


class UserError(Exception):
    """A request that cannot be served, with a sentence that says why and what to do."""


class BadRequestError(UserError):
    """The options do not make a video."""


class BadInputError(UserError):
    """A value in a moderator's or member's command that makes no sense."""


class RestartingError(UserError):
    """The program is stopping and takes nothing new."""


class AlreadyRequestedError(Exception):
    """The same interaction arrived twice; the first one is being served and answered."""


def relative_time(moment: datetime) -> str:
    """Return Discord's markup for "in 5 minutes", which each reader's client counts down by itself."""
    return f"<t:{int(moment.timestamp())}:R>"
