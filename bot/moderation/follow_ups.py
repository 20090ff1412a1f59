"""The follow-ups of an ended appeal or review: the moderators' message, and the member's.

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
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.moderation.appeal_decisions import Appeal, is_news, record_notified
from bot.moderation.outbox import GIVE_UP_AFTER, REFUSED_WAIT, move, wait_after
from bot.moderation.review_decisions import Review

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

TIMEOUT = 10.0  # seconds for one message; the program's end waits for it

Case = Appeal | Review  # what waits for a moderator's decision


class CaseMessages(Protocol):
    """Shows appeals and reviews, and how they ended; Discord's side is `cogs.delivery.moderator_channel`.

    All may raise `DeliveryPostponedError`: later perhaps; and those that show something to moderators
    `UndeliverableError`: the channel refuses.
    """

    async def post_case(self, channel_id: int, case: Case) -> int:
        """Show what is to be decided, with its buttons, in its message if that's there; return its id."""
        ...

    async def tell_member(self, appeal: Appeal) -> bool:
        """Send a member what was decided; return whether Discord took it."""
        ...

    async def update_case(self, case: Case) -> None:
        """Show in its message what was decided, where there is one."""
        ...


class FollowUps:
    """Does what is left to do about an appeal or a review that is over, each part once."""

    def __init__(self, database: Database, messages: CaseMessages, clock: Clock) -> None:
        self._database = database
        self._messages = messages
        self._clock = clock

    async def serve(self, case: Case) -> None:
        """Tell the member and edit the message; what Discord can't take now is left for later.

        After a day, the message says that the member couldn't be told.
        """
        post_at: datetime | None = None
        try:
            if isinstance(case, Appeal):  # the runner tells of the other requests
                await self._tell(case)
            async with asyncio.timeout(TIMEOUT):
                await self._find_message(case)
                await self._messages.update_case(case)
        except (DeliveryPostponedError, TimeoutError) as error:
            log.warning(
                "could not show a closed case to moderators yet", case=case.row.id, reason=repr(error)
            )
            post_at = self._later(case, wait_after(error))
        except UndeliverableError as error:
            log.warning("could not show a closed case to moderators", case=case.row.id, reason=str(error))
            post_at = self._later(case, REFUSED_WAIT)
        except Exception:  # one that cannot be shown must not keep the others from being shown
            log.exception("failed to show a closed case to moderators", case=case.row.id)
            post_at = self._later(case, REFUSED_WAIT)
        # Unless somebody has done something about it meanwhile.
        await self._database.write(lambda session: move(session, case.row, post_at, seen=case.row.post_at))

    async def _find_message(self, case: Case) -> None:
        """Learn which message is the case's, where nobody knows whether the channel has one.

        Who posts the same once more is told the first message, as long as Discord remembers its nonce.
        """
        row = case.row
        if row.message_id is not None or row.channel_id is None:
            return
        row.message_id = await self._messages.post_case(row.channel_id, case)
        table = type(row)
        found = update(table).where(table.id == row.id, table.message_id.is_(None))
        await self._database.write(lambda session: session.execute(found.values(message_id=row.message_id)))

    async def _tell(self, appeal: Appeal) -> None:
        """Tell the member, if there's something to tell."""
        row = appeal.row
        if not is_news(row):
            return
        try:
            async with asyncio.timeout(TIMEOUT):
                is_notified = await self._messages.tell_member(appeal)
        except (DeliveryPostponedError, TimeoutError):
            if self._later(appeal, REFUSED_WAIT) is not None:
                raise
            is_notified = False
        if is_notified:
            row.told_at = self._clock()
            await self._database.write(lambda session: record_notified(session, row.id, self._clock()))

    def _later(self, case: Case, wait: timedelta) -> datetime | None:
        """Return when it is tried again; None: that was done for long enough."""
        now, since = self._clock(), case.row.decided_at
        if isinstance(case, Review):
            since = case.row.forgotten_at or since
        return now + wait if now - (since or now) < GIVE_UP_AFTER else None
