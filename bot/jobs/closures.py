"""The provider's refusals of everything, and who may try next. Pure: `now` is passed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from cachetools import FIFOCache
from pydantic import AwareDatetime

LONGEST_WAIT = timedelta(hours=1)  # for anything; a longer one comes from a clock that was set back
TRIAL_PATIENCE = timedelta(minutes=2)  # for which others wait for the one that tries
SHORT_WAIT = timedelta(seconds=2)  # while another one tries, or may
EVIDENCE_LIFE = timedelta(hours=1)  # for which a refusal says something about the next one
UNKNOWN_FOR = timedelta(hours=1)  # after which a model that the provider didn't know is offered again

DUE_REQUEST_WAIT = timedelta(seconds=10)  # for which a request whose time has come is waited for
MAX_TRIES = 10_000  # requests whose last try is remembered
MAX_WAITING = 200  # requests that others wait for; each try looks at all of them


class RefusalScope(StrEnum):
    """Whose refusal it is."""

    REQUEST = "request"
    MODEL = "model"
    ACCOUNT = "account"


class Way(StrEnum):
    """The form of a refused create call."""

    ACCOUNT = "account"  # 401, 402, 403 for money, or the account or the key says so
    FORBIDDEN = "forbidden"  # 403
    MISSING = "missing"  # 404
    BUSY = "busy"  # 429
    UNREACHABLE = "unreachable"  # no connection


@dataclass(frozen=True, slots=True)
class ProviderPause:
    """A lasting refusal, as it is written down for other processes.

    Attributes:
        words: the provider's latest; empty: it said nothing of its own.
        models: which ones; empty: all.
        missing: those that the provider doesn't know, and when it last said so.
    """

    since: AwareDatetime
    scope: RefusalScope
    way: Way
    words: str = ""
    models: tuple[str, ...] = ()
    missing: Mapping[str, AwareDatetime] = field(default_factory=dict[str, AwareDatetime])

    def unknown_models(self, now: datetime) -> frozenset[str]:
        """Return the models that the provider doesn't know, whatever its list says.

        Only a request shows that one can be had again, so each is offered again after a while.
        """
        return frozenset(name for name, at in self.missing.items() if abs(now - at) < UNKNOWN_FOR)

    def with_missing(self, written: Self | None, accepted: Mapping[str, datetime], now: datetime) -> Self:
        """Return it with the unknown models that another process wrote down.

        `accepted`: models that were taken, and when.
        """
        if written is None:
            return self
        unknown = written.unknown_models(now)
        missing = {name: at for name, at in written.missing.items() if name in unknown}
        left = {name: at for name, at in missing.items() if name not in accepted or accepted[name] < at}
        return replace(self, missing={**left, **self.missing})


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a request is not sent now.

    Attributes:
        wait: until it may ask again; None: it ends, since its model is gone.
        words: the provider's.
        lets_others: others may be sent meanwhile.
    """

    wait: timedelta | None
    words: str
    lets_others: bool


class Closure:
    """One model or the account, while it is refused. When its time is over, one request tries.

    Attributes:
        is_alone: another model was accepted meanwhile, so it says nothing about the account.
        is_gone: the provider's list has this model no longer.
        refused_at: when the latest request was refused; None: before this program began.
    """

    def __init__(self, pause: ProviderPause, until: datetime) -> None:
        self.pause = pause
        self.is_alone = False
        self.is_gone = False
        self.refused_at: datetime | None = None
        self._until = until
        self._trial: tuple[str, datetime] | None = None

    @property
    def way(self) -> Way:
        """The way in which requests are refused."""
        return self.pause.way

    @property
    def is_missing(self) -> bool:
        """Whether the provider says that it doesn't know the model."""
        return self.way is Way.MISSING

    def close(self, words: str, now: datetime, wait: timedelta) -> None:
        """Leave it alone for so long, since a request was refused."""
        self.pause = replace(self.pause, words=words)
        self.refused_at, self._until = now, now + wait

    def time_left(self, now: datetime) -> timedelta:
        """Return how long it is still to be left alone."""
        left = self._until - now
        return left if timedelta() < left <= LONGEST_WAIT else timedelta()

    def hold(self, request_id: str, short_wait: timedelta, now: datetime) -> Hold | None:
        """Return why a request must wait; None: it may try."""
        wait = self.time_left(now)
        if not wait and self._is_another_trying(request_id, now):
            wait = short_wait
        if not wait:
            return None
        return Hold(wait, self.pause.words, lets_others=self.pause.scope is not RefusalScope.ACCOUNT)

    def try_with(self, request_id: str, now: datetime) -> None:
        """Let a request try, and the others wait for what becomes of it."""
        self._trial = (request_id, now)

    def settle(self, request_id: str) -> None:
        """Record that a request does not try any more."""
        if self._trial is not None and self._trial[0] == request_id:
            self._trial = None

    def is_old(self, now: datetime) -> bool:
        """Whether nobody has tried for so long that it says nothing any more."""
        return abs(now - self._until) > EVIDENCE_LIFE + LONGEST_WAIT

    def _is_another_trying(self, request_id: str, now: datetime) -> bool:
        if self._trial is None or self._trial[0] == request_id:
            return False
        return timedelta() <= now - self._trial[1] < TRIAL_PATIENCE


class FairTries:
    """The order of tries while something is refused, as one process has seen them.

    Requests that have never tried go first, then those that tried longest ago. Else the ones that are refused
    by themselves could close the way again and again, and nobody would find out that the others are taken.
    """

    def __init__(self) -> None:
        self._count = 0
        self._tries = FIFOCache[str, int](MAX_TRIES)  # by request: the number of its last try
        # By request: its model, and when it asks again.
        self._waiting = FIFOCache[str, tuple[str, datetime]](MAX_WAITING)

    def tries(self, request_id: str) -> None:
        """Record that a request is sent now."""
        self._count += 1
        self._tries[request_id] = self._count
        self._waiting.pop(request_id, None)

    def waits(self, request_id: str, model: str, due: datetime) -> None:
        """Record that a request asks again at a time."""
        self._waiting[request_id] = (model, due)

    def is_another_first(self, request_id: str, is_open: Callable[[str], bool], now: datetime) -> bool:
        """Whether a request whose time has come, and whose model `is_open`, goes before this one."""
        own = self._tries.get(request_id, 0)
        return any(
            self._tries.get(other, 0) < own and due <= now <= due + DUE_REQUEST_WAIT and is_open(model)
            for other, (model, due) in self._waiting.items()
        )
