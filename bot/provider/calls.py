"""The record of a call to the provider once it is over, for others to hear."""

from dataclasses import dataclass
from enum import StrEnum

from bot.provider.errors import VeoError
from bot.provider.models import TaskState


class CallKind(StrEnum):
    """The kind of a call."""

    CREATE = "create"
    RETRIEVE = "retrieve"
    FIND = "find"  # a page of the provider's log
    PRICING = "pricing"
    DURATIONS = "durations"
    BALANCE = "balance"
    LEDGER = "ledger"  # a page of what was charged
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        seconds: from asking to the whole answer, or to the failure.
        error: why there was no useful answer; None: there was one.
        state: how the task stands that was asked for; None: another kind of call, or no answer.
    """

    kind: CallKind
    seconds: float
    error: VeoError | None = None
    state: TaskState | None = None


def ignore_call(_: Call) -> None:
    """Tell nobody."""
