"""Discord limits one channel for minutes: nobody else waits for it, and its own video comes all the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.provider import Provider
from tests.wire.whole.starting import ALICE, BOB, POST, Starter, ask
from tests.wire_discord import Fault, Message, WireDiscord
from tests.wire_discord.program import Program

THREADS = "POST /channels/{channel_id}/messages/{message_id}/threads"
LONG = 240.0  # seconds, as seen in public
SECONDS = 120.0  # on a busy machine


@pytest.fixture
async def bot(wire: WireDiscord, provider: Provider, tmp_path: Path) -> AsyncIterator[Program]:
    """The program, with one slot at the provider."""
    async with Starter(wire, provider, tmp_path).start(max_running=1) as program:
        await program.wait_for_line("ready")
        yield program
        assert await program.stop() == 0
    assert "Traceback" not in program.output, program.output


async def video_of(wire: WireDiscord, card: Message) -> Message:
    """Return the message with a request's video, wherever it stands."""
    await wire.wait_for_message(lambda message: message.id == card.id and "Ready" in message.content, SECONDS)
    (video,) = [m for m in wire.messages() if m.attachments and card.id in {m.channel_id, m.reply_to}]
    return video


# How Discord holds the threads of one channel up: at once, after some short limits, or without a word.
HELD_UP = {
    "limited for minutes": Fault.rate_limit(LONG),
    "limited again and again": Fault.rate_limit(25.0),
    "limited by a proxy": Fault.rate_limit(LONG, via=False),
    "silent": Fault.hang(),
}


@pytest.mark.usefixtures("bot")
@pytest.mark.nightly(daily=["limited for minutes", "limited by a proxy"])
@pytest.mark.parametrize("how", HELD_UP)
async def test_a_channel_without_threads_holds_up_nobody(wire: WireDiscord, how: str) -> None:
    wire.faults.add(THREADS, HELD_UP[how], times=None, channel_id=wire.channel.id)
    other = wire.add_channel("other")
    held, free = await ask(wire, ALICE, wire.channel.id), await ask(wire, BOB, other.id)

    video = await video_of(wire, free)
    assert video.channel_id == free.id, "another channel's video lost its thread"
    video = await video_of(wire, held)
    assert (video.channel_id, video.reply_to) == (wire.channel.id, held.id), "it came as no reply"

    wire.faults.clear()


@pytest.mark.usefixtures("bot")
async def test_a_limit_is_not_asked_about_again_while_it_lasts(wire: WireDiscord) -> None:
    wire.faults.add(THREADS, Fault.rate_limit(LONG), times=None, channel_id=wire.channel.id)
    for _ in range(2):
        await video_of(wire, await ask(wire, ALICE, wire.channel.id))
    assert wire.count(THREADS) == 1, "each is an invalid request more"


@pytest.mark.usefixtures("bot")
async def test_a_limited_thread_leaves_the_channel_for_the_video(
    wire: WireDiscord, provider: Provider
) -> None:
    provider.hold = True
    card = await ask(wire, ALICE, wire.channel.id)
    await wire.wait_for(lambda: wire.thread_of(card))
    wire.faults.add(POST, Fault.rate_limit(LONG), times=None, channel_id=card.id)
    provider.release()
    video = await video_of(wire, card)
    assert (video.channel_id, video.reply_to) == (wire.channel.id, card.id)
    assert not wire.direct_messages(ALICE)
