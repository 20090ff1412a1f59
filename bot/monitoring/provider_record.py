"""The provider's and the account's state by the last calls; in memory, since later calls say it again."""

import time
from collections.abc import Callable

from bot.provider.calls import Call, CallKind
from bot.provider.errors import CreditsGoneError, KeyRefusedError, UnavailableError, UnreachableError

WORK = frozenset({CallKind.CREATE, CallKind.RETRIEVE, CallKind.FIND})  # calls that members wait for
KEYED = WORK | {CallKind.BALANCE}  # calls that need a valid key; others may be answered to everybody


class ProviderRecord:
    """The latest evidence; None means that there is none yet.

    Attributes:
        are_credits_gone: whether the last create call was refused for them.
        is_answering: whether the last call that members wait for was answered, with an error perhaps.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.are_credits_gone: bool | None = None
        self.is_answering: bool | None = None
        self._clock = clock
        self._silent_since: float | None = None
        self._refusals: dict[CallKind, bool] = {}

    @property
    def is_key_refused(self) -> bool | None:
        """Whether the last answer to any kind of call was that the key is refused."""
        return any(self._refusals.values()) if self._refusals else None

    @property
    def silence(self) -> float:
        """Seconds since the first unanswered call that members wait for, after the last answered one."""
        return 0.0 if self._silent_since is None else self._clock() - self._silent_since

    def learn_from(self, call: Call) -> None:
        """Learn from a call."""
        is_unanswered = isinstance(call.error, UnavailableError | UnreachableError)
        if call.kind in WORK:
            self.is_answering = not is_unanswered
            if not is_unanswered:
                self._silent_since = None
            elif self._silent_since is None:
                self._silent_since = self._clock()
        if call.kind in KEYED and not is_unanswered:
            self._refusals[call.kind] = isinstance(call.error, KeyRefusedError)
        if call.kind is CallKind.CREATE and call.error is None:
            self._refusals.pop(CallKind.FIND, None)  # rarely made, so it may be long out of date
        if call.kind is CallKind.CREATE and (call.error is None or isinstance(call.error, CreditsGoneError)):
            self.are_credits_gone = call.error is not None
