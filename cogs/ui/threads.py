"""The thread on a card. Its id is the card's, so making it twice does no harm."""

import discord
import structlog

from bot.models import Generation, Placement
from cogs.ui.card import neutral_thread_name, thread_name
from cogs.ui.refusals import Refusals
from cogs.ui.verdicts import CALL_ERRORS, Verdict, judge, postponed, says_thread_exists

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ARCHIVE_AFTER_MINUTES = 1440


class Threads:
    """Opens threads on cards."""

    def __init__(self, client: discord.Client, refusals: Refusals) -> None:
        self._client = client
        self._refusals = refusals

    async def ensure(self, generation: Generation) -> int | None:
        """Return the id of the thread on the card, made if need be, or None where none can be.

        Raises:
            DeliveryPostponedError: try again later.
        """
        if generation.placement is not Placement.THREAD or generation.card_id is None:
            return None
        if generation.thread_id is not None:
            return generation.thread_id
        if self._refusals.has(("thread", generation.channel_id)):
            return None
        for name in (thread_name(generation), neutral_thread_name(generation)):
            refusal = await self._start(generation.channel_id, generation.card_id, name)
            if refusal is None:
                return generation.card_id
            if refusal is not Verdict.NOT_THE_WORDS:
                break
        return None

    async def _start(self, channel_id: int, card_id: int, name: str) -> Verdict | None:
        """Return None when there is a thread on the card now, or what Discord's refusal means.

        Raises:
            DeliveryPostponedError: try again later.
        """
        try:
            await self._client.http.start_thread_with_message(
                channel_id, card_id, name=name, auto_archive_duration=ARCHIVE_AFTER_MINUTES
            )
        except CALL_ERRORS as error:
            if says_thread_exists(error):
                return None
            if judge(error) is Verdict.LATER:
                raise postponed(error) from error
            self._refusals.note(("thread", channel_id), error)
            log.warning("no thread", error=str(error))
            return judge(error)
        return None
