"""What members have used. Nothing is stored for it: use is what the `generations` table says."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import QuotaReachedError
from bot.models import Generation, Status
from bot.policy import judge_quota, window_start

# A failed video frees its place by itself.
COUNTS = Generation.status != Status.FAILED


async def fetch_counted(
    session: AsyncSession, guild_id: int, user_id: int, now: datetime
) -> Sequence[datetime]:
    """Return when the member's requests that count in the present window were accepted."""
    query = select(Generation.created_at).where(
        Generation.guild_id == guild_id,
        Generation.user_id == user_id,
        Generation.created_at > window_start(now),
        COUNTS,
    )
    return (await session.scalars(query)).all()


async def ensure_quota(session: AsyncSession, guild_id: int, user_id: int, limit: int, now: datetime) -> None:
    """Refuse one more request of the member when the limit is reached.

    Call it in the transaction that inserts the request, or two requests could take one place.

    Raises:
        QuotaReachedError: it is reached.
    """
    verdict = judge_quota(limit, await fetch_counted(session, guild_id, user_id, now), now)
    if not verdict.allowed:
        raise QuotaReachedError(limit, verdict.frees_at)
