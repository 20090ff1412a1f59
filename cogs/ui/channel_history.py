"""The bot's own messages in a place, oldest first, as far as they can be read."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import discord
import structlog

PAGE = 100  # messages that Discord gives at once

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def own_messages(
    client: discord.Client, channel: discord.PartialMessageable, *, after: datetime, most: int
) -> AsyncIterator[discord.Message]:
    """Yield the bot's messages among the first `most` after a time.

    discord.py's own `history` ends at the first message that it cannot read, even somebody else's.

    Raises:
        discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError: Discord could not be asked.
    """
    last = discord.utils.time_snowflake(after, high=True)
    for _page in range(most // PAGE):
        data: list[Any] = list(await client.http.logs_from(channel.id, PAGE, after=last))
        numbers = [number for item in data if (number := _number(item))]
        for item in sorted(filter(_number, data), key=_number):
            if _is_from(item, client.user) and (message := _read(client, channel, item)):
                yield message
        if len(data) < PAGE or not numbers:
            return
        last = max(numbers)


def _number(item: Any) -> int:
    """Return a message's id; 0: it cannot be read."""
    try:
        return int(item["id"])
    except (KeyError, TypeError, ValueError):
        return 0


def _is_from(item: Any, user: discord.ClientUser | None) -> bool:
    try:
        return user is not None and item["author"]["id"] == str(user.id)
    except (KeyError, TypeError):
        return False


def _read(client: discord.Client, channel: discord.PartialMessageable, item: Any) -> discord.Message | None:
    try:
        return client._connection.create_message(channel=channel, data=item)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: as `history` does
    except Exception as error:  # noqa: BLE001 discord.py raises whatever it stumbles over
        log.warning("a message could not be read", channel=channel.id, reason=type(error).__name__)
        return None
