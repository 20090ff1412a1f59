"""Files that no request needs: left by a process that was killed, or that lost its lease while it wrote."""

import asyncio
from collections.abc import Collection

from sqlalchemy import exists, or_, select

from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.models import Generation
from bot.media.file_age import later_if_not_now
from bot.media.files import VideoStore
from bot.media.image_store import ImageStore

BATCH = 200  # ids in one query


class OrphanedFiles:
    """Tidies the folders of `stores`, but for files that a living process may be at work on."""

    def __init__(self, database: Database, *stores: VideoStore | ImageStore) -> None:
        self._database = database
        self._stores = stores

    async def discard(self) -> int:
        """Delete what is left over; return how many files or generations' files it was.

        What can't be deleted now is logged, and tried again the next time.
        """
        discarded = 0
        for store in self._stores:
            discarded += await asyncio.to_thread(store.discard_half_done)
            lying = sorted(await asyncio.to_thread(store.list_old))
            for start in range(0, len(lying), BATCH):
                batch = lying[start : start + BATCH]
                for generation_id in set(batch) - await self._select_unfinished(batch):
                    with later_if_not_now():
                        await asyncio.to_thread(store.discard, generation_id)
                        discarded += 1
        return discarded

    async def _select_unfinished(self, generation_ids: Collection[str]) -> set[str]:
        # A shot's file is joined with the others' once the last one has ended.
        is_joined_later = exists().where(FilmRow.id == Generation.film_id, FilmRow.delivered_at.is_(None))
        query = select(Generation.id).where(
            Generation.id.in_(generation_ids), or_(Generation.delivered_at.is_(None), is_joined_later)
        )
        # The film's own lies there until it's posted, for which it may wait for Discord.
        films = select(FilmRow.id).where(FilmRow.id.in_(generation_ids), FilmRow.delivered_at.is_(None))
        return await self._database.read(lambda session: {*session.scalars(query), *session.scalars(films)})
