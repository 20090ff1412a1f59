"""The troubles that kept a film from its end, as its row has them: since when, and what follows. Pure."""

from collections.abc import Callable, Collection, Mapping

from bot.db.film_models import UNFADED, FilmRow, Transition

Troubles = Mapping[str, str]
Change = Callable[[Troubles], dict[str, str]]

TIMED_OUT = "timeout"  # joining took too long: the next time is the last one, since others wait as long
KILLED = "killed"  # while it was crossfaded, as by a system without memory
CARD = "card"  # its card can't be edited
GIVEN_UP = "given_up"  # it isn't joined any more; only its card is left to do
UNNOTICED = (
    "unnoticed"  # a message may show these shots (their IDs): it's looked for before another is posted
)
OF_POSTED = "posted"  # says UNFADED of the film that is posted; in the next one, crossfades are tried


def add(trouble: str, value: str) -> Change:
    """Return what notes a trouble, unless it's noted: its first time counts."""
    return lambda troubles: {trouble: value, **troubles}


def is_given_up(row: FilmRow) -> bool:
    """Whether a film isn't joined any more."""
    return GIVEN_UP in (row.troubles or {})


def unfade(at: str) -> Change:
    """Return what notes that the film gets cuts in place of crossfades."""
    return lambda troubles: {**troubles, UNFADED: at}


def without(trouble: str) -> Change:
    """Return what notes that a trouble is over."""
    return lambda troubles: {name: value for name, value in troubles.items() if name != trouble}


def without_older(troubles: Troubles) -> dict[str, str]:
    """Return what is left to say once a film is posted in place of an older one."""
    return {name: value for name, value in troubles.items() if (name, value) != (UNFADED, OF_POSTED)}


def after_redo(row: FilmRow, names: Collection[str]) -> dict[str, str] | None:
    """Return what a film that's opened once more begins with: what is known of the posted one.

    `names`: the IDs of the shots that it shows, or may show.
    """
    troubles = row.troubles or {}
    unfaded = {UNFADED: OF_POSTED} if UNFADED in troubles and row.result_id is not None else {}
    unnoticed = {UNNOTICED: " ".join(names)} if row.posting_at is not None else {}
    earlier = {name: value for name, value in troubles.items() if name == UNNOTICED}
    return {**unfaded, **earlier, **unnoticed} or None


def next_transition(row: FilmRow) -> Transition:
    """Return how the shots are to be joined: by cuts once the crossfades couldn't be made."""
    return row.transition if (row.troubles or {}).get(UNFADED, OF_POSTED) == OF_POSTED else Transition.CUT
