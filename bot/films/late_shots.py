"""Films that are opened after their end, as a shot was redone or its video came late.

So is one for whose late shot nobody waits any more, as its card says that it may still come.
"""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.films.rows import Film, fetch_film
from bot.films.troubles import CARD, GIVEN_UP, UNNOTICED, add, after_redo, is_given_up, without

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class LateShots:
    """Opens the films of shots whose video comes after its time: it's counted, so the film is to have it."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def open_film(self, film_id: str) -> None:
        """Let a film that is over be joined once more after a shot of it that is about to be posted.

        One that was removed stays so, and so does one of which words are forgotten.

        Raises:
            DatabaseBusyError: that can't be recorded now.
        """
        # A process may be ending a claimed film right now, and may have looked for late shots before this
        # one. A film that isn't claimed will be claimed after this shot.
        row = await self._database.read(lambda session: session.get(FilmRow, film_id))
        if row is None or not _is_concerned(row):
            return
        if await self._database.write(lambda session: _open_late(session, film_id, self._clock())):
            log.info("joining a film once more for a late shot", film=film_id)


def _open_late(session: Session, film_id: str, now: datetime) -> bool:
    """Open a film again, unless it's open, gone or forgotten; return whether that was done."""
    row = session.get(FilmRow, film_id, with_for_update=True)
    film = fetch_film(session, film_id)
    if row is None or film is None or row.removed_at or row.erased_at:
        return False
    if row.delivered_at is None and not is_given_up(row):
        _note_post(film)
        return False
    if any(take.erased_at for take in film.takes):
        return False
    open_again(film, now)
    return True


def _is_concerned(row: FilmRow) -> bool:
    is_claimed = row.lease_owner is not None
    return row.delivered_at is not None or is_claimed or row.posting_at is not None or is_given_up(row)


def _note_post(film: Film) -> None:
    """Note of which shots a film is that may have been posted: once found, it'd be taken for the new one."""
    row = film.row
    if row.posting_at is not None:
        unnoticed = {UNNOTICED: " ".join(shot.id for shot in film.shown)}
        row.troubles = {**(row.troubles or {}), **unnoticed}


def open_again(film: Film, now: datetime) -> None:
    """Let a film be joined once more after the takes that aren't posted yet.

    `posting_at` stays until the message is looked for: it goes with a shot of it that is removed meanwhile.
    """
    row, posted = film.row, [shot.id for shot in film.shown]
    if row.result_id is not None and row.joined_shots is None:
        row.joined_shots = posted
    row.troubles = after_redo(row, posted)
    row.delivered_at = row.lease_owner = row.lease_until = None
    row.not_before, row.attempts = now, 0


def open_card(session: Session, film_id: str, now: datetime) -> None:
    """Let a film that is over be taken up for its card alone, which says that a shot may still come.

    The shot is noted as one that isn't waited for in the same transaction. A process that is ending
    the film right now loses it: it may have shown the card before. A film of which words are forgotten
    stays as it is.
    """
    row = session.get(FilmRow, film_id, with_for_update=True)
    if row is None or row.erased_at:
        return
    row.lease_owner = row.lease_until = None
    if row.delivered_at is None:
        return
    row.troubles = add(GIVEN_UP, "")(without(CARD)(row.troubles or {}))
    row.delivered_at = None
    row.not_before, row.attempts = now, 0
