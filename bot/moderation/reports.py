"""Members' reports of videos, and what moderators make of them. Each decision works once."""

import secrets

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.guild_models import ReportRow
from bot.db.models import Generation, Status
from bot.errors import BadInputError, NotFoundError, UserError
from bot.i18n import _
from bot.jobs.ports import Posted
from bot.moderation.decisions import Moderator, checked_reason
from bot.moderation.report_decisions import ReportDecision, ReportedVideo, carry_out, fetch_report
from bot.policy.store import fetch_policy

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class NoVideoError(UserError):
    """The generation has no video that anybody could see."""

    def __init__(self) -> None:
        super().__init__(_("There's no video with that ID to report. Nothing changed."))


class RemovedError(UserError):
    """The video was taken down before."""

    def __init__(self) -> None:
        super().__init__(_("This video has already been removed. There's nothing more to do."))


class AlreadyReportedError(UserError):
    """The same member reported the same video before."""

    def __init__(self) -> None:
        super().__init__(_("You've already reported this video. One report is enough."))


class Reports:
    """Takes reports, and decides them."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def report(
        self,
        guild_id: int,
        generation_id: str,
        reporter_id: int,
        reason: str,
        shown_at: Posted | None = None,
    ) -> ReportRow:
        """Write a report down; it is shown to the moderators by `bot.moderation.outbox_relay`.

        `shown_at`: the message that the member saw the video in; moderators find it even where the
        message's id is not recorded any more (`bot.privacy.erasure`). `post_at` is None where nobody would
        see the report yet.

        Raises:
            BadInputError: the reason is empty or too long.
            NotFoundError: this server has no such generation.
            NoVideoError, RemovedError: there is nothing to report.
            AlreadyReportedError: one report per member and video.
            DatabaseBusyError: nothing can be recorded now.
        """
        cleaned = checked_reason(reason)
        if cleaned is None:
            raise BadInputError(_("Describe what's wrong with the video in a few words. Nothing was sent."))
        now = self._clock()

        def add(session: Session) -> ReportRow:
            generation = _fetch_video(session, guild_id, generation_id)
            _ensure_shown(generation, shown_at)
            has_channel = fetch_policy(session, guild_id).moderators_channel_id is not None
            row = ReportRow(
                id=secrets.token_hex(8),
                guild_id=guild_id,
                generation_id=generation_id,
                reporter_id=reporter_id,
                reason=cleaned,
                created_at=now,
                post_at=now if has_channel else None,
            )
            _insert(session, row)
            return row

        row = await self._database.write(add, guild_id, hurried=True)
        log.info("reported", report=row.id, generation=generation_id, guild=guild_id, user=reporter_id)
        return row

    async def get(self, guild_id: int, report_id: str) -> ReportedVideo | None:
        """Return a report of this server as it stands, or None."""

        def look(session: Session) -> ReportedVideo | None:
            report = fetch_report(session, guild_id, report_id)
            if report is None:
                return None
            return ReportedVideo(report, session.get(Generation, report.generation_id))

        return await self._database.read(look, hurried=True)

    async def decide(self, by: Moderator, report_id: str, decision: ReportDecision) -> ReportedVideo:
        """Decide a report; its audit row and a block are in the same transaction.

        A deleted video is deleted in all its reports. What is posted is taken down by the caller.

        Raises:
            ReportNotFoundError: this server has no such report.
            ReportClosedError: somebody was faster.
            NobodyToBlockError: the member is not known any more.
            NotFoundError: the generation's row is gone.
            DatabaseBusyError: nothing can be recorded now.
        """
        reported = await self._database.write(
            lambda session: carry_out(session, by, report_id, decision, self._clock()),
            by.guild_id,
            hurried=True,
        )
        log.info("report decided", report=report_id, decision=decision.value, by=by.user_id)
        return reported


def _fetch_video(session: Session, guild_id: int, generation_id: str) -> Generation:
    generation = session.get(Generation, generation_id)
    if generation is None or generation.guild_id != guild_id:
        raise NotFoundError
    return generation


def _ensure_shown(generation: Generation, shown_at: Posted | None) -> None:
    """Check that there is a video to see; remember its message where that is not recorded (any more).

    Raises:
        NoVideoError, RemovedError: see `Reports.report`.
    """
    if generation.removed_at is not None:
        raise RemovedError
    if generation.status is not Status.SUCCEEDED or (generation.result_id is None and shown_at is None):
        raise NoVideoError
    if generation.result_id is None and shown_at is not None:
        generation.result_id, generation.result_channel_id = shown_at.message_id, shown_at.channel_id


def _insert(session: Session, row: ReportRow) -> None:
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise AlreadyReportedError from error
