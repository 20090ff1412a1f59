"""The whole program against a Discord that takes less than it is thought to: real bytes, a real 413."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.media.files import probe
from bot.media.upload_sizes import MIB, usable
from sandbox.provider import QUICK, Provider
from tests.noise import make_large_noise, replace_files
from tests.process.scene import KILLABLE
from tests.wire.whole.starting import ALICE
from tests.wire_discord import WireDiscord
from tests.wire_discord.program import Program, bot_environment

REQUEST = {"prompt": "Noise", "duration": 4}
SECONDS = 120.0  # for encoders on a busy machine


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The provider's files, which are replaced."""
    folder = tmp_path / "rendered"
    folder.mkdir()
    return folder


@pytest.fixture
async def provider(files: Path) -> AsyncIterator[Provider]:
    """A provider whose videos are large."""
    async with Provider(generation_seconds=0.1, render=QUICK, files=files) as provider:
        yield provider


async def ask_for_noise(wire: WireDiscord, provider: Provider, files: Path, noise: Path) -> None:
    """Ask for a video, which becomes `noise`."""
    await wire.wait_for_sessions()
    provider.hold = True
    await (await wire.interact(ALICE, "veo", REQUEST)).answered()
    await provider.called("retrieve")
    await provider.rendered()
    await asyncio.to_thread(replace_files, files, noise)
    provider.release()


def discord_itself(limit: int) -> WireDiscord:
    return WireDiscord(upload_limit=limit)


def impatient_proxy(limit: int) -> WireDiscord:
    """Return a Discord behind a proxy that answers and closes while the file is still being sent.

    Its answer is often lost with the connection, which looks like a broken network.
    """
    return WireDiscord(request_limit=limit)


@pytest.mark.timeout(300)
@pytest.mark.nightly(daily=["discord_itself"])
@pytest.mark.parametrize("discord_with", [discord_itself, impatient_proxy])
async def test_a_file_that_is_refused_comes_smaller_and_plays(
    provider: Provider, files: Path, tmp_path: Path, discord_with: Callable[[int], WireDiscord]
) -> None:
    noise = make_large_noise(tmp_path / "noise.mp4")
    async with discord_with(8 * MIB) as wire:
        environment = bot_environment(wire, provider, tmp_path / "data", fast=1)
        async with Program([KILLABLE], environment, tmp_path) as program:
            await ask_for_noise(wire, provider, files, noise)
            message = await wire.wait_for_message(lambda message: bool(message.attachments), SECONDS)
            await wire.wait_for_message(lambda message: "Ready" in message.content, SECONDS)
            assert await program.stop() == 0
    assert sum(bool(posted.attachments) for posted in wire.messages()) == 1
    assert "Made smaller for this server: " in message.content
    posted = tmp_path / "posted.mp4"
    posted.write_bytes(message.attachments[0].read())
    clip, original = await probe(posted), await probe(noise)
    assert 4 * MIB < clip.size <= usable(8 * MIB)
    assert (clip.codec, clip.has_sound) == ("h264", True)
    assert clip.seconds == pytest.approx(original.seconds, abs=0.2)
    assert "Traceback" not in program.output, program.output
