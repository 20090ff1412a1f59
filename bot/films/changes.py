"""The difference between an offer and the one that its member was shown before. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.requests.confirmation import is_still_valid

Prices = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Change:
    """The difference.

    Attributes:
        models: what they were shown, and what it is now, as IDs or names of families; None: the same.
        is_dearer: the price has risen.
    """

    models: tuple[str, str] | None
    is_dearer: bool


def find_change(models: tuple[Sequence[str], Sequence[str]], prices: tuple[Prices, Prices]) -> Change | None:
    """Return what differs of the videos that are offered both before and now, or None.

    `models`, `prices`: before and now, of one video after the other; an older version noted no models.
    """
    other = next(((old, new) for old, new in zip(*models, strict=False) if old != new), None)
    both = [*zip(*prices, strict=False)]
    is_dearer = not is_still_valid(total(old for old, _ in both), total(new for _, new in both))
    return Change(other, is_dearer) if other is not None or is_dearer else None


def total(prices: Iterable[float | None]) -> float | None:
    """Return the price of all; None: one of them isn't known."""
    known = [*prices]
    return None if None in known else sum(price or 0 for price in known)
