"""Stand-ins for Discord and for files, and the rows that the benchmarks begin with."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.db.models import Generation, Placement, Status
from bot.eta.eta import NO_ETA, Eta
from bot.jobs.ports import IsCurrent
from bot.jobs.steps.base import Tools
from bot.jobs.steps.deliver import Deliver
from cogs.delivery.delivery import DiscordDelivery


class NoHandover(Deliver):
    """Closes what has ended without a file and without Discord."""

    def __init__(self, tools: Tools) -> None:
        self._queue = tools.queue

    async def deliver_video(self, generation: Generation) -> Generation:
        """Note that it is done."""
        return await self._queue.update(generation, delivered_at=utc_now())

    deliver_ending = deliver_video


class NoDiscord(DiscordDelivery):
    """Shows nothing."""

    def __init__(self) -> None:
        """Without a client."""

    async def show_state(
        self, generation: Generation, eta: Eta = NO_ETA, is_current: IsCurrent | None = None
    ) -> None:
        """Show nothing."""

    async def open_thread(self, generation: Generation) -> int | None:
        """Open nothing."""
        del generation


async def no_film(_film_id: str, _generation_id: str) -> None:
    """Give no frame up: there are no films."""


def no_film_card(_session: Session, _film_id: str, _now: datetime) -> None:
    """Open no card: there are no films."""


def new_row(number: int, sent_at: datetime, duration: float) -> Generation:
    """Return a generation that is at the provider."""
    return Generation(
        **dict.fromkeys(("created_at", "submitted_at", "not_before"), sent_at),
        **dict.fromkeys(("guild_id", "channel_id", "user_id", "interaction_id", "card_id"), number),
        id=str(number),
        placement=Placement.CHANNEL,
        prompt="A fox in the snow",
        model="google/veo3",
        options={"duration": 8},
        status=Status.RUNNING,
        provider_id=f"{number}:{sent_at.timestamp() + duration}",
    )
