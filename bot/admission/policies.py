"""Reads and writes the documents of `bot.admission.policy`; always inside a transaction of the caller's."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.admission.policy import Policy, Standing
from bot.guild_models import GuildRow, MemberRow


async def fetch_policy(session: AsyncSession, guild_id: int) -> Policy:
    """Return a server's document; an empty one where moderators decided nothing."""
    row = await session.get(GuildRow, guild_id)
    return Policy() if row is None else Policy.model_validate(row.policy)


async def store_policy(session: AsyncSession, guild_id: int, policy: Policy) -> None:
    """Write a server's document, in the transaction that read it."""
    await session.merge(GuildRow(guild_id=guild_id, policy=policy.model_dump(mode="json")))


async def fetch_standing(session: AsyncSession, guild_id: int, user_id: int) -> Standing:
    """Return a member's document; an empty one where moderators decided nothing."""
    row = await session.get(MemberRow, (guild_id, user_id))
    return Standing() if row is None else Standing.model_validate(row.standing)


async def store_standing(session: AsyncSession, guild_id: int, user_id: int, standing: Standing) -> None:
    """Write a member's document, in the transaction that read it."""
    document = standing.model_dump(mode="json")
    await session.merge(MemberRow(guild_id=guild_id, user_id=user_id, standing=document))
