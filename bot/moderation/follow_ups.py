"""What follows the end of an appeal: its member is told, and the moderators' message shows it.

Who decides does both at once. This does what they could not, and all of it where nobody decided. It needs no
channel, and only its own row waits: a direct message that fails says nothing about the moderators' channel.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import update

from bot.clock import Clock
from bot.db.database import Database
from bot.db.guild_models import AppealRow
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.moderation.appeal_decisions import Appeal, is_news, note_told
from bot.moderation.outbox import PATIENCE, REFUSED_WAIT, move, wait_after

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

TIMEOUT = 10.0  # seconds for one message; the program's end waits for it


class AppealMessages(Protocol):
    """Shows how an appeal ended; Discord's side is `cogs.delivery.moderator_channel`.

    All may raise `DeliveryPostponedError`: later perhaps; and those that show something to moderators
    `UndeliverableError`: the channel refuses.
    """

    async def post_appeal(self, channel_id: int, appeal: Appeal) -> int:
        """Show what a member asks about, with its buttons, in its message if that's there; return its id."""
        ...

    async def tell_member(self, appeal: Appeal) -> bool:
        """Send a member what was decided; return whether Discord took it."""
        ...

    async def update_appeal(self, appeal: Appeal) -> None:
        """Show in the appeal's message what was decided, where there is one."""
        ...


class FollowUps:
    """Does what is left to do about an appeal that is over, each part once."""

    def __init__(self, database: Database, messages: AppealMessages, clock: Clock) -> None:
        self._database = database
        self._messages = messages
        self._clock = clock

    async def serve(self, appeal: Appeal) -> None:
        """Tell the member and edit the message; what Discord can't take now is left for later.

        After a day, the message says that the member couldn't be told.
        """
        post_at: datetime | None = None
        try:
            await self._tell(appeal)
            async with asyncio.timeout(TIMEOUT):
                await self._find_message(appeal)
                await self._messages.update_appeal(appeal)
        except (DeliveryPostponedError, TimeoutError) as error:
            log.warning("an appeal's end is not shown yet", appeal=appeal.row.id, reason=repr(error))
            post_at = self._later(appeal, wait_after(error))
        except UndeliverableError as error:
            log.warning("an appeal's end is not shown", appeal=appeal.row.id, reason=str(error))
            post_at = self._later(appeal, REFUSED_WAIT)
        except Exception:  # one that cannot be shown must not keep the others from being shown
            log.exception("an appeal's end cannot be shown", appeal=appeal.row.id)
            post_at = self._later(appeal, REFUSED_WAIT)
        # Unless somebody has done something about it meanwhile.
        await self._database.write(
            lambda session: move(session, appeal.row, post_at, seen=appeal.row.post_at)
        )

    async def _find_message(self, appeal: Appeal) -> None:
        """Learn which message is the appeal's, where nobody knows whether the channel has one.

        Who posts the same once more is told the first message, as long as Discord remembers its nonce.
        """
        row = appeal.row
        if row.message_id is not None or row.channel_id is None:
            return
        row.message_id = await self._messages.post_appeal(row.channel_id, appeal)
        found = update(AppealRow).where(AppealRow.id == row.id, AppealRow.message_id.is_(None))
        await self._database.write(lambda session: session.execute(found.values(message_id=row.message_id)))

    async def _tell(self, appeal: Appeal) -> None:
        """Tell the member, if there's something to tell."""
        row = appeal.row
        if not is_news(row):
            return
        try:
            async with asyncio.timeout(TIMEOUT):
                is_told = await self._messages.tell_member(appeal)
        except (DeliveryPostponedError, TimeoutError):
            if self._later(appeal, REFUSED_WAIT) is not None:
                raise
            is_told = False
        if is_told:
            row.told_at = self._clock()
            await self._database.write(lambda session: note_told(session, row.id, self._clock()))

    def _later(self, appeal: Appeal, wait: timedelta) -> datetime | None:
        """Return when it is tried again; None: that was done for long enough."""
        row, now = appeal.row, self._clock()
        return now + wait if now - (row.decided_at or now) < PATIENCE else None
