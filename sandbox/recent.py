"""The rows of a server's latest requests, as tests and the demo look at them."""

from sqlalchemy import select

from bot.db.models import Generation
from bot.requests.service import GenerationService


async def list_recent(
    generations: GenerationService, guild_id: int, *, max_rows: int = 100
) -> list[Generation]:
    """Return a server's generations, newest first."""
    query = (
        select(Generation)
        .where(Generation.guild_id == guild_id)
        .order_by(Generation.created_at.desc(), Generation.id)
        .limit(max_rows)
    )
    database = generations._database  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: the same one
    return await database.read(lambda session: list(session.scalars(query).all()), hurried=True)
