"""Fixtures: the feed of the moderators' channel, with a recorder in Discord's place."""

from collections.abc import AsyncIterator

import pytest

from bot.db.database import Database
from tests.bot.boards import (
    CHANNEL,
    GUILD,
    OTHER_CHANNEL,
    OTHER_GUILD,
    RecordingModeratorChannel,
    running,
    set_channel,
)
from tests.bot.clocks import StoppedClock


@pytest.fixture(autouse=True)
def looks_are_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for due rows all the time."""
    monkeypatch.setattr("bot.moderation.outbox_relay.LOOK_INTERVAL", 0.01)


@pytest.fixture
def board() -> RecordingModeratorChannel:
    """What takes the place of Discord."""
    return RecordingModeratorChannel()


@pytest.fixture
async def feed(
    database: Database, board: RecordingModeratorChannel, clock: StoppedClock
) -> AsyncIterator[None]:
    """A running feed; both servers have a channel for moderators."""
    await set_channel(database, GUILD, CHANNEL)
    await set_channel(database, OTHER_GUILD, OTHER_CHANNEL)
    async with running(database, board, clock):
        yield
