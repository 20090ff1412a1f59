"""A server removes the bot: what was not sent is never bought, and what is being made goes to the member."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.provider import Provider
from sandbox.world import wait_until
from tests.wire.whole.starting import ALICE, BOB, Starter, ask
from tests.wire_discord import Message, WireDiscord
from tests.wire_discord.state import Guild

SECONDS = 120.0  # on a busy machine
ONE_PLACE = {"max_running": 1, "max_waiting": 10}


class Studio(Starter):
    """A program on one database, and a second server whose requests wait behind one of the first."""

    async def found_second(self) -> None:
        """Found the second server, which the bot hears of when it starts."""
        guild = await self.wire.add_guild("Second")
        self.second = guild, self.wire.add_channel("films", guild=guild)

    async def fill(self) -> tuple[Guild, list[Message]]:
        """Let one video be made, and three requests wait on another server."""
        second, channel = self.second
        await ask(self.wire, ALICE, self.wire.channel.id)
        await self.provider.called("retrieve")
        return second, [await ask(self.wire, BOB, channel.id) for _ in range(3)]

    def statuses(self, guild: Guild) -> list[str]:
        """Return how a server's requests stand, once each is over."""
        with closing(sqlite3.connect(self.folder / "data" / "veo.db", timeout=10)) as database:
            query = "SELECT status, delivered_at, submitted_at FROM generations WHERE guild_id = ?"
            rows = database.execute(query, (guild.id,)).fetchall()
        return [status if delivered and not sent else f"{status}!" for status, delivered, sent in rows]

    async def assert_all_cancelled(self, guild: Guild) -> None:
        """Wait until nothing is left of a server, and none of it was bought."""

        async def look() -> bool | None:
            return True if self.statuses(guild) == ["cancelled"] * 3 else None

        await wait_until(look, seconds=SECONDS)


@pytest.fixture
async def studio(wire: WireDiscord, provider: Provider, tmp_path: Path) -> Studio:
    provider.hold = True
    studio = Studio(wire, provider, tmp_path)
    await studio.found_second()
    return studio


async def test_what_waits_there_is_cancelled_at_once(studio: Studio, provider: Provider) -> None:
    async with studio.start(**ONE_PLACE) as program:
        await program.wait_for_line("ready")
        second, _ = await studio.fill()
        await studio.wire.remove_bot(second)
        await studio.assert_all_cancelled(second)
        provider.release()
        await studio.wire.wait_for_message(lambda message: bool(message.attachments), SECONDS)
        assert await program.stop() == 0
    assert provider.count("create") == 1, "a video was bought for a server that is gone"
    assert not studio.wire.direct_messages(BOB), "a member was bothered"
    assert "Traceback" not in program.output, program.output


async def test_an_outage_of_the_server_cancels_nothing(studio: Studio, provider: Provider) -> None:
    async with studio.start(**ONE_PLACE) as program:
        await program.wait_for_line("ready")
        second, cards = await studio.fill()
        gone = {"id": str(second.id), "unavailable": True}
        await studio.wire.send_event("GUILD_DELETE", gone, second.id)
        provider.release()
        for card in cards:
            await studio.wire.wait_for_message(
                lambda message, card=card: message.id == card.id and "Ready" in message.content, SECONDS
            )
        assert await program.stop() == 0


@pytest.mark.nightly(daily=["worker"])
@pytest.mark.parametrize("role", ["all", "worker"])
async def test_a_removal_unheard_of_is_noticed(studio: Studio, provider: Provider, role: str) -> None:
    async with studio.start(**ONE_PLACE) as program:
        await program.wait_for_line("ready")
        second, _ = await studio.fill()
        assert await program.stop() == 0
    await studio.wire.remove_bot(second)
    provider.release()
    async with studio.start(role=role, **ONE_PLACE) as program:
        await studio.assert_all_cancelled(second)
        assert await program.stop() == 0
    assert provider.count("create") == 1, "a video was bought for a server that is gone"


async def test_what_is_being_made_goes_to_the_member(studio: Studio, provider: Provider) -> None:
    async with studio.start(**ONE_PLACE) as program:
        await program.wait_for_line("ready")
        await ask(studio.wire, ALICE, studio.wire.channel.id)
        await provider.called("retrieve")
        await studio.wire.remove_bot(studio.wire.guild)
        provider.release()
        await studio.wire.wait_for(lambda: studio.wire.direct_messages(ALICE) or None, SECONDS)
        assert studio.wire.direct_messages(ALICE)[0].attachments
        assert await program.stop() == 0
