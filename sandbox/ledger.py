"""The account's money: its balance and every movement.

Source: `GET /v2/billing` and `GET /v2/billing/transactions` in the provider's API reference.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import uuid4

from sandbox.offers import CREDITS_PER_USD, sourced, usd
from sandbox.refusals import iso


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement; `credits` is positive, `direction` says which way it went.

    `reference_id`: of a video's charge, and of what is given back of it, the generation's id; of a payment
    its own.
    """

    created_at: datetime
    direction: Literal["TOPUP", "CHARGE"]
    type: Literal["PAYMENT", "REFUND", "MODEL_USAGE"]
    credits: int
    model: str | None
    reference_id: str | None

    @property
    def wire(self) -> dict[str, object]:
        """The row as the provider writes it."""
        return {
            "created_at": iso(self.created_at),
            "direction": self.direction,
            "type": self.type,
            "amount": {"usd": usd(self.credits), "credits": self.credits},
            "model": self.model and sourced(self.model),
            "reference_id": self.reference_id,
        }


class Ledger:
    """Counts in whole credits, so that sums are exact."""

    def __init__(self, balance_usd: float) -> None:
        self.transactions: list[Transaction] = []  # oldest first
        if balance_usd:
            self.top_up(balance_usd)

    @property
    def credits(self) -> int:
        """The balance."""
        return sum(row.credits if row.direction == "TOPUP" else -row.credits for row in self.transactions)

    def top_up(self, amount_usd: float) -> None:
        """Pay `amount_usd` in."""
        amount = round(amount_usd * CREDITS_PER_USD)
        payment_id = f"pay_{uuid4().hex}"
        self.transactions.append(Transaction(datetime.now(UTC), "TOPUP", "PAYMENT", amount, None, payment_id))

    def visible(self, delay: timedelta) -> list[Transaction]:
        """Return the movements that are shown by now, newest first; charges only after `delay`."""
        end = datetime.now(UTC) - delay
        return [
            row for row in reversed(self.transactions) if row.type != "MODEL_USAGE" or row.created_at <= end
        ]

    def charge(self, amount: int, model: str, inference_id: str) -> None:
        """Take `amount` credits for the generation `inference_id`."""
        self.transactions.append(
            Transaction(datetime.now(UTC), "CHARGE", "MODEL_USAGE", amount, model, inference_id)
        )

    def refund(self, inference_id: str) -> None:
        """Refund all that was charged for a generation."""
        taken = sum(row.credits for row in self.transactions if row.reference_id == inference_id)
        self.transactions.append(Transaction(datetime.now(UTC), "TOPUP", "REFUND", taken, None, inference_id))
