"""What members ask moderators, in the words of the tests."""

from typing import Any

from sqlalchemy import select

from bot.db.database import Database
from bot.db.guild_models import AppealRow
from bot.moderation.appeals import Appeals
from bot.moderation.decisions import Moderator
from tests.bot.clocks import StoppedClock
from tests.bot.moderator_channels import CHANNEL, GUILD, set_channel

ALICE, MONA, NICK = Moderator(GUILD, 7), Moderator(GUILD, 98), Moderator(GUILD, 99)
ELSEWHERE = Moderator(GUILD + 1, 98)


async def refused(database: Database, clock: StoppedClock, appeal_id: str = "a" * 16, **changes: Any) -> str:
    """Keep a refused request of alice's, on a server with a channel for moderators."""
    await set_channel(database, GUILD, CHANNEL)
    values: dict[str, Any] = {
        "id": appeal_id,
        "guild_id": GUILD,
        "user_id": ALICE.user_id,
        "rule": "word:dragon",
        "prompt": "a dragon",
        "fingerprint": "f" * 64,
        "created_at": clock(),
        **changes,
    }
    await database.write(lambda session: session.add(AppealRow(**values)))
    return appeal_id


async def asked(appeals: Appeals, database: Database, clock: StoppedClock, **changes: Any) -> str:
    appeal_id = await refused(database, clock, **{"appeal_id": "a" * 16, **changes})
    await appeals.ask(ALICE, appeal_id, "it is a play")
    return appeal_id


async def rows(database: Database) -> list[AppealRow]:
    return await database.read(lambda session: list(session.scalars(select(AppealRow)).all()))


async def is_settled(database: Database) -> bool:
    return all(row.post_at is None for row in await rows(database))
