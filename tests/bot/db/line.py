"""A line between the program and PostgreSQL that is cut at a COMMIT, as a failing network cuts it."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import URL, make_url

COMMIT = b"COMMIT;"
SOCKET = ".s.PGSQL.5432"  # the name that clients look for in the folder they are given as a host


class Cut(Enum):
    """What becomes of a COMMIT when the line is cut."""

    BEFORE = auto()  # the server never hears of it
    AFTER = auto()  # the server does it, and its answer is lost


class Line:
    """Carries bytes both ways; each connection has a server connection of its own.

    Attributes:
        address: of the database, at this end.
        cuts: what becomes of the next COMMITs; each entry once.
        stays_down: whether nobody can connect any more after a cut.
    """

    def __init__(self, far_end: str, folder: str) -> None:
        self._far_end: URL = make_url(far_end)
        self.address = self._far_end.set(query={"host": folder}).render_as_string(hide_password=False)
        self.cuts: list[Cut] = []
        self.stays_down = False
        self._is_down = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until one side ends it, or the line is cut."""
        if self._is_down:
            writer.close()
            return
        far_reader, far_writer = await self._call()
        answers = asyncio.create_task(_carry(far_reader, writer))
        while sent := await reader.read(65_536):
            cut = self.cuts.pop(0) if self.cuts and COMMIT in sent else None
            if cut is not None:
                answers.cancel()
                await asyncio.gather(answers, return_exceptions=True)
                self._is_down = self.stays_down
            if cut is not Cut.BEFORE:
                far_writer.write(sent)
            if cut is Cut.AFTER:
                await far_reader.read(1)  # now it is done
            if cut is not None:
                break
        writer.close()
        far_writer.close()
        await asyncio.gather(answers, return_exceptions=True)

    async def _call(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        folder = self._far_end.query.get("host")
        if isinstance(folder, str):
            return await asyncio.open_unix_connection(str(Path(folder, SOCKET)))
        return await asyncio.open_connection(self._far_end.host, self._far_end.port or 5432)


@asynccontextmanager
async def open_line(far_end: str) -> AsyncGenerator[Line]:
    """Open a line to the database at an address."""
    with tempfile.TemporaryDirectory(prefix="veo-line-") as folder:
        line = Line(far_end, folder)
        async with await asyncio.start_unix_server(line.serve, str(Path(folder, SOCKET))):
            yield line


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while received := await reader.read(65_536):
        writer.write(received)
    writer.close()
