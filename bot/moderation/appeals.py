"""Members ask moderators about a refusal: one open appeal a member, and none for a while after a decline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

import structlog
from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from bot.admission.appeals import DELETION, IS_OPEN, PAUSE, WORD, answer_time, deleted_by, keep, show_open
from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.guild_models import AppealDecision, AppealRow
from bot.errors import BadInputError
from bot.i18n import N_, _
from bot.jobs.ports import Posted
from bot.markup import relative_time
from bot.moderation.appeal_decisions import Appeal, carry_out, fetch_appeal, load_appeal, record_notified
from bot.moderation.decisions import Moderator, checked_reason
from bot.moderation.deletion_appeals import (
    ASKED_BEFORE,
    FILM_ASKED_BEFORE,
    CannotAskError,
    fetch_deleted,
    row_of,
)
from bot.moderation.outbox import show_in_channel
from bot.policy.store import fetch_policy
from bot.privacy.appeals import end_unanswered

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

OVER = N_(
    "Your question about this request is closed. To ask again, send the request again. Nothing was sent."
)
# Who sends a blocked word again may get a strike.
OVER_FOR_WORD = N_(
    "Your question about this request is closed. To ask again, write to a moderator yourself. Nothing "
    "was sent."
)
GONE = N_("I no longer have that request, so I can't ask. Write to a moderator yourself. Nothing was sent.")
VIDEO_GONE = N_(
    "I no longer have your question. Click *Ask a moderator* under the card once more. Nothing was sent."
)
NOBODY_TO_ASK = N_(
    "This server has no channel for moderators right now, so I can't ask anyone. Write to a moderator "
    "yourself. Nothing was sent."
)
ASKED_ALREADY = N_(
    "You've already asked a moderator. Wait for their answer to that first. If there's none, you can ask "
    "again {when}. Nothing was sent."
)
WITHDRAWN_LATELY = N_(
    "Your last question was deleted along with your data. You can ask again {when}. Nothing was sent."
)
DECLINED_LATELY = N_("A moderator declined your last request. You can ask again {when}. Nothing was sent.")


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts by which a member can ask a moderator or not.

    Attributes:
        has_channel: the server has a channel for moderators.
        open_until: when an open one of theirs ends without an answer.
        declined_at: when their last one was declined.
        withdrawn_at: when they deleted an open one with their data.
    """

    has_channel: bool
    open_until: datetime | None
    declined_at: datetime | None
    withdrawn_at: datetime | None = None


def check_appeal(situation: Situation, now: datetime) -> CannotAskError | None:
    """Return why the member can't ask a moderator now, or None."""
    if not situation.has_channel:
        return CannotAskError(_(NOBODY_TO_ASK))
    if situation.open_until is not None:
        return CannotAskError(_(ASKED_ALREADY, when=relative_time(situation.open_until)))
    declined_at = situation.declined_at
    if declined_at is not None and now < declined_at + PAUSE:
        return CannotAskError(_(DECLINED_LATELY, when=relative_time(declined_at + PAUSE)))
    withdrawn_at = situation.withdrawn_at
    if withdrawn_at is not None and now < withdrawn_at + PAUSE:
        return CannotAskError(_(WITHDRAWN_LATELY, when=relative_time(withdrawn_at + PAUSE)))
    return None


class Appeals:
    """Takes appeals, and decides them; `keep`: how long what members wrote is kept."""

    def __init__(self, database: Database, clock: Clock = utc_now, *, keep: timedelta | None = None) -> None:
        self._database = database
        self._clock = clock
        self._answer_time, self._keep = answer_time(keep), keep

    def end_of(self, row: AppealRow) -> datetime:
        """Return when an open appeal ends without an answer (`bot.privacy.appeals`)."""
        return (row.asked_at or row.created_at) + self._answer_time

    async def offer_deletion(self, member: Moderator, generation_id: str) -> str:
        """Keep a member's video that was deleted after a report, to ask about it; return the appeal's ID.

        Raises:
            CannotAskError: not about that, or not now.
            DatabaseBusyError: nothing can be recorded now.
        """

        def write(session: Session) -> str:
            now = self._clock()
            self._end_overdue(session, member, now)
            generation = fetch_deleted(session, member, generation_id)
            if problem := check_appeal(self._fetch_situation(session, member, now), now):
                raise problem
            return keep(session, row_of(generation, now))

        return await self._database.write(write, member.guild_id, hurried=True)

    async def ask(
        self, member: Moderator, appeal_id: str, why: str, *, is_about_video: bool = False
    ) -> AppealRow:
        """Ask the moderators about a refusal; `bot.moderation.outbox_relay` shows it to them.

        `member`: who asks, and where. `is_about_video`: about a deleted video, which may be forgotten by now.

        Raises:
            BadInputError: nothing was said, or too much.
            CannotAskError: not about that, or not now.
            DatabaseBusyError: nothing can be recorded now.
        """
        cleaned = checked_reason(why)
        if cleaned is None:
            raise BadInputError(_("Say in a few words why a moderator should allow it. Nothing was sent."))

        def write(session: Session) -> AppealRow:
            now = self._clock()
            gone = VIDEO_GONE if is_about_video else GONE
            self._end_overdue(session, member, now)
            self._ensure_possible(session, member, appeal_id, now, gone)
            row = session.scalar(
                update(AppealRow)
                .where(AppealRow.id == appeal_id, AppealRow.asked_at.is_(None))
                .values(why=cleaned, asked_at=now, post_at=now)
                .returning(AppealRow)
            )
            if row is None:  # its member is deleting their data
                raise CannotAskError(_(gone))
            return row

        row = await self._database.write(write, member.guild_id, hurried=True)
        log.info("asked a moderator", appeal=appeal_id, guild=member.guild_id, user=member.user_id)
        return row

    async def ensure_possible(self, member: Moderator, appeal_id: str) -> None:
        """Refuse what `ask` would refuse now, before the member writes anything; raises as `ask`."""
        await self._database.read(
            lambda session: self._ensure_possible(session, member, appeal_id, self._clock()), hurried=True
        )

    async def get(self, guild_id: int, appeal_id: str) -> Appeal | None:
        """Return an appeal of this server as it stands, or None."""

        def look(session: Session) -> Appeal | None:
            row = fetch_appeal(session, guild_id, appeal_id)
            return None if row is None else load_appeal(session, row, self._clock())

        return await self._database.read(look, hurried=True)

    async def show_again(self, by: Moderator) -> tuple[int, int]:
        """Show a server's open appeals whose message is gone again; return the channel and how many are open.

        Raises:
            NoChannelError: the server has no channel for moderators.
            DatabaseBusyError: nothing can be recorded now.
        """
        return await self._database.write(
            lambda session: show_in_channel(session, by.guild_id, show_open, self._clock()),
            by.guild_id,
            hurried=True,
        )

    async def decide(
        self,
        by: Moderator,
        appeal_id: str,
        decision: AppealDecision,
        words: str | None = None,
        *,
        shown_at: Posted | None = None,
    ) -> Appeal:
        """Decide an appeal; its audit row and what is lifted are in the same transaction.

        `words`: for the member. They are told by the caller, who says so (`record_notified`). `shown_at`: the
        message whose button was clicked, since the process may have ended before it was recorded.

        Raises:
            BadInputError: the words are too long.
            AppealNotFoundError: this server has no such appeal.
            OwnCaseError: it's the moderator's own.
            AppealClosedError: somebody was faster.
            LaterBlockError: it's about a block that was replaced.
            DatabaseBusyError: nothing can be recorded now.
        """
        cleaned = checked_reason(words)

        def write(session: Session) -> Appeal:
            return carry_out(session, by, (appeal_id, decision, cleaned), self._clock(), shown_at)

        appeal = await self._database.write(write, by.guild_id, hurried=True)
        log.info("appeal decided", appeal=appeal_id, decision=decision.value, by=by.user_id)
        return appeal

    async def record_shown(self, row: AppealRow) -> None:
        """Remember that nothing is left to do about a decision, unless the outbox has something to do since.

        `row`: the appeal as it was before that.
        """
        shown = update(AppealRow).where(
            AppealRow.id == row.id, AppealRow.decision.is_not(None), AppealRow.post_at == row.post_at
        )
        await self._database.write(lambda session: session.execute(shown.values(post_at=None)), hurried=True)

    async def record_notified(self, appeal_id: str) -> None:
        """Remember that the member knows what was decided."""
        await self._database.write(
            lambda session: record_notified(session, appeal_id, self._clock()), hurried=True
        )

    def _end_overdue(self, session: Session, member: Moderator, now: datetime) -> None:
        """End the member's question that nobody answered in time, which else waits for the retention."""
        mine = and_(AppealRow.guild_id == member.guild_id, AppealRow.user_id == member.user_id)
        end_unanswered(session, now, self._keep, whose=mine)

    def _ensure_possible(
        self, session: Session, member: Moderator, appeal_id: str, now: datetime, gone: LiteralString = GONE
    ) -> None:
        row = session.get(AppealRow, appeal_id)
        mine = (member.guild_id, member.user_id)
        if row is None or (row.guild_id, row.user_id) != mine:
            raise CannotAskError(_(gone))
        if row.decision is None and (
            problem := check_appeal(self._fetch_situation(session, member, now), now)
        ):
            raise problem
        if row.asked_at is not None:
            raise CannotAskError(_(_over(row)))

    def _fetch_situation(self, session: Session, member: Moderator, now: datetime) -> Situation:
        mine = select(AppealRow).where(
            AppealRow.guild_id == member.guild_id, AppealRow.user_id == member.user_id
        )
        rows, open_ones = session.scalars(mine).all(), session.scalars(mine.where(IS_OPEN))
        ends = (end for end in map(self.end_of, open_ones) if now < end)
        return Situation(
            has_channel=fetch_policy(session, member.guild_id).moderators_channel_id is not None,
            open_until=max(ends, default=None),
            declined_at=_last(rows, AppealDecision.DECLINE),
            withdrawn_at=_last(rows, AppealDecision.WITHDRAW),
        )


def _over(row: AppealRow) -> LiteralString:
    """Return what a member is told whose question about this is over."""
    if row.rule.startswith(DELETION):
        return ASKED_BEFORE if deleted_by(row.rule)[1] is None else FILM_ASKED_BEFORE
    return OVER_FOR_WORD if row.rule.startswith(WORD) else OVER


def _last(rows: Sequence[AppealRow], decision: AppealDecision) -> datetime | None:
    """Return when one of these appeals ended so for the last time."""
    return max((row.decided_at for row in rows if row.decided_at and row.decision is decision), default=None)
