"""Whose refusal it is: a request's, its model's, or the account's, and what waits for how long. Pure.

It goes by the way of the refusal and by what happened to others. One request is refused by itself. Of two
requests that were refused the same way with no acceptance in between, the reason is what they share: their
model, or else the account. Words are not compared, since they may hold ids or a prompt.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cachetools import FIFOCache

from bot.jobs.closures import (
    EVIDENCE_LIFE,
    LONGEST_WAIT,
    SHORT_WAIT,
    Closure,
    FairTries,
    Hold,
    ProviderPause,
    RefusalScope,
    Way,
)

LONGEST_PAUSE = timedelta(minutes=2)  # of others, for what a few requests were told to wait
MAX_REMEMBERED = 10_000  # requests
OF_ALL = frozenset({Way.ACCOUNT, Way.UNREACHABLE})  # ways that say by themselves that it is the account
ENDING = frozenset({Way.FORBIDDEN, Way.MISSING})  # ways that end a request, if they are about it alone


@dataclass(frozen=True, slots=True)
class Refusal:
    """A create call that was certainly not accepted.

    Attributes:
        words: the provider's; empty: it said nothing of its own.
        retry_after: how long it asked to wait.
        is_model_gone: its list of models says that it has this one no longer.
    """

    way: Way
    words: str = ""
    retry_after: timedelta | None = None
    is_model_gone: bool = False


@dataclass(frozen=True, slots=True)
class Consequence:
    """The consequence for a refused request. `wait`: until it is tried again; None: it ends."""

    scope: RefusalScope
    wait: timedelta | None


@dataclass(frozen=True, slots=True)
class _First:
    """The first request that was refused in some way since the last acceptance."""

    request_id: str
    model: str
    at: datetime


class RefusalScopes:
    """The provider's refusals and acceptances, as one process has seen them.

    Args:
        account_wait: how long to leave alone what does not pass quickly.
        busy_wait: after a refusal that names no time.
    """

    def __init__(self, *, account_wait: timedelta, busy_wait: timedelta) -> None:
        self._account_wait = account_wait
        self._busy_wait = busy_wait
        self._account: Closure | None = None
        self._models: dict[str, Closure] = {}
        self._first_of_model: dict[tuple[str, Way], _First] = {}
        self._first_of_all: dict[Way, _First] = {}
        self._lasting: dict[
            str, ProviderPause
        ] = {}  # models of which a single request is refused again and again
        self._acceptances = Counter[str]()
        self._tries = FairTries()
        # By request: the way, and acceptances up to then.
        self._earlier = FIFOCache[str, tuple[Way, int]](MAX_REMEMBERED)

    @property
    def pause(self) -> ProviderPause | None:
        """The present refusal, the widest first; None: nothing that lasts."""
        if self._account is not None:
            return replace(self._account.pause, missing=self._missing())
        pauses = sorted((closed.pause for closed in self._models.values()), key=lambda pause: pause.since)
        pauses = pauses or sorted(self._lasting.values(), key=lambda pause: pause.since)
        models = sorted({model for pause in pauses for model in pause.models})
        return replace(pauses[0], models=tuple(models), missing=self._missing()) if pauses else None

    def _missing(self) -> dict[str, datetime]:
        """Return the models that the provider doesn't know, and when it last said so.

        Where it says that of all it's asked for, it isn't about them.
        """
        if self._account is not None and self._account.way is Way.MISSING:
            return {}
        missing = {name: closed.refused_at for name, closed in self._models.items() if closed.is_missing}
        return {name: at for name, at in missing.items() if at is not None}

    def restore(self, pause: ProviderPause, now: datetime) -> None:
        """Go on with what was refused before a restart; one request may try at once."""
        if pause.scope is RefusalScope.ACCOUNT:
            self._account = Closure(pause, now)
        names = pause.models if pause.scope is RefusalScope.MODEL else pause.missing
        self._models |= {name: _restored(pause, name, now) for name in names}

    def hold(self, request_id: str, model: str, now: datetime) -> Hold | None:
        """Return why a request must not be sent now; None: it may be, and is the one that tries."""
        self._forget(now)
        closures = [closed for closed in (self._account, self._models.get(model)) if closed is not None]
        for closed in closures:
            if closed.is_gone and closed.time_left(now):
                return Hold(None, closed.pause.words, lets_others=True)
        short_wait = min(self._busy_wait, SHORT_WAIT)
        holds = [hold for closed in closures if (hold := closed.hold(request_id, short_wait, now))]
        if closures and not holds and self._tries.is_another_first(request_id, self._opens(now), now):
            holds = [Hold(short_wait, closures[0].pause.words, lets_others=True)]
        if holds:
            longest = max(holds, key=lambda hold: hold.wait or timedelta())
            self._tries.waits(request_id, model, now + (longest.wait or timedelta()))
            return longest
        self._tries.tries(request_id)
        for closed in closures:
            closed.try_with(request_id, now)
        return None

    def settle(self, request_id: str) -> None:
        """Record that a request does not try any more; what became of it says nothing of others."""
        for closed in self._closures():
            closed.settle(request_id)

    def accepted(self, model: str) -> None:
        """Open the model and the account; models that stay closed are so by themselves."""
        self._acceptances[model] += 1
        self._account = None
        self._first_of_all.clear()
        self._lasting.pop(model, None)
        self._models.pop(model, None)
        self._first_of_model = {
            key: first for key, first in self._first_of_model.items() if first.model != model
        }
        for closed in self._models.values():
            closed.is_alone = True

    def refused(self, request_id: str, model: str, refusal: Refusal, now: datetime) -> Consequence:
        """Classify a refusal."""
        self._forget(now)
        self.settle(request_id)
        self._tries.tries(request_id)
        if refusal.way is not Way.UNREACHABLE and self._account and self._account.way is Way.UNREACHABLE:
            self._account = None  # it was an answer
        scope = self._scope_of(request_id, model, refusal, now)
        self._earlier[request_id] = (refusal.way, self._count_acceptances(model, refusal.way))
        match scope:
            case RefusalScope.ACCOUNT:
                self._close_account(model, refusal, now)
            case RefusalScope.MODEL:
                self._close_model(model, refusal, now, self._pause_after(refusal))
            case RefusalScope.REQUEST if refusal.way is Way.BUSY:
                self._remember_lasting(request_id, model, refusal)
            case RefusalScope.REQUEST:
                pass
        wait = self._wait_after(refusal, scope)
        if wait is not None:
            self._tries.waits(request_id, model, now + wait)
        return Consequence(scope, wait)

    def _opens(self, now: datetime) -> Callable[[str], bool]:
        """Return what says of a model whether its requests may try, but for those that try already."""
        closed = {name for name, closure in self._models.items() if closure.time_left(now)}
        return lambda model: model not in closed

    def _scope_of(self, request_id: str, model: str, refusal: Refusal, now: datetime) -> RefusalScope:
        if refusal.way in OF_ALL:
            return (
                RefusalScope.REQUEST
                if self._is_its_own(request_id, model, refusal.way)
                else RefusalScope.ACCOUNT
            )
        if refusal.is_model_gone:
            return RefusalScope.MODEL
        if self._is_its_own(request_id, model, refusal.way):
            return RefusalScope.REQUEST
        if self._is_the_accounts(request_id, model, refusal.way, now):
            return RefusalScope.ACCOUNT
        closed = self._models.get(model)
        if closed is not None and closed.way is refusal.way:
            return RefusalScope.MODEL
        first = self._first_of_model.setdefault((model, refusal.way), _First(request_id, model, now))
        return RefusalScope.REQUEST if first.request_id == request_id else RefusalScope.MODEL

    def _is_its_own(self, request_id: str, model: str, way: Way) -> bool:
        """Whether others were accepted since the same request was refused the same way."""
        earlier_way, acceptances = self._earlier.get(request_id, (None, 0))
        if way in {Way.BUSY, Way.UNREACHABLE} or earlier_way is not way:
            return False
        return self._count_acceptances(model, way) > acceptances

    def _is_the_accounts(self, request_id: str, model: str, way: Way, now: datetime) -> bool:
        """Whether another model was refused the same way, with no acceptance in between."""
        if self._account is not None and self._account.way is way:
            return True
        closed = self._models.get(model)
        if closed is not None and (closed.is_alone or closed.is_gone):
            return False
        first = self._first_of_all.setdefault(way, _First(request_id, model, now))
        return first.model != model

    def _close_account(self, model: str, refusal: Refusal, now: datetime) -> None:
        wait, first = self._pause_after(refusal), self._first_of_all.get(refusal.way)
        if refusal.way not in OF_ALL:
            # Those that are known to be refused go behind the others.
            for name in {model, first.model if first else model}:
                self._close_model(name, refusal, now, wait + self._busy_wait)
        if self._account is None or self._account.way is not refusal.way:
            since = first.at if first else now
            self._account = Closure(
                ProviderPause(since, RefusalScope.ACCOUNT, refusal.way, refusal.words), now
            )
        self._account.close(refusal.words, now, wait)

    def _close_model(self, model: str, refusal: Refusal, now: datetime, wait: timedelta) -> None:
        closed = self._models.get(model)
        if closed is None or closed.way is not refusal.way:
            first = self._first_of_model.get((model, refusal.way))
            pause = ProviderPause(
                first.at if first else now, RefusalScope.MODEL, refusal.way, refusal.words, (model,)
            )
            closed = self._models[model] = Closure(pause, now)
        closed.is_gone = refusal.is_model_gone
        closed.close(refusal.words, now, wait)

    def _remember_lasting(self, request_id: str, model: str, refusal: Refusal) -> None:
        first = self._first_of_model.get((model, refusal.way))
        if first is not None and self._earlier.get(request_id, (None, 0))[0] is refusal.way:
            self._lasting[model] = ProviderPause(
                first.at, RefusalScope.REQUEST, refusal.way, refusal.words, (model,)
            )

    def _count_acceptances(self, model: str, way: Way) -> int:
        return self._acceptances.total() if way is Way.ACCOUNT else self._acceptances[model]

    def _wait_after(self, refusal: Refusal, scope: RefusalScope) -> timedelta | None:
        if refusal.is_model_gone or (scope is RefusalScope.REQUEST and refusal.way in ENDING):
            return None
        if refusal.way is Way.BUSY and refusal.retry_after:
            return min(refusal.retry_after, LONGEST_WAIT)
        return self._pause_after(refusal)

    def _pause_after(self, refusal: Refusal) -> timedelta:
        match refusal.way:
            case Way.BUSY:
                return min(refusal.retry_after or self._busy_wait, LONGEST_PAUSE)
            case Way.UNREACHABLE:
                return self._busy_wait
            case _:
                return self._account_wait

    def _closures(self) -> Iterator[Closure]:
        if self._account is not None:
            yield self._account
        yield from self._models.values()

    def _forget(self, now: datetime) -> None:
        """Let go of what is too old to say anything; what is dated in the future is no better."""
        if self._account is not None and self._account.is_old(now):
            self._account = None
        self._models = {name: closed for name, closed in self._models.items() if not closed.is_old(now)}
        self._first_of_model = {
            key: first for key, first in self._first_of_model.items() if abs(now - first.at) < EVIDENCE_LIFE
        }
        self._first_of_all = {
            way: first for way, first in self._first_of_all.items() if abs(now - first.at) < EVIDENCE_LIFE
        }


def _restored(pause: ProviderPause, model: str, now: datetime) -> Closure:
    """Return the closure of a model; of several, what is known is the way and the words of the first one."""
    refused_at = pause.missing.get(model)
    way = Way.MISSING if refused_at else pause.way
    since = min(refused_at or pause.since, pause.since)
    words = pause.words if pause.scope is RefusalScope.MODEL else ""
    closed = Closure(ProviderPause(since, RefusalScope.MODEL, way, words, (model,)), now)
    closed.refused_at = refused_at
    return closed
