"""aiohttp's client and server without sockets: bytes are handed over after a while, by the loop's clock."""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from tests.simulation.loop import OWNER

Delay = Callable[[], float]
Answerer = Callable[[], asyncio.Protocol]
STEP = 1e-6  # seconds between two pieces, so that they keep their order


class Line(asyncio.Transport):
    """One end of a connection; what is written comes out of the other end after a while.

    Args:
        context: in which the protocol at this end is called: the process's own, or the world's.
    """

    other: "Line"

    def __init__(self, protocol: asyncio.BaseProtocol, context: Context, delay: float) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._protocol: Any = protocol
        self._context = context
        self._delay = delay
        self._free_at = 0.0
        self._is_closing = False
        self._is_over = False

    def open(self) -> None:
        """Tell the protocol at this end that it is connected."""
        self._context.run(self._protocol.connection_made, self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send."""
        if not self._is_closing:
            self._send(self.other.take, bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        """Send pieces as one."""
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        """End it once what was sent has arrived."""
        if not self._is_closing:
            self._is_closing = True
            self._send(self.other.end)
            self._loop.call_soon(self.end)

    def abort(self) -> None:
        """End it at once."""
        self.close()

    def take(self, data: bytes) -> None:
        """Give what has arrived to the protocol."""
        if not self._is_over:
            self._context.run(self._protocol.data_received, data)

    def end(self) -> None:
        """Tell the protocol that the connection is over."""
        self._is_closing = True
        if not self._is_over:
            self._is_over = True
            self._context.run(self._protocol.connection_lost, None)

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._is_closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ARG002 the interface names it
        """Return nothing: there is no socket."""
        return default

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who is at this end."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let somebody else be at this end."""
        self._protocol = protocol

    def get_write_buffer_size(self) -> int:
        """Return 0: everything is on its way."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: there is no buffer."""

    def pause_reading(self) -> None:
        """Do nothing: files are small here."""

    def resume_reading(self) -> None:
        """Do nothing."""

    def is_reading(self) -> bool:
        """Return True."""
        return True

    def can_write_eof(self) -> bool:
        """Return False, as a TLS connection does."""
        return False

    def _send(self, receive: Callable[..., None], *data: bytes) -> None:
        self._free_at = max(self._loop.time() + self._delay, self._free_at + STEP)
        self._loop.call_at(self._free_at, receive, *data, context=Context())


class MemoryConnector(aiohttp.BaseConnector):
    """Connects a session with a server in the same program.

    Args:
        answerer: makes the server's end of a connection.
        delay: seconds for one way, drawn for each connection.
        can_connect: asked before; an error of it is what the session sees.
    """

    def __init__(self, answerer: Answerer, delay: Delay, can_connect: Callable[[], None]) -> None:
        super().__init__()
        self._answerer = answerer
        self._draw = delay
        self._can_connect = can_connect

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,  # noqa: ARG002 the interface names it
        traces: Any,  # noqa: ARG002 the same
        timeout: aiohttp.ClientTimeout,  # noqa: ARG002, ASYNC109 the same
    ) -> ResponseHandler:
        delay = self._draw()
        await asyncio.sleep(delay)
        self._can_connect()
        asker = ResponseHandler(asyncio.get_running_loop())
        here = Line(asker, copy_context(), delay)
        world = Context()
        world.run(OWNER.set, None)
        there = Line(self._answerer(), world, delay)
        here.other, there.other = there, here
        there.open()
        here.open()
        return asker
