"""Discord does not take the bot's answer: the card is posted into the channel before anything is spent."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.provider import Provider
from tests.wire.whole.starting import ALICE, POST, REQUEST
from tests.wire_discord import Fault, Message, WireDiscord
from tests.wire_discord.program import Program, bot_environment

CALLBACK = "POST /interactions/{interaction_id}/{token}/callback"
SECONDS = 60.0
LOST = {
    "refused with 500": Fault.status(500),
    "refused with 503": Fault.status(503),
    "silent": Fault.hang(),
    "taken in silence": Fault.hang(accepted=True),
}


# Of the card that is posted where a member has confirmed the price.
UNPOSTED = {
    "refused with 503": Fault.status(503),
    "silent": Fault.hang(),
    "posted in silence": Fault.hang(accepted=True),
}


# The program as it is, in a fifth of the time: what it waits for Discord's word, and then for a lost card.
HASTY = """
from bot.cli import main
from bot.requests import rows
from cogs.veo import answer
answer.TIMEOUT /= 5
rows.ANSWER_GRACE /= 5
main.main()
"""


@pytest.fixture
async def bot(wire: WireDiscord, provider: Provider, tmp_path: Path) -> AsyncIterator[Program]:
    environment = bot_environment(wire, provider, tmp_path / "data")
    async with Program(["-c", HASTY, "run"], environment, tmp_path) as program:
        await program.wait_for_line("ready")
        yield program
        wire.faults.clear()
        assert await program.stop() == 0


def is_card(message: Message) -> bool:
    return "requested a video" in message.content


async def wait_for_the_shown_video(wire: WireDiscord, provider: Provider) -> None:
    """Check that the card is there when the video is bought, and wait until it is ready on that card."""
    async with asyncio.timeout(SECONDS):
        await provider.called("create")
    (card,) = filter(is_card, wire.messages())
    provider.release()
    await wire.wait_for_message(lambda message: message.id == card.id and "Ready" in message.content, SECONDS)


@pytest.mark.usefixtures("bot")
@pytest.mark.nightly(daily=["refused with 503"])
@pytest.mark.parametrize("how", LOST)
async def test_the_card_is_in_the_channel_before_anything_is_spent(
    wire: WireDiscord, provider: Provider, how: str
) -> None:
    wire.faults.add(CALLBACK, LOST[how], times=None)
    provider.hold = True
    await wire.interact(ALICE, "veo", REQUEST)
    await wait_for_the_shown_video(wire, provider)
    (card,) = filter(is_card, wire.messages())
    assert len(wire.messages(card.id)) == 1, "the video did not come into the card's thread"


async def show_price(wire: WireDiscord) -> tuple[Message, str]:
    """Ask where members confirm the price; return the message, and the id of "Generate" below it."""
    await (await wire.interact(ALICE, "veo-admin settings", {"ask_first": True})).answered()
    price = await (await wire.interact(ALICE, "veo", REQUEST)).answered()
    assert price
    return price, price.components[0]["components"][0]["custom_id"]


@pytest.mark.usefixtures("bot")
@pytest.mark.nightly(daily=["silent"])
@pytest.mark.parametrize("how", UNPOSTED)
async def test_a_confirmed_video_is_not_bought_before_its_card_is_in_the_channel(
    wire: WireDiscord, provider: Provider, how: str
) -> None:
    price, generate = await show_price(wire)
    wire.faults.add(POST, UNPOSTED[how], times=1, channel_id=wire.channel.id)
    provider.hold = True
    await wire.click(ALICE, price, generate)
    await wait_for_the_shown_video(wire, provider)


async def test_a_press_on_generate_that_discord_did_not_take_can_be_repeated(
    wire: WireDiscord, provider: Provider, bot: Program
) -> None:
    price, generate = await show_price(wire)
    wire.faults.add(CALLBACK, Fault.status(404, 10062))
    lost = await wire.click(ALICE, price, generate)
    await bot.wait_for_line("answered too late")
    assert not lost.is_answered.is_set()
    assert provider.count("create") == 0, "a video was bought that nobody was told about"
    wire.faults.clear()
    await wire.click(ALICE, price, generate)
    await wire.wait_for_message(lambda message: is_card(message) and "Ready" in message.content, SECONDS)
    assert provider.count("create") == 1


# The program as it is where every decision comes so late that the member sees "thinking" before.
LATE = "from bot.cli import main; from cogs.veo import request; request.DEFER_AFTER_SECONDS = 0; main.main()"


@pytest.fixture
async def late(wire: WireDiscord, provider: Provider, tmp_path: Path) -> AsyncIterator[Program]:
    provider.hold = True
    environment = bot_environment(wire, provider, tmp_path / "data", default_daily_limit=1)
    async with Program(["-c", LATE, "run"], environment, tmp_path) as program:
        await program.wait_for_line("ready")
        yield program
        wire.faults.clear()
        assert await program.stop() == 0


@pytest.mark.usefixtures("late")
async def test_a_card_that_comes_late_is_the_only_one_though_thinking_hangs(
    wire: WireDiscord, provider: Provider
) -> None:
    wire.faults.add(CALLBACK, Fault.hang(accepted=True))
    await wire.interact(ALICE, "veo", REQUEST)
    async with asyncio.timeout(SECONDS):
        await provider.called("create")
    wire.faults.release()
    provider.release()
    await wire.wait_for_message(lambda message: is_card(message) and "Ready" in message.content, SECONDS)
    assert len(list(filter(is_card, wire.messages()))) == 1, "another card is never brought up to date"


async def test_a_request_is_taken_back_where_thinking_is_lost(
    wire: WireDiscord, provider: Provider, late: Program
) -> None:
    wire.faults.add(CALLBACK, Fault.hang())
    await wire.interact(ALICE, "veo", REQUEST)
    await late.wait_for_line("withdrawn", SECONDS)
    assert (provider.count("create"), wire.messages()) == (0, [])


@pytest.mark.usefixtures("late")
async def test_a_refusal_that_comes_late_is_told_though_thinking_hangs(
    wire: WireDiscord, provider: Provider
) -> None:
    await (await wire.interact(ALICE, "veo", REQUEST)).answered()
    await provider.called("create")
    wire.faults.add(CALLBACK, Fault.hang(accepted=True))
    await wire.interact(ALICE, "veo", REQUEST)
    await wire.wait_for_message(lambda message: "This didn't count" in message.content, SECONDS)


@pytest.mark.usefixtures("bot")
async def test_a_request_that_can_be_shown_nowhere_is_never_bought(
    wire: WireDiscord, provider: Provider
) -> None:
    wire.faults.add(CALLBACK, Fault.status(500), times=None)
    wire.faults.add(POST, Fault.status(403, 50001), times=None, channel_id=wire.channel.id)
    await wire.interact(ALICE, "veo", REQUEST)
    (told,) = await wire.wait_for(lambda: wire.direct_messages(ALICE) or None, SECONDS)
    assert "I couldn't show your request" in told.content
    assert "didn't count" in told.content
    assert provider.count("create") == 0, "a video was bought that nobody was told about"
