"""What is found about the database from outside, and what stands in it: findings for `veo-bot doctor`."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, select

from bot.database import Database
from bot.models import Generation, Status
from bot.moderation.checkup import check_pause
from bot.moderation.findings import Finding
from bot.operating.discord_api import Server
from bot.operating.discord_checks import server_name
from bot.operating.revision import Fit, Schema

BACK_UP = "Back it up before: `veo-bot backup FILE`."


def judge_schema(schema: Schema) -> Finding:
    """Judge whether this version of the program can work with a database."""
    match schema.fit:
        case Fit.ABSENT:
            return Finding(is_good=True, what="There is no database yet; the first start makes it.")
        case Fit.CURRENT:
            return Finding(is_good=True, what=f"The database is this version's (revision {schema.revision}).")
        case Fit.OLDER:
            return Finding(
                is_good=False,
                is_warning=True,
                what=f"The database is an older version's (revision {schema.revision}); "
                f"the next start brings it to {schema.head}.",
                remedy=BACK_UP,
            )
        case Fit.NEWER:
            return Finding(
                is_good=False,
                what=f"The database is a newer version's (revision {schema.revision}); "
                f"this one knows revisions up to {schema.head}.",
                remedy="Run that version, or put back the backup from before the upgrade.",
            )
        case Fit.FOREIGN:
            return Finding(
                is_good=False,
                what="The database belongs to another program.",
                remedy="DATABASE_URL must name a database of the bot's own.",
            )
        case Fit.DAMAGED:
            return Finding(
                is_good=False,
                what=f"The database is damaged: {schema.reason}.",
                remedy="Stop the bot, keep the file, and put back the latest backup.",
            )
        case Fit.UNREADABLE:
            return Finding(
                is_good=False,
                what=f"The database cannot be read: {schema.reason}.",
                remedy="Look at DATABASE_URL, at who owns what it names, and whether it is running.",
            )


async def count_open(database: Database) -> Finding:
    """Count the requests that are not over."""
    query = (
        select(Generation.status, func.count())
        .where(Generation.delivered_at.is_(None))
        .group_by(Generation.status)
    )
    counts = await database.read(lambda session: {row[0]: row[1] for row in session.execute(query)})
    making = counts.get(Status.RUNNING, 0)
    return Finding(
        is_good=True, what=f"Open requests: {sum(counts.values())}, of which {making} at the video service."
    )


async def find_pauses(database: Database, servers: Sequence[Server]) -> list[Finding]:
    """Return the pauses of servers, as warnings: moderators want them."""
    found = [(server, await check_pause(database, server.id)) for server in servers]
    return [
        replace(finding, what=f"{server_name(server)}: {finding.what}", is_warning=True)
        for server, finding in found
        if not finding.is_good
    ]
