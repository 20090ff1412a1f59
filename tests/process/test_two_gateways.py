"""Two gateways, each with one of two shards, and a worker: processes of their own on one PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.db.database import open_database
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from bot.sharding import GUILD_SHIFT, parse_shards
from tests.postgres import Postgres
from tests.process.scene import ALICE, LEASE_SECONDS, MODERATOR, REQUEST, Scene, open_scene
from tests.wire_discord.program import Program
from tests.wire_discord.state import Channel, Guild

SHARDS = 2
IDENTIFY_SPACING = 5.0  # seconds
CHANGES = 6


@asynccontextmanager
async def open_programs(scene: Scene, url: str) -> AsyncGenerator[list[Program]]:
    """Start two gateways at once, and a worker."""
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:

        def start(name: str, **settings: object) -> Program:
            shared = {"database_url": url, "lease_seconds": LEASE_SECONDS, "log_format": "json"}
            wanted = {**shared, "data_dir": scene.folder / name, **settings}
            program = scene.start(settings=wanted)
            group.create_task(stack.enter_async_context(program))
            return program

        async with open_database(url):
            pass
        programs = [
            start(f"gateway-{number}", role="gateway", shard_count=SHARDS, shard_ids=number)
            for number in range(SHARDS)
        ]
        programs.append(start("worker", role="worker"))
        await scene.wire.wait_for_sessions(SHARDS)
        yield programs


async def add_server_of(scene: Scene, shard: int) -> tuple[Guild, Channel]:
    """Return a server whose events go to a shard."""
    guild = await scene.wire.add_guild(f"Server of {shard}", (10**6 * SHARDS + shard) << GUILD_SHIFT)
    assert parse_shards(SHARDS, str(shard)).has(guild.id)
    return guild, scene.wire.add_channel("videos", guild=guild)


@pytest.mark.timeout(180)
async def test_two_gateways_share_the_servers_and_each_command_is_answered_once(
    tmp_path: Path, files: Path, postgres: Postgres
) -> None:
    with postgres.lend() as url:
        async with open_scene(tmp_path, files) as scene:
            servers = [await add_server_of(scene, shard) for shard in range(SHARDS)]
            async with open_programs(scene, url) as programs:
                asked = [
                    await scene.wire.interact(ALICE + number, "veo", REQUEST, channel_id=channel.id)
                    for _, channel in servers
                    for number in range(4)
                ]
                cards = await asyncio.gather(*(interaction.answered(30) for interaction in asked))
                for card in cards:
                    assert card is not None
                    await scene.wire.wait_for_message(
                        lambda message, card=card: message.id == card.id and "Ready" in message.content, 60
                    )
                channels = [scene.wire.add_channel("moderators", guild=guild) for guild, _ in servers]
                await change_settings(url, servers, channels)
                for channel in channels:
                    await scene.wire.wait_for(lambda channel=channel: is_told(scene, channel) or None)
                for program in programs:
                    assert await program.stop() == 0, program.output

            first, second = scene.wire.gateway.identified
            assert {first[1], second[1]} == {0, 1}
            assert second[0] - first[0] > IDENTIFY_SPACING * 0.9, "both identified at once"
            assert not any(interaction.followups for interaction in asked), "a member was told twice"
            for thread_id in (card.id for card in cards if card):
                assert len(scene.wire.messages(thread_id)) == 1, "one video in each thread"
            assert [len(scene.wire.messages(channel.id)) for channel in channels] == [CHANGES] * SHARDS
            assert "Traceback" not in "".join(program.output for program in programs)


def is_told(scene: Scene, channel: Channel) -> bool:
    """Whether a channel has been told everything."""
    return len(scene.wire.messages(channel.id)) >= CHANGES


async def change_settings(url: str, servers: list[tuple[Guild, Channel]], channels: list[Channel]) -> None:
    """Change settings of every server; its moderators' channel is told of each, by whichever gateway."""
    async with open_database(url) as database:
        moderation = Moderation(Decisions(database))
        for (guild, _), channel in zip(servers, channels, strict=True):
            by = Moderator(guild.id, MODERATOR)
            await moderation.change_settings(by, {"moderators_channel_id": channel.id})
            for number in range(CHANGES - 1):
                await moderation.change_settings(by, {"ask_first": number % 2 == 0})
