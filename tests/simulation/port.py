"""A process's way to Discord, on which calls go wrong."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any

from bot.db.film_models import FilmRow
from bot.db.models import Generation
from bot.jobs.ports import DeliveryPostponedError, Posted, UndeliverableError
from cogs.delivery.unanswered_posts import UnansweredPosts
from tests.simulation.discord import HANG_SECONDS, LATE_SECONDS, Kind, Way

if TYPE_CHECKING:
    from tests.simulation.process import Process


class Port:
    """Base of the ports of one process."""

    def __init__(self, process: "Process") -> None:
        self.process = process
        self.discord = process.world.discord
        self._unanswered = UnansweredPosts(process.world.loop.time)

    async def post(
        self, kind: Kind, subject: Generation | FilmRow, said: str, form: str = "", *, tells: str = ""
    ) -> Posted:
        """Post a message where there is a place for it."""
        draft, sent_at = self.discord.draft(kind, subject, self._place(subject), said), self.discord.now()
        draft.form, draft.tells = form, tells
        unanswered = self._unanswered.find(subject.id)
        if unanswered is not None and unanswered.channel_id != draft.place:
            raise DeliveryPostponedError("an earlier message may still get through", unanswered.left)
        try:
            message = await self.call(kind.value, subject.id, lambda: self.discord.post(draft, sent_at))
        except DeliveryPostponedError as error:
            if error.retry_after is None:
                self._unanswered.note(subject.id, draft.place)
            raise
        return Posted(message.id, message.place)

    def _place(self, subject: Generation | FilmRow) -> int | None:
        if not self.discord.is_shut(subject):
            return subject.thread_id or subject.channel_id
        if subject.user_id in self.discord.unreachable:
            self.discord.nowhere.add(subject.id)
            raise UndeliverableError("every place refused the message")
        return None

    async def call(self, what: str, about: str, effect: Callable[[], Any]) -> Any:
        """Call Discord: its effect and its answer come after a moment each, or something goes wrong."""
        way, result = await carry(self.process, f"{what} of {about}", effect)
        if way is None:
            return result
        wait = self.discord.chance.uniform(0.2, 240) if way is Way.LIMITED else None
        raise DeliveryPostponedError(f"Discord: {way.value}", wait)


async def carry(process: "Process", what: str, effect: Callable[[], Any]) -> tuple[Way | None, Any]:
    """Carry a call to Discord; return how it went wrong, if it did, and else what came of its effect."""
    world, result = process.world.discord, None
    way = world.draw()
    await process.go("Discord")
    if way in {None, Way.LOST, Way.HANGS_DONE}:
        result = effect()
        process.world.note(process.name, f"Discord did: {what}")
    if way is Way.LATE:
        wait = HANG_SECONDS + world.chance.random() * LATE_SECONDS
        asyncio.get_running_loop().call_later(wait, effect, context=Context())
    if way in {Way.HANGS, Way.HANGS_DONE, Way.LATE}:
        await asyncio.sleep(HANG_SECONDS)
    await process.come_back("Discord")
    return way, result
