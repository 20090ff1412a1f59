"""The rules of messages: what may be posted, what a nonce does, who is pinged."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tests.wire_discord import refusals
from tests.wire_discord.bodies import Body
from tests.wire_discord.files import Files
from tests.wire_discord.payloads import message_payload
from tests.wire_discord.refusals import invalid_form
from tests.wire_discord.state import LOADING, Channel, Json, Message, State

CONTENT_LENGTH = 2000
NONCE_LENGTH = 25
EMBEDS = 10
EMBED_LENGTHS = {"title": 256, "description": 4096}
EMBEDS_LENGTH = 6000
DEFAULT, REPLY = 0, 19
USER_MENTION = re.compile(r"<@!?(\d+)>")
THINGS = ("content", "embeds", "components", "sticker_ids", "poll")  # of which a message needs one

# Tells the gateway: the event's name and data, and where it happened.
Announce = Callable[[str, Json, Channel], None]


class Messages:
    """Creates, edits and deletes messages.

    Args:
        nonce_seconds: how long a nonce with `enforce_nonce` is remembered; Discord says "a few minutes".
    """

    def __init__(
        self,
        state: State,
        files: Files,
        announce: Announce,
        nonce_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._files = files
        self._announce = announce
        self._nonce_seconds = nonce_seconds
        self._clock = clock
        self._by_nonce: dict[str, tuple[float, Message]] = {}

    async def post(self, channel: Channel, body: Body) -> Message:
        """Carry out Create Message: a nonce that was used before returns the message that it made.

        Raises:
            RefusalError: 30015, 40005, 50006 or 50035.
        """
        form = body.form
        nonce = _nonce(form)
        is_enforced = nonce is not None and form.get("enforce_nonce") is True
        if is_enforced and (earlier := self._posted_with(nonce)):
            return earlier
        reply_to = _reply_to(form, channel)
        kind = DEFAULT if reply_to is None else REPLY
        message = await self.create(channel, body, kind=kind, nonce=nonce, reply_to=reply_to)
        if is_enforced and nonce is not None:
            self._by_nonce[nonce] = (self._clock(), message)
        return message

    async def create(
        self,
        channel: Channel,
        body: Body,
        *,
        kind: int,
        nonce: str | None = None,
        reply_to: int | None = None,
        flags: int = 0,
    ) -> Message:
        """Add a message of the bot to `channel`.

        Raises:
            RefusalError: 30015, 40005, 50006 or 50035.
        """
        form = body.form
        _check_lengths(form)
        if not flags & LOADING:
            _check_not_empty(body)
        attachments = await self._files.keep(channel.id, form.get("attachments") or [], body.uploads)
        message = Message(
            id=self._state.snowflakes.new(),
            channel_id=channel.id,
            author_id=self._state.bot_id,
            type=kind,
            content=form.get("content") or "",
            flags=int(form.get("flags") or 0) | flags,
            embeds=form.get("embeds") or [],
            components=form.get("components") or [],
            attachments=attachments,
            nonce=nonce,
            reply_to=reply_to,
            pings=_pings(form),
        )
        channel.messages[message.id] = message
        self._tell("MESSAGE_CREATE", message)
        return message

    async def edit(self, message: Message, body: Body) -> Message:
        """Carry out Edit Message: fields that are not named stay; `attachments` names all that stay.

        Raises:
            RefusalError: 30015, 40005 or 50035.
        """
        form = body.form
        _check_lengths(form)
        if "attachments" in form or body.uploads:
            kept = [{"id": attachment.id} for attachment in message.attachments]
            wanted = form.get("attachments", kept)
            message.attachments = await self._files.keep(message.channel_id, wanted or [], body.uploads)
        if "content" in form:
            message.content = form["content"] or ""
        if "embeds" in form:
            message.embeds = form["embeds"] or []
        if "components" in form:
            message.components = form["components"] or []
        message.flags &= ~LOADING
        message.edited_at = datetime.now(UTC)
        message.edits += 1
        self._tell("MESSAGE_UPDATE", message)
        return message

    def delete(self, message: Message) -> None:
        """Carry out Delete Message; a thread on it stays."""
        channel = self._state.channels[message.channel_id]
        del channel.messages[message.id]
        gone = {"id": str(message.id), "channel_id": str(channel.id)}
        self._announce("MESSAGE_DELETE", gone, channel)
        self._state.notify()

    def _posted_with(self, nonce: str | None) -> Message | None:
        """Return the message, even one deleted since, that the same author posted with this nonce."""
        made_at, message = self._by_nonce.get(nonce or "", (0.0, None))
        return message if self._clock() - made_at <= self._nonce_seconds else None

    def _tell(self, event: str, message: Message) -> None:
        channel = self._state.channels[message.channel_id]
        if not message.is_ephemeral:
            self._announce(event, message_payload(message, self._state), channel)
        self._state.notify()


def _nonce(form: Json) -> str | None:
    nonce = form.get("nonce")
    if nonce is not None and len(str(nonce)) > NONCE_LENGTH:
        raise invalid_form("nonce", f"Must be {NONCE_LENGTH} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    return None if nonce is None else str(nonce)


def _reply_to(form: Json, channel: Channel) -> int | None:
    """Return the message that is replied to; None also where it is gone and that does not matter."""
    reference = form.get("message_reference")
    if not reference:
        return None
    message_id = int(reference["message_id"])
    if message_id in channel.messages:
        return message_id
    if reference.get("fail_if_not_exists", True):
        raise invalid_form("message_reference", "Unknown message", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE")
    return None


def _check_not_empty(body: Body) -> None:
    if not body.uploads and not any(body.form.get(name) for name in THINGS):
        raise refusals.empty_message()


def _check_lengths(form: Json) -> None:
    content = form.get("content")
    if content is not None and not isinstance(content, str):
        raise invalid_form("content", "Could not interpret as string.")
    if content is not None and len(content) > CONTENT_LENGTH:
        raise invalid_form("content", f"Must be {CONTENT_LENGTH} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    embeds: list[Json] = form.get("embeds") or []
    if len(embeds) > EMBEDS:
        raise invalid_form("embeds", f"Must be {EMBEDS} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    total = 0
    for number, embed in enumerate(embeds):
        for name, most in EMBED_LENGTHS.items():
            length = len(embed.get(name) or "")
            total += length
            if length > most:
                reason = f"Must be {most} or fewer in length."
                raise invalid_form(f"embeds.{number}.{name}", reason, "BASE_TYPE_MAX_LENGTH")
    if total > EMBEDS_LENGTH:
        raise invalid_form("embeds", f"Embed size exceeds maximum size of {EMBEDS_LENGTH}")


def _pings(form: Json) -> list[int]:
    """Return whom the text notifies: the mentioned users that `allowed_mentions` lets through."""
    mentioned = [int(number) for number in USER_MENTION.findall(form.get("content") or "")]
    allowed: Json | None = form.get("allowed_mentions")
    if allowed is None:
        return mentioned
    parse: list[str] = allowed.get("parse") or []
    ids: list[str] = allowed.get("users") or []
    users = {int(number) for number in ids}
    if "users" in parse and users:
        raise invalid_form("allowed_mentions", 'parse:["users"] and users: [ids...] are mutually exclusive.')
    return mentioned if "users" in parse else [user_id for user_id in mentioned if user_id in users]
