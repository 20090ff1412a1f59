"""Shows what waits for moderators again: its message may be gone, or there was no channel for it."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.i18n import _
from bot.policy.store import fetch_policy

Show = Callable[[Session, int, datetime], int]  # lets a server's open cases be shown, and counts them


class NoChannelError(UserError):
    """There is no channel in which moderators could see anything."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This server has no moderators' channel. Set one with `/veo-admin settings "
                "moderators_channel`. Nothing changed."
            )
        )


def show_in_channel(session: Session, guild_id: int, show: Show, now: datetime) -> tuple[int, int]:
    """Let a server's open cases be shown; return the moderators' channel and how many there are.

    Raises:
        NoChannelError: the server has no channel for moderators.
    """
    channel_id = fetch_policy(session, guild_id).moderators_channel_id
    if channel_id is None:
        raise NoChannelError
    return channel_id, show(session, guild_id, now)
