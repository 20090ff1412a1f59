"""The figures of what was spent: each charge is counted once, from whichever source it comes first."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from bot.db.models import Generation, Status
from bot.db.review_models import was_ready
from bot.failures import PAID_ALL_THE_SAME
from bot.metrics.metrics import SPENT_CREDITS, SPENT_USD, model_label
from bot.money import usd
from bot.provider.costs import CostSource

_OF_COST = frozenset({"status", "credits_used", "late_until"})  # columns that say what was spent


class Spending:
    """A change of a request, as the figures see it.

    Args:
        before: the row as a step read it; the ledger may have changed it since then, and that is counted.
        written: the columns that are changed.
    """

    def __init__(self, before: Generation, written: Collection[str]) -> None:
        self._before = before
        self._is_about_cost = not _OF_COST.isdisjoint(written)
        self._is_read = False

    def look(self, session: Session) -> None:
        """Read the row right before the change is written.

        The first look counts: what a try has written may be there though nobody learnt of it.
        """
        if self._is_read or self._before.finished_at is None or not self._is_about_cost:
            return
        row = session.get(Generation, self._before.id, with_for_update=True)
        if row is not None:
            session.expunge(row)
            self._before, self._is_read = row, True

    def record(self, after: Generation) -> None:
        """Count it; the change was written."""
        before = self._before
        if after.status is Status.CANCELLED:
            if _is_counted_when_told(before) and not _is_counted_when_told(after):
                _record_spent(after.model, _counted_cost(after))
        elif self._is_about_cost:
            _record_spent(after.model, _counted_cost(after) - _counted_cost(before))


def record_charged(before: Generation, charged: float) -> None:
    """Count what was charged, in credits, beyond what was counted; `before`: without it."""
    if not _is_counted_when_told(before):
        _record_spent(before.model, charged - _counted_cost(before))


def _counted_cost(generation: Generation) -> float:
    """Return what of its cost is counted, in credits.

    It's counted with its end. But while a late video may still come, the ledger alone knows about it.
    """
    if generation.status is Status.CANCELLED:
        is_over = not _is_counted_when_told(generation)
    elif generation.late_until is None or generation.failure_kind in PAID_ALL_THE_SAME:
        is_over = generation.finished_at is not None
    else:
        is_over = generation.cost_source is CostSource.LEDGER
    return (generation.credits_used or 0.0) if is_over else 0.0


def _is_counted_when_told(generation: Generation) -> bool:
    """Whether it was cancelled while no video was there, and its member is still to be told."""
    is_told = generation.delivered_at is not None or was_ready(generation)
    return generation.status is Status.CANCELLED and not is_told


def _record_spent(model: str, more: float) -> None:
    """Count what was spent; a counter never falls."""
    if more > 0:
        SPENT_CREDITS.labels(model_label(model)).inc(more)
        SPENT_USD.labels(model_label(model)).inc(usd(more))
