"""Shows generations on Discord with the bot's own token: an interaction's token dies after 15 minutes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import discord
import structlog

from bot.delivery import DeliveryPostponedError, UndeliverableError
from bot.media import Clip
from bot.models import Generation, Placement
from cogs.ui.card import render_card, thread_name
from cogs.ui.draft import Draft
from cogs.ui.verdicts import CALL_ERRORS, Verdict, judge, says_thread_exists

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ARCHIVE_AFTER_MINUTES = 1440
NEUTRAL_THREAD_NAME = "Video"
CARD_TIMEOUT = 15.0  # seconds; a card is a courtesy and must not hold up the work


# How a message gets to a place: the channel's `send`, or the card's `reply`.
Send = Callable[..., Awaitable[discord.Message]]


class DiscordDelivery:
    """The runner's way to Discord (see `bot.delivery.Delivery`)."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def show_state(self, generation: Generation) -> None:
        """Edit the card."""
        if generation.card_id is None:
            return
        card = self._channel(generation).get_partial_message(generation.card_id)
        try:
            async with asyncio.timeout(CARD_TIMEOUT):
                await card.edit(**render_card(generation))
        except CALL_ERRORS as error:
            log.warning("the card was not edited", error=str(error))

    async def open_thread(self, generation: Generation) -> int | None:
        """Open the thread on the card if that works now; posting the result tries again."""
        try:
            return await self._ensure_thread(generation)
        except DeliveryPostponedError as error:
            log.warning("no thread yet", reason=str(error))
            return None

    async def post_video(self, generation: Generation, clip: Clip) -> int:
        """Post the video, or a link to it where the server does not take the file."""
        return await self._post(Draft(generation, clip))

    async def post_failure(self, generation: Generation) -> int:
        """Post why there is no video."""
        return await self._post(Draft(generation, clip=None))

    async def _post(self, draft: Draft) -> int:
        async for send in self._places(draft.generation):
            form: Draft | None = draft
            while form is not None:
                try:
                    return await _send(send, form)
                except CALL_ERRORS as error:
                    form = _next_form(form, error)
        raise UndeliverableError("every place refused the message")

    async def _places(self, generation: Generation) -> AsyncIterator[Send]:
        """Yield the places to try: thread, reply to the card, channel, direct message."""
        thread_id = await self._ensure_thread(generation)
        if thread_id is not None:
            yield self._client.get_partial_messageable(thread_id, guild_id=generation.guild_id).send
        channel = self._channel(generation)
        if generation.card_id is not None:
            yield channel.get_partial_message(generation.card_id).reply
        yield channel.send
        log.warning("the channel takes no messages, so the member gets a direct one")
        try:
            direct = await self._client.create_dm(discord.Object(generation.user_id))
        except CALL_ERRORS as error:
            if judge(error) is Verdict.LATER:
                raise _postponed(error) from error
            raise UndeliverableError(f"no direct message either: {error}") from error
        yield direct.send

    async def _ensure_thread(self, generation: Generation) -> int | None:
        """Return the thread on the card; its id is the card's, so making it twice does no harm."""
        if generation.placement is not Placement.THREAD or generation.card_id is None:
            return None
        if generation.thread_id is not None:
            return generation.thread_id
        for name in (thread_name(generation), NEUTRAL_THREAD_NAME):
            refusal = await self._start_thread(generation.channel_id, generation.card_id, name)
            if refusal is None:
                return generation.card_id
            if refusal is not Verdict.NOT_THE_WORDS:
                break
        return None

    async def _start_thread(self, channel_id: int, card_id: int, name: str) -> Verdict | None:
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
                raise _postponed(error) from error
            log.warning("no thread", error=str(error))
            return judge(error)
        return None

    def _channel(self, generation: Generation) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(generation.channel_id, guild_id=generation.guild_id)


async def _send(send: Send, draft: Draft) -> int:
    message = await send(
        draft.content,
        files=draft.files(),
        nonce=draft.nonce,
        allowed_mentions=discord.AllowedMentions(users=[discord.Object(draft.generation.user_id)]),
        suppress_embeds=True,
    )
    return message.id


def _next_form(draft: Draft, error: Exception) -> Draft | None:
    """Return what to send to the same place instead, or None to go to the next place.

    Raises:
        DeliveryPostponedError: neither; the same again later.
    """
    verdict = judge(error)
    log.warning("a message was refused", verdict=verdict.name, error=str(error))
    match verdict:
        case Verdict.LATER:
            raise _postponed(error) from error
        case Verdict.NOT_THE_FILE:
            return draft.without_file()
        case Verdict.NOT_THE_WORDS:
            return draft.without_words()
        case Verdict.ELSEWHERE:
            return None


def _postponed(error: Exception) -> DeliveryPostponedError:
    wait = error.retry_after if isinstance(error, discord.RateLimited) else None
    return DeliveryPostponedError(str(error) or type(error).__name__, wait)
