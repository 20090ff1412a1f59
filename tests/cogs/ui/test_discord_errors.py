"""What each refusal by Discord means for a message that must arrive."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from cogs.ui.discord_errors import (
    CALL_ERRORS,
    Remedy,
    classify_error,
    is_broken_connection,
    says_thread_exists,
)

# Discord's codes with the HTTP statuses they come with.
LATER = {
    "rate limit": (0, 429),
    "server error": (0, 500),
    "bad gateway": (0, 502),
    "unavailable": (0, 503),
    "gateway time-out": (0, 504),
    "overloaded": (130000, 503),
    "slow mode": (20016, 429),
    "channel write limit": (20028, 429),
    "server write limit": (20029, 429),
    "sending switched off": (40004, 403),
    "feature switched off": (40006, 403),
    "resource limited": (40062, 429),
    "edit limit": (30046, 429),
    "too slow for a proxy": (0, 408),
    "token reset": (0, 401),
}
TOO_LARGE = {
    "too large": (40005, 413),
    "too large without its status": (40005, 400),
    "too large for a proxy": (0, 413),
    "over the maximum": (50045, 400),
}
NOT_THE_FILE = {
    "invalid file": (50046, 400),
    "bad file": (50110, 400),
    "file without end": (50123, 400),
    "upload not found": (50146, 400),
    "uploads limited": (400001, 403),
}
NOT_THE_WORDS = {
    "message filter": (200000, 400),
    "title filter": (200001, 400),
    "link filter": (240000, 400),
    "malformed": (50035, 400),
}
ELSEWHERE = {
    "channel deleted": (10003, 404),
    "server gone": (10004, 404),
    "message deleted": (10008, 404),
    "unknown user": (10013, 404),
    "webhook gone": (10015, 404),
    "explicit content": (20009, 403),
    "thread full": (30033, 400),
    "forum": (40058, 400),
    "tag needed": (40067, 400),
    "no access": (50001, 403),
    "direct messages": (50003, 400),
    "no direct messages": (50007, 403),
    "voice": (50008, 400),
    "no permission": (50013, 403),
    "system message": (50021, 403),
    "wrong kind of channel": (50024, 400),
    "wrong kind of message": (50068, 400),
    "archived": (50083, 400),
    "no common server": (50278, 403),
    "no history": (160002, 400),
    "locked": (160005, 400),
    "too many threads": (160006, 400),
    "too many announcement threads": (160007, 400),
    "nobody has heard of it": (987654, 400),
}
ALL = [
    pytest.param(code, status, remedy, id=f"{remedy.name}: {name}")
    for remedy, codes in (
        (Remedy.LATER, LATER),
        (Remedy.TOO_LARGE, TOO_LARGE),
        (Remedy.NOT_THE_FILE, NOT_THE_FILE),
        (Remedy.NOT_THE_WORDS, NOT_THE_WORDS),
        (Remedy.ELSEWHERE, ELSEWHERE),
    )
    for name, (code, status) in codes.items()
]
KINDS: dict[int, type[discord.HTTPException]] = {403: discord.Forbidden, 404: discord.NotFound}


def refusal(code: int, status: int) -> discord.HTTPException:
    """Return what discord.py raises for such an answer."""
    response: Any = SimpleNamespace(status=status, reason="refused")
    kind = discord.DiscordServerError if status >= 500 else KINDS.get(status, discord.HTTPException)
    return kind(response, {"code": code, "message": "refused"})


@pytest.mark.parametrize(("code", "status", "remedy"), ALL)
def test_each_refusal_has_its_remedy(code: int, status: int, remedy: Remedy) -> None:
    assert classify_error(refusal(code, status)) is remedy


@pytest.mark.parametrize(
    "error",
    [
        discord.RateLimited(30.0),
        aiohttp.ClientConnectionError(),
        aiohttp.ServerDisconnectedError(),
        TimeoutError(),
        ConnectionResetError(104, "reset"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_calls_of_unknown_fate_are_repeated(error: Exception) -> None:
    assert classify_error(error) is Remedy.LATER
    assert isinstance(error, CALL_ERRORS), "this error would not be caught"


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ClientOSError(104, "reset"),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientConnectionResetError("Cannot write to closing transport"),
        ConnectionResetError(104, "reset"),
        BrokenPipeError(32, "broken pipe"),
        TimeoutError(),
        refusal(0, 408),
        refusal(0, 504),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_breaks_is_told_apart(error: Exception) -> None:
    assert is_broken_connection(error)
    assert classify_error(error) is Remedy.LATER


@pytest.mark.parametrize(
    "error",
    [
        discord.RateLimited(30.0),
        aiohttp.ConnectionTimeoutError(),
        refusal(0, 503),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_passing_troubles_break_no_connection(error: Exception) -> None:
    assert not is_broken_connection(error)
    assert classify_error(error) is Remedy.LATER


async def test_a_connection_that_was_never_there_is_not_broken(unused_tcp_port: int) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(f"http://127.0.0.1:{unused_tcp_port}/")
    assert not is_broken_connection(caught.value)
    assert classify_error(caught.value) is Remedy.LATER


def test_only_one_code_says_that_the_thread_exists() -> None:
    assert says_thread_exists(refusal(160004, 400))
    assert not says_thread_exists(refusal(160006, 400))
    assert not says_thread_exists(TimeoutError())
