"""The largest file that a server takes: by its boost level, less what it has refused.

Discord raised and lowered its limit several times and says nothing about it to bots, so the operator sets
it, and a refusal (HTTP 413) corrects it downwards for that server.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from pydantic import AwareDatetime, TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from bot.clock import Clock, utc_now
from bot.db.database import Database
from bot.db.locks import Lock
from bot.db.models import StateRow
from bot.db.state import get_state
from bot.media.upload_sizes import ByTier, next_lower, usable

LEARNT_LIMIT_TTL = timedelta(days=7)  # of a refusal: servers get boosts, and limits are raised


log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LearntLimit:
    """The limit that a server's refusal taught.

    Attributes:
        limit: bytes.
        tier: the server's boost level then; a higher one makes this worthless.
        at: when it was refused.
    """

    limit: int
    tier: int
    at: AwareDatetime

    def holds(self, tier: int, now: AwareDatetime) -> bool:
        """Whether it is still to be believed."""
        return tier <= self.tier and now < self.at + LEARNT_LIMIT_TTL


_LEARNT = TypeAdapter(LearntLimit)


class UploadLimits:
    """The limits of all servers; what they refused is remembered across restarts.

    Args:
        by_tier: bytes for the boost levels 0 to 3, see `parse_limits`.
    """

    def __init__(self, database: Database, by_tier: ByTier, clock: Clock = utc_now) -> None:
        self._database = database
        self._by_tier = by_tier
        self._clock = clock

    async def limit_of(self, guild_id: int | None, tier: int) -> int:
        """Return how many bytes a file may have there; `guild_id` is None for direct messages."""
        learnt = self._read(guild_id, await get_state(self._database, _name(guild_id)), tier)
        return usable(self._lower_of(learnt, tier))

    def below(self, size: int) -> int | None:
        """Return how many bytes a file may have at the highest plausible limit under `size`, or None."""
        limit = next_lower(self._by_tier, size)
        return None if limit is None else usable(limit)

    async def learn(self, guild_id: int | None, tier: int, refused_size: int) -> int | None:
        """Record that a file was refused as too large; return how many bytes one may have from now on.

        None: the size cannot be the reason, and nothing is recorded.

        Raises:
            DatabaseBusyError: it cannot be recorded now.
        """
        limit = next_lower(self._by_tier, refused_size)
        if limit is None:
            log.warning("Discord rejected a small file as too large", guild=guild_id, size=refused_size)
            return None

        def lower(session: Session) -> LearntLimit:
            row = session.get(StateRow, _name(guild_id))
            learnt = self._read(guild_id, row.value if row else None, tier)
            if learnt is None or limit < learnt.limit:
                learnt = LearntLimit(limit, tier, self._clock())
                value = _LEARNT.dump_json(learnt).decode()
                session.merge(StateRow(name=_name(guild_id), value=value))
                log.warning("a server's upload limit is lower than expected", guild=guild_id, limit=limit)
            return learnt

        learnt = await self._database.write(lower, Lock.STATE)
        return usable(self._lower_of(learnt, tier))

    def _lower_of(self, learnt: LearntLimit | None, tier: int) -> int:
        promised = self._by_tier[min(max(tier, 0), len(self._by_tier) - 1)]
        return promised if learnt is None else min(promised, learnt.limit)

    def _read(self, guild_id: int | None, value: str | None, tier: int) -> LearntLimit | None:
        """Return what a note says, if it still holds."""
        if value is None:
            return None
        try:
            learnt = _LEARNT.validate_json(value)
        except ValidationError:
            log.error("could not read a stored upload limit", guild=guild_id)
            return None
        return learnt if learnt.holds(tier, self._clock()) else None


def _name(guild_id: int | None) -> str:
    return f"upload-limit:{'direct' if guild_id is None else guild_id}"
