"""The database's file is damaged while the program runs: those who watch it hear of that."""

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from sandbox.provider import Provider
from sandbox.world import wait_until
from tests.bot.troubles import DAMAGES
from tests.e2e.watching import fetch
from tests.wire.whole.starting import ask
from tests.wire_discord import WireDiscord
from tests.wire_discord.program import Program, bot_environment

# The program as it is started, but for how often it looks.
WATCHFUL = """
from bot.cli.main import main
from bot.monitoring import alerts, health
alerts.LOOK_INTERVAL = health.SHORTEST_REST = health.LONGEST_REST = health.DATABASE_LIMIT = 1.0
main()
"""
HARM: Mapping[str, Callable[[Path], object]] = {
    name: DAMAGES[name] for name in ("beginning", "table", "index", "empty page of a table", "cut")
}


@pytest.mark.nightly(daily=["empty page of a table"])  # of which nobody asks
@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
async def test_damage_is_an_alert_and_fails_the_health_check(
    wire: WireDiscord, provider: Provider, tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    environment = bot_environment(wire, provider, tmp_path / "data", http_port=0, log_format="json")
    async with Program(["-c", WATCHFUL, "run"], environment, tmp_path) as program:
        address = json.loads(await program.wait_for_line('"watching"'))["address"]
        card = await ask(wire)
        await wire.wait_for_message(lambda message: message.id == card.id and "Ready" in message.content)

        async def answers(status: int) -> bool | None:
            answer = await asyncio.to_thread(fetch, f"{address}/healthz")
            return (answer.status == status and answer.failing == [[], ["database"]][status == 503]) or None

        await wait_until(partial(answers, 200), seconds=120)
        await asyncio.to_thread(harm, tmp_path / "data" / "veo.db")
        await wait_until(partial(answers, 503), seconds=120)
        await program.wait_for_line('"alert": "database_damaged"')
        assert await program.stop() == 0
    assert "Traceback" not in program.output, program.output
