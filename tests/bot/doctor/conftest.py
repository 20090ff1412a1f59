"""Fixtures: the two services on real sockets, and the settings that lead to them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.provider import Provider
from tests.wire_discord import WireDiscord
from tests.wire_discord.program import bot_environment


@pytest.fixture
async def wire() -> AsyncIterator[WireDiscord]:
    """A Discord with one server."""
    async with WireDiscord() as wire:
        yield wire


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the bot is started."""
    return tmp_path / "bot"


@pytest.fixture
def environment(
    wire: WireDiscord, provider: Provider, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """The settings of a bot in order, in a folder of its own; change them through this."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, value in bot_environment(wire, provider, folder / "data").items():
        monkeypatch.setenv(name, value)
    return monkeypatch
