"""The provider's list of what was charged: `GET /v2/billing/transactions`.

Source: "Account balance" in the provider's API reference. A charge lands after its generation reports that it
is done; `reference_id` is the generation's id, but of a payment the payment's own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from pydantic import WrapValidator

from bot.provider.costs import Amount
from bot.provider.models import AwareTime
from bot.provider.reading import Wire, none_if_odd

CHARGE = "CHARGE"


class LedgerEntry(Wire):
    """One movement of money; `direction` carries the sign of `amount`."""

    direction: str
    amount: Amount
    created_at: Annotated[AwareTime | None, WrapValidator(none_if_odd)] = None
    model: Annotated[str | None, WrapValidator(none_if_odd)] = None
    reference_id: Annotated[str | None, WrapValidator(none_if_odd)] = None

    @property
    def signed_credits(self) -> float:
        """The credits taken; those given back are negative."""
        amount = self.amount.in_credits or 0.0
        return amount if self.is_charge else -amount

    @property
    def is_charge(self) -> bool:
        """Whether it was taken, and not given."""
        return self.direction.upper() == CHARGE

    def may_be_of(self, task_id: str) -> bool:
        """Whether it's of this generation, or a charge that doesn't say of which it is."""
        return self.reference_id == task_id or (not self.reference_id and self.is_charge)


class LedgerPagination(Wire):
    """The place of a page in the whole; `next_cursor` is opaque."""

    next_cursor: Annotated[str | None, WrapValidator(none_if_odd)] = None
    has_more: Annotated[bool | None, WrapValidator(none_if_odd)] = None


class LedgerPage(Wire):
    """One page of movements, newest first; rows that make no sense are None."""

    data: list[Annotated[LedgerEntry | None, WrapValidator(none_if_odd)]]
    pagination: Annotated[LedgerPagination | None, WrapValidator(none_if_odd)] = None

    @property
    def next_cursor(self) -> str | None:
        """The cursor to ask for the next page with; None: this is the last one."""
        if self.pagination is None or self.pagination.has_more is False:
            return None
        return self.pagination.next_cursor or None


@dataclass(frozen=True, slots=True)
class Charge:
    """The sum that one generation was charged.

    Attributes:
        task_id: the provider's id of the generation.
        created_at, model: of its first movement; None: the provider does not say.
    """

    task_id: str
    credits: float
    model: str | None
    created_at: datetime | None


def charges_of(entries: Iterable[LedgerEntry]) -> Sequence[Charge]:
    """Return the charge of each generation; `entries`: newest first.

    A movement of nothing, or of what cannot be read, says nothing: the charge may be booked later. What came
    in is given back only where something was taken under the same name; else it's a payment.
    """
    named = [(entry.reference_id, entry) for entry in entries if entry.amount.in_credits]
    taken = {task_id for task_id, entry in named if entry.signed_credits > 0}
    charges: dict[str, Charge] = {}
    for task_id, entry in named:
        if task_id and task_id in taken:
            before = charges.get(task_id)
            charge = Charge(task_id, entry.signed_credits, entry.model, entry.created_at)
            charges[task_id] = replace(charge, credits=charge.credits + (before.credits if before else 0.0))
    return list(charges.values())
