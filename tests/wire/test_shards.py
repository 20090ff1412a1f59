"""Several connections of one process to the gateway, as the bot's client sees them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.db.database import Database, open_database
from bot.db.state import SharedRateLimit
from bot.discord_client import client as client_module
from bot.discord_client.client import ShardedVeoBot, VeoBot
from bot.services import Services
from bot.sharding import GUILD_SHIFT, Shards
from sandbox.world import wait_until
from tests.bot.troubles import locked
from tests.wire.probe import point_to
from tests.wire_discord import Fault, WireDiscord

NO_SERVICES = cast("Services", None)  # no command is used


@pytest.fixture(autouse=True)
def turns_are_short(wire: WireDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(wire, monkeypatch)
    monkeypatch.setattr(client_module, "IDENTIFY_SPACING", timedelta(seconds=0.6))


@asynccontextmanager
async def running(bot: VeoBot, wire: WireDiscord) -> AsyncGenerator[None]:
    async with bot:
        await bot.login(wire.token)
        connecting = asyncio.create_task(bot.connect())
        yield
        await bot.close()
        await connecting


async def ready(bot: VeoBot) -> None:
    async def look() -> bool | None:
        return bot.is_connected or None

    await wait_until(look, seconds=120)


def sharded(database: Database, shards: Shards) -> ShardedVeoBot:
    rate_limit = SharedRateLimit(database)
    return ShardedVeoBot(
        database=database, services=NO_SERVICES, shards=shards, rate_limit=rate_limit, extensions=()
    )


async def test_a_lost_shard_is_a_lost_connection_and_comes_back(wire: WireDiscord, tmp_path: Path) -> None:
    guilds = [await wire.add_guild(str(shard), (10**6 * 4 + shard) << GUILD_SHIFT) for shard in range(4)]
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/veo.db") as database:
        bot = sharded(database, Shards(4, (1, 3)))
        assert bot.heard_at is None
        assert not bot.is_connected
        async with running(bot, wire):
            await ready(bot)
            assert {guild.id for guild in bot.guilds} >= {guilds[1].id, guilds[3].id}
            assert not {guild.id for guild in bot.guilds} & {guilds[0].id, guilds[2].id}
            heard_at = bot.heard_at
            assert heard_at is not None
            assert heard_at <= asyncio.get_running_loop().time()

            lost = next(session for session in wire.gateway.connected if session.shard == (3, 4))
            assert lost.socket is not None
            # Else it is back before anybody looks.
            wire.faults.add("GET /gateway", Fault.status(503), times=None)
            await lost.socket.close(code=4000)

            async def is_away() -> bool | None:
                return None if bot.is_connected else True

            await wait_until(is_away, seconds=120)
            wire.faults.clear()
            await ready(bot)
        assert bot.heartbeat_interval == pytest.approx(41.25)


async def test_a_shard_that_stays_away_is_silent_however_well_the_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        WireDiscord(heartbeat_ms=100) as quick,
        open_database(f"sqlite+aiosqlite:///{tmp_path}/veo.db") as database,
    ):
        point_to(quick, monkeypatch)
        bot = sharded(database, Shards(2, (0, 1)))
        async with running(bot, quick):
            await ready(bot)
            lost = next(session for session in quick.gateway.connected if session.shard == (1, 2))
            assert lost.socket is not None
            quick.faults.add("GET /gateway", Fault.status(503), times=None)
            lost_at, before = asyncio.get_running_loop().time(), bot.heard_at  # as those who watch look
            await lost.socket.close(code=4000)
            await asyncio.sleep(2)  # in which the other one is heard twenty times
            heard_at = bot.heard_at
            quick.faults.clear()
        assert before is not None
        assert heard_at is not None
        # Two clocks are read for each; the last answer of the lost one may still be on its way.
        assert before - 0.01 <= heard_at <= lost_at + 1, "nobody sees that a shard is away"


async def test_a_shard_whose_session_is_gone_comes_back_while_the_database_is_locked(
    wire: WireDiscord, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/veo.db"
    async with open_database(url) as database:
        bot = sharded(database, Shards(2, (0, 1)))
        async with running(bot, wire):
            await ready(bot)
            async with locked(url):
                await wire.gateway.drop(4000, resumable=False)

                async def are_back() -> bool | None:
                    return True if len(wire.gateway.connected) == 2 and bot.is_connected else None

                await wait_until(are_back, seconds=120)


async def test_shards_of_one_bucket_identify_one_after_the_other(wire: WireDiscord, tmp_path: Path) -> None:
    wire.gateway.max_concurrency = 2
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/veo.db") as database:
        bot = sharded(database, Shards(4, (0, 1, 2, 3)))
        async with running(bot, wire):
            await ready(bot)
    at = {shard: moment for moment, shard in wire.gateway.identified}
    assert at[2] - at[0] > 0.15
    assert at[3] - at[1] > 0.15


@pytest.mark.parametrize(("wanted", "says"), [(1, False), (3, True)])
async def test_it_is_said_when_discord_wants_more_shards(
    wire: WireDiscord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wanted: int,
    says: bool,
) -> None:
    monkeypatch.setattr(client_module, "MANY_SERVERS", 1)
    wire.gateway.wanted_shards = wanted
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/veo.db") as database:
        bot = VeoBot(database=database, services=NO_SERVICES, extensions=())
        async with running(bot, wire):
            await ready(bot)
            await wire.wait_for_requests("GET /gateway/bot")
            said: list[Any] = []

            async def look() -> bool | None:
                said.append(capsys.readouterr().out)
                return True if not says or "recommends more shards" in "".join(said) else None

            await wait_until(look, seconds=120)
    assert ("recommends more shards" in "".join([*said, capsys.readouterr().out])) == says
