"""Fixtures: the outbox relay, with a recorder in Discord's place."""

from collections.abc import AsyncIterator

import pytest

from bot.db.database import Database
from tests.bot.clocks import StoppedClock
from tests.bot.moderator_channels import (
    CHANNEL,
    GUILD,
    OTHER_CHANNEL,
    OTHER_GUILD,
    RecordingModeratorChannel,
    running,
    set_channel,
)


@pytest.fixture(autouse=True)
def looks_are_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for due rows all the time."""
    monkeypatch.setattr("bot.moderation.outbox_relay.LOOK_INTERVAL", 0.01)


@pytest.fixture
def moderator_channel() -> RecordingModeratorChannel:
    """What takes the place of Discord."""
    return RecordingModeratorChannel()


@pytest.fixture
async def outbox_relay(
    database: Database, moderator_channel: RecordingModeratorChannel, clock: StoppedClock
) -> AsyncIterator[None]:
    """A running outbox relay; both servers have a channel for moderators."""
    await set_channel(database, GUILD, CHANNEL)
    await set_channel(database, OTHER_GUILD, OTHER_CHANNEL)
    async with running(database, moderator_channel, clock):
        yield
