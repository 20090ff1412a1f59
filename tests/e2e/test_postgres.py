"""The whole program on PostgreSQL: `DATABASE_URL` says so, and nothing else is different."""

import asyncio
from collections.abc import Iterator

import pytest

from bot.db.database import BUSY, UNREADABLE
from bot.db.models import Status
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import ask, ask_for_video, rows, shown, the_result
from tests.postgres import Postgres


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """The address of a database on the server."""
    with postgres.lend() as address:
        yield address


async def test_a_video_comes_as_it_does_with_sqlite(open_world: OpenWorld, database_url: str) -> None:
    async with open_world(database_url=database_url, default_daily_limit=1) as world:
        generation = await ask_for_video(world)
        assert generation.status is Status.SUCCEEDED
        assert the_result(world).attachments
        refused = await ask(world)
        assert "1 video" in shown(refused).content, "the limit does not hold"


async def test_commands_during_an_outage_are_answered_politely_and_work_after_it(
    open_world: OpenWorld, database_url: str, postgres: Postgres
) -> None:
    if postgres.server is None:
        pytest.skip("the server at TEST_POSTGRES_URL is not ours to stop")
    async with open_world(database_url=database_url) as world:
        postgres.server.stop()
        written = await ask(world)
        read = await world.alice.slash(world.channel, "usage")
        assert (shown(written).content, shown(written).ephemeral) == (BUSY, True)
        assert (shown(read).content, shown(read).ephemeral) == (UNREADABLE, True)
        await asyncio.to_thread(postgres.server.start)
        assert await rows(world) == []
        assert (await ask_for_video(world)).status is Status.SUCCEEDED
