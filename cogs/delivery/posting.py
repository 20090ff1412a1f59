"""Posting messages with results: to the first destination that takes them, in the first form that it takes.

What is posted is of a generation or of a film; both say where their card is, and whose they are.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

import discord
import structlog
from cachetools import FIFOCache

from bot.db.film_models import FilmRow
from bot.db.models import Generation, Placement
from bot.jobs.ports import (
    DeliveryPostponedError,
    Posted,
    UndeliverableError,
    UploadBrokenError,
    UploadTooLargeError,
)
from bot.media.files import Clip
from bot.metrics.metrics import CONVERTED, LINKS, ORIGINAL, SIZES, SMALLER
from cogs.cards.film_message import FilmMessage
from cogs.cards.result_message import ResultMessage
from cogs.delivery.channel_history import own_messages
from cogs.delivery.failed_destinations import Destination, FailedDestinations
from cogs.delivery.threads import Threads
from cogs.delivery.unanswered_posts import Unanswered, UnansweredPosts
from cogs.ui.discord_errors import (
    CALL_ERRORS,
    Remedy,
    classify_error,
    is_broken_connection,
    is_unclear,
    postponed,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

SEARCHED_MESSAGES = 1000  # in one channel, in which an earlier post is looked for
NONCE_LIFE = 120.0  # seconds; Discord's documents say "the past few minutes"
MAX_TRIED = 1000  # posts whose last try is remembered; the oldest are forgotten first
# Seconds for calls, in which discord.py sleeps out short rate limits; nobody's video waits longer for one.
SEARCH_TIMEOUT = 60.0
SEND_TIMEOUT = 60.0
UPLOAD_TIMEOUT = 600.0  # aiohttp gives one try five minutes
DIRECT_TIMEOUT = 30.0

Subject = Generation | FilmRow
Test = Callable[[discord.Message], bool]


class Form(Protocol):
    """The parts of a message that a server may refuse."""

    @property
    def attached(self) -> Clip | None:
        """The video, if it is in the message."""
        ...

    def without_file(self) -> Self | None:
        """Return the form without the file, or None when this is it already."""
        ...

    def without_words(self) -> Self | None:
        """Return the form without anybody's words, or None when this is it already."""
        ...


AnyForm = TypeVar("AnyForm", bound=Form)
Message = ResultMessage | FilmMessage  # in the form that is tried


@dataclass(frozen=True, slots=True)
class Target:
    """A destination for a message, and how it gets there: a channel's `send` or the card's `reply`."""

    destination: Destination
    channel_id: int | None  # None: a direct message
    send: Callable[..., Awaitable[discord.Message]]


class Posts:
    """Posts messages, and finds those that were posted."""

    def __init__(
        self,
        client: discord.Client,
        failed: FailedDestinations,
        threads: Threads,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._clock = clock
        self._failed = failed
        self._threads = threads
        self._unanswered = UnansweredPosts(clock)
        # When this process last tried to post, while nothing was unanswered, by the subject's ID.
        self._tried = FIFOCache[str, float](MAX_TRIED)

    async def find_result(self, subject: Subject, is_it: Test) -> Posted | None:
        """Look through what was posted after the card, from the newest message on.

        The try that posted it was the last thing before the program ended, and the card may be hours older.
        """
        since = max(subject.card_id or subject.interaction_id, 0)
        for channel_id in _channel_ids(subject):
            found = await self.search(channel_id, subject.guild_id, since, is_it, newest=True)
            if found is not None:
                return Posted(found, channel_id)
        unanswered = self._unanswered.find(subject.id)
        if unanswered is not None and unanswered.channel_id is not None:
            return None  # nothing was sent directly
        if self._clock() - self._tried.get(subject.id, -NONCE_LIFE) < NONCE_LIFE:
            return None  # Discord itself returns the first message, wherever it is sent again
        try:
            direct = await self._direct_channel(subject)
        except UndeliverableError:
            return None
        found = await self.search(direct.id, subject.guild_id, since, is_it, newest=True)
        return None if found is None else Posted(found, None)

    async def search(
        self,
        channel_id: int,
        guild_id: int,
        since: int,
        is_it: Test,
        *,
        newest: bool = False,
        insists: bool = False,
    ) -> int | None:
        """Return the id of the message in a channel that is it, or None; `since`: after which id.

        `insists`: a channel that lately refused to be read is asked all the same, as a message with buttons
        that isn't found would keep them.

        Raises:
            DeliveryPostponedError: Discord can't say now.
        """
        destination = ("read", channel_id)
        if not insists and self._failed.has(destination):
            return None
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        try:
            async with asyncio.timeout(SEARCH_TIMEOUT):
                async for message in own_messages(
                    self._client, channel, after=since, max_messages=SEARCHED_MESSAGES, newest=newest
                ):
                    if is_it(message):
                        return message.id
        except CALL_ERRORS as error:
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            self._failed.remember(destination, error)
            log.warning("could not search a channel", channel=channel_id, error=str(error))
        return None

    async def post(self, message: Message, view: discord.ui.View) -> Posted:
        """Post a message, by the first destination that takes it.

        While an earlier one may still get through, it's sent to the same channel or not at all.

        Raises:
            DeliveryPostponedError, UploadTooLargeError, UploadBrokenError, UndeliverableError: see
                `bot.jobs.ports.PostPort`.
        """
        waits: list[float] = []  # of destinations that are limited, and take messages later
        unanswered = self._unanswered.find(message.subject.id)
        if unanswered is None:
            self._tried[message.subject.id] = self._clock()
        async for target in self._targets(message.subject, unanswered):
            if (posted := await self._try(target, message, view, waits)) is not None:
                return posted
        if not waits and (unanswered is None or unanswered.channel_id is None):
            log.warning("could not post in the channel, so sending a direct message")
            direct = await self._direct_channel(message.subject)
            target = Target(("send", direct.id), None, direct.send)
            if (posted := await self._try(target, message, view, waits)) is not None:
                return posted
        if unanswered is not None:
            reason = "an earlier message may still get through in a channel that takes none now"
            raise DeliveryPostponedError(reason, min([unanswered.left, *waits]))
        if waits:
            raise postponed(discord.RateLimited(min(waits)))
        raise UndeliverableError("every place refused the message")

    async def _try(
        self, target: Target, message: Message, view: discord.ui.View, waits: list[float]
    ) -> Posted | None:
        """Send to one destination in the first form that it takes; None: to another, or after `waits`."""
        form: Message | None = None if self._failed.has(target.destination) else message
        while form is not None and not self._failed.wait(target.destination):
            try:
                posted = await _send(target, form, view)
            except CALL_ERRORS as error:
                self._failed.remember(target.destination, error)
                if is_unclear(error):
                    self._unanswered.note(message.subject.id, target.channel_id)
                if not self._failed.wait(target.destination):
                    form = next_form(form, error, is_direct=target.channel_id is None)
            else:
                _count(form)
                return posted
        if wait := self._failed.wait(target.destination):
            waits.append(wait)
        return None

    async def _targets(self, subject: Subject, unanswered: Unanswered | None) -> AsyncIterator[Target]:
        """Yield the server's destinations to try, or those to which what is unanswered was sent."""
        async for target in self._all_targets(subject):
            if unanswered is None or unanswered.channel_id == target.channel_id:
                yield target

    async def _all_targets(self, subject: Subject) -> AsyncIterator[Target]:
        """Yield the server's destinations: thread, reply to the card, channel."""
        thread_id = await self._threads.ensure(subject)
        if thread_id is not None:
            thread = self._client.get_partial_messageable(thread_id, guild_id=subject.guild_id)
            yield Target(("send", thread_id), thread_id, thread.send)
        channel, channel_id = self._channel(subject), subject.channel_id
        if subject.card_id is not None:
            card = channel.get_partial_message(subject.card_id)
            yield Target(("send", channel_id), channel_id, card.reply)
        yield Target(("send", channel_id), channel_id, channel.send)

    async def _direct_channel(self, subject: Subject) -> discord.DMChannel:
        try:
            async with asyncio.timeout(DIRECT_TIMEOUT):
                return await self._client.create_dm(discord.Object(subject.user_id))
        except CALL_ERRORS as error:
            if classify_error(error) is Remedy.LATER:
                raise postponed(error) from error
            raise UndeliverableError(f"no direct message either: {error}") from error

    def _channel(self, subject: Subject) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(subject.channel_id, guild_id=subject.guild_id)


def _count(message: Message) -> None:
    """Count the file that was posted, or the link in its place."""
    if message.attached is not None:
        changed = message.loss and (CONVERTED if message.loss.unplayable else SMALLER)
        SIZES.labels(changed or ORIGINAL).observe(message.attached.size)
    elif message.clip is not None:
        LINKS.inc()


async def _send(target: Target, message: Message, view: discord.ui.View) -> Posted:
    async with asyncio.timeout(UPLOAD_TIMEOUT if message.attached is not None else SEND_TIMEOUT):
        sent = await target.send(
            message.content,
            files=message.files(),
            nonce=message.nonce,
            allowed_mentions=discord.AllowedMentions(users=[discord.Object(message.subject.user_id)]),
            suppress_embeds=True,
            view=view,
        )
    return Posted(sent.id, target.channel_id)


def next_form(message: AnyForm, error: Exception, *, is_direct: bool = False) -> AnyForm | None:
    """Return what to send to the same destination instead, or None to go to the next destination.

    Raises:
        DeliveryPostponedError: neither; the same again later.
        UploadTooLargeError: the same with a smaller file.
    """
    remedy = classify_error(error)
    log.warning("Discord rejected a message", remedy=remedy.name, error=str(error))
    match remedy:
        case Remedy.LATER if message.attached is not None and is_broken_connection(error):
            raise UploadBrokenError(str(error) or type(error).__name__, message.attached.size) from error
        case Remedy.LATER:
            raise postponed(error) from error
        # What a direct message takes says nothing about the server.
        case Remedy.TOO_LARGE if message.attached is not None and not is_direct:
            raise UploadTooLargeError(message.attached.size) from error
        case Remedy.TOO_LARGE | Remedy.NOT_THE_FILE:
            return message.without_file()
        case Remedy.NOT_THE_WORDS:
            return message.without_words()
        case Remedy.ELSEWHERE:
            return None


def _channel_ids(subject: Subject) -> list[int]:
    """Return where a result may stand: a thread on the card has the card's id."""
    thread_id = subject.thread_id or subject.card_id
    if subject.placement is not Placement.THREAD or thread_id is None:
        return [subject.channel_id]
    return [thread_id, subject.channel_id]
