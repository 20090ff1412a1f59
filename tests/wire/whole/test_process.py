"""The whole program as it is started in earnest: a process of its own, real sockets, real signals."""

import asyncio
import json
import os
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.jobs.runner import HELD
from sandbox.provider import Provider
from tests.wire.whole.starting import ALICE, GATEWAY, POST, Starter, ask
from tests.wire_discord import Fault, Message, WireDiscord
from tests.wire_discord.program import Program, bot_environment


@pytest.fixture
def bot(wire: WireDiscord, provider: Provider, tmp_path: Path) -> Starter:
    return Starter(wire, provider, tmp_path)


async def video_in_thread(wire: WireDiscord, card: Message) -> bytes:
    """Return the video's bytes once the card says that it is there."""
    await wire.wait_for_message(lambda message: message.id == card.id and "Ready" in message.content, 30)
    thread = wire.thread_of(card)
    assert thread
    (result,) = wire.messages(thread.id)
    (attachment,) = result.attachments
    assert result.pings == [ALICE]
    assert attachment.filename.endswith(".mp4")
    return attachment.read()


def assert_tidy(program: Program, wire: WireDiscord, provider: Provider) -> None:
    """Nothing was said that an operator should not see."""
    for word in ("Traceback", "Warning", "never retrieved", "was never awaited", wire.token, provider.key):
        assert word not in program.output, program.output


async def test_a_video_is_asked_for_and_arrives_in_the_thread(
    wire: WireDiscord, provider: Provider, files: Path, bot: Starter
) -> None:
    async with bot.start() as program:
        card = await ask(wire)
        content = await video_in_thread(wire, card)
        assert await program.stop() == 0

    videos = await asyncio.to_thread(lambda: [path.read_bytes() for path in files.glob("*.mp4")])
    assert content in videos
    assert wire.count(POST) == provider.count("create") == 1
    assert wire.gateway.connected == []
    assert len(wire.gateway.closings) == 1
    assert wire.gateway.closings != [1006]  # not broken: closed
    assert "stopped" in program.lines[-1]
    assert_tidy(program, wire, provider)


async def test_a_stopped_program_continues_with_the_next_start(
    wire: WireDiscord, provider: Provider, bot: Starter
) -> None:
    provider.hold = True
    async with bot.start() as program:
        card = await ask(wire)
        await provider.called("retrieve")
        assert await program.stop(5) == 0
    assert wire.gateway.connected == []
    provider.release()
    async with bot.start() as again:
        await video_in_thread(wire, card)
        assert await again.stop() == 0

    assert provider.count("create") == 1
    assert wire.count(POST) == 1
    assert wire.count("PUT /applications/{application_id}/commands") == 1  # unchanged, so not told again
    assert_tidy(program, wire, provider)
    assert_tidy(again, wire, provider)


async def test_a_closed_terminal_stops_the_program_in_order(
    wire: WireDiscord, provider: Provider, bot: Starter
) -> None:
    provider.hold = True
    async with bot.start() as program:
        card = await ask(wire)
        await provider.called("retrieve")
        os.kill(program.pid, signal.SIGHUP)
        assert await program.ended() == 0
    assert "stopped" in program.lines[-1]
    provider.release()
    async with bot.start() as again:  # whose first look finds no leases
        await video_in_thread(wire, card)
        assert await again.stop() == 0
    assert HELD not in again.output


async def test_a_killed_program_continues_with_the_next_start(
    wire: WireDiscord, provider: Provider, bot: Starter
) -> None:
    provider.hold = True
    async with bot.start() as program:
        card = await ask(wire)
        await provider.called("retrieve")
        assert await program.kill() == -9
    await wire.wait_for_sessions(0)
    bot.end_leases()
    provider.release()
    async with bot.start() as again:
        await video_in_thread(wire, card)
        assert await again.stop() == 0

    assert provider.count("create") == 1
    assert wire.count(POST) == 1
    assert_tidy(again, wire, provider)


async def test_a_start_is_quiet(wire: WireDiscord, provider: Provider, bot: Starter) -> None:
    async with bot.start(log_format="json") as program:
        await wire.wait_for_sessions()
        await program.wait_for_line('"ready"')
        assert await program.stop() == 0
    levels = [json.loads(line)["level"] for line in program.lines]
    assert set(levels) == {"info"}, f"an operator would look up what a good start says: {program.output}"
    assert not re.search("voice|nacl|davey", program.output, re.IGNORECASE)
    assert_tidy(program, wire, provider)


async def test_a_start_says_once_that_it_waits_for_a_locked_database(bot: Starter, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "veo.db").touch(mode=0o600)
    with closing(sqlite3.connect(tmp_path / "data" / "veo.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with bot.start(log_format="json") as program:
            await program.wait_for_line("could not open the database yet")
            await asyncio.sleep(3)  # for another try
            other.execute("COMMIT")
            await program.wait_for_line('"ready"')
            assert await program.stop() == 0
    warnings = [json.loads(line) for line in program.lines if json.loads(line)["level"] != "info"]
    assert [line["event"] for line in warnings] == ["could not open the database yet"]


async def test_a_wrong_token_ends_with_one_readable_line(
    wire: WireDiscord, provider: Provider, bot: Starter
) -> None:
    async with bot.start(discord_token="wrong-token-4711") as program:
        assert await program.ended() == 2

    said = [line for line in program.lines if "DISCORD_TOKEN" in line]
    assert said == ["DISCORD_TOKEN: Discord rejects it. Copy it again from the developer portal"]
    assert "wrong-token-4711" not in program.output
    assert wire.count("GET /users/@me") == 1, "Discord was asked again and again"
    assert_tidy(program, wire, provider)


async def test_missing_settings_end_with_one_line_each(
    wire: WireDiscord, provider: Provider, bot: Starter
) -> None:
    async with bot.start(discord_token="", aimlapi_key="") as program:
        assert await program.ended() == 2

    assert sorted(program.lines) == ["AIMLAPI_KEY: is missing", "DISCORD_TOKEN: is missing"]
    assert_tidy(program, wire, provider)


async def test_it_waits_for_a_discord_that_cannot_be_reached(provider: Provider, tmp_path: Path) -> None:
    async with WireDiscord() as nobody:
        port = int(nobody.api_base.split(":")[2].split("/")[0])
    async with Starter(nobody, provider, tmp_path).start() as program:
        await program.wait_for_line("could not reach Discord yet")
        async with WireDiscord(port=port, token=nobody.token) as wire:
            await program.wait_for_line("ready")
            assert await program.stop() == 0
    assert_tidy(program, wire, provider)


@pytest.mark.nightly(daily=["a page-GET /users/@me"])
@pytest.mark.parametrize("route", ["GET /users/@me", "GET /oauth2/applications/@me"])
@pytest.mark.parametrize("html", [True, False], ids=["a page", "another object"])
async def test_it_waits_while_another_page_answers_in_discords_place(
    wire: WireDiscord, provider: Provider, bot: Starter, route: str, html: bool
) -> None:
    wire.faults.add(route, Fault.status(200, html=html))
    async with bot.start() as program:
        await program.wait_for_line("something else answers in its place")
        await wire.wait_for_sessions()
        assert await program.stop() == 0
    assert_tidy(program, wire, provider)


ME, APPLICATION = "GET /users/@me", "GET /oauth2/applications/@me"
OTHERS = {
    "null": (ME, "null"),
    "a list": (APPLICATION, "[]"),
    "a number": (ME, "7"),
    "half of it": (ME, '{"id": "1'),
    "nothing": (APPLICATION, ""),
    "no id": (ME, '{"username": "veo-bot"}'),
}


@pytest.mark.nightly(daily=["half of it"])
@pytest.mark.parametrize("name", OTHERS)
async def test_it_waits_while_something_else_answers(wire: WireDiscord, bot: Starter, name: str) -> None:
    route, text = OTHERS[name]
    wire.faults.add(route, Fault.says(text))
    async with bot.start() as program:
        await program.wait_for_line("something else answers in its place")
        await program.wait_for_line("ready")
        assert await program.stop() == 0
    assert "Traceback" not in program.output, program.output


async def test_it_can_be_stopped_while_discord_cannot_be_reached(provider: Provider, tmp_path: Path) -> None:
    async with WireDiscord() as wire:
        pass  # its address stays, but nobody listens
    async with Starter(wire, provider, tmp_path).start() as program:
        await program.wait_for_line("could not reach Discord yet")
        assert await program.stop(5) == 0
    assert_tidy(program, wire, provider)


async def test_it_waits_for_a_gateway_that_cannot_be_reached(wire: WireDiscord, bot: Starter) -> None:
    wire.faults.add(GATEWAY, Fault.status(503))
    async with bot.start() as program:
        await program.wait_for_line("ready")
        assert await program.stop() == 0


async def test_a_token_that_is_reset_while_it_runs_ends_with_one_readable_line(
    wire: WireDiscord, provider: Provider, bot: Starter
) -> None:
    async with bot.start() as program:
        await wire.wait_for_sessions()
        await wire.gateway.refuse(4004)
        assert await program.ended() == 2
    assert_tidy(program, wire, provider)


@pytest.mark.nightly(daily=["whole-4010-SHARD_IDS"])
@pytest.mark.parametrize(("code", "setting"), [(4010, "SHARD_IDS"), (4011, "SHARD_COUNT")])
@pytest.mark.parametrize("settings", [{}, {"shard_count": 1}], ids=["whole", "sharded"])
async def test_shards_that_discord_refuses_end_it_with_one_readable_line(
    wire: WireDiscord, provider: Provider, bot: Starter, code: int, setting: str, settings: dict[str, object]
) -> None:
    async with bot.start(**settings) as program:
        await wire.wait_for_sessions()
        await wire.gateway.refuse(code)
        assert await program.ended() == 2
    assert program.lines[-1].startswith(f"{setting}: "), program.output
    assert_tidy(program, wire, provider)


@pytest.mark.nightly(daily=["sharded"])
@pytest.mark.parametrize("settings", [{}, {"shard_count": 1}], ids=["whole", "sharded"])
async def test_a_malformed_event_does_not_end_the_program(
    wire: WireDiscord, bot: Starter, settings: dict[str, object]
) -> None:
    async with bot.start(**settings) as program:
        await wire.wait_for_sessions()
        await wire.send_event("THREAD_CREATE", {"id": "1"}, wire.guild.id)
        assert "THREAD_CREATE" in await program.wait_for_line("could not read an event")
        await video_in_thread(wire, await ask(wire))
        assert wire.gateway.closings == [], "the event ended the connection"
        await wire.gateway.drop(resumable=False)
        await wire.wait_for_sessions()
        assert await ask(wire)
        assert await program.stop() == 0


async def test_the_option_role_goes_before_the_setting(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    environment = bot_environment(wire, provider, tmp_path / "data", role="gateway")
    async with Program(["-m", "bot", "run", "--role", "worker"], environment, tmp_path) as program:
        assert "worker" in await program.wait_for_line("ready")
        assert await program.stop() == 0
    assert wire.gateway.identified == []
    assert_tidy(program, wire, provider)


async def test_a_worker_with_a_wrong_token_ends_with_one_readable_line(bot: Starter) -> None:
    async with bot.start(role="worker", discord_token="wrong-token-4711") as program:
        assert await program.ended() == 2
    said = [line for line in program.lines if "DISCORD_TOKEN" in line]
    assert said == ["DISCORD_TOKEN: Discord rejects it. Copy it again from the developer portal"]


UPLOADS = {
    "an entry point": Fault.status(400, 50240),
    "too many": Fault.status(400, 30034),
    "an outage": Fault.status(503),
    "a broken connection": Fault.reset(),
    "a page": Fault.status(200, html=True),
    "half of it": Fault.says('[{"id": "1'),
    "another object": Fault.says('{"code": 0}'),
    "another list": Fault.says("[null]"),
}


@pytest.mark.nightly(daily=["an entry point", "a broken connection", "another list"])
@pytest.mark.parametrize("name", UPLOADS)
async def test_it_serves_the_known_commands_when_the_upload_is_refused(
    wire: WireDiscord, bot: Starter, tmp_path: Path, name: str
) -> None:
    async with bot.start() as program:
        await wire.wait_for_sessions()
        assert await program.stop() == 0
    (tmp_path / "data" / "veo.db").unlink()  # so that it does not know what Discord was told
    upload = "PUT /applications/{application_id}/commands"
    wire.faults.add(upload, UPLOADS[name], times=None)
    async with bot.start() as program:
        await program.wait_for_line("Discord rejects the commands")
        await video_in_thread(wire, await ask(wire))
        assert await program.stop() == 0


async def test_commands_that_were_refused_are_uploaded_again_while_it_runs(
    wire: WireDiscord, bot: Starter
) -> None:
    wire.faults.add("PUT /applications/{application_id}/commands", Fault.status(400, 30034, "no"), times=2)
    async with bot.start() as program:
        await program.wait_for_line("Discord rejects the commands")
        await program.wait_for_line("commands synced")
        await video_in_thread(wire, await ask(wire))
        assert await program.stop() == 0


async def test_an_entry_point_command_is_kept(wire: WireDiscord, bot: Starter) -> None:
    launch = {"id": "5", "name": "launch", "type": 4, "handler": 2, "description": ""}
    wire.commands.keep(launch)
    async with bot.start() as program:
        await program.wait_for_line("commands synced")
        assert await program.stop() == 0
    assert {"launch", "veo"} <= {command["name"] for command in wire.commands.all()}
