"""Checks of the database from outside, and of its contents: findings for `veo-bot doctor`."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, select

from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.db.schema_fit import Fit, Schema
from bot.doctor.check_result import CheckResult
from bot.doctor.checks import check_pause
from bot.doctor.discord_api import Server
from bot.doctor.discord_checks import server_name

BACK_UP = "Back it up first: `veo-bot backup FILE`."


def check_schema(schema: Schema) -> CheckResult:
    """Check whether this version of the program can work with a database."""
    match schema.fit:
        case Fit.ABSENT | Fit.CLOSED:
            return _check_absent(schema)
        case Fit.CURRENT:
            return CheckResult(
                is_good=True, what=f"The database matches this version (revision {schema.revision})."
            )
        case Fit.OLDER:
            return CheckResult(
                is_good=False,
                is_warning=True,
                what=f"The database is from an older version (revision {schema.revision}). "
                f"The next start upgrades it to {schema.head}.",
                remedy=BACK_UP,
            )
        case Fit.NEWER:
            return CheckResult(
                is_good=False,
                what=f"The database is from a newer version (revision {schema.revision}). "
                f"This one knows revisions up to {schema.head}.",
                remedy="Run that version, or restore the backup from before the upgrade.",
            )
        case Fit.FOREIGN:
            return CheckResult(
                is_good=False,
                what="The database belongs to another program.",
                remedy="DATABASE_URL must name a database that only the bot uses.",
            )
        case Fit.DAMAGED:
            return CheckResult(
                is_good=False,
                what=f"The database is damaged: {schema.reason}.",
                remedy="Stop the bot, keep the file, and restore the latest backup.",
            )
        case Fit.UNREADABLE:
            return CheckResult(
                is_good=False,
                what=f"The database can't be read: {schema.reason}.",
                remedy="Check DATABASE_URL, who owns the file or database, and whether the "
                "server is running.",
            )


def _check_absent(schema: Schema) -> CheckResult:
    if schema.fit is Fit.ABSENT:
        return CheckResult(is_good=True, what="There's no database yet. The first start creates it.")
    return CheckResult(
        is_good=False,
        what=f"There's no database yet, and the first start can't create it: {schema.reason}.",
        remedy="Let the bot's user own the folder or the database that DATABASE_URL names; "
        "docs/scaling.md has the commands for PostgreSQL.",
    )


async def count_open(database: Database) -> CheckResult:
    """Count the requests that are not over."""
    query = (
        select(Generation.status, func.count())
        .where(Generation.delivered_at.is_(None))
        .group_by(Generation.status)
    )
    counts = await database.read(lambda session: {row[0]: row[1] for row in session.execute(query)})
    making = counts.get(Status.RUNNING, 0)
    return CheckResult(
        is_good=True, what=f"Open requests: {sum(counts.values())}, {making} of them in progress."
    )


async def find_pauses(database: Database, servers: Sequence[Server]) -> list[CheckResult]:
    """Return the pauses of servers, as warnings: moderators want them."""
    found = [(server, await check_pause(database, server.id)) for server in servers]
    return [
        replace(finding, what=f"{server_name(server)}: {finding.what}", is_warning=True)
        for server, finding in found
        if not finding.is_good
    ]
