"""The cost of a generation, and the provider's answer that told it.

Sources: "Account balance", "Usage logs" and the examples of the video models in the provider's documents. A
price of 0 is never believed: the charge may be booked later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Annotated, cast

from pydantic import BeforeValidator, Field, WrapValidator

from bot.money import to_credits
from bot.provider.reading import Fields, Wire, none_if_odd

MAX_CREDITS = 1e12  # of one task, 500,000 USD: larger sums would soon overflow
CREDITS_HEADER, USD_HEADER = "x-aimlapi-credits-used", "x-aimlapi-usd-spent"


class CostSource(StrEnum):
    """The source of a cost; one that comes later is believed instead of an earlier one."""

    CREATE = "create"  # the answer to the create call: what it is going to cost
    HEADER = "header"  # the same, in the answer's headers
    POLL = "poll"  # the finished task
    LOG = "log"  # the provider's log of requests
    LEDGER = "ledger"  # its list of what was charged


# Told after the fact, of a video that was made. What is told before is what a success will cost; a failure is
# not charged.
CONFIRMED = frozenset({CostSource.POLL, CostSource.LOG, CostSource.LEDGER})


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost in the provider's credits, above 0."""

    credits: float
    source: CostSource


_Positive = Annotated[float, Field(gt=0, le=MAX_CREDITS, allow_inf_nan=False)]


def _no_boolean(value: object) -> object:
    """Return a value, unless it is a boolean, which Python takes for a number.

    Raises:
        ValueError: it is.
    """
    if isinstance(value, bool):
        raise ValueError("no number")  # noqa: TRY004 pydantic takes only this for a bad value
    return value


Reported = Annotated[_Positive | None, BeforeValidator(_no_boolean), WrapValidator(none_if_odd)]


class Amount(Wire):
    """An amount as the log and the ledger write it, in USD and in credits."""

    usd: Reported = None
    credits: Reported = None

    @property
    def in_credits(self) -> float | None:
        """The amount in credits; None: it was not told, or is 0."""
        return first_amount(self.credits, self.usd)


class Usage(Wire):
    """The cost of a task; `tokens_used` is the older name of the credits."""

    credits_used: Reported = None
    usd_spent: Reported = None
    tokens_used: Reported = None

    @property
    def in_credits(self) -> float | None:
        """The cost in credits; None: it was not told, or is 0."""
        return first_amount(self.credits_used, self.usd_spent) or self.tokens_used


def first_amount(credits: float | None, usd: float | None) -> float | None:  # noqa: A002 the unit's name
    """Return credits, by way of USD where they are not told."""
    if credits or not usd:
        return credits
    amount = to_credits(usd)
    return amount if 0 < amount <= MAX_CREDITS else None


def usage_in(task: Mapping[str, object]) -> object:
    """Return the part of a task's answer that tells the cost, from where it stands; one of 0 tells none."""
    meta = _object_in(task.get("meta"))
    for found in map(_object_in, (meta.get("usage"), meta, task.get("usage"), task)):
        if any(found.get(name) for name in Usage.model_fields):
            return found
    return None


def _object_in(value: object) -> Fields:
    """Return an object, also the only one of a list; an empty one for anything else."""
    if isinstance(value, list) and len(value) == 1:  # pyright: ignore[reportUnknownArgumentType]: JSON
        value = cast("list[object]", value)[0]
    return cast("Fields", value) if isinstance(value, Mapping) else {}


def credits_in_headers(headers: Mapping[str, str]) -> float | None:
    """Return the cost that an answer's headers tell, in credits."""
    return first_amount(_number(headers.get(CREDITS_HEADER)), _number(headers.get(USD_HEADER)))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if isfinite(number) and 0 < number <= MAX_CREDITS else None
