"""The subject of a report: a video, or a film with all of its shots; and taking a film down for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.db.film_models import FilmRow
from bot.db.guild_models import Action, AuditRow, ReportRow
from bot.db.models import OPEN, TAKEDOWN_GRACE, WAITING, Generation, Status
from bot.jobs.cancellation import Cancelled, cancel_one
from bot.policy.audit import fetch_latest
from bot.policy.strike_rows import deletion_source


@dataclass(frozen=True, slots=True)
class ReportedFilm:
    """A film as moderators see it.

    Attributes:
        takes: all that was requested for its shots, in the order in which it was.
    """

    row: FilmRow
    takes: Sequence[Generation]

    @property
    def shots(self) -> list[Generation]:
        """Return the takes that its message shows, in the order of the shots."""
        names = self.row.joined_shots
        shown = self.takes if names is None else [take for take in self.takes if take.id in names]
        return sorted(shown, key=lambda take: take.shot or 0)


@dataclass(frozen=True, slots=True)
class ReportedVideo:
    """A report and what it is about.

    Attributes:
        generation: None: that is a film, or the row is gone.
        cancelled: what the decision that was just made about the report cancelled.
        was_blocked: its block changed nothing, since the member was blocked for longer.
    """

    report: ReportRow
    generation: Generation | None
    film: ReportedFilm | None = None
    cancelled: Sequence[Cancelled] = ()
    was_blocked: bool = False

    @property
    def subject(self) -> Generation | FilmRow | None:
        """Return the row of what was reported."""
        return self.generation if self.film is None else self.film.row


def load_reported(session: Session, report: ReportRow) -> ReportedVideo:
    """Return a report with what it is about."""
    generation = session.get(Generation, report.generation_id)
    film = None if generation is not None else fetch_reported_film(session, report.generation_id)
    return ReportedVideo(report, generation, film, was_blocked=_was_blocked(session, report))


def _was_blocked(session: Session, report: ReportRow) -> bool:
    """Whether the block that was decided about a report left a longer one as it was."""
    if report.blocked_by is None:
        return False
    because_of_it = AuditRow.reason == f"report {report.id}"
    entry = fetch_latest(session, report.guild_id, Action.BLOCK, report.created_at, because_of_it)
    return entry is not None and entry.old is not None and entry.old == entry.new


def fetch_reported_film(session: Session, film_id: str) -> ReportedFilm | None:
    """Return a film that was accepted, or None."""
    row = session.get(FilmRow, film_id)
    if row is None or row.accepted_at is None:
        return None
    takes = select(Generation).where(Generation.film_id == film_id)
    return ReportedFilm(row, session.scalars(takes.order_by(Generation.created_at, Generation.shot)).all())


def act_in(film: ReportedFilm) -> str:
    """Return how a strike names that a film was deleted after a report: as that of one of its shots."""
    return deletion_source(film.takes[0])


def remove_film(session: Session, film: ReportedFilm, actor_id: int, now: datetime) -> list[Cancelled]:
    """Mark a film and all of its shots as taken down, and cancel what is still waited for.

    So is what isn't posted yet, or may still come: that isn't shown (`bot.jobs.steps.deliver`). Returns what
    was cancelled.
    """
    mine = Generation.film_id == film.row.id
    # Locked in the order in which `bot.films` does it: what may be shown, then the film, then what waits.
    may_be_shown = select(Generation.id).where(mine, Generation.status.not_in(WAITING))
    session.scalars(may_be_shown.with_for_update()).all()
    may_come = or_(Generation.status == Status.SUCCEEDED, Generation.late_until.is_not(None))
    made = (mine, may_come, Generation.status.not_in(WAITING), Generation.removed_at.is_(None))
    session.execute(update(Generation).where(*made).values(removed_at=now, video_url=None))
    # Its member may have deleted the film before, whose shots stayed.
    gone = {"removed_at": film.row.removed_at or now, "take_down_at": now + TAKEDOWN_GRACE}
    session.execute(update(FilmRow).where(FilmRow.id == film.row.id).values(gone))
    waited_for = select(Generation.id).where(mine, Generation.status.in_(OPEN)).with_for_update()
    take_ids = session.scalars(waited_for).all()
    return [cancel_one(session, film.row.guild_id, take_id, actor_id, now) for take_id in take_ids]
