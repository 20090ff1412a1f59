"""The whole program as those see it who watch it: its health and its log, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider import Fault, Provider
from sandbox.world import wait_until
from tests.e2e.watching import Answer, fetch, parse
from tests.wire.whole.starting import ALICE, GATEWAY, Starter
from tests.wire_discord import Fault as DiscordFault
from tests.wire_discord import WireDiscord
from tests.wire_discord.program import Program

PROMPT = "A fox that nobody may read about"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
HEARTBEAT_MS = 400  # so that a silent gateway is noticed after 1.2 seconds


@pytest.fixture
async def wire() -> AsyncIterator[WireDiscord]:
    async with WireDiscord(heartbeat_ms=HEARTBEAT_MS) as wire:
        yield wire


def start(wire: WireDiscord, provider: Provider, folder: Path, **settings: object) -> Program:
    """Start the program; it chooses a free port and says which in its log."""
    chosen: dict[str, object] = {"http_port": 0, "log_format": "json", **settings}
    return Starter(wire, provider, folder).start(**chosen)


async def address_of(program: Program) -> str:
    return json.loads(await program.wait_for_line('"watching"'))["address"]


async def until(address: str, path: str, status: int, failing: list[str] | None = None) -> Answer:
    """Ask until the answer has that status, and where they are named those checks that are not well."""
    latest: list[Answer] = []

    async def look() -> Answer | None:
        latest.append(await asyncio.to_thread(fetch, address + path))
        if latest[-1].status != status or (failing is not None and latest[-1].failing != failing):
            return None
        return latest[-1]

    try:
        return await wait_until(look, seconds=120)
    except TimeoutError:
        raise AssertionError(f"{path} never answered {status}; at last: {latest[-1]}") from None


async def deliver(wire: WireDiscord, **options: object) -> None:
    """Ask for a video and wait for it."""
    request = {"prompt": PROMPT, "duration": 4, **options}
    card = await (await wire.interact(ALICE, "veo", request)).answered()
    assert card
    await wire.wait_for_message(lambda message: message.id == card.id and "Ready" in message.content)


async def test_it_is_ready_once_discord_says_so_and_not_while_it_stops(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    wire.faults.add(GATEWAY, DiscordFault.hang())
    async with start(wire, provider, tmp_path) as program:
        address = await address_of(program)
        waiting = await until(address, "/readyz", 503)
        assert waiting.json["waiting_for"] == ["gateway"]
        wire.faults.release()
        await until(address, "/readyz", 200)
        provider.faults.add("cdn", Fault.hang())  # a step that the program waits for when it stops
        await (await wire.interact(ALICE, "veo", {"prompt": PROMPT})).answered()
        await provider.called("cdn")
        stopped = asyncio.create_task(program.stop())
        assert (await until(address, "/readyz", 503)).json["waiting_for"] == ["stopping"]
        provider.faults.release()
        assert await stopped == 0


async def test_a_silent_gateway_fails_the_health_check_until_it_is_back(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    async with start(wire, provider, tmp_path) as program:
        address = await address_of(program)
        await until(address, "/readyz", 200)
        assert (await until(address, "/healthz", 200)).json["status"] == "ok"
        wire.faults.add(GATEWAY, DiscordFault.status(503), times=None)
        await wire.gateway.drop()
        await until(address, "/healthz", 503, failing=["gateway"])
        page = parse((await until(address, "/metrics", 200)).text)
        assert page("gateway_connected") == 0
        assert page("gateway_heartbeat_age_seconds") > 1
        assert (await until(address, "/readyz", 503)).json["waiting_for"] == ["gateway"]
        wire.faults.clear()
        await until(address, "/healthz", 200)
        await until(address, "/readyz", 200)
        assert await program.stop() == 0


async def test_the_figures_count_a_request_of_the_whole_program(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    async with start(wire, provider, tmp_path) as program:
        address = await address_of(program)
        await until(address, "/readyz", 200)
        await deliver(wire)

        async def finished() -> bool | None:
            page = parse((await asyncio.to_thread(fetch, address + "/metrics")).text)
            return page("requests_finished_total", status="succeeded") == 1 or None

        await wait_until(finished, seconds=120)
        assert await program.stop() == 0


async def test_an_address_that_is_in_use_ends_with_one_readable_line(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    port = wire.api_base.split(":")[2].split("/")[0]
    async with start(wire, provider, tmp_path, http_port=port) as program:
        assert await program.ended() == 2
    assert [line for line in program.lines if "HTTP_PORT" in line] == [
        f"HTTP_PORT: The bot can't listen on 127.0.0.1 port {port}: Address already in use"
    ]
    assert "Traceback" not in program.output


async def test_a_host_that_cannot_be_one_ends_with_one_readable_line(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    async with start(wire, provider, tmp_path, http_host="bot..example") as program:
        assert await program.ended() == 2
    assert [line for line in program.lines if "HTTP_HOST" in line] == [
        "HTTP_HOST: The bot can't listen on bot..example port 0: That is no name of a host"
    ]
    assert "Traceback" not in program.output


def between(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines from the first accepted command to the last delivery."""
    accepted = [number for number, line in enumerate(lines) if line["event"] == "accepted"]
    done = [number for number, line in enumerate(lines) if line["event"] == "step done"]
    assert accepted
    assert done
    return lines[accepted[0] : done[-1] + 1]


async def read_log(wire: WireDiscord, provider: Provider, folder: Path, level: str) -> list[dict[str, Any]]:
    """Let two requests meet every trouble that is told in the log, and return its lines."""
    quoted = f"Too busy for “{PROMPT.upper()}”."  # as some services repeat what they were sent
    provider.faults.add("create", Fault.status(429, quoted, retry_after=0.1))
    provider.faults.add("retrieve", Fault.status(500, quoted))
    provider.faults.add("cdn", Fault.truncated_download())
    wire.faults.add(EDIT, DiscordFault.status(403), times=2)  # of the one that runs and the one in the queue
    wire.faults.add("POST /channels/{channel_id}/messages/{message_id}/threads", DiscordFault.status(500))
    wire.faults.add("POST /channels/{channel_id}/messages", DiscordFault.status(403))
    provider.hold = True
    async with start(wire, provider, folder, log_level=level, max_running=1) as program:
        await until(await address_of(program), "/readyz", 200)
        delivered = asyncio.gather(deliver(wire), deliver(wire, duration=6))
        await wire.wait_for_requests(EDIT, 2)
        provider.release()
        await delivered
        assert await program.stop() == 0
    return [json.loads(line) for line in program.lines if line.startswith("{")]


async def test_every_line_from_the_command_to_the_delivery_names_the_request(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    lines = await read_log(wire, provider, tmp_path, "INFO")

    said = between(lines)
    assert len({line.get("generation") for line in said}) == 2, "two requests were made at once"
    assert [line for line in said if "generation" not in line] == []
    assert [line for line in lines if PROMPT.lower() in json.dumps(line).lower()] == []
    assert [line for line in lines if "Too busy" in json.dumps(line)], "the provider's words are told"
    assert "cogs.delivery" in {line["logger"].rpartition(".")[0] for line in said}, (
        "the delivery said nothing"
    )


async def test_prompts_are_in_lines_for_debugging_only(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    lines = await read_log(wire, provider, tmp_path, "DEBUG")

    found = [line for line in lines if PROMPT.lower() in json.dumps(line).lower()]
    assert found, "at DEBUG the prompt is told"
    assert {line["level"] for line in found} == {"debug"}


async def test_a_worker_is_ready_once_it_has_logged_in_and_needs_no_gateway(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    wire.faults.add("GET /users/@me", DiscordFault.hang())
    async with start(wire, provider, tmp_path, role="worker") as program:
        address = await address_of(program)
        assert "discord" in (await until(address, "/readyz", 503)).text
        wire.faults.release()
        await until(address, "/readyz", 200)
        health = (await until(address, "/healthz", 200)).text
        figures = (await until(address, "/metrics", 200)).text
        assert await program.stop() == 0, program.output
    assert "gateway" not in health
    assert '"polls"' in health
    assert "veobot_gateway_connected NaN" in figures, "no alert about a connection that is not to be there"
    assert 'veobot_health_check_up{check="gateway"} NaN' in figures, "no alert about a check it has not"
    assert wire.gateway.identified == []
    assert wire.count("PUT /applications/{application_id}/commands") == 0


async def test_a_gateway_carries_nothing_and_is_well_all_the_same(
    wire: WireDiscord, provider: Provider, tmp_path: Path
) -> None:
    async with start(wire, provider, tmp_path, role="gateway") as program:
        address = await address_of(program)
        await until(address, "/readyz", 200)
        health = (await until(address, "/healthz", 200)).text
        figures = (await until(address, "/metrics", 200)).text
        assert await program.stop() == 0, program.output
    assert 'veobot_health_check_up{check="polls"} NaN' in figures, "no alert about a check it has not"
    assert '"gateway"' in health
    assert "polls" not in health
