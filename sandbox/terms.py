"""The terms of the account: its key's switch, scopes and limit, and the models that are still sold.

Source: `GET /v1/key` in the provider's API reference. That a key's own limits answer 403 is a guess: no other
status that is documented fits.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.ledger import Ledger
from sandbox.offers import usd
from sandbox.refusals import INVALID_KEY, RefusalError, iso

VIDEO_SCOPE = "model:video"
PREFIX_LENGTH = 8  # characters of the key that the provider repeats


@dataclass(slots=True)
class Terms:
    """May be changed at any time.

    Attributes:
        limit_usd: what the key may spend in a month; None: everything.
        sold_out: ids of models that are neither listed nor made any more.
    """

    disabled: bool = False
    scopes: list[str] | None = None
    limit_usd: float | None = None
    sold_out: set[str] = field(default_factory=set[str])
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def check(self, model_id: str, ledger: Ledger) -> None:
        """Let an order through.

        Raises:
            RefusalError: the model is gone, or the key may not have it made.
        """
        if model_id in self.sold_out:
            raise RefusalError(404, f"Model {model_id} not found")
        if self.disabled:
            raise RefusalError(401, INVALID_KEY)
        if self.scopes is not None and VIDEO_SCOPE not in self.scopes:
            raise RefusalError(403, "Forbidden resource")
        if self.limit_usd is not None and _used(ledger) >= self.limit_usd:
            raise RefusalError(403, "Forbidden resource")

    def wire(self, key: str, ledger: Ledger) -> dict[str, object]:
        """Return the key's parameters as the provider writes them."""
        limit = None if self.limit_usd is None else {"retention": "month", "threshold": self.limit_usd}
        return {
            "data": {
                "name": "veo-bot",
                "disabled": self.disabled,
                "prefix": key[:PREFIX_LENGTH],
                "scopes": self.scopes,
                "limit": limit,
                "created_at": iso(self.created_at),
                "updated_at": iso(self.created_at),
                "monthly_usage": _used(ledger),
            }
        }


def _used(ledger: Ledger) -> float:
    return usd(sum(row.credits for row in ledger.transactions if row.direction == "CHARGE"))
