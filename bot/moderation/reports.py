"""Members' reports of videos, and what moderators make of them. Each decision works once."""

import secrets
from datetime import datetime

import structlog
from sqlalchemy import and_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.guild_models import ReportRow
from bot.db.models import Generation, Status
from bot.errors import BadInputError, NotFoundError, UserError
from bot.i18n import N_, _
from bot.jobs.cancellation import log_cancelled
from bot.jobs.ports import Posted
from bot.moderation.decisions import Moderator, checked_reason
from bot.moderation.outbox import show_in_channel
from bot.moderation.report_decisions import ReportDecision, carry_out, fetch_report
from bot.moderation.reported import ReportedVideo, fetch_reported_film, load_reported
from bot.policy.store import fetch_policy

NO_VIDEO = N_("There's no video with that ID to report. Nothing changed.")
NO_FILM = N_("There's no film with that ID to report. Nothing changed.")
REMOVED = N_("This video has already been removed. There's nothing more to do.")
FILM_REMOVED = N_("This film has already been removed. There's nothing more to do.")
REPORTED = N_("You've already reported this video. One report is enough.")
FILM_REPORTED = N_("You've already reported this film. One report is enough.")
NO_REASON = N_("Describe what's wrong with it in a few words. Nothing was sent.")

IS_UNDECIDED = and_(
    ReportRow.deleted_by.is_(None), ReportRow.blocked_by.is_(None), ReportRow.dismissed_by.is_(None)
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class NoVideoError(UserError):
    """There is no video or film that anybody could see."""

    def __init__(self, *, is_film: bool = False) -> None:
        super().__init__(_(NO_FILM if is_film else NO_VIDEO))


class RemovedError(UserError):
    """It was taken down before."""

    def __init__(self, *, is_film: bool = False) -> None:
        super().__init__(_(FILM_REMOVED if is_film else REMOVED))


class AlreadyReportedError(UserError):
    """The same member reported the same before."""

    def __init__(self, *, is_film: bool = False) -> None:
        super().__init__(_(FILM_REPORTED if is_film else REPORTED))


class Reports:
    """Takes reports, and decides them."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def report(
        self,
        guild_id: int,
        subject_id: str,
        reporter_id: int,
        reason: str,
        shown_at: Posted | None = None,
    ) -> ReportRow:
        """Write a report down; it is shown to the moderators by `bot.moderation.outbox_relay`.

        `subject_id`: of a video or a film. `shown_at`: the message that the member saw it in; moderators
        find it even where the message's id is not recorded any more (`bot.privacy.erasure`). `post_at` is
        None where nobody would see the report yet.

        Raises:
            BadInputError: the reason is empty or too long.
            NotFoundError: this server has no such video or film.
            NoVideoError, RemovedError: there is nothing to report.
            AlreadyReportedError: one report per member and video or film.
            DatabaseBusyError: nothing can be recorded now.
        """
        cleaned = checked_reason(reason)
        if cleaned is None:
            raise BadInputError(_(NO_REASON))
        now = self._clock()

        def add(session: Session) -> ReportRow:
            subject = _fetch_subject(session, guild_id, subject_id)
            _ensure_shown(subject, shown_at)
            has_channel = fetch_policy(session, guild_id).moderators_channel_id is not None
            row = ReportRow(
                id=secrets.token_hex(8),
                guild_id=guild_id,
                generation_id=subject_id,
                reporter_id=reporter_id,
                reason=cleaned,
                created_at=now,
                post_at=now if has_channel else None,
            )
            _insert(session, row, is_film=isinstance(subject, FilmRow))
            return row

        row = await self._database.write(add, guild_id, hurried=True)
        log.info("reported", report=row.id, subject=subject_id, guild=guild_id, user=reporter_id)
        return row

    async def get(self, guild_id: int, report_id: str) -> ReportedVideo | None:
        """Return a report of this server as it stands, or None."""

        def look(session: Session) -> ReportedVideo | None:
            report = fetch_report(session, guild_id, report_id)
            return None if report is None else load_reported(session, report)

        return await self._database.read(look, hurried=True)

    async def show_again(self, by: Moderator) -> tuple[int, int]:
        """Show a server's open reports whose message is gone again; return the channel and how many are open.

        Raises:
            NoChannelError: the server has no channel for moderators.
            DatabaseBusyError: nothing can be recorded now.
        """
        return await self._database.write(
            lambda session: show_in_channel(session, by.guild_id, _show_undecided, self._clock()),
            by.guild_id,
            hurried=True,
        )

    async def decide(self, by: Moderator, report_id: str, decision: ReportDecision) -> ReportedVideo:
        """Decide a report; its audit row and a block are in the same transaction.

        What is deleted is deleted in all its reports; a film is, with its shots. What is posted is taken down
        by the caller.

        Raises:
            ReportNotFoundError: this server has no such report.
            ReportClosedError: somebody was faster.
            OwnCaseError: it's about the moderator's own video or film.
            NobodyToBlockError: the member is not known any more.
            NotFoundError: the row of what was reported is gone.
            DatabaseBusyError: nothing can be recorded now.
        """
        reported = await self._database.write(
            lambda session: carry_out(session, by, report_id, decision, self._clock()),
            by.guild_id,
            hurried=True,
        )
        log.info("report decided", report=report_id, decision=decision.value, by=by.user_id)
        log_cancelled(reported.cancelled, by.user_id)
        return reported


def _show_undecided(session: Session, guild_id: int, now: datetime) -> int:
    """Let a server's open reports be shown: only Discord knows whether somebody has deleted a message."""
    shown = update(ReportRow).where(ReportRow.guild_id == guild_id, IS_UNDECIDED)
    return len(session.scalars(shown.values(post_at=now).returning(ReportRow.id)).all())


def _fetch_subject(session: Session, guild_id: int, subject_id: str) -> Generation | FilmRow:
    film = fetch_reported_film(session, subject_id)
    subject = session.get(Generation, subject_id) if film is None else film.row
    if subject is None or subject.guild_id != guild_id:
        raise NotFoundError
    return subject


def _ensure_shown(subject: Generation | FilmRow, shown_at: Posted | None) -> None:
    """Check that there is something to see; remember its message where that is not recorded (any more).

    Raises:
        NoVideoError, RemovedError: see `Reports.report`.
    """
    is_film = isinstance(subject, FilmRow)
    if subject.removed_at is not None:
        raise RemovedError(is_film=is_film)
    is_lost = subject.result_id is None
    if not _was_made(subject) or (is_lost and shown_at is None):
        raise NoVideoError(is_film=is_film)
    is_being_posted = isinstance(subject, FilmRow) and subject.delivered_at is None  # and recorded then
    if not is_lost or shown_at is None or is_being_posted:
        return
    subject.result_id, subject.result_channel_id = shown_at.message_id, shown_at.channel_id
    if isinstance(subject, FilmRow):
        subject.posting_at = None


def _was_made(subject: Generation | FilmRow) -> bool:
    """Whether there was a video; a film has its message's ID until its words are erased, if that is known."""
    if isinstance(subject, FilmRow):
        return any(known is not None for known in (subject.result_id, subject.posting_at, subject.erased_at))
    return subject.status is Status.SUCCEEDED


def _insert(session: Session, row: ReportRow, *, is_film: bool) -> None:
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise AlreadyReportedError(is_film=is_film) from error
