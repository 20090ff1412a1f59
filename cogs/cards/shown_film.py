"""The film that a message is about, as its rows stand."""

from collections.abc import Awaitable, Callable

import structlog

from bot.db.film_models import FilmRow
from bot.db.models import Generation
from bot.eta.eta import NO_ETA, Eta
from bot.films.rows import Film

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

EtaOf = Callable[[Generation], Eta]  # says when a shot that is being made should be ready
FindFilm = Callable[[str], Awaitable[Film | None]]  # reads a film, by its ID


def no_eta(_: Generation) -> Eta:
    """Say nothing."""
    return NO_ETA


async def no_films(_: str) -> Film | None:
    """Find no film."""
    return None


async def film_of(subject: Generation | FilmRow, find_film: FindFilm) -> Film | None:
    """Return the film, or the one that a shot is a part of; None: it's no shot.

    Raises:
        DatabaseBusyError: it can't be read now.
    """
    film_id = subject.id if isinstance(subject, FilmRow) else subject.film_id
    return None if film_id is None else await find_film(film_id)
