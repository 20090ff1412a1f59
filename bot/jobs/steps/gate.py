"""The gate before the create call, and the consequences of a refusal.

`bot.jobs.refusal_scope` decides; here it is told what the provider says about the account, the key and the
model, and what it found is written down where other processes look.
"""

import asyncio
from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock
from bot.db.database import Database
from bot.db.models import Generation
from bot.errors import DatabaseBusyError
from bot.failures import FailureKind
from bot.jobs.closures import ProviderPause, RefusalScope, Way
from bot.jobs.pause_state import fetch_pause, keep_pause
from bot.jobs.refusal_scope import Refusal, RefusalScopes
from bot.jobs.steps.base import CreateRefusedError, StepPostponedError
from bot.jobs.steps.timing import Timing
from bot.provider.catalogue import ALL_MODELS, provider_name_of
from bot.provider.client import VeoClient
from bot.provider.errors import (
    AccountError,
    ForbiddenError,
    RateLimitError,
    UnknownTaskError,
    UnreachableError,
    VeoError,
)

# A create call that one of these ends was certainly not accepted, so it may be sent again.
NOT_ACCEPTED = (AccountError, ForbiddenError, RateLimitError, UnknownTaskError, UnreachableError)
LOOK_PATIENCE = 10.0  # seconds that the provider gets to say more about a refusal
WRITE_INTERVAL = timedelta(minutes=1)  # between two looks at what another process wrote down

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Gate:
    """Lets requests through to the provider. `database`: where it is written down what is refused."""

    def __init__(self, veo: VeoClient, database: Database, timing: Timing, clock: Clock) -> None:
        self._veo = veo
        self._database = database
        self._timing = timing
        self._clock = clock
        self._scopes = RefusalScopes(account_wait=timing.account_wait, busy_wait=timing.busy_wait)
        self._logged: ProviderPause | None = None
        self._written: ProviderPause | None = None
        self._told: ProviderPause | None = None  # of it, what this process has seen itself
        self._looked_at: datetime | None = None
        self._accepted = dict[str, datetime]()  # models, and when, since it was last looked at
        self._account_lock = asyncio.Lock()
        self._account_asked_at: datetime | None = None
        self._is_account_known_bad = False

    async def ensure_open(self, generation: Generation) -> None:
        """Return when a request may be sent; `settle` must follow.

        Raises:
            CreateRefusedError: its model is gone.
            StepPostponedError: the provider would refuse it now.
        """
        if self._looked_at is None:
            await self._restore()
        hold = self._scopes.hold(generation.id, provider_name_of(generation.model), self._clock())
        if hold is None:
            return
        if hold.wait is None:
            raise CreateRefusedError(FailureKind.MODEL_GONE, hold.words or None)
        reason, words = "the provider takes nothing at the moment", hold.words or None
        raise StepPostponedError(reason, hold.wait, lets_others=hold.lets_others, words=words)

    def accepted(self, generation: Generation) -> None:
        """Record that the provider took a request."""
        model = provider_name_of(generation.model)
        self._scopes.accepted(model)
        self._accepted[model] = self._clock()

    async def settle(self, generation: Generation) -> None:
        """Let the next one try, if this one did, and write down what changed."""
        self._scopes.settle(generation.id)
        await self._tell()

    async def refused(self, generation: Generation, error: VeoError) -> NoReturn:
        """Classify a refusal, one of `NOT_ACCEPTED`.

        Raises:
            CreateRefusedError: it ends the request.
            StepPostponedError: the request waits.
        """
        model = provider_name_of(generation.model)  # all its rows are refused together
        refusal = await self._explain(model, error)
        verdict = self._scopes.refused(generation.id, model, refusal, self._clock())
        scope, way = verdict.scope.value, refusal.way.value
        log.warning("the provider refused a request", scope=scope, way=way, reason=str(error))
        if verdict.wait is not None:
            raise StepPostponedError(str(error), verdict.wait, lets_others=True, words=error.words)
        kind = FailureKind.MODEL_GONE if refusal.is_model_gone else FailureKind.REFUSED
        raise CreateRefusedError(kind, error.words)

    async def _explain(self, model: str, error: VeoError) -> Refusal:
        words = error.words or ""
        match error:
            case AccountError():
                return Refusal(Way.ACCOUNT, words)
            case RateLimitError(retry_after=seconds):
                # None at all would be a hot loop.
                wait = timedelta(seconds=seconds) if seconds and seconds > 0 else None
                return Refusal(Way.BUSY, words, retry_after=wait)
            case UnknownTaskError():
                return Refusal(Way.MISSING, words, is_model_gone=await self._is_gone(model))
            case ForbiddenError():
                return Refusal(Way.ACCOUNT if await self._is_account_bad() else Way.FORBIDDEN, words)
            case _:
                return Refusal(Way.UNREACHABLE)

    async def _is_gone(self, model: str) -> bool:
        """Whether the provider's list of models lacks it; what cannot be read, or has none, says nothing."""
        try:
            async with asyncio.timeout(LOOK_PATIENCE):
                listings = await self._veo.fetch_listings({model, *(known.id for known in ALL_MODELS)})
        except (VeoError, TimeoutError):
            return False
        return not listings[model].is_listed and any(listing.is_listed for listing in listings.values())

    async def _is_account_bad(self) -> bool:
        """Whether the balance or the key explains a refusal; requests that ask at once share an answer."""
        async with self._account_lock:
            now, asked_at = self._clock(), self._account_asked_at
            if asked_at is None or abs(now - asked_at) > self._timing.account_wait / 2:
                self._is_account_known_bad = any(
                    await asyncio.gather(self._is_balance_gone(), self._is_key_bad())
                )
                self._account_asked_at = now
            return self._is_account_known_bad

    async def _is_balance_gone(self) -> bool:
        try:
            async with asyncio.timeout(LOOK_PATIENCE):
                return await self._veo.fetch_balance() <= 0
        except AccountError:
            return True
        except (VeoError, TimeoutError):
            return False

    async def _is_key_bad(self) -> bool:
        try:
            async with asyncio.timeout(LOOK_PATIENCE):
                key = await self._veo.fetch_key()
        except (VeoError, TimeoutError):
            return False
        return key.is_ours and key.trouble is not None

    async def _restore(self) -> None:
        """Take over what the last process learnt, so that it costs no more requests."""
        pause = await self._read_pause()
        if pause is not None and self._scopes.pause is None:
            self._scopes.restore(pause, self._clock())
            self._written = self._told = self._logged = pause

    async def _tell(self) -> None:
        """Log and write down what changed; now and then, look at what another process wrote."""
        pause, now = self._scopes.pause, self._clock()
        self._log(pause)
        is_due = self._looked_at is None or abs(now - self._looked_at) >= WRITE_INTERVAL
        if pause == self._told and not (is_due and (pause or self._accepted)):
            return
        accepted, self._accepted = self._accepted, dict[str, datetime]()
        written = await self._read_pause()
        if pause is None and written is not None and written != self._written:
            taken = {model for model, at in accepted.items() if at >= written.since}
            if written.models and taken.isdisjoint(written.models):
                return  # it's of others
        both = pause and pause.with_missing(written, accepted, now)
        if both == written or await self._write_pause(both):
            self._written, self._told = both, pause

    async def _read_pause(self) -> ProviderPause | None:
        self._looked_at = self._clock()
        try:
            return await fetch_pause(self._database)
        except (DatabaseBusyError, SQLAlchemyError) as error:
            log.warning("could not read which requests the provider refuses", reason=str(error))
            return self._written

    async def _write_pause(self, pause: ProviderPause | None) -> bool:
        """Write it down, and return whether that was possible."""
        try:
            await keep_pause(self._database, pause)
        except (DatabaseBusyError, SQLAlchemyError) as error:
            log.warning("could not record which requests the provider refuses", reason=str(error))
            return False
        return True

    def _log(self, pause: ProviderPause | None) -> None:
        was, is_now = _is_wide(self._logged), _is_wide(pause)
        if pause is not None and is_now and not was:
            log.error("submitting paused", scope=pause.scope.value, way=pause.way.value, reason=pause.words)
        elif was and not is_now:
            log.warning("submitting resumed")
        self._logged = pause


def _is_wide(pause: ProviderPause | None) -> bool:
    """Whether it holds up more than one request."""
    return pause is not None and pause.scope is not RefusalScope.REQUEST
