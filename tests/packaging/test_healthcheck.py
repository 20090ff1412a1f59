"""The container's health check, asking a real server."""

import asyncio
import os
import socket
import sys

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.packaging.dockerfile import ROOT

SCRIPT = ROOT / "deploy/healthcheck.py"


async def check(**settings: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        SCRIPT,
        env={"PATH": os.defpath} | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode().strip()


def answering(status: int, words: str) -> TestServer:
    async def healthz(_: web.Request) -> web.Response:
        return web.Response(status=status, text=words)

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    return TestServer(app)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "", "localhost"])  # noqa: S104 as compose.yaml says
async def test_a_bot_that_says_it_is_well_is_well(host: str) -> None:
    async with answering(200, "all well") as server:
        assert await check(HTTP_PORT=str(server.make_url("/").port), HTTP_HOST=host) == (0, "")


async def test_a_bot_that_says_what_is_wrong_is_not_well() -> None:
    async with answering(503, "event_loop: 12 s behind") as server:
        assert await check(HTTP_PORT=str(server.make_url("/").port)) == (1, "503: event_loop: 12 s behind")


async def test_a_bot_that_never_answers_is_not_well() -> None:
    """Its event loop is blocked, so the kernel alone takes the connection."""
    with socket.create_server(("127.0.0.1", 0)) as blocked:
        code, said = await check(HTTP_PORT=str(blocked.getsockname()[1]))
    assert code == 1
    assert "timed out" in said


@pytest.mark.parametrize("settings", [{}, {"HTTP_PORT": ""}])
async def test_nothing_is_asked_where_the_operator_wants_no_port(settings: dict[str, str]) -> None:
    assert await check(**settings) == (0, "")


async def test_a_port_that_is_no_number_is_told() -> None:
    code, said = await check(HTTP_PORT="eighty")
    assert code == 1
    assert "eighty" in said
