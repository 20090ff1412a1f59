"""Errors of a database in words, for the log and the operator."""

from sqlalchemy.exc import DBAPIError

from bot.system_errors import words_of

NO_SOCKET = "there's no PostgreSQL socket in that folder"
TEXT_FOLLOWS = " with text "  # Python's words; what follows may be a prompt


def reason_of(error: Exception) -> str:
    """Return the words of an engine, its driver or the system; none of SQLAlchemy's or a member's."""
    if isinstance(error, FileNotFoundError):  # PostgreSQL at a host that's a folder
        return NO_SOCKET
    source = error.orig if isinstance(error, DBAPIError) and error.orig else error
    said, _, _ = words_of(source.__cause__ or source).partition(TEXT_FOLLOWS)
    return said or type(error).__name__


def cause_of(error: Exception) -> str:
    """Return what the engine said before an error of ours, as a sentence and a space; empty: nothing."""
    cause = error.__cause__
    return f"The database says: {reason_of(cause)}. " if isinstance(cause, DBAPIError) else ""
