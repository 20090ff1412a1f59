"""A member's own generations in one server, one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.errors import NotFoundError

MAX_CONTINUED = 3  # videos that are named as what continues another one


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One of a member's generations.

    Attributes:
        number: its position, from 1 on, the newest first.
        count: how many the member has in this server.
        newer_id, older_id: its neighbours, or None at the ends.
        continued_in: the videos that continue it and can be watched, the newest first, up to three.
    """

    generation: Generation
    number: int
    count: int
    newer_id: str | None
    older_id: str | None
    continued_in: Sequence[Generation] = ()


_shot_number = func.coalesce(Generation.shot, 0)  # a film's shots are requested at the same moment


class History:
    """Reads what members have asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, guild_id: int, user_id: int, generation_id: str | None = None) -> HistoryPage | None:
        """Return one of the member's generations, by default the newest; None: they have none.

        Raises:
            NotFoundError: it is not there, or somebody else's, or another server's.
        """
        own = and_(Generation.guild_id == guild_id, Generation.user_id == user_id)
        newest = (Generation.created_at.desc(), _shot_number.desc(), Generation.id.desc())
        oldest = (Generation.created_at, _shot_number, Generation.id)
        chosen = own if generation_id is None else and_(own, Generation.id == generation_id)

        def look(session: Session) -> HistoryPage | None:
            shown = session.scalar(select(Generation).where(chosen).order_by(*newest).limit(1))
            if shown is None:
                if generation_id is not None:
                    raise NotFoundError
                return None
            at, number = shown.created_at, shown.shot or 0
            # In this form, an index leads to the few that are as new.
            is_after = or_(_shot_number > number, and_(_shot_number == number, Generation.id > shown.id))
            is_before = or_(_shot_number < number, and_(_shot_number == number, Generation.id < shown.id))
            is_newer = and_(Generation.created_at >= at, or_(Generation.created_at > at, is_after))
            is_older = and_(Generation.created_at <= at, or_(Generation.created_at < at, is_before))
            newer = select(Generation.id).where(own, is_newer).order_by(*oldest).limit(1)
            older = select(Generation.id).where(own, is_older).order_by(*newest).limit(1)
            count = select(func.count()).select_from(Generation)
            return HistoryPage(
                shown,
                number=1 + (session.scalar(count.where(own, is_newer)) or 0),
                count=session.scalar(count.where(own)) or 0,
                newer_id=session.scalar(newer),
                older_id=session.scalar(older),
                continued_in=_fetch_continuing(session, shown),
            )

        return await self._database.read(look, hurried=True)


def _fetch_continuing(session: Session, shown: Generation) -> Sequence[Generation]:
    query = select(Generation).where(
        Generation.continues_id == shown.id,
        Generation.status == Status.SUCCEEDED,
        Generation.result_channel_id.is_not(None),
        Generation.removed_at.is_(None),
        Generation.erased_at.is_(None),
    )
    # Asked for the server and the order, SQLite reads all that the server ever asked for.
    here = [found for found in session.scalars(query) if found.guild_id == shown.guild_id]
    return sorted(here, key=lambda found: found.created_at, reverse=True)[:MAX_CONTINUED]
