"""A slow line or an impatient proxy breaks every upload: the video comes as a link."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.provider import QUICK, Provider
from tests.process.scene import KILLABLE
from tests.wire.whole.starting import ALICE, POST, REQUEST
from tests.wire_discord import Fault, WireDiscord
from tests.wire_discord.bodies import BODY
from tests.wire_discord.program import Program, bot_environment


class ForFiles(Fault):
    """Does to every request with a file what another fault does."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        has_file = bool(request[BODY].uploads)
        return await (self.fault.answer(request, handler) if has_file else handler(request))


# What becomes of each upload: its connection breaks, a proxy gives it up, or takes no such size.
WAYS = {
    "broken": Fault.reset(),
    "too slow for a proxy": Fault.status(408),
    "too large for a proxy": Fault.status(413, html=True),
    "a file that is never taken": Fault.status(400, 50046),
    "silent": Fault.hang(),
}


@pytest.mark.nightly(daily=["broken", "too large for a proxy"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_file_that_never_gets_through_becomes_a_link(files: Path, tmp_path: Path, way: str) -> None:
    async with (
        WireDiscord() as wire,
        Provider(generation_seconds=0.1, render=QUICK, files=files) as provider,
    ):
        environment = bot_environment(wire, provider, tmp_path / "data", fast=1, upload_seconds=2)
        async with Program([KILLABLE], environment, tmp_path) as program:
            await program.wait_for_line("ready")
            wire.faults.add(POST, ForFiles(WAYS[way]), times=None)
            card = await (await wire.interact(ALICE, "veo", REQUEST)).answered()
            assert card
            await wire.wait_for_message(lambda message: message.id == card.id and "Ready" in message.content)
            (result,) = wire.messages(card.id)
            assert (provider.url in result.content, result.attachments) == (True, [])
            assert await program.stop() == 0
    assert "Traceback" not in program.output, program.output
