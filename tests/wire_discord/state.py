"""What the simulated Discord knows: servers, channels, threads, messages and their files."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

from tests.wire_discord import refusals
from tests.wire_discord.snowflakes import Snowflakes

Json = dict[str, Any]
T = TypeVar("T")

EPHEMERAL = 1 << 6  # a message's flag
LOADING = 1 << 7  # the same: "thinking"
ALL_PERMISSIONS = (1 << 52) - 1


class ChannelType(IntEnum):
    """Discord's channel types, as far as they exist here."""

    TEXT = 0
    DIRECT = 1
    VOICE = 2
    CATEGORY = 4
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    PUBLIC_THREAD = 11


THREADS = frozenset({ChannelType.PUBLIC_THREAD, ChannelType.ANNOUNCEMENT_THREAD})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message; its bytes are in memory, or on disk where WireDiscord was given a folder."""

    id: int
    filename: str
    content_type: str
    size: int
    url: str
    description: str | None
    content: bytes | Path

    def read(self) -> bytes:
        """Return the bytes as they were uploaded."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(slots=True)
class Message:
    """One message; `raw` has the body's further fields as they were sent.

    Attributes:
        type: 0 a message, 19 a reply, 20 an answer to a slash command.
        pings: ids of users who are notified: those mentioned whom `allowed_mentions` lets through.
        reply_to: id of the message it replies to.
        edits: how often it was edited.
        odd: fields of its JSON that have other values; None: the field is not there.
    """

    id: int
    channel_id: int
    author_id: int
    type: int
    content: str
    flags: int = 0
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    nonce: str | None = None
    reply_to: int | None = None
    pings: list[int] = field(default_factory=list[int])
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    edited_at: datetime | None = None
    edits: int = 0
    odd: Json = field(default_factory=Json)

    @property
    def is_ephemeral(self) -> bool:
        """Only the member sees it, and the bot's own token does not reach it."""
        return bool(self.flags & EPHEMERAL)


@dataclass(slots=True)
class Channel:
    """A channel, thread or direct conversation, with its messages by id, oldest first."""

    id: int
    type: ChannelType
    name: str
    guild_id: int | None = None
    parent_id: int | None = None
    recipient_id: int | None = None
    archived: bool = False
    auto_archive_duration: int = 1440
    messages: dict[int, Message] = field(default_factory=dict[int, Message])
    overwrites: list[Json] = field(
        default_factory=list[Json]
    )  # what it allows or takes away, as Discord says it
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def is_thread(self) -> bool:
        """Whether it hangs on a message."""
        return self.type in THREADS


@dataclass(slots=True)
class Guild:
    """A server; `premium_tier` is its boost level, `permissions` what the bot's roles allow it there."""

    id: int
    name: str
    premium_tier: int = 0
    permissions: int = ALL_PERMISSIONS


class State:
    """Everything that exists, and a way to wait until something becomes so.

    Attributes:
        bot_id: the id of the application and of its user.
        application: what the developer portal changed of the application's fields.
    """

    def __init__(self) -> None:
        self.snowflakes = Snowflakes()
        self.bot_id = self.snowflakes.new()
        self.application: Json = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self._change = asyncio.Event()

    def add_guild(self, name: str, guild_id: int | None = None) -> Guild:
        """Add a server; a given id decides on which shard it lies."""
        guild = Guild(guild_id or self.snowflakes.new(), name)
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, name: str, kind: ChannelType, guild_id: int | None, **more: Any) -> Channel:
        """Add a channel; `more` are further fields of `Channel`."""
        number: int = more.pop("id", None) or self.snowflakes.new()
        channel = Channel(number, kind, name, guild_id, **more)
        self.channels[channel.id] = channel
        return channel

    def direct_channel(self, user_id: int) -> Channel:
        """Return the direct conversation with a user, which begins here if need be."""
        for channel in self.channels.values():
            if channel.recipient_id == user_id:
                return channel
        return self.add_channel("", ChannelType.DIRECT, None, recipient_id=user_id)

    def channel(self, channel_id: int) -> Channel:
        """Return a channel or thread.

        Raises:
            RefusalError: 10003.
        """
        if channel_id not in self.channels:
            raise refusals.unknown_channel()
        return self.channels[channel_id]

    def message(self, channel_id: int, message_id: int) -> Message:
        """Return a message that the bot's token reaches.

        Raises:
            RefusalError: 10003 or 10008.
        """
        message = self.channel(channel_id).messages.get(message_id)
        if message is None or message.is_ephemeral:
            raise refusals.unknown_message()
        return message

    def notify(self) -> None:
        """Wake all who wait: something has changed."""
        self._change.set()
        self._change = asyncio.Event()

    async def wait_for(self, look: Callable[[], T | None], seconds: float) -> T:
        """Return what `look` finds, as soon as it finds something.

        Raises:
            TimeoutError: it found nothing in time.
        """
        async with asyncio.timeout(seconds):
            while (found := look()) is None:
                await self._change.wait()
        return found
