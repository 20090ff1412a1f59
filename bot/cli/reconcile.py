"""`veo-bot reconcile`: what was counted beside what the provider charged, and where they differ."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import aiohttp
import typer
from sqlalchemy import make_url

from bot.cli.exits import fail, stop
from bot.cli.provider_words import advised
from bot.db.addresses import shown_address
from bot.db.backup import WHERE
from bot.db.database import DatabaseError, open_database
from bot.db.schema_fit import Fit, examine_schema
from bot.doctor.database_checks import check_schema
from bot.errors import DatabaseBusyError
from bot.log import configure_logging
from bot.money import usd
from bot.provider.client import VeoClient
from bot.provider.costs import CONFIRMED
from bot.provider.errors import VeoError
from bot.settings import Settings, SettingsError, load_settings
from bot.usage.reconciliation import Counted, Reconciliation

MAX_SHOWN = 50  # differences
SAME = 0.5  # credits, far less than a cent


app = typer.Typer()


class ReconcileError(Exception):
    """The sides cannot be compared; `str()` is a sentence for the operator."""


@app.command()
def reconcile(
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back to look.")] = 30,
) -> None:
    """Compare what the bot counted with what the provider charged; changes nothing."""
    try:
        settings = load_settings()
    except SettingsError as error:
        raise stop(error) from None
    configure_logging("WARNING", "text", settings.secrets)
    try:
        typer.echo(asyncio.run(reconcile_in_terminal(settings, days)))
    except (ReconcileError, DatabaseError, DatabaseBusyError) as error:
        raise fail(error) from None


async def reconcile_in_terminal(settings: Settings, days: int) -> str:
    """Return what the last `days` cost on both sides, as text; nothing is changed.

    Raises:
        ReconcileError: the ledger cannot be read, or the database is none of this version's.
        DatabaseError: the database cannot be used.
    """
    await _ensure_current(settings.resolved_database_url)
    async with aiohttp.ClientSession() as session, open_database(settings.resolved_database_url) as database:
        veo = VeoClient(session, settings.aimlapi_base_url, settings.aimlapi_key)
        try:
            rows, charges = await Reconciliation(database, veo).compare(days)
        except VeoError as error:
            raise ReconcileError(f"I can't read the provider's ledger: {advised(error)}") from error
    return render(days, rows, charges)


async def _ensure_current(url: str) -> None:
    """Check that the database needs no change: one that opens it would make it, or bring it up to date.

    Raises:
        ReconcileError: it isn't there, or is none of this version's.
    """
    schema = await examine_schema(url)
    if schema.fit in {Fit.ABSENT, Fit.CLOSED}:
        raise ReconcileError(f"There's no database of the bot at {shown_address(make_url(url))}. {WHERE}")
    if schema.fit is Fit.OLDER:
        raise ReconcileError(
            f"The database is from an older version (revision {schema.revision}). "
            "Run this with that version, or start the new one first."
        )
    if schema.fit is not Fit.CURRENT:
        found = check_schema(schema)
        raise ReconcileError(f"{found.what} {found.remedy}")


def render(days: int, rows: Sequence[Counted], charges: Mapping[str, float]) -> str:
    """Return both sides and what differs, as text for a terminal. Pure."""
    ours = {row.provider_id for row in rows}
    confirmed = sum(row.credits for row in rows if row.source in CONFIRMED)
    there = sum(amount for name, amount in charges.items() if name in ours)
    foreign = {name: amount for name, amount in charges.items() if name not in ours}
    lines = [
        f"The last {days} days, as counted in this database and in the provider's ledger:",
        f"counted here    {_money(sum(row.credits for row in rows))} for {len(rows)} sent requests, "
        f"{_money(confirmed)} of it confirmed",
        f"charged there   {_money(there)} for {sum(name in charges for name in ours)} of them",
    ]
    if foreign:
        lines.append(
            f"charged there   {_money(sum(foreign.values()))} for {len(foreign)} "
            f"others that didn't come from here"
        )
    differences = list(_differences(rows, charges))
    lines += differences[:MAX_SHOWN] or ["No differences."]
    if len(differences) > MAX_SHOWN:
        lines.append(f"… and {len(differences) - MAX_SHOWN} more.")
    return "\n".join(lines)


def _differences(rows: Sequence[Counted], charges: Mapping[str, float]) -> Iterator[str]:
    for row in rows:
        charged = charges.get(row.provider_id)
        if charged is None and row.credits:
            yield f"- {row.id}: counted {_money(row.credits)}, not charged yet"
        elif charged is not None and abs(charged - row.credits) > SAME:
            yield f"- {row.id}: counted {_money(row.credits)}, charged {_money(charged)}"


def _money(credits: float) -> str:  # noqa: A002 the unit's name
    return f"${usd(credits):,.2f}"
