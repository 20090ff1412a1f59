"""Errors whose text may be shown to the person who caused them: `str()` is the whole sentence.

Anything else that reaches a command's edge is a fault of ours and is answered with a reference instead
(`bot.discord_client.replies`).
"""

from bot.i18n import _


def uncounted(reason: str) -> str:
    """Return why something is refused, with the sentence that it didn't count."""
    sentence = _("This didn't count toward your limit.")
    return f"{reason} {sentence}"


class UserError(Exception):
    """A request that cannot be served, with a sentence that says why and what to do."""


class BadRequestError(UserError):
    """The options do not make a video."""


class BadInputError(UserError):
    """A value in a moderator's or member's command that makes no sense."""


class RestartingError(UserError):
    """The program is stopping and takes nothing new."""

    def __init__(self) -> None:
        super().__init__(_("I'm restarting. Try again in a minute. This didn't count toward your limit."))


class UndecidedError(UserError):
    """The member is asked first: the request is neither accepted nor refused yet."""


class AlreadyRequestedError(Exception):
    """The same interaction arrived twice; the first one is being served and answered."""


class DatabaseBusyError(UserError):
    """The database does not serve us at this moment: locked, full, restarting or not to be reached."""


class OutcomeUnknownError(DatabaseBusyError):
    """The connection was lost while a transaction was committed: it may stand or not."""


class NotFoundError(UserError):
    """The server has no such generation; another server's looks exactly like one that never was."""

    def __init__(self) -> None:
        super().__init__(_("This server has no video with that ID. Nothing changed."))


class RepeatedError(UserError):
    """A second click on the same button: the first one is being served."""

    def __init__(self) -> None:
        super().__init__(_("Already on it. Your second click didn't count."))
