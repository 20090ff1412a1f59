"""Shows generations on Discord with the bot's own token: an interaction's token dies after 15 minutes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import discord
import structlog
from cachetools import FIFOCache

from bot.db.models import Generation, Placement
from bot.eta.eta import NO_ETA, Eta
from bot.jobs.ports import (
    IsCurrent,
    Posted,
    ReadRow,
    UndeliverableError,
    UploadBrokenError,
    UploadTooLargeError,
)
from bot.media.files import Clip
from bot.media.fitting import Loss
from bot.metrics.metrics import CONVERTED, LINKS, ORIGINAL, SIZES, SMALLER
from bot.requests.successors import Successors
from cogs.cards.card_message import card_message, card_nonce
from cogs.cards.result_message import ResultMessage, is_card, is_result
from cogs.delivery.card_throttle import CardEdits
from cogs.delivery.card_updates import Cards
from cogs.delivery.channel_history import own_messages
from cogs.delivery.failed_destinations import FailedDestinations, Place
from cogs.delivery.threads import Threads
from cogs.ui.discord_errors import CALL_ERRORS, Remedy, classify_error, is_broken_connection, postponed
from cogs.ui.servers import Servers
from cogs.videos.result_buttons import result_view

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

SEARCHED_MESSAGES = 1000  # in one place, in which an earlier post is looked for
NONCE_LIFE = 120.0  # seconds; Discord's documents say "the past few minutes"
ID_SKEW = 5000 << 22  # 5 s in ids of Discord ("Snowflakes"): by so much its machines may differ
MOST_TRIED = 1000  # posts whose last try is remembered; the oldest are forgotten first
# Seconds for calls, in which discord.py sleeps out short rate limits; nobody's video waits longer for one.
SEARCH_TIMEOUT = 60.0
SEND_TIMEOUT = 60.0
UPLOAD_TIMEOUT = 600.0  # aiohttp gives one try five minutes
DIRECT_TIMEOUT = 30.0

Test = Callable[[discord.Message, Generation], bool]


@dataclass(frozen=True, slots=True)
class Target:
    """A place for a message, and how it gets there: a channel's `send` or the card's `reply`."""

    place: Place
    channel_id: int | None  # None: a direct message
    send: Callable[..., Awaitable[discord.Message]]


class DiscordDelivery:
    """The runner's way to Discord (see `bot.jobs.ports.DeliveryPort`)."""

    def __init__(
        self,
        client: discord.Client,
        edits: CardEdits,
        servers: Servers | None = None,
        read_row: ReadRow | None = None,
        successors: Successors | None = None,
    ) -> None:
        self._successors = successors
        self._client = client
        self._servers = servers or Servers(client)
        self._failed = FailedDestinations()
        # When this process last tried to post, by the generation's id.
        self._tried = FIFOCache[str, float](MOST_TRIED)
        self._threads = Threads(client, self._failed)
        self._cards = Cards(client, self._failed, edits, read_row)

    async def show_state(
        self, generation: Generation, eta: Eta = NO_ETA, is_current: IsCurrent | None = None
    ) -> None:
        """Edit the card: soon, while the generation is waited for; else before this returns."""
        await self._cards.show(generation, eta, is_current)

    async def open_thread(self, generation: Generation) -> int | None:
        """Open the thread on the card, if there can be one, however long that takes."""
        return await self._threads.ensure(generation, patience=None)

    async def find_card(self, generation: Generation) -> int | None:
        """Look for a card whose id was not recorded, since the process ended at that moment."""
        if generation.interaction_id < 0:
            return None  # anonymous: nothing says when it was
        # An answer is younger than what it answers, but several machines of Discord give ids.
        since = generation.interaction_id - ID_SKEW
        return await self._search(generation.channel_id, generation, since, is_card)

    async def post_card(self, generation: Generation) -> int:
        """Post the card as a message of its own, once within the life of its nonce."""
        place = ("send", generation.channel_id)
        if self._failed.has(place):
            raise UndeliverableError("every place refused the message")
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                channel = self._channel(generation)
                return (await channel.send(**card_message(generation), nonce=card_nonce(generation))).id
        except CALL_ERRORS as error:
            self._failed.note(place, error)
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            raise UndeliverableError(str(error)) from error

    async def find_result(self, generation: Generation) -> Posted | None:
        """Look through what was posted after the card, from the newest message on.

        The try that posted it was the last thing before the program ended, and the card may be hours older.
        """
        since = max(generation.card_id or generation.interaction_id, 0)
        for channel_id in _places(generation):
            found = await self._search(channel_id, generation, since, is_result)
            if found is not None:
                return Posted(found, channel_id)
        if time.monotonic() - self._tried.get(generation.id, -NONCE_LIFE) < NONCE_LIFE:
            return None  # Discord itself returns the first message, wherever it is sent again
        try:
            direct = await self._direct_channel(generation)
        except UndeliverableError:
            return None
        found = await self._search(direct.id, generation, since, is_result)
        return None if found is None else Posted(found, None)

    async def is_gone(self, generation: Generation) -> bool:
        """Whether Discord says that the bot is not on the generation's server any more."""
        return await self._servers.is_gone(generation.guild_id)

    async def boost_level(self, generation: Generation) -> int:
        """Return the server's level as Discord told it last, and 0 where it tells nothing."""
        guild = await self._servers.find(generation.guild_id)
        return guild.premium_tier if guild else 0

    async def post_video(
        self, generation: Generation, clip: Clip, loss: Loss | None = None, *, with_file: bool = True
    ) -> Posted:
        """Post the video, or a link to it where no files are taken."""
        return await self._post(ResultMessage(generation, clip, loss, with_file=with_file))

    async def post_ending(self, generation: Generation) -> Posted:
        """Post why there is no video: it failed or was cancelled."""
        instead = self._successors and await self._successors.find(generation)
        return await self._post(ResultMessage(generation, clip=None, instead=instead))

    async def _search(self, channel_id: int, generation: Generation, since: int, is_it: Test) -> int | None:
        place = ("read", channel_id)
        if self._failed.has(place):
            return None
        channel = self._client.get_partial_messageable(channel_id, guild_id=generation.guild_id)
        most, newest = SEARCHED_MESSAGES, is_it is is_result
        try:
            async with asyncio.timeout(SEARCH_TIMEOUT):
                async for message in own_messages(
                    self._client, channel, after=since, most=most, newest=newest
                ):
                    if is_it(message, generation):
                        return message.id
        except CALL_ERRORS as error:
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            self._failed.note(place, error)
            log.warning("a channel cannot be searched", channel=channel_id, error=str(error))
        return None

    async def _post(self, result_message: ResultMessage) -> Posted:
        self._tried[result_message.generation.id] = time.monotonic()
        waits: list[float] = []  # of places that are limited, and take messages later
        async for target in self._targets(result_message.generation):
            if (posted := await self._try(target, result_message, waits)) is not None:
                return posted
        if not waits:
            log.warning("the channel takes no messages, so the member gets a direct one")
            direct = await self._direct_channel(result_message.generation)
            target = Target(("send", direct.id), None, direct.send)
            if (posted := await self._try(target, result_message, waits)) is not None:
                return posted
        if waits:
            raise postponed(discord.RateLimited(min(waits)))
        raise UndeliverableError("every place refused the message")

    async def _try(self, target: Target, result_message: ResultMessage, waits: list[float]) -> Posted | None:
        """Send to one place in the first form that it takes; None: to another place, or after `waits`."""
        form: ResultMessage | None = None if self._failed.has(target.place) else result_message
        while form is not None and not self._failed.wait(target.place):
            try:
                posted = await _send(target, form)
            except CALL_ERRORS as error:
                self._failed.note(target.place, error)
                if not self._failed.wait(target.place):
                    form = _next_form(target, form, error)
            else:
                self._count(form)
                return posted
        if wait := self._failed.wait(target.place):
            waits.append(wait)
        return None

    def _count(self, result_message: ResultMessage) -> None:
        if result_message.attached is not None:
            SIZES.labels(_form_of(result_message)).observe(result_message.attached.size)
        elif result_message.clip is not None:
            LINKS.inc()

    async def _targets(self, generation: Generation) -> AsyncIterator[Target]:
        """Yield the server's places to try: thread, reply to the card, channel."""
        thread_id = await self._threads.ensure(generation)
        if thread_id is not None:
            thread = self._client.get_partial_messageable(thread_id, guild_id=generation.guild_id)
            yield Target(("send", thread_id), thread_id, thread.send)
        channel, channel_id = self._channel(generation), generation.channel_id
        if generation.card_id is not None:
            card = channel.get_partial_message(generation.card_id)
            yield Target(("send", channel_id), channel_id, card.reply)
        yield Target(("send", channel_id), channel_id, channel.send)

    async def _direct_channel(self, generation: Generation) -> discord.DMChannel:
        try:
            async with asyncio.timeout(DIRECT_TIMEOUT):
                return await self._client.create_dm(discord.Object(generation.user_id))
        except CALL_ERRORS as error:
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            raise UndeliverableError(f"no direct message either: {error}") from error

    def _channel(self, generation: Generation) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(generation.channel_id, guild_id=generation.guild_id)


def _form_of(result_message: ResultMessage) -> str:
    """Return what the metrics call the attached file."""
    if result_message.loss is None:
        return ORIGINAL
    return CONVERTED if result_message.loss.unplayable else SMALLER


def _places(generation: Generation) -> list[int]:
    """Return where a result may stand: a thread on the card has the card's id."""
    thread_id = generation.thread_id or generation.card_id
    if generation.placement is not Placement.THREAD or thread_id is None:
        return [generation.channel_id]
    return [thread_id, generation.channel_id]


async def _send(target: Target, result_message: ResultMessage) -> Posted:
    async with asyncio.timeout(UPLOAD_TIMEOUT if result_message.attached is not None else SEND_TIMEOUT):
        message = await target.send(
            result_message.content,
            files=result_message.files(),
            nonce=result_message.nonce,
            allowed_mentions=discord.AllowedMentions(
                users=[discord.Object(result_message.generation.user_id)]
            ),
            suppress_embeds=True,
            view=result_view(result_message.generation, result_message.instead),
        )
    return Posted(message.id, target.channel_id)


def _next_form(target: Target, result_message: ResultMessage, error: Exception) -> ResultMessage | None:
    """Return what to send to the same place instead, or None to go to the next place.

    Raises:
        DeliveryPostponedError: neither; the same again later.
        UploadTooLargeError: the same with a smaller file.
    """
    remedy = classify_error(error)
    log.warning("a message was refused", remedy=remedy.name, error=str(error))
    match remedy:
        case Remedy.LATER if result_message.attached is not None and is_broken_connection(error):
            raise UploadBrokenError(
                str(error) or type(error).__name__, result_message.attached.size
            ) from error
        case Remedy.LATER:
            raise postponed(error) from error
        # What a direct message takes says nothing about the server.
        case Remedy.TOO_LARGE if result_message.attached is not None and target.channel_id is not None:
            raise UploadTooLargeError(result_message.attached.size) from error
        case Remedy.TOO_LARGE | Remedy.NOT_THE_FILE:
            return result_message.without_file()
        case Remedy.NOT_THE_WORDS:
            return result_message.without_words()
        case Remedy.ELSEWHERE:
            return None
