"""A proxy before Discord gives up too early: what it called lost was done, and is there once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.provider import Provider
from tests.wire.whole.starting import ALICE, POST, REQUEST, Starter
from tests.wire_discord import Fault, Message, WireDiscord
from tests.wire_discord.program import Program

ROUTES = {
    "answer": "POST /interactions/{interaction_id}/{token}/callback",
    "thread": "POST /channels/{channel_id}/messages/{message_id}/threads",
    "edit": "PATCH /channels/{channel_id}/messages/{message_id}",
    "video": POST,
}
SECONDS = 90.0  # discord.py asks five times, and waits for 25 seconds meanwhile


@pytest.fixture
async def bot(wire: WireDiscord, provider: Provider, tmp_path: Path) -> AsyncIterator[Program]:
    async with Starter(wire, provider, tmp_path).start() as program:
        await program.wait_for_line("ready")
        yield program
        wire.faults.clear()
        assert await program.stop() == 0
    assert "Traceback" not in program.output, program.output


def is_card(message: Message) -> bool:
    return "requested a video" in message.content


@pytest.mark.usefixtures("bot")
@pytest.mark.nightly(daily=["answer-504-once", "video-524-once"])
@pytest.mark.parametrize("times", [1, 6], ids=["once", "again and again"])
@pytest.mark.parametrize("status", [504, 524])
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())
async def test_what_was_done_and_called_lost_is_there_once(
    wire: WireDiscord, provider: Provider, route: str, status: int, times: int
) -> None:
    wire.faults.add(route, Fault.status(status, html=True, accepted=True), times=times)
    await wire.interact(ALICE, "veo", REQUEST)
    card = await wire.wait_for_message(
        lambda message: is_card(message) and "Ready" in message.content, SECONDS
    )
    assert len(list(filter(is_card, wire.messages()))) == 1, "there are two cards"
    videos = [message for message in wire.messages() if message.attachments]
    assert [video.channel_id for video in videos] == [card.id], "not one video, in the card's thread"
    assert provider.count("create") == 1, "it was paid twice"
