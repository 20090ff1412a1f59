"""`python -m sandbox` serves the fake alone."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import aiohttp
import pytest

from sandbox import __main__, demo

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def server() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "sandbox"),
        *("--port", "0", "--key", "abc", "--seconds", "0"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    yield process
    if process.returncode is None:
        process.terminate()  # not kill: it deletes its folder of videos
    await process.communicate()


async def read_address(server: asyncio.subprocess.Process) -> str:
    assert server.stdout
    line = (await server.stdout.readline()).decode()
    match = re.fullmatch(r"(http://127\.0\.0\.1:\d+) key=abc\n", line)
    assert match, line
    return match[1]


async def test_it_prints_its_address_and_serves(
    server: asyncio.subprocess.Process, session: aiohttp.ClientSession
) -> None:
    url = await read_address(server)

    async with session.get(f"{url}/v2/billing", headers={"Authorization": "Bearer abc"}) as answer:
        assert (await answer.json())["currency"] == "USD"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_without_an_error(server: asyncio.subprocess.Process, number: signal.Signals) -> None:
    await read_address(server)

    server.send_signal(number)
    _, errors = await server.communicate()
    assert (server.returncode, errors.decode()) == (0, "")


@pytest.mark.parametrize("main", [__main__.main, demo.main], ids=["the fake", "the demo"])
def test_a_port_that_is_taken_is_told_at_once(
    main: Callable[[Sequence[str]], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    of_another_demo = tmp_path / demo.FOLDER / "veo.db"
    of_another_demo.parent.mkdir(parents=True)
    of_another_demo.touch()
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(SystemExit) as ended:
        main(["--port", str(server.getsockname()[1])])
    assert ended.value.code == 2
    assert "can't be used: Address already in use" in capsys.readouterr().err
    assert of_another_demo.exists(), "the demo that has the port lost its database"
