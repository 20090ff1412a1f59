"""The rows of films and their shots, as every part of a film's way reads and writes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.admission.appeals import free
from bot.db.film_models import FilmRow
from bot.db.guild_models import Action, ReportRow
from bot.db.models import TAKEDOWN_GRACE, WAITING, Generation, is_there
from bot.films.script import with_links
from bot.films.takes import counting_takes, current_takes
from bot.films.troubles import is_given_up
from bot.jobs.cancellation import Cancelled, cancel_one
from bot.jobs.ports import Posted
from bot.policy import audit


@dataclass(frozen=True, slots=True)
class Film:
    """A film as it stands.

    Attributes:
        takes: all that was requested for its shots: one each, and one more for each time a shot is redone;
            none while it's an offer.
        is_deleted: another member, a moderator, deleted it after a report.
        deleted_takes: those that another member, a moderator, deleted after a report, while their words are
            known.
        is_ending: what isn't posted by now won't be, though that isn't noted yet.
    """

    row: FilmRow
    takes: Sequence[Generation]
    is_deleted: bool = False
    deleted_takes: Sequence[Generation] = ()
    is_ending: bool = False

    @property
    def shots(self) -> list[Generation]:
        """Return the take that counts of each shot, in their order."""
        return current_takes(self.takes)

    @property
    def present(self) -> list[Generation]:
        """Return the shots that can be joined."""
        lost = self.row.lost_shots or ()
        return [shot for shot in self.shots if is_there(shot) and shot.shot not in lost]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the IDs of the shots that can be joined."""
        return tuple(shot.id for shot in self.present)

    @property
    def shown(self) -> list[Generation]:
        """Return the shots that a message with it shows: none that comes only now, and isn't posted yet."""
        return replace(self, takes=[take for take in self.takes if take.delivered_at is not None]).present

    @property
    def missing(self) -> list[int]:
        """Return the numbers of the shots that a message with it doesn't show."""
        shown = {shot.shot for shot in self.shown}
        return [shot.shot or 0 for shot in self.shots if shot.shot not in shown]

    @property
    def card_id(self) -> int | None:
        """The card, also where a shot's step found or posted it since the answer was lost."""
        return self.row.card_id or next((shot.card_id for shot in self.shots if shot.card_id), None)

    @property
    def is_over(self) -> bool:
        """Whether nothing is waited for any more."""
        return all(take.delivered_at is not None for take in self.takes)

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to do but to show it so."""
        return self.row.delivered_at is not None or self.is_ending or is_given_up(self.row)

    @property
    def is_to_be_posted(self) -> bool:
        """Whether what can be joined isn't posted, or perhaps not."""
        is_known = self.row.result_id is None or self.row.joined_shots is not None
        return is_known and (self.row.may_be_posted or self.has_news)

    @property
    def has_news(self) -> bool:
        """Whether what can be joined isn't what is posted, which can't be made once more."""
        posted = self.row.joined_shots
        if self.row.result_id is None:
            return bool(self.present)
        if posted is None or any(take.erased_at for take in counting_takes(self.takes, posted)):
            return False
        return bool(self.present) and [*self.names] != posted

    def goes_with(self, shot_id: str) -> bool:
        """Whether it's taken down with a shot, as `remove_film` does: it shows the shot, or may show it."""
        is_posted = self.row.result_id is not None or self.row.posting_at is not None
        return is_posted and self.row.removed_at is None and _may_show(self.row, shot_id)

    @property
    def is_forgotten(self) -> bool:
        """Whether the words of a shot that counts, or that is posted, are gone or to go."""
        counting = counting_takes(self.takes, self.row.joined_shots or ())
        return any(take.erased_at or take.erase_at for take in counting)


def fetch_film(session: Session, film_id: str) -> Film | None:
    """Return a film with its shots, or None."""
    row = session.get(FilmRow, film_id)
    if row is None:
        return None
    takes = session.scalars(
        select(Generation).where(Generation.film_id == film_id).order_by(Generation.shot)
    ).all()
    is_deleted = row.removed_at is not None and was_deleted(session, row)
    return Film(row, takes, is_deleted=is_deleted, deleted_takes=fetch_deleted(session, takes))


def remove_film(
    session: Session, film_id: str, actor_id: int, shot_id: str | None, now: datetime
) -> tuple[Film | None, list[Cancelled]]:
    """Mark a film that was posted, or is being posted, as taken down; see `Films.remove`.

    Return it, and its takes that were cancelled.
    """
    if shot_id is not None and not _may_show(session.get(FilmRow, film_id, with_for_update=True), shot_id):
        return None, []
    is_posted = or_(FilmRow.result_id.is_not(None), FilmRow.posting_at.is_not(None))
    shown = (FilmRow.id == film_id, is_posted, FilmRow.removed_at.is_(None))
    gone = {"removed_at": now, "take_down_at": now + TAKEDOWN_GRACE}
    marked = session.scalar(update(FilmRow).where(*shown).values(gone).returning(FilmRow))
    if marked is not None and shot_id is None and actor_id != marked.user_id:
        subject, new = f"film:{film_id}", {"user_id": marked.user_id}
        audit.record(session, marked.guild_id, actor_id, Action.VIDEO_DELETE, now, subject=subject, new=new)
    cancelled = [] if marked is None else _cancel_unsent(session, marked, actor_id, now)
    film = fetch_film(session, film_id)
    return film if film is not None and film.row.removed_at is not None else None, cancelled


def _cancel_unsent(session: Session, row: FilmRow, actor_id: int, now: datetime) -> list[Cancelled]:
    """Cancel the takes that were to change a film which is removed, where nothing of them is paid for."""
    unsent = select(Generation.id).where(Generation.film_id == row.id, Generation.status.in_(WAITING))
    take_ids = session.scalars(unsent.with_for_update()).all()
    return [cancel_one(session, row.guild_id, take_id, actor_id, now) for take_id in take_ids]


def _may_show(row: FilmRow | None, shot_id: str) -> bool:
    """Whether a message with a film may show a shot: one that was redone is in none any more."""
    if row is None or row.joined_shots is None or row.posting_at or row.replaced_post:
        return True
    return shot_id in row.joined_shots


def remember_post(session: Session, film_id: str, shown_at: Posted) -> Film | None:
    """Note where somebody saw a film whose message is not recorded any more, and return the film.

    `bot.privacy.erasure` forgets it again after a while.
    """
    unknown = (FilmRow.delivered_at.is_not(None), FilmRow.result_id.is_(None), FilmRow.removed_at.is_(None))
    session.execute(
        update(FilmRow)
        .where(FilmRow.id == film_id, *unknown)
        .values(result_id=shown_at.message_id, result_channel_id=shown_at.channel_id, posting_at=None)
        .execution_options(synchronize_session=False)
    )
    return fetch_film(session, film_id)


def attach_card(session: Session, film_id: str, card_id: int, now: datetime) -> None:
    """Note a film's card, and let its shots begin."""
    session.execute(
        update(FilmRow)
        .where(FilmRow.id == film_id, FilmRow.card_id.is_(None))
        .values(card_id=card_id, pictures=[])
    )
    session.execute(
        update(Generation)
        .where(Generation.film_id == film_id, Generation.card_id.is_(None))
        .values(card_id=card_id, not_before=now)
        .execution_options(synchronize_session=False)
    )


def take_back(session: Session, film_id: str) -> int:
    """Make a film an offer again, unless the work on a shot has begun; return how many were taken back."""
    film = fetch_film(session, film_id)
    if film is None or not film.shots:
        return 0
    unbegun = delete(Generation).where(
        Generation.film_id == film_id,
        Generation.status.in_(WAITING),
        Generation.card_id.is_(None),
        Generation.lease_owner.is_(None),
    )
    with session.begin_nested() as savepoint:
        result = session.execute(unbegun.execution_options(synchronize_session=False))
        if not isinstance(result, CursorResult) or result.rowcount < len(film.shots):
            savepoint.rollback()
            return 0
    for shot in film.shots:
        free(session, shot.id)
    links = film.shots[0].picture_urls or []
    session.execute(
        update(FilmRow)
        .where(FilmRow.id == film_id)
        .values(
            accepted_at=None,
            prompts=[shot.prompt for shot in film.shots],
            pictures=with_links(film.row.pictures, links),
        )
    )
    return len(film.shots)


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
