"""The bot's own messages in a channel, as far as they can be read.

They are found by ids, which are Discord's own order and time: the host's clock may be minutes off.
"""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import structlog

PAGE = 100  # messages that Discord gives at once

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def own_messages(
    client: discord.Client,
    channel: discord.PartialMessageable,
    *,
    after: int,
    max_messages: int,
    newest: bool,
) -> AsyncIterator[discord.Message]:
    """Yield the bot's messages among `max_messages` after an id: the first, or from the newest one on back.

    discord.py's own `history` ends at the first message that it cannot read, even somebody else's.

    Raises:
        discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError: Discord could not be asked.
    """
    last = None if newest else after
    for _page in range(max_messages // PAGE):
        pages = {"before": last} if newest else {"after": last}
        data = _listed(await client.http.logs_from(channel.id, PAGE, **pages))
        numbers = [number for item in data if (number := _number(item))]
        for item in sorted(data, key=_number, reverse=newest):
            is_meant = _number(item) > after and _is_from(item, client.user)
            if is_meant and (message := _read(client, channel, item)):
                yield message
        if len(data) < PAGE or not numbers or min(numbers) <= after:
            return
        last = min(numbers) if newest else max(numbers)


def _listed(answer: Any) -> list[Any]:
    """Return the messages of an answer.

    Raises:
        aiohttp.ClientError: it is no list, as where another page answers in Discord's place; nothing can be
            concluded from that, least of all that nothing was posted.
    """
    if not isinstance(answer, list):
        kind = type(answer).__name__
        log.warning("could not read a list of messages", kind=kind)
        raise aiohttp.ClientPayloadError(kind)
    return answer  # pyright: ignore[reportUnknownVariableType]: JSON


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
        log.warning("could not read a message", channel=channel.id, reason=type(error).__name__)
        return None
