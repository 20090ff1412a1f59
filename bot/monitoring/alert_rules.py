"""The rules of alerts: when there is one, and when it is told. Pure: no I/O, and `now` is passed in.

A finding is yes, no or not known; what is not known changes nothing, so that a restart neither repeats an
alert nor ends one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime

from bot.jobs.closures import ProviderPause, Way
from bot.media.upload_sizes import MIB

SILENCE_LIMIT = 300.0  # seconds without an answer of the provider to what members wait for
REFUSED_LIMIT = 300.0  # seconds for which requests are refused
PLENTY = 1.0  # USD; more than that is enough for some video
DATABASE_LIMIT = 60.0  # seconds without a successful write
FULL_MEMORY = 600.0  # seconds for which a refusal for want of room is believed
DISK_LIMIT = 512 * MIB  # bytes free, below which the disk is nearly full
DISK_ENOUGH = 1.2  # times that, from which it is not any more
REPEAT_AFTER = timedelta(hours=1)  # at the earliest, when it was over in between
REMIND_AFTER = timedelta(hours=24)  # while it holds
WORD_LIFE = timedelta(minutes=5)  # for which a process is believed that does not look again

Value = int | float | str
Transition = Literal["begun", "over"]


class AlertKind(StrEnum):
    """A kind of alert; `MEANINGS` says when there is one."""

    KEY_REFUSED = "key_refused"
    CREDITS_EMPTY = "credits_empty"
    CREDITS_LOW = "credits_low"
    PROVIDER_DOWN = "provider_down"
    PROVIDER_REFUSING = "provider_refusing"
    DELIVERIES_FAILING = "deliveries_failing"
    DATABASE_UNWRITABLE = "database_unwritable"
    DATABASE_DAMAGED = "database_damaged"
    DISK_FULL = "disk_full"
    CHANNEL_CLOSED = "channel_closed"


MEANINGS: Mapping[AlertKind, str] = {
    AlertKind.KEY_REFUSED: "the provider refuses the key (401)",
    AlertKind.CREDITS_EMPTY: "the account has no credits left",
    AlertKind.CREDITS_LOW: "the account has less than `ALERT_BALANCE_USD`",
    AlertKind.PROVIDER_DOWN: "the provider hasn't answered for 5 minutes while requests wait",
    AlertKind.PROVIDER_REFUSING: "the provider refuses all requests, or all of a model, for 5 minutes",
    AlertKind.DELIVERIES_FAILING: "results are not posted 10 minutes after they were ready, or were given up",
    AlertKind.DATABASE_UNWRITABLE: "the database is full, or takes no writes for a minute",
    AlertKind.DATABASE_DAMAGED: "the database says that its file is damaged",
    AlertKind.DISK_FULL: "less than 512 MiB are free where `DATA_DIR` is",
    AlertKind.CHANNEL_CLOSED: "no alert can be written in the channel `OPERATOR_CHANNEL_ID`",
}
WARNINGS = frozenset({AlertKind.CREDITS_LOW, AlertKind.DISK_FULL})  # nothing fails yet


@dataclass(frozen=True, slots=True)
class AlertKey:
    """The name of an alert. `guild_id`: the server that it is about; None: the whole program."""

    kind: AlertKind
    guild_id: int | None = None

    def __str__(self) -> str:
        return self.kind if self.guild_id is None else f"{self.kind}:{self.guild_id}"


def parse_key(text: str) -> AlertKey | None:
    """Return the key that is written as `text`, or None."""
    kind, _, guild_id = text.partition(":")
    if kind not in list(AlertKind) or (guild_id and not guild_id.isdecimal()):
        return None
    return AlertKey(AlertKind(kind), int(guild_id) if guild_id else None)


@dataclass(frozen=True, slots=True)
class AlertReading:
    """The reading of an alert; `holds` is None where it's unknown. `facts`: for the texts."""

    holds: bool | None
    facts: Mapping[str, Value] = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True)
class AlertInputs:
    """The facts at a moment. None: not known.

    Attributes:
        balance: the account's money, in USD.
        silence: seconds since the first unanswered call that members wait for, after the last answered one.
        refusal: what the provider refuses; None: nothing.
        refused_for: seconds since it began; 0: nothing is refused.
        is_work_waiting: whether something waits for the provider.
        undelivered: by server, how many results are late or were given up; those without any are not in it.
        unwritable_for: seconds since the first failed write after the last successful one; 0: it works.
        full_ago: seconds since a write was refused for want of room.
        is_database_damaged: whether the database said so since the start.
        disk_free: bytes.
        channel_refusal: why nothing can be written in the operator's channel; empty: nothing stops it.
    """

    is_key_refused: bool | None = None
    are_credits_gone: bool | None = None
    balance: float | None = None
    is_answering: bool | None = None
    silence: float = 0.0
    refusal: ProviderPause | None = None
    refused_for: float | None = None
    is_work_waiting: bool | None = None
    undelivered: Mapping[int, int] | None = None
    unwritable_for: float = 0.0
    full_ago: float | None = None
    is_database_damaged: bool | None = None
    disk_free: int | None = None
    channel_refusal: str | None = None


def evaluate_alerts(inputs: AlertInputs, balance_limit: float) -> dict[AlertKind, AlertReading]:
    """Return what is to be said of the whole program; `balance_limit`: USD, see `ALERT_BALANCE_USD`."""
    readings = {
        AlertKind.KEY_REFUSED: AlertReading(inputs.is_key_refused),
        AlertKind.CREDITS_EMPTY: _evaluate_credits(inputs, balance_limit),
        AlertKind.CREDITS_LOW: _evaluate_balance(inputs.balance, balance_limit),
        AlertKind.PROVIDER_DOWN: _evaluate_silence(inputs),
        AlertKind.PROVIDER_REFUSING: _evaluate_refusal(inputs, balance_limit),
        AlertKind.DELIVERIES_FAILING: _evaluate_deliveries(inputs.undelivered),
        AlertKind.DATABASE_UNWRITABLE: _evaluate_database(inputs),
        AlertKind.DATABASE_DAMAGED: AlertReading(inputs.is_database_damaged),
        AlertKind.DISK_FULL: _evaluate_disk(inputs.disk_free),
    }
    if (refusal := inputs.channel_refusal) is not None:
        readings[AlertKind.CHANNEL_CLOSED] = AlertReading(
            bool(refusal), {"reason": refusal} if refusal else {}
        )
    return readings


def _evaluate_credits(inputs: AlertInputs, balance_limit: float) -> AlertReading:
    balance = inputs.balance
    facts: dict[str, Value] = {} if balance is None else {"balance": balance}
    if balance is not None and balance <= 0:
        return AlertReading(holds=True, facts=facts)
    # What is left may still be too little for a video, until the provider takes one or there is plenty.
    if inputs.are_credits_gone is not False and (balance is None or balance < max(balance_limit, PLENTY)):
        return AlertReading(inputs.are_credits_gone, facts)
    return AlertReading(holds=False, facts=facts)


def _evaluate_balance(balance: float | None, limit: float) -> AlertReading:
    if balance is None:
        return AlertReading(None)
    return AlertReading(balance < limit, {"balance": balance, "limit": limit})


def _evaluate_silence(inputs: AlertInputs) -> AlertReading:
    facts: dict[str, Value] = {"minutes": round(inputs.silence / 60)}
    if inputs.is_answering is None or inputs.is_work_waiting is None:
        return AlertReading(None)
    if inputs.is_answering:
        return AlertReading(holds=False)
    return AlertReading(True if inputs.is_work_waiting and inputs.silence >= SILENCE_LIMIT else None, facts)


def _evaluate_refusal(inputs: AlertInputs, balance_limit: float) -> AlertReading:
    refusal, age = inputs.refusal, inputs.refused_for
    if age is None:
        return AlertReading(None)
    if refusal is None:
        return AlertReading(holds=False)
    has_account_alert = inputs.is_key_refused or _evaluate_credits(inputs, balance_limit).holds
    if refusal.way is Way.UNREACHABLE or (refusal.way is Way.ACCOUNT and has_account_alert):
        return AlertReading(None)  # other alerts say that
    facts: dict[str, Value] = {
        "minutes": round(age / 60),
        "words": refusal.words,
        "models": ", ".join(refusal.models),
    }
    return AlertReading(True if inputs.is_work_waiting and age >= REFUSED_LIMIT else None, facts)


def _evaluate_deliveries(undelivered: Mapping[int, int] | None) -> AlertReading:
    if undelivered is None:
        return AlertReading(None)
    return AlertReading(
        bool(undelivered), {"results": sum(undelivered.values()), "servers": len(undelivered)}
    )


def _evaluate_database(inputs: AlertInputs) -> AlertReading:
    # Without room some writes still work: those that need no more of it.
    if inputs.full_ago is not None and inputs.full_ago < FULL_MEMORY:
        return AlertReading(holds=True)
    if not inputs.unwritable_for:
        return AlertReading(holds=False)
    return AlertReading(True if inputs.unwritable_for >= DATABASE_LIMIT else None)


def _evaluate_disk(free: int | None) -> AlertReading:
    if free is None or DISK_LIMIT <= free < DISK_LIMIT * DISK_ENOUGH:
        return AlertReading(None)
    return AlertReading(free < DISK_LIMIT, {"free": free})


@dataclass(frozen=True, slots=True)
class AlertState:
    """The state of an alert, as it is kept over restarts.

    Attributes:
        since: from when on it holds; None: it does not.
        told_at: when it was last said that it holds; None: never.
        is_told: whether that was about the present time that it holds.
        is_shown: whether the channel, as far as it was told, believes that it holds.
        due: what the channel is still to be told; None: nothing.
        facts: of the last finding, for the texts.
        holders: the processes that found that it holds and nothing else since, and when each last looked.
    """

    since: AwareDatetime | None = None
    told_at: AwareDatetime | None = None
    is_told: bool = False
    is_shown: bool = False
    due: Transition | None = None
    facts: Mapping[str, Value] = field(default_factory=dict[str, Value])
    holders: Mapping[str, AwareDatetime] = field(default_factory=dict[str, AwareDatetime])

    @property
    def is_active(self) -> bool:
        """Whether the alert holds."""
        return self.since is not None

    def is_forgettable(self, now: datetime) -> bool:
        """Whether it makes no difference any more."""
        return not self.is_active and self.due is None and not _is_recent(self.told_at, REPEAT_AFTER, now)


def weigh(
    state: AlertState, watcher: str, reading: AlertReading, now: datetime
) -> tuple[AlertState, AlertReading]:
    """Return the state with what a process found, and what all processes find together.

    Each has its own disk and its own calls to the provider, so an alert holds while one of them finds it.
    """
    others = {who: at for who, at in state.holders.items() if who != watcher and abs(now - at) < WORD_LIFE}
    if reading.holds or (reading.holds is None and watcher in state.holders):
        return replace(state, holders={**others, watcher: now}), reading
    return replace(state, holders=others), AlertReading(None) if others else reading


def advance(state: AlertState, reading: AlertReading, now: datetime) -> tuple[AlertState, Transition | None]:
    """Return the state after a finding, and what is to be said about it now, if anything."""
    if reading.holds is None or (not reading.holds and not state.is_active):
        return state, None
    if not reading.holds:
        # Nobody needs to hear the end of what they never heard of.
        due: Transition | None = "over" if state.is_shown else None
        over = replace(state, since=None, is_told=False, due=due, facts=reading.facts)
        return over, "over" if state.is_told else None
    held = replace(state, since=state.since or now, facts=reading.facts)
    if state.due == "over":  # the channel still believes that it holds, and is right again
        return replace(held, is_told=True, due=None), None
    if _is_recent(state.told_at, REMIND_AFTER if state.is_told else REPEAT_AFTER, now):
        return held, None
    return replace(held, told_at=now, is_told=True, due="begun"), "begun"


def settle(state: AlertState) -> AlertState:
    """Return the state after the channel was told what was due, or there was nobody to be told."""
    return replace(state, due=None, is_shown=state.due == "begun")


def _is_recent(at: datetime | None, span: timedelta, now: datetime) -> bool:
    """Whether `at` is within the last `span`; one in the future comes from a clock that was set back."""
    return at is not None and timedelta() <= now - at < span
