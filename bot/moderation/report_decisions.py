"""Decisions on reports: each once, in the transaction of its audit row."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, LiteralString

from sqlalchemy import ColumnElement, and_, case, select, update
from sqlalchemy.orm import Session

from bot.db.guild_models import Action, AuditRow, ReportRow, StrikeKind
from bot.db.models import NOBODY, TAKEDOWN_GRACE
from bot.errors import NotFoundError, UserError
from bot.i18n import N_, _
from bot.jobs.cancellation import Cancelled
from bot.moderation.decisions import Moderator, ensure_not_own
from bot.moderation.reported import ReportedVideo, act_in, load_reported, remove_film
from bot.policy.audit import record
from bot.policy.documents import Block, tell_block
from bot.policy.store import fetch_member_policy, fetch_policy, store_member_policy
from bot.policy.strike_rows import Act, deletion_source, give_strike

BLOCK_TIME = timedelta(hours=24)
REASON = re.compile(r"report (?P<report>[0-9a-f]{16})")  # of the rows below

DISMISSED = N_("{who} has already dismissed this report. Nothing changed.")
DELETED = N_("{who} has already deleted this video. Nothing changed.")
FILM_DELETED = N_("{who} has already deleted this film. Nothing changed.")
BLOCKED = N_("{who} has already blocked the member because of this report. Nothing changed.")
OWN_VIDEO = N_("This is your own video, so another moderator has to decide. Nothing changed.")
OWN_FILM = N_("This is your own film, so another moderator has to decide. Nothing changed.")
UNKNOWN_MEMBER = N_(
    "I no longer know who requested this video because they deleted their data. Nothing changed."
)
UNKNOWN_FILMMAKER = N_(
    "I no longer know who requested this film because they deleted their data. Nothing changed."
)


Taken = tuple[int | None, LiteralString]  # who decided so, and the sentence about it


class ReportDecision(StrEnum):
    """The buttons under a report."""

    DELETE = "delete"  # take the video down
    BLOCK = "block"  # the requester, for 24 hours
    DISMISS = "dismiss"


class ReportNotFoundError(UserError):
    """The server has no such report; another server's looks exactly like one that never was."""

    def __init__(self) -> None:
        super().__init__(_("This server has no report with that ID. Nothing changed."))


class ReportClosedError(UserError):
    """Somebody has decided it already; the sentence names them."""


class NobodyToBlockError(UserError):
    """It is not recorded any more who asked for the video."""

    def __init__(self, *, is_film: bool) -> None:
        super().__init__(_(UNKNOWN_FILMMAKER if is_film else UNKNOWN_MEMBER))


def carry_out(
    session: Session, by: Moderator, report_id: str, decision: ReportDecision, now: datetime
) -> ReportedVideo:
    """Decide a report and do what follows in the database; see `bot.moderation.reports.Reports.decide`."""
    reported = load_reported(session, _claim(session, by, report_id, decision))
    if reported.subject is not None:
        ensure_not_own(by, reported.subject.user_id, OWN_VIDEO if reported.film is None else OWN_FILM)
    match decision:
        case ReportDecision.DELETE:
            return replace(reported, cancelled=_delete(session, by, reported, now))
        case ReportDecision.BLOCK:
            _block(session, by, reported, now)
            return load_reported(session, reported.report)
        case ReportDecision.DISMISS:
            _record(session, by, Action.REPORT_DISMISS, reported, now)
    return reported


def fetch_report(session: Session, guild_id: int, report_id: str) -> ReportRow | None:
    """Return a report of this server, or None."""
    query = select(ReportRow).where(ReportRow.id == report_id, ReportRow.guild_id == guild_id)
    return session.scalar(query)


def follow_undo(session: Session, blocked: AuditRow, now: datetime, *, holds: bool) -> None:
    """Let a report be decided again whose block was undone, or not where it was put back, and show so.

    `blocked`: the row of a block; where it was not because of a report, nothing happens. `holds`: it was put
    back.
    """
    found = REASON.fullmatch(blocked.reason or "")
    if blocked.action is not Action.BLOCK or found is None:
        return
    before, after = (None, blocked.actor_id) if holds else (blocked.actor_id, None)
    session.execute(
        update(ReportRow)
        .where(
            ReportRow.id == found["report"],
            ReportRow.guild_id == blocked.guild_id,
            ReportRow.blocked_by.is_not_distinct_from(before),
            ReportRow.dismissed_by.is_(None),
        )
        .values(blocked_by=after, post_at=now)
    )


def _claim(session: Session, by: Moderator, report_id: str, decision: ReportDecision) -> ReportRow:
    """Write down who decides; of two at the same time, one does.

    Raises:
        ReportNotFoundError, ReportClosedError: see `Reports.decide`.
    """
    report = session.scalar(
        update(ReportRow)
        .where(ReportRow.id == report_id, ReportRow.guild_id == by.guild_id, *_undecided(decision))
        .values({f"{_DONE[decision]}_by": by.user_id})
        .returning(ReportRow)
    )
    if report is not None:
        return report
    report = fetch_report(session, by.guild_id, report_id)
    if report is None:
        raise ReportNotFoundError
    raise _closed(load_reported(session, report), decision)


# How the columns that say who decided begin.
_DONE = {
    ReportDecision.DELETE: "deleted",
    ReportDecision.BLOCK: "blocked",
    ReportDecision.DISMISS: "dismissed",
}


def _undecided(decision: ReportDecision) -> Sequence[ColumnElement[bool]]:
    """Return what must be so: a dismissed report is closed, and one about which something was done stays."""
    deleted, blocked = ReportRow.deleted_by.is_(None), ReportRow.blocked_by.is_(None)
    others = {
        ReportDecision.DELETE: [deleted],
        ReportDecision.BLOCK: [blocked],
        ReportDecision.DISMISS: [deleted, blocked],
    }
    return [ReportRow.dismissed_by.is_(None), *others[decision]]


def _closed(reported: ReportedVideo, decision: ReportDecision) -> ReportClosedError:
    report = reported.report
    dismissed: Taken = (report.dismissed_by, DISMISSED)
    deleted: Taken = (report.deleted_by, DELETED if reported.film is None else FILM_DELETED)
    blocked: Taken = (report.blocked_by, BLOCKED)
    order: Mapping[ReportDecision, Sequence[Taken]] = {
        ReportDecision.DELETE: (dismissed, deleted),
        ReportDecision.BLOCK: (dismissed, blocked),
        ReportDecision.DISMISS: (dismissed, deleted, blocked),
    }
    who, sentence = next(taken for taken in order[decision] if taken[0] is not None)
    return ReportClosedError(_(sentence, who=f"<@{who}>"))


def _delete(session: Session, by: Moderator, reported: ReportedVideo, now: datetime) -> list[Cancelled]:
    """Mark what was reported as taken down, and return what was cancelled with it."""
    cancelled: list[Cancelled] = []
    subject, film = reported.subject, reported.film
    if subject is None:
        raise NotFoundError
    if film is not None:
        cancelled += remove_film(session, film, by.user_id, now)
        deleted, source = [film.row.id, *(take.id for take in film.takes)], act_in(film)
    else:
        deleted, source = _remove_video(reported, now)
    _close_others(session, by, deleted, now)
    _record(session, by, Action.VIDEO_DELETE, reported, now, new={"user_id": subject.user_id})
    act = Act(by.guild_id, subject.user_id, StrikeKind.REPORT, source, locale=subject.locale)
    give_strike(session, act, now)
    return cancelled


def _close_others(session: Session, by: Moderator, deleted: Collection[str], now: datetime) -> None:
    """Mark what was deleted in all other reports about it, and show so in those that have their message.

    One in another channel than the moderators' stays there, as it is until somebody clicks.
    """
    channel_id = fetch_policy(session, by.guild_id).moderators_channel_id
    is_shown = and_(ReportRow.message_id.is_not(None), ReportRow.channel_id == channel_id)
    session.execute(
        update(ReportRow)
        .where(
            ReportRow.generation_id.in_(deleted),
            ReportRow.deleted_by.is_(None),
            ReportRow.dismissed_by.is_(None),
        )
        .values(deleted_by=by.user_id, post_at=case((is_shown, now), else_=ReportRow.post_at))
    )


def _remove_video(reported: ReportedVideo, now: datetime) -> tuple[list[str], str]:
    """Mark the video as taken down; return its ID in a list, and how a strike names that."""
    generation = reported.generation
    if generation is None:
        raise NotFoundError
    if generation.removed_at is None:
        generation.removed_at, generation.take_down_at = now, now + TAKEDOWN_GRACE
    generation.video_url = None
    return [generation.id], deletion_source(generation)


def _block(session: Session, by: Moderator, reported: ReportedVideo, now: datetime) -> None:
    subject = reported.subject
    if subject is None:
        raise NotFoundError
    user_id = subject.user_id
    if user_id == NOBODY:
        raise NobodyToBlockError(is_film=reported.film is not None)
    member_policy = fetch_member_policy(session, by.guild_id, user_id)
    block = _longer(member_policy.block, _new_block(now, reported))
    store_member_policy(session, by.guild_id, user_id, member_policy.model_copy(update={"block": block}))
    record(
        session,
        by.guild_id,
        by.user_id,
        Action.BLOCK,
        now,
        subject=f"member:{user_id}",
        old=tell_block(member_policy.block_at(now)),
        new=tell_block(block),
        reason=f"report {reported.report.id}",
    )


def block_of_report(session: Session, blocked: AuditRow) -> Block | None:
    """Return the block that a moderator decided about a report, though one that held longer stayed; or None.

    `blocked`: the row of a block.
    """
    found = REASON.fullmatch(blocked.reason or "")
    report = found and fetch_report(session, blocked.guild_id, found["report"])
    return _new_block(blocked.at, load_reported(session, report)) if report else None


def _new_block(now: datetime, reported: ReportedVideo) -> Block:
    subject_id = reported.report.generation_id
    reason = f"Video {subject_id} was reported."
    if reported.film is not None:
        reason = f"Film {subject_id} was reported."
    return Block(since=now, until=now + BLOCK_TIME, reason=reason)


def _longer(present: Block | None, block: Block) -> Block:
    """Return the present block where that holds longer."""
    if present is None or present.until is None or block.until is None:
        return present or block
    return present if present.until >= block.until else block


def _record(
    session: Session,
    by: Moderator,
    action: Action,
    reported: ReportedVideo,
    now: datetime,
    *,
    new: dict[str, Any] | None = None,
) -> None:
    kind, report = "generation" if reported.film is None else "film", reported.report
    record(
        session,
        by.guild_id,
        by.user_id,
        action,
        now,
        subject=f"{kind}:{report.generation_id}",
        new=new,
        reason=f"report {report.id}",
    )
