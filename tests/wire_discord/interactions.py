"""Interactions: what members do, the one answer to it within 3 seconds, and what its token may do later.

Source: "Receiving and Responding".
"""

import asyncio
import base64
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.wire_discord.commands import CommandOption, Commands, innermost
from tests.wire_discord.files import Files
from tests.wire_discord.payloads import (
    attachment_payload,
    channel_payload,
    member_payload,
    message_payload,
    user_payload,
)
from tests.wire_discord.state import ALL_PERMISSIONS, Channel, Json, Message, State

COMMAND, COMPONENT = 2, 3  # interaction types
BUTTON = 2
TEXT, USER, ATTACHMENT = 3, 6, 11  # option types
MENTION = re.compile(r"<(@!?|#)([0-9]+)>")
MEMBER_PERMISSIONS = ALL_PERMISSIONS & ~(1 << 3 | 1 << 5)  # neither Administrator nor Manage Server


@dataclass(frozen=True, slots=True)
class OptionFile:
    """The value of an attachment option."""

    filename: str
    content: bytes


@dataclass(slots=True)
class Interaction:
    """One interaction, from the member's side.

    Attributes:
        sent_at: of `time.perf_counter`.
        seconds: from sending it to the arrival of the answer; None before.
        callback: the answer's body, `{"type", "data"}`.
        message: the message that the answer made, or changed.
        followups: ids of the messages posted with the token.
    """

    id: int
    token: str
    payload: Json
    channel: Channel
    started_at: float  # of the server's clock
    sent_at: float = field(default_factory=time.perf_counter)
    seconds: float | None = None
    callback: Json | None = None
    message: Message | None = None
    followups: list[int] = field(default_factory=list[int])
    is_answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def answered(self, seconds: float = 30.0) -> Message | None:
        """Return the answer's message once Discord has accepted the answer.

        Raises:
            TimeoutError: there was none in time.
        """
        async with asyncio.timeout(seconds):
            await self.is_answered.wait()
        return self.message

    @property
    def text(self) -> str:
        """The answer's text."""
        return self.message.content if self.message else ""


class Interactions:
    """Makes interactions as Discord's clients do, and finds them again by their token."""

    def __init__(self, state: State, commands: Commands, files: Files) -> None:
        self._state = state
        self._commands = commands
        self._files = files
        self._by_token: dict[str, Interaction] = {}

    def get(self, token: str) -> Interaction | None:
        """Return the interaction with this token."""
        return self._by_token.get(token)

    async def command(
        self, user_id: int, name: str, options: Mapping[str, object], channel: Channel, **fields: object
    ) -> Interaction:
        """Make the interaction of a slash command; `fields` replace those of the payload.

        Raises:
            LookupError: no such command or option was synced.
        """
        data, values = self._commands.data(channel.guild_id or 0, name, options)
        resolved: Json = {}
        innermost(data).extend([await self._option(value, channel, resolved) for value in values])
        if resolved:
            data["resolved"] = resolved
        return self._make(user_id, channel, {"type": COMMAND, "data": data, **fields})

    def click(self, user_id: int, message: Message, custom_id: str, **fields: object) -> Interaction:
        """Make the interaction of a press on a button of `message`; `fields` as above."""
        channel = self._state.channels[message.channel_id]
        data = {"custom_id": custom_id, "component_type": BUTTON}
        shown = message_payload(message, self._state)
        return self._make(user_id, channel, {"type": COMPONENT, "data": data, "message": shown, **fields})

    def _make(self, user_id: int, channel: Channel, fields: Json) -> Interaction:
        number = self._state.snowflakes.new()
        token = base64.urlsafe_b64encode(f"interaction:{number}:{secrets.token_hex(24)}".encode()).decode()
        payload = {
            **self._payload(user_id, channel),
            "id": str(number),
            "token": token,
            **fields,
        }
        interaction = Interaction(number, token, payload, channel, started_at=0.0)
        self._by_token[token] = interaction
        return interaction

    def _payload(self, user_id: int, channel: Channel) -> Json:
        payload: Json = {
            "application_id": str(self._state.bot_id),
            "version": 1,
            "channel_id": str(channel.id),
            "channel": channel_payload(channel) | {"permissions": str(ALL_PERMISSIONS)},
            "app_permissions": str(ALL_PERMISSIONS),
            "locale": "en-US",
            "attachment_size_limit": self._files.upload_limit,
            "entitlements": [],
        }
        if channel.guild_id is None:
            return payload | {
                "context": 1,
                "user": user_payload(user_id),
                "authorizing_integration_owners": {},
            }
        return payload | {
            "context": 0,
            "guild_id": str(channel.guild_id),
            "guild": {"id": str(channel.guild_id), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": member_payload(user_id) | {"permissions": str(MEMBER_PERMISSIONS)},
            "authorizing_integration_owners": {"0": str(channel.guild_id)},
        }

    async def _option(self, option: CommandOption, channel: Channel, resolved: Json) -> Json:
        """Return one option's JSON, and add what it refers to to `resolved`."""
        value = option.value
        if isinstance(value, OptionFile):
            attachment = await self._files.add(channel.id, value.filename, value.content)
            resolved.setdefault("attachments", {})[str(attachment.id)] = attachment_payload(attachment)
            value = str(attachment.id)
        elif option.type == USER and isinstance(value, int):
            _resolve_member(value, resolved)
            value = str(value)
        elif option.type == TEXT and isinstance(value, str):
            self._resolve_mentions(value, channel, resolved)
        return {"name": option.name, "type": option.type, "value": value}

    def _resolve_mentions(self, text: str, channel: Channel, resolved: Json) -> None:
        """Add who and what is mentioned in a text, as Discord does for what its clients let members pick."""
        for sign, number in MENTION.findall(text):
            place = self._state.channels.get(int(number))
            if sign != "#":
                _resolve_member(int(number), resolved)
            elif place is not None and place.guild_id == channel.guild_id:
                resolved.setdefault("channels", {})[number] = channel_payload(place)


def _resolve_member(user_id: int, resolved: Json) -> None:
    member = member_payload(user_id)
    resolved.setdefault("users", {})[str(user_id)] = member.pop("user")
    resolved.setdefault("members", {})[str(user_id)] = member | {"permissions": str(MEMBER_PERMISSIONS)}
