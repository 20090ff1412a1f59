"""Commands that reach the bot when Discord takes no answer any more."""

import asyncio
import os
import signal
from pathlib import Path

from bot.admission.cooldown import TOO_LATE
from sandbox.provider import Provider
from tests.wire.whole.starting import ALICE, REQUEST, Starter
from tests.wire_discord import WireDiscord


async def test_a_command_that_comes_too_late_to_be_answered_makes_nothing(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    async with Starter(wire, provider, tmp_path).start() as program:
        await program.wait_for_line("ready")
        for _ in range(2):
            await (await wire.interact(ALICE, "usage", {})).answered()  # as quick as the way can be
        shown = wire.messages()
        os.kill(program.pid, signal.SIGSTOP)
        await wire.interact(ALICE, "veo", REQUEST)
        await asyncio.sleep(TOO_LATE + 1)  # the time that is tested
        os.kill(program.pid, signal.SIGCONT)
        await program.wait_for_line("too late to answer")
        assert await program.stop() == 0
    assert "accepted" not in program.output, "nobody was told of this request"
    assert (provider.count("create"), wire.messages()) == (0, shown)
