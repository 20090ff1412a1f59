"""Alerts: looks regularly whether something needs whoever runs the bot, and says so once.

What is said goes to the log always; to the operator's channel where there is one; without one, what is a
server's own business goes to its moderators' channel. A message that could not be posted is tried again with
the next look, under the same nonce, so that Discord shows it once.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.state import SharedRateLimit
from bot.errors import DatabaseBusyError
from bot.jobs.ports import DeliveryPostponedError, UndeliverableError
from bot.metrics.metrics import FAMILIES
from bot.monitoring.alert_inputs import AlertInputReader
from bot.monitoring.alert_rules import (
    WARNINGS,
    AlertInputs,
    AlertKey,
    AlertKind,
    AlertReading,
    AlertState,
    Transition,
    advance,
    evaluate_alerts,
    settle,
    weigh,
)
from bot.monitoring.alert_store import AlertStore
from bot.outages import Outage
from bot.policy.store import fetch_policy
from bot.signals import pause, run_every

LOOK_INTERVAL = 30.0  # seconds
LOOK_SPACING = timedelta(seconds=2)  # between the looks of two processes
LEAVE_TIMEOUT = 5.0  # seconds for a last word to the database when the program stops
POST_TIMEOUT = 10.0  # seconds for one message; the program's end waits for it
POSTS_AT_ONCE = 20  # in one look; the others follow with the next
ACCOUNT_ALERTS = frozenset({AlertKind.KEY_REFUSED, AlertKind.CREDITS_EMPTY, AlertKind.CREDITS_LOW})

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Announcement:
    """An alert's message to a channel."""

    key: AlertKey
    transition: Transition
    state: AlertState

    @property
    def nonce(self) -> str:
        """The same for the same message, and short enough for Discord."""
        words = f"{self.key} {self.transition} {self.state.told_at}"
        return f"alert-{sha256(words.encode()).hexdigest()[:16]}"


class AlertChannel(Protocol):
    """Tells people in a channel; Discord's side is `cogs.delivery.moderator_channel`."""

    async def post_alert(self, channel_id: int, announcement: Announcement) -> None:
        """Post it.

        Raises:
            DeliveryPostponedError: later perhaps.
            UndeliverableError: the channel refuses.
        """
        ...


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """The operator's choices. `balance_limit`: USD; `channel_id`: the operator's channel, or None."""

    balance_limit: float
    channel_id: int | None


ACTIVE = FAMILIES.gauge("alert_active", "1 while the alert is active.", alert=AlertKind)


class Alerts:
    """Looks until the program stops."""

    def __init__(
        self,
        database: Database,
        inputs: AlertInputReader,
        channel: AlertChannel,
        settings: AlertSettings,
        stopping: asyncio.Event,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._inputs = inputs
        self._channel = channel
        self._settings = settings
        self._stopping = stopping
        self._clock = clock
        self._name = secrets.token_hex(8)  # this process's, among those that look
        self._store = AlertStore(database)
        self._rate_limit = SharedRateLimit(database, lambda seconds: pause(seconds, stopping), clock)
        self._states: Mapping[AlertKey, AlertState] = {}
        self._unshared = Outage()
        self._refusing: set[int] = set()  # channels, so that each is complained about once

    async def run(self) -> None:
        """Look regularly until `stopping` is set."""
        await run_every(
            LOOK_INTERVAL, self._stopping, self._wait_and_look, failed="could not check the alerts"
        )
        try:
            async with asyncio.timeout(LEAVE_TIMEOUT):
                await self._leave()
        except Exception:  # what this process found is believed a little longer then
            log.exception("could not record that this process stops monitoring")

    async def _wait_and_look(self) -> None:
        await self._wait_for_others()
        await self.look()

    async def _wait_for_others(self) -> None:
        """Wait while another process looks, so that both do not say the same at once."""
        try:
            await self._rate_limit.acquire("alerts", LOOK_SPACING)
        except (DatabaseBusyError, SQLAlchemyError):
            if (so_far := self._unshared.failed("")) is not None:  # that may be what is to be told
                log.info("checking alerts without waiting for a turn", **so_far)
        else:
            self._unshared.worked()

    async def _leave(self) -> None:
        """Withdraw from all alerts, so that the remaining processes can end them."""
        for key, state in (await self._store.read()).items():
            if self._name in state.holders:
                others = {who: at for who, at in state.holders.items() if who != self._name}
                await self._store.write(key, replace(state, holders=others))

    async def look(self) -> None:
        """Look once: decide, keep what was decided, say it."""
        in_doubt = any(key.kind in ACCOUNT_ALERTS and state.is_active for key, state in self._states.items())
        inputs = await self._inputs.read(is_account_in_doubt=in_doubt)
        self._states = await self._store.read()
        for key, reading in self._readings(inputs).items():
            await self._apply(key, reading)
        self._states = await self._store.read()
        for kind in AlertKind:
            is_active = any(key.kind is kind and state.is_active for key, state in self._states.items())
            ACTIVE.labels(kind).set(is_active)
        await self._post_due()

    def _readings(self, inputs: AlertInputs) -> dict[AlertKey, AlertReading]:
        readings = {
            AlertKey(kind): found
            for kind, found in evaluate_alerts(inputs, self._settings.balance_limit).items()
        }
        if inputs.undelivered is None:
            return readings
        # Without a channel of the operator's each server hears of its own results, and nobody of all. What
        # was said before the operator chose otherwise is still brought to its end.
        servers = {key.guild_id for key in self._states if key.kind is AlertKind.DELIVERIES_FAILING}
        if self._settings.channel_id is None:
            readings[AlertKey(AlertKind.DELIVERIES_FAILING)] = AlertReading(holds=False)
            servers |= inputs.undelivered.keys()
        for guild_id in filter(None, servers):
            results = inputs.undelivered.get(guild_id, 0)
            key = AlertKey(AlertKind.DELIVERIES_FAILING, guild_id)
            readings[key] = AlertReading(results > 0, {"results": results})
        return readings

    async def _apply(self, key: AlertKey, reading: AlertReading) -> None:
        before, now = self._states.get(key, AlertState()), self._clock()
        state, transition = advance(*weigh(before, self._name, reading, now), now)
        if transition is not None:
            _log(key, transition, state)
        if state.is_forgettable(now):
            if key in self._states:
                await self._store.write(key, None)
        elif replace(state, facts=before.facts) != before:
            await self._store.write(key, state)

    async def _post_due(self) -> None:
        due = [(key, state) for key, state in self._states.items() if state.due is not None]
        for key, state in due[:POSTS_AT_ONCE]:
            if not self._stopping.is_set() and await self._post(key, state):
                await self._settle(key, state)

    async def _settle(self, key: AlertKey, posted: AlertState) -> None:
        """Write down that a channel was told, unless another process has gone on meanwhile."""
        present = (await self._store.read()).get(key, AlertState())
        if (present.due, present.told_at) == (posted.due, posted.told_at):
            await self._store.write(key, settle(present))

    async def _post(self, key: AlertKey, state: AlertState) -> bool:
        """Tell whom it concerns; return whether that is settled."""
        try:
            channel_id = await self._channel_for(key)
        except (DatabaseBusyError, SQLAlchemyError):
            return False
        if channel_id is None or state.due is None:
            return True
        try:
            async with asyncio.timeout(POST_TIMEOUT):
                await self._channel.post_alert(channel_id, Announcement(key, state.due, state))
        except (DeliveryPostponedError, TimeoutError) as error:
            log.info("could not post an alert yet", alert=key.kind, reason=repr(error))
            return False
        except UndeliverableError as error:
            if channel_id not in self._refusing:
                log.warning("could not post alerts in a channel", channel=channel_id, reason=str(error))
            self._refusing.add(channel_id)
        else:
            self._refusing.discard(channel_id)
        return True

    async def _channel_for(self, key: AlertKey) -> int | None:
        guild_id = key.guild_id
        if self._settings.channel_id is not None or guild_id is None:
            return self._settings.channel_id
        return (
            await self._database.read(lambda session: fetch_policy(session, guild_id))
        ).moderators_channel_id


def _log(key: AlertKey, transition: Transition, state: AlertState) -> None:
    guild = {} if key.guild_id is None else {"guild": key.guild_id}
    if transition == "over":
        log.warning("an alert was resolved", alert=key.kind.value, **guild)
    elif key.kind in WARNINGS:
        log.warning("an alert", alert=key.kind.value, **guild, **state.facts)
    else:
        log.error("an alert", alert=key.kind.value, **guild, **state.facts)
