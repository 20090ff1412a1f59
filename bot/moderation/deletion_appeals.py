"""Videos that moderators deleted after a report: their members ask about that once, and may get another try.

A deleted video can't be brought back: the provider's link and the files are gone. What a moderator can give
is a video on top of the member's limits, by an ordinary grant that the log shows and can undo.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admission.appeals import RELEASE_TIME, deletion_rule
from bot.db.guild_models import Action, AppealDecision, AppealRow, ReportRow
from bot.db.models import Generation
from bot.errors import UserError
from bot.i18n import N_, _
from bot.moderation.decisions import Moderator
from bot.moderation.told import tell_grants
from bot.policy.audit import record
from bot.policy.documents import Grant
from bot.policy.store import fetch_member_policy, store_member_policy

NOT_YOURS = N_("Only the member who requested this video can ask about it. Nothing was sent.")
FORGOTTEN = N_(
    "I no longer have the prompt of this video, so a moderator couldn't decide about it. Nothing was sent."
)
NOT_DELETED = N_("No moderator deleted this video after a report. Nothing was sent.")
ASKED_BEFORE = N_("You've already asked a moderator about this video. Nothing was sent.")


class CannotAskError(UserError):
    """The member can't ask a moderator about that now; the sentence says why."""


def fetch_deleted(session: Session, member: Moderator, generation_id: str) -> Generation:
    """Return a member's video that was deleted after a report, and that they haven't asked about.

    Raises:
        CannotAskError: it's no such video.
    """
    generation = session.get(Generation, generation_id)
    mine = (member.guild_id, member.user_id)
    if generation is None or (generation.guild_id, generation.user_id) != mine:
        raise CannotAskError(_(NOT_YOURS))
    was_deleted = select(ReportRow.id).where(
        ReportRow.generation_id == generation_id, ReportRow.deleted_by.is_not(None)
    )
    if generation.removed_at is None or session.scalar(was_deleted.limit(1)) is None:
        raise CannotAskError(_(NOT_DELETED))
    if generation.erased_at is not None or generation.erase_at is not None:
        raise CannotAskError(_(FORGOTTEN))
    was_asked = select(AppealRow.id).where(
        AppealRow.guild_id == member.guild_id,
        AppealRow.user_id == member.user_id,
        AppealRow.rule == deletion_rule(generation_id),
        AppealRow.asked_at.is_not(None),
        AppealRow.decision.is_distinct_from(AppealDecision.LAPSE),
    )
    if session.scalar(was_asked.limit(1)) is not None:
        raise CannotAskError(_(ASKED_BEFORE))
    return generation


def row_of(generation: Generation, now: datetime) -> AppealRow:
    """Return the row of an appeal against a deletion; its fingerprint is no request's."""
    return AppealRow(
        guild_id=generation.guild_id,
        user_id=generation.user_id,
        locale=generation.locale,
        rule=deletion_rule(generation.id),
        prompt=generation.prompt,
        fingerprint=generation.id,
        created_at=now,
    )


def give_another_try(session: Session, by: Moderator, row: AppealRow, now: datetime) -> None:
    """Grant the member one more video, as `/quota grant` does."""
    before = fetch_member_policy(session, by.guild_id, row.user_id)
    alive = tuple(grant for grant in before.grants if now < grant.until)
    grant = Grant(amount=1, since=now, until=now + RELEASE_TIME)
    changed = before.model_copy(update={"grants": (*alive, grant)})
    store_member_policy(session, by.guild_id, row.user_id, changed)
    record(
        session,
        by.guild_id,
        by.user_id,
        Action.GRANT,
        now,
        subject=f"member:{row.user_id}",
        old=tell_grants(before, now),
        new=tell_grants(changed, now),
        reason=f"appeal {row.id}",
    )
