"""All that watches the program, opened in one place: the figures, the health, the server, the alerts."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url

from bot.db.database import Database
from bot.jobs.steps.polling import Polling
from bot.metrics.metrics import observe_call
from bot.monitoring.alert_inputs import AlertInputReader, AlertSources, ProviderRecord
from bot.monitoring.alerts import AlertChannel, Alerts, AlertSettings
from bot.monitoring.backlog import BacklogReader
from bot.monitoring.health import Check, DatabaseCheck, Health, gateway_check, loop_check, poll_check
from bot.monitoring.http_server import Page, serve
from bot.monitoring.loop_lag import Connection, Gateway, LivenessProbe
from bot.provider.client import VeoClient
from bot.provider.transport import Call
from bot.settings import Settings


def record_call(record: ProviderRecord, call: Call) -> None:
    """Count a call to the provider, and learn from it."""
    observe_call(call)
    record.learn_from(call)


class OperatorChannel(AlertChannel, Protocol):
    """Also tells beforehand whether an alert would arrive."""

    async def find_refusal(self, channel_id: int) -> str | None:
        """Return why nothing can be written in a channel; empty: it can; None: that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the program that are watched.

    Attributes:
        polling: who asks the provider; None: other processes do.
        discord: says whether Discord can be spoken to.
        gateway: None: this process has none.
    """

    database: Database
    veo: VeoClient
    polling: Polling | None
    discord: Connection
    gateway: Gateway | None
    operator_channel: OperatorChannel
    stopping: asyncio.Event


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The opened monitoring. `address`: of the server, or None where there is none."""

    alerts: Alerts
    address: str | None


@asynccontextmanager
async def open_monitoring(
    settings: Settings, record: ProviderRecord, parts: Parts
) -> AsyncGenerator[Monitoring]:
    """Serve `/healthz`, `/readyz` and `/metrics` where the settings want it; the caller runs the alerts.

    Raises:
        ListenError: the address cannot be listened on.
    """
    backlog = BacklogReader(parts.database)
    watched = AlertSources(
        parts.database,
        parts.veo,
        record,
        backlog,
        settings.data_dir,
        partial(_find_refusal, parts.operator_channel, settings.operator_channel_id),
    )
    alerts = Alerts(
        parts.database,
        AlertInputReader(watched),
        parts.operator_channel,
        AlertSettings(settings.alert_balance_usd, settings.operator_channel_id),
        parts.stopping,
    )
    if settings.http_port is None:
        yield Monitoring(alerts, None)
        return
    probe = LivenessProbe(parts.gateway)
    health = Health(_checks(settings, parts, probe))
    page = Page(health, backlog, _readiness(parts))
    looking = asyncio.create_task(probe.run(), name="pulse")
    try:
        async with serve(page, settings.http_host, settings.http_port) as address:
            yield Monitoring(alerts, address)
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _find_refusal(channel: OperatorChannel, channel_id: int | None) -> str | None:
    return "" if channel_id is None else await channel.find_refusal(channel_id)


def _checks(settings: Settings, parts: Parts, probe: LivenessProbe) -> Mapping[str, Check]:
    checks: dict[str, Check] = {
        "event_loop": loop_check(probe),
        "database": DatabaseCheck(parts.database, _database_file(settings)),
    }
    if parts.gateway is not None:
        checks["gateway"] = gateway_check(probe, parts.gateway)
    if parts.polling is not None:
        checks["polls"] = poll_check(parts.polling, parts.veo)
    return checks


def _readiness(parts: Parts) -> Callable[[], Sequence[str]]:
    """Return what names what is missing; the tables are up to date before anything is opened here."""

    def waiting_for() -> Sequence[str]:
        missing: list[str] = []
        if not parts.discord.is_connected:
            missing.append("discord" if parts.gateway is None else "gateway")
        if parts.stopping.is_set():
            missing.append("stopping")
        return missing

    return waiting_for


def _database_file(settings: Settings) -> Path | None:
    url = make_url(settings.resolved_database_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
