"""Cards of which another process has shown more: an edit that comes late shows that, too."""

import asyncio
from datetime import timedelta
from typing import Any, Self

import pytest

from bot.clock import utc_now
from bot.db.models import Generation, Status, Unreviewed
from bot.eta.eta import NO_ETA
from bot.eta.rate_limiter import RateLimiter
from cogs.delivery.card_throttle import CardEdits
from cogs.delivery.card_updates import Cards
from cogs.delivery.failed_destinations import FailedDestinations
from tests.bot.virtual_time import play
from tests.cogs.generation import generation


class RecordingClient:
    """Discord's side: remembers the texts of the card that is edited."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def get_partial_messageable(self, _channel_id: int, *, guild_id: int) -> Self:
        assert guild_id
        return self

    def get_partial_message(self, _message_id: int) -> Self:
        return self

    async def edit(self, *, content: str, **_beside: object) -> None:
        self.shown.append(content)


def held(**changes: Any) -> Generation:
    """Return a request whose finished video waits for moderators."""
    waits: dict[str, Any] = {"unreviewed": Unreviewed.END, "review_id": "a" * 16}
    ends = {"status": Status.SUCCEEDED, "review_until": utc_now() + timedelta(hours=24)}
    return generation(**{**waits, **ends, **changes})


@pytest.mark.parametrize("changes", [{"status": Status.CANCELLED}, {"review_until": None}])
def test_a_video_that_waited_for_moderators_is_shown_as_it_ended(changes: dict[str, Any]) -> None:
    client, ended = RecordingClient(), held(**changes)

    async def read_row(_generation_id: str) -> Generation:
        return ended

    async def scene() -> None:
        edits = CardEdits(10, RateLimiter(10), asyncio.sleep)
        # Of discord.py's client, cards need what is above.
        cards = Cards(client, FailedDestinations(), edits, read_row)  # pyright: ignore[reportArgumentType]
        await cards.show(held(), NO_ETA)
        await cards.show(ended, NO_ETA)

    play(scene())
    assert client.shown
    assert not any("waiting for a moderator" in text for text in client.shown)
