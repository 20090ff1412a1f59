"""Films and shots that a moderator deleted after a report, about which their member can ask."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.db.film_models import FilmRow
from bot.db.guild_models import ReportRow
from bot.db.models import Generation


def fetch_deleted(session: Session, takes: Sequence[Generation]) -> Sequence[Generation]:
    """Return those of a film's takes that a moderator deleted, not their member, with known words."""
    gone = [take for take in takes if take.removed_at and not take.erased_at and not take.erase_at]
    if not gone:
        return ()
    query = select(ReportRow.generation_id).where(
        ReportRow.generation_id.in_([take.id for take in gone]), ReportRow.deleted_by != gone[0].user_id
    )
    found = {*session.scalars(query)}
    return [take for take in gone if take.id in found]


def was_deleted(session: Session, film: FilmRow) -> bool:
    """Whether a moderator deleted the whole film, not its member."""
    about_it = (ReportRow.generation_id == film.id, ReportRow.deleted_by != film.user_id)
    return session.scalar(select(ReportRow.id).where(*about_it).limit(1)) is not None
