"""A slow line or an impatient proxy breaks every upload: the video comes as a link."""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.provider import QUICK, Provider
from tests.process.scene import KILLABLE
from tests.wire.whole.starting import ALICE, POST, REQUEST
from tests.wire_discord import Fault, WireDiscord
from tests.wire_discord.bodies import BODY
from tests.wire_discord.program import Program, bot_environment


class BreaksUploads(Fault):
    """Breaks the connection of every request with a file."""

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request[BODY].uploads and request.transport:
            request.transport.abort()
        return await handler(request) if not request[BODY].uploads else web.Response()


async def test_a_file_that_never_gets_through_becomes_a_link(files: Path, tmp_path: Path) -> None:
    async with (
        WireDiscord() as wire,
        Provider(generation_seconds=0.1, render=QUICK, files=files) as provider,
    ):
        environment = bot_environment(wire, provider, tmp_path / "data", fast=1)
        async with Program([KILLABLE], environment, tmp_path) as program:
            await program.wait_for_line("ready")
            wire.faults.add(POST, BreaksUploads(), times=None)
            card = await (await wire.interact(ALICE, "veo", REQUEST)).answered()
            assert card
            await wire.wait_for_message(lambda message: message.id == card.id and "Ready" in message.content)
            (result,) = wire.messages(card.id)
            assert (provider.url in result.content, result.attachments) == (True, [])
            assert await program.stop() == 0
    assert "Traceback" not in program.output, program.output
