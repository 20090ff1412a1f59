"""Check of HTTP_PORT: it must be free, or the bot's own, beside which the doctor may run."""

import asyncio
import socket

import aiohttp

from bot.doctor.check_result import CheckResult

ANSWER_TIMEOUT = aiohttp.ClientTimeout(total=2)  # for an answer of our own; another program may give none


async def check_port(session: aiohttp.ClientSession, host: str, port: int) -> CheckResult:
    """Check the address of the pages for those who watch; `port`: 0 is any free one."""
    try:
        await asyncio.to_thread(_try, host, port)
    except (OSError, UnicodeError) as error:
        if await _is_ours(session, host, port):
            return CheckResult(is_good=True, what=f"A bot is running on {host} port {port}.")
        return CheckResult(
            is_good=False,
            what=f"The bot can't listen on {host} port {port}: {_reason(error)}.",
            remedy="Set another HTTP_PORT or HTTP_HOST, or stop the program that uses this one.",
        )
    return CheckResult(is_good=True, what=f"{host} port {port} is free.")


def _try(host: str, port: int) -> None:
    """Take the address for a moment, as the bot does.

    Raises:
        OSError, UnicodeError: it cannot be had.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()


async def _is_ours(session: aiohttp.ClientSession, host: str, port: int) -> bool:
    try:
        async with session.get(f"http://{host}:{port}/healthz", timeout=ANSWER_TIMEOUT) as response:
            answer: object = await response.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False
    return isinstance(answer, dict) and "checks" in answer


def _reason(error: OSError | UnicodeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "no such host"
