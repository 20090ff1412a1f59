"""A member who is being answered while the program ends is answered before the connections close."""

import asyncio
from typing import cast

from bot.db.database import Database
from bot.discord_client.client import VeoBot
from bot.services import Services


async def test_the_connections_stay_open_until_the_last_word_is_said(database: Database) -> None:
    bot = VeoBot(database=database, services=cast("Services", None), extensions=())
    said = asyncio.Event()
    states: list[bool] = []

    async def answer() -> None:
        bot.keep_open()
        await said.wait()
        states.append(bot.is_closed())

    async with bot:
        answering = asyncio.create_task(answer())
        await asyncio.sleep(0)
        closing = asyncio.create_task(bot.close())
        await asyncio.sleep(0)
        said.set()
        await asyncio.gather(answering, closing)
        assert (states, bot.is_closed()) == ([False], True)
