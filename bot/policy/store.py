"""Reads and writes the documents of `bot.policy.documents`; always inside a transaction of the caller's."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from cachetools import FIFOCache
from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from bot.clock import monotonic
from bot.db.database import Database
from bot.db.guild_models import GuildRow, MemberRow
from bot.errors import DatabaseBusyError
from bot.policy.documents import Block, MemberPolicy, Policy

# Built once: every request reads both, and SQLAlchemy takes longer to build a statement than to run it.
_GUILD_ID = bindparam("guild_id", type_=BigInteger())
_USER_ID = bindparam("user_id", type_=BigInteger())
_POLICY = select(GuildRow.policy).where(GuildRow.guild_id == _GUILD_ID)
_MEMBER_POLICY = select(MemberRow.standing).where(
    MemberRow.guild_id == _GUILD_ID, MemberRow.user_id == _USER_ID
)
_BOTH = select(_POLICY.scalar_subquery(), _MEMBER_POLICY.scalar_subquery())
KEPT_SECONDS = 5.0
READING_TIMEOUT_SECONDS = 0.5  # Discord forgets suggestions after three
MAX_SERVERS = 1000


def fetch_rules(session: Session, guild_id: int, user_id: int) -> tuple[Policy, MemberPolicy]:
    """Return a server's document and a member's; empty ones where moderators decided nothing."""
    policy, member_policy = session.execute(_BOTH, {"guild_id": guild_id, "user_id": user_id}).one()
    return (
        Policy() if policy is None else Policy.model_validate(policy),
        MemberPolicy() if member_policy is None else MemberPolicy.model_validate(member_policy),
    )


def fetch_policy(session: Session, guild_id: int) -> Policy:
    """Return a server's document; an empty one where moderators decided nothing."""
    row = session.get(GuildRow, guild_id)
    return Policy() if row is None else Policy.model_validate(row.policy)


def store_policy(session: Session, guild_id: int, policy: Policy) -> None:
    """Write a server's document, in the transaction that read it."""
    session.merge(GuildRow(guild_id=guild_id, policy=policy.model_dump(mode="json")))


def fetch_member_policy(session: Session, guild_id: int, user_id: int) -> MemberPolicy:
    """Return a member's document; an empty one where moderators decided nothing."""
    row = session.get(MemberRow, (guild_id, user_id))
    return MemberPolicy() if row is None else MemberPolicy.model_validate(row.standing)


def fetch_documents(session: Session, guild_id: int) -> tuple[Policy, dict[int, MemberPolicy]]:
    """Return a server's document, and those of its members with decisions about them."""
    query = select(MemberRow.user_id, MemberRow.standing).where(MemberRow.guild_id == guild_id)
    member_policies = {
        user_id: MemberPolicy.model_validate(document) for user_id, document in session.execute(query)
    }
    return fetch_policy(session, guild_id), member_policies


def fetch_blocked(session: Session, guild_id: int, now: datetime) -> list[tuple[int, Block]]:
    """Return the members of a server who are blocked at a moment, each with the block."""
    rows = session.scalars(select(MemberRow).where(MemberRow.guild_id == guild_id)).all()
    blocks = ((row.user_id, MemberPolicy.model_validate(row.standing).block_at(now)) for row in rows)
    return [(user_id, block) for user_id, block in blocks if block is not None]


def store_member_policy(session: Session, guild_id: int, user_id: int, member_policy: MemberPolicy) -> None:
    """Write a member's document, in the transaction that read it."""
    document = member_policy.model_dump(mode="json")
    session.merge(MemberRow(guild_id=guild_id, user_id=user_id, standing=document))


class RecentPolicies:
    """Remembers the documents of the servers in which somebody types. `clock`: monotonic, in seconds.

    A document is in no process's memory otherwise: every decision reads it in its own transaction.
    Suggestions decide nothing, come with every key, and are of no use late. So one is read with a short
    deadline and kept for a few seconds; nobody has to tell this memory of changes, which other processes
    make too.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = monotonic) -> None:
        self._database = database
        self._clock = clock
        self._kept = FIFOCache[int, tuple[float, Policy]](MAX_SERVERS)

    async def find(self, guild_id: int) -> Policy | None:
        """Return a server's document as it was at most `KEPT_SECONDS` ago; None: it can't be read in time."""
        kept = self._kept.get(guild_id)
        if kept is not None and self._clock() - kept[0] < KEPT_SECONDS:
            return kept[1]
        try:
            async with asyncio.timeout(READING_TIMEOUT_SECONDS):
                policy = await self._database.read(
                    lambda session: fetch_policy(session, guild_id), hurried=True
                )
        except (TimeoutError, DatabaseBusyError):
            return None
        self._kept[guild_id] = (self._clock(), policy)
        return policy
