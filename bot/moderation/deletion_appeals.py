"""Videos and films that were deleted after a report: their members ask about that once, for another try.

A deleted video can't be brought back: the provider's link and the files are gone. What a moderator can give
is as many videos on top of the member's limits, by an ordinary grant that the log shows and can undo.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admission.appeals import RELEASE_TIME, deleted_by, deletion_rule
from bot.db.guild_models import Action, AppealDecision, AppealRow, ReportRow
from bot.db.models import Generation
from bot.errors import UserError
from bot.i18n import N_, _
from bot.moderation.decisions import Moderator
from bot.moderation.reported import ReportedFilm, fetch_reported_film
from bot.moderation.snapshots import snapshot_grants
from bot.policy.audit import record
from bot.policy.documents import Grant
from bot.policy.store import fetch_member_policy, store_member_policy

NOT_YOURS = N_("Only the member who requested this video can ask about it. Nothing was sent.")
FORGOTTEN = N_("I no longer have this video's prompt, so a moderator couldn't review it. Nothing was sent.")
NOT_DELETED = N_("No moderator deleted this video after a report. Nothing was sent.")
ASKED_BEFORE = N_("You've already asked a moderator about this video. Nothing was sent.")
FILM_NOT_YOURS = N_("Only the member who requested this film can ask about it. Nothing was sent.")
FILM_FORGOTTEN = N_(
    "I no longer have all of this film's prompts, so a moderator couldn't review it. Nothing was sent."
)
FILM_NOT_DELETED = N_("No moderator deleted this film after a report. Nothing was sent.")
FILM_ASKED_BEFORE = N_("You've already asked a moderator about this film. Nothing was sent.")


class CannotAskError(UserError):
    """The member can't ask a moderator about that now; the sentence says why."""


def fetch_deleted(session: Session, member: Moderator, subject_id: str) -> Generation | ReportedFilm:
    """Return a member's video or film that was deleted after a report, and that they haven't asked about.

    Raises:
        CannotAskError: it's no such video or film.
    """
    subject = session.get(Generation, subject_id) or fetch_reported_film(session, subject_id)
    is_film = isinstance(subject, ReportedFilm)
    row = subject.row if isinstance(subject, ReportedFilm) else subject
    mine = (member.guild_id, member.user_id)
    if subject is None or row is None or (row.guild_id, row.user_id) != mine:
        raise CannotAskError(_(FILM_NOT_YOURS if is_film else NOT_YOURS))
    was_deleted = select(ReportRow.id).where(
        ReportRow.generation_id == subject_id, ReportRow.deleted_by.is_not(None)
    )
    if row.removed_at is None or session.scalar(was_deleted.limit(1)) is None:
        raise CannotAskError(_(FILM_NOT_DELETED if is_film else NOT_DELETED))
    if _is_forgotten(subject):
        raise CannotAskError(_(FILM_FORGOTTEN if is_film else FORGOTTEN))
    was_asked = select(AppealRow.id).where(
        AppealRow.guild_id == member.guild_id,
        AppealRow.user_id == member.user_id,
        AppealRow.rule == _rule_of(subject),
        AppealRow.asked_at.is_not(None),
        AppealRow.decision.is_distinct_from(AppealDecision.LAPSE),
    )
    if session.scalar(was_asked.limit(1)) is not None:
        raise CannotAskError(_(FILM_ASKED_BEFORE if is_film else ASKED_BEFORE))
    return subject


def row_of(subject: Generation | ReportedFilm, now: datetime) -> AppealRow:
    """Return the row of an appeal against a deletion; its fingerprint is no request's."""
    row = subject.row if isinstance(subject, ReportedFilm) else subject
    return AppealRow(
        guild_id=row.guild_id,
        user_id=row.user_id,
        locale=row.locale,
        rule=_rule_of(subject),
        prompt=_words_of(subject),
        fingerprint=row.id,
        created_at=now,
    )


def _rule_of(subject: Generation | ReportedFilm) -> str:
    if isinstance(subject, ReportedFilm):
        return deletion_rule(subject.row.id, len(subject.shots))
    return deletion_rule(subject.id)


def _words_of(subject: Generation | ReportedFilm) -> str:
    if isinstance(subject, ReportedFilm):
        return "\n".join([subject.row.title, *(shot.prompt for shot in subject.shots)])
    return subject.prompt


def _is_forgotten(subject: Generation | ReportedFilm) -> bool:
    """Whether the words of a video, or of a shot, are gone or to go."""
    takes = subject.shots if isinstance(subject, ReportedFilm) else [subject]
    return any(take.erased_at is not None or take.erase_at is not None for take in takes)


def give_another_try(session: Session, by: Moderator, row: AppealRow, now: datetime) -> None:
    """Grant the member as many videos more as were deleted, as `/quota grant` does."""
    shots = deleted_by(row.rule)[1]
    before = fetch_member_policy(session, by.guild_id, row.user_id)
    alive = tuple(grant for grant in before.grants if now < grant.until)
    grant = Grant(amount=shots or 1, since=now, until=now + RELEASE_TIME)
    changed = before.model_copy(update={"grants": (*alive, grant)})
    store_member_policy(session, by.guild_id, row.user_id, changed)
    record(
        session,
        by.guild_id,
        by.user_id,
        Action.GRANT,
        now,
        subject=f"member:{row.user_id}",
        old=snapshot_grants(before, now),
        new=snapshot_grants(changed, now),
        reason=f"appeal {row.id}",
    )
