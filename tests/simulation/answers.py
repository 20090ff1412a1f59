"""The answer to a command, as `cogs.veo.answer` sends it: a message without a nonce, within three seconds."""

import asyncio
from typing import TYPE_CHECKING

from bot.db.film_models import FilmRow
from bot.db.models import Generation
from tests.simulation.discord import HANG_SECONDS, Kind, Message, Way
from tests.simulation.refusals import no_answer, refused

if TYPE_CHECKING:
    from tests.simulation.process import Process

ANSWER_SECONDS = 3.0  # in which a command must be answered


async def answer(process: "Process", generation: Generation, asked_at: float) -> int:
    """Answer a command with the card, as `cogs.veo.answer.send_card` does; return the message's id.

    Raises:
        discord.HTTPException: Discord refused it, or its fate is not known.
    """
    world = process.world.discord
    way = world.draw()
    await process.go("Discord")
    cards = world.of(generation.id, Kind.CARD)
    if cards:
        await process.come_back("Discord")
        return cards[0].id  # Discord says that it was answered, and shows how
    if world.now() - asked_at > ANSWER_SECONDS:
        raise refused(404, 10062, "Unknown interaction")
    result = None
    if way in {None, Way.LOST, Way.HANGS_DONE}:
        draft = world.draft(Kind.CARD, generation, generation.channel_id, "queued")
        draft.has_nonce = False
        result = world.post(draft, world.now())
    if way in {Way.HANGS, Way.HANGS_DONE, Way.LATE}:
        await asyncio.sleep(HANG_SECONDS)
    await process.come_back("Discord")
    return _answered(way, result)


async def post_film_card(process: "Process", film: FilmRow) -> int:
    """Post a film's card below the offer, as `cogs.veo.answer.post_message` does; return its id.

    Raises:
        discord.HTTPException: Discord refused it, or its fate is not known.
    """
    world = process.world.discord
    way, sent_at = world.draw(), world.now()
    draft = world.draft(Kind.CARD, film, film.channel_id, "")
    await process.go("Discord")
    if world.of(film.id, Kind.CARD):  # an earlier try has arrived: Discord does not refuse this one now
        way = None
    result = world.post(draft, sent_at) if way in {None, Way.LOST, Way.HANGS_DONE} else None
    if way in {Way.HANGS, Way.HANGS_DONE, Way.LATE}:
        await asyncio.sleep(HANG_SECONDS)
    await process.come_back("Discord")
    return _answered(way, result)


def _answered(way: Way | None, result: Message | None) -> int:
    if way is Way.LIMITED:
        raise refused(403, 50013, "Missing Permissions")
    if way is not None or result is None:
        raise no_answer()
    return result.id
