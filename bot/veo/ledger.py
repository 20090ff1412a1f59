"""The provider's list of what was charged: `GET /v2/billing/transactions`.

Source: "Account balance" in the provider's API reference. A charge lands after its generation reports that it
is done; `reference_id` is the generation's id.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import WrapValidator

from bot.veo.costs import Amount
from bot.veo.wire import Wire, none_if_odd

CHARGE = "CHARGE"


class LedgerEntry(Wire):
    """One movement of money; `direction` carries the sign of `amount`."""

    direction: str
    amount: Amount
    reference_id: Annotated[str | None, WrapValidator(none_if_odd)] = None

    @property
    def signed_credits(self) -> float:
        """What was taken, in credits; what was given back is negative."""
        amount = self.amount.in_credits or 0.0
        return amount if self.direction.upper() == CHARGE else -amount


class LedgerPagination(Wire):
    """Where a page stands in the whole; `next_cursor` is opaque."""

    next_cursor: Annotated[str | None, WrapValidator(none_if_odd)] = None


class LedgerPage(Wire):
    """One page of movements, newest first; rows that make no sense are None."""

    data: list[Annotated[LedgerEntry | None, WrapValidator(none_if_odd)]]
    pagination: Annotated[LedgerPagination | None, WrapValidator(none_if_odd)] = None

    @property
    def next_cursor(self) -> str | None:
        """What to ask for the next page with; None: this is the last one."""
        return self.pagination.next_cursor if self.pagination else None


def charges_of(entries: Iterable[LedgerEntry]) -> Mapping[str, float]:
    """Return what each generation was charged in all, in credits, by the provider's id of it."""
    charges: dict[str, float] = defaultdict(float)
    for entry in entries:
        if entry.reference_id:
            charges[entry.reference_id] += entry.signed_credits
    return charges
