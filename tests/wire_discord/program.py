"""A program as a subprocess: its log lines can be waited for, and it never outlives its block."""

import asyncio
import os
import signal
from asyncio.subprocess import STDOUT
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from sandbox.provider import Provider
from tests.forked import start_interpreter, start_python
from tests.wire_discord.discord_server import WireDiscord

ROOT = Path(__file__).parents[2]
# Modules are compiled by the first start and not by every one, whatever this process was told.
OURS = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""}


class Program:
    """A running Python program; use it with `async with`, which kills it at the end if need be.

    Args:
        arguments: after `python`, such as `["-m", "bot", "run"]`.
        environment: added to this process's own.
        folder: where it runs, so that no `.env` of the developer is read.
        is_fresh: start an interpreter, whose imports take as long as an operator's.

    Attributes:
        lines: what it has written so far, standard output and error together.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        is_fresh: bool = False,
    ) -> None:
        self.lines: list[str] = []
        self._arguments = arguments
        self._environment = environment
        self._folder = folder
        self._start = start_interpreter if is_fresh else start_python
        self._news = asyncio.Event()

    @property
    def output(self) -> str:
        """Everything it has written so far."""
        return "\n".join(self.lines)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    async def __aenter__(self) -> Self:
        environment = {**os.environ, **OURS, **self._environment}
        self._process = await self._start(self._arguments, environment, self._folder, stderr=STDOUT)
        self._reader = asyncio.create_task(self._read(), name="read the program's output")
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self.ended()

    async def wait_for_line(self, part: str, seconds: float = 60.0) -> str:
        """Return the first line that contains `part`.

        Raises:
            TimeoutError: there was none in time.
            RuntimeError: the program ended before.
        """
        return await self._wait(lambda: next((line for line in self.lines if part in line), None), seconds)

    async def ended(self, seconds: float = 60.0) -> int:
        """Return the exit code once the program has ended; negative: the signal that ended it.

        Raises:
            TimeoutError: it did not end in time.
        """
        async with asyncio.timeout(seconds):
            code = await self._process.wait()
            await self._reader
        return code

    async def stop(self, seconds: float = 60.0) -> int:
        """Send SIGTERM, and return as `ended`."""
        self._process.send_signal(signal.SIGTERM)
        return await self.ended(seconds)

    async def kill(self) -> int:
        """Send SIGKILL, and return as `ended`."""
        self._process.kill()
        return await self.ended()

    async def _wait(self, look: Callable[[], str | None], seconds: float) -> str:
        async with asyncio.timeout(seconds):
            while (found := look()) is None:
                if self._reader.done():
                    raise RuntimeError(f"the program ended before:\n{self.output}")
                await self._news.wait()
        return found

    async def _read(self) -> None:
        stream = self._process.stdout
        if stream is None:
            return
        async for line in stream:
            self.lines.append(line.decode(errors="replace").rstrip())
            self._tell()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def bot_environment(discord: WireDiscord, provider: Provider, folder: Path, **more: object) -> dict[str, str]:
    """Return the settings of `python -m bot run` in a sandbox; `more` are further ones by name."""
    values: dict[str, object] = {
        "discord_api_base": discord.api_base,
        "discord_gateway_url": discord.gateway_url,
        "discord_cdn_url": discord.cdn_url,
        "discord_token": discord.token,
        "aimlapi_base_url": provider.url,
        "aimlapi_key": provider.key,
        "data_dir": folder,
        "poll_interval": 0.2,
        "card_interval": 0,
        "max_actions": 10_000,  # tests are faster than people
        **more,
    }
    return {name.upper(): str(value) for name, value in values.items()}
