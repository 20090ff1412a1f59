"""Fixtures: the parts around a program that is started in earnest, as a process of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.provider import QUICK, Provider
from tests.wire_discord import WireDiscord


@pytest.fixture
async def wire() -> AsyncIterator[WireDiscord]:
    """A Discord with one server."""
    async with WireDiscord() as wire:
        yield wire


@pytest.fixture
async def provider(files: Path) -> AsyncIterator[Provider]:
    """A provider that takes a tenth of a second for a video."""
    async with Provider(generation_seconds=0.1, render=QUICK, files=files) as provider:
        yield provider
