"""Fixtures for the tests of the fake provider: real sockets, real files, no mocks."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.provider import QUICK, Provider
from tests.sandbox.driver import Client, Clock


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered files, kept apart from the other tests': here it is counted what is rendered."""
    return tmp_path_factory.mktemp("rendered")


@pytest.fixture
def clock() -> Clock:
    """The provider's clock."""
    return Clock()


@pytest.fixture
async def provider(files: Path, clock: Clock) -> AsyncIterator[Provider]:
    """A running provider whose generations take 4 seconds of `clock`."""
    async with Provider(clock=clock, render=QUICK, files=files) as provider:
        yield provider


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client session that no test shares."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def client(session: aiohttp.ClientSession, provider: Provider) -> Client:
    """A client of `provider`."""
    return Client(session, provider)
