"""Fixtures: a small Discord on a real socket, with the real discord.py connected to it."""

from collections.abc import AsyncIterator

import pytest

from tests.wire.probe import Probe, connected, point_to
from tests.wire_discord import WireDiscord


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Discord's clock, by which interactions and nonces age."""
    return Clock()


@pytest.fixture
async def wire(clock: Clock) -> AsyncIterator[WireDiscord]:
    """A Discord with one server; uploads may have 1 MiB."""
    async with WireDiscord(clock=clock, upload_limit=2**20) as wire:
        yield wire


@pytest.fixture
async def client(wire: WireDiscord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Probe]:
    """The real discord.py, connected."""
    point_to(wire, monkeypatch)
    async with connected(wire) as client:
        yield client
