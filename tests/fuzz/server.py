"""A server that says what it is told, right or wrong, and hangs up."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

HOST = "127.0.0.1"

Speak = Callable[[bytes], bytes]  # from the head of a request to the whole answer


@asynccontextmanager
async def serve(speak: Speak) -> AsyncGenerator[str]:
    """Answer every request with what `speak` makes of its head; the server's address."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(speak(head))
            await writer.drain()
            writer.write_eof()
            while await reader.read(65_536):  # else an unread body would turn the answer into a reset
                pass
        writer.close()

    server = await asyncio.start_server(talk, HOST, 0, limit=2**20)
    async with server:
        host, port, *_ = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"
