"""REST: the bot's account, channels, messages and threads."""

from aiohttp import web

from tests.wire_discord import refusals
from tests.wire_discord.bodies import BODY
from tests.wire_discord.messages import Announce, Messages
from tests.wire_discord.payloads import (
    application_payload,
    channel_payload,
    fetched_guild_payload,
    member_payload,
    message_payload,
    own_guild_payload,
    user_payload,
)
from tests.wire_discord.refusals import invalid_form, json_answer
from tests.wire_discord.state import Channel, ChannelType, Message, State

API = "/api/v10"
CHANNEL = API + "/channels/{channel_id}"
MESSAGE = CHANNEL + "/messages/{message_id}"
THREAD_OF = {
    ChannelType.TEXT: ChannelType.PUBLIC_THREAD,
    ChannelType.ANNOUNCEMENT: ChannelType.ANNOUNCEMENT_THREAD,
}
ARCHIVE_DURATIONS = frozenset({60, 1440, 4320, 10080})  # minutes
NAME_LENGTH = 100
MAX_MESSAGES = 100  # in one answer


class ChannelRoutes:
    """Answers what the bot's token may ask.

    Attributes:
        closed_to: ids of users who take no direct messages.
    """

    def __init__(self, state: State, messages: Messages, announce: Announce) -> None:
        self.closed_to: set[int] = set()
        self._state = state
        self._messages = messages
        self._announce = announce

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(f"{API}/users/@me", self._me),
            web.get(f"{API}/oauth2/applications/@me", self._application),
            web.get(f"{API}/applications/@me", self._application),
            web.get(f"{API}/users/@me/guilds", self._list_guilds),
            web.get(f"{API}/guilds/{{guild_id}}", self._guild),
            web.get(f"{API}/guilds/{{guild_id}}/members/{{user_id}}", self._member),
            web.post(f"{API}/users/@me/channels", self._open_direct),
            web.get(CHANNEL, self._channel),
            web.patch(CHANNEL, self._edit_channel),
            web.get(f"{CHANNEL}/messages", self._list),
            web.post(f"{CHANNEL}/messages", self._post),
            web.get(MESSAGE, self._get),
            web.patch(MESSAGE, self._edit),
            web.delete(MESSAGE, self._delete),
            web.post(f"{MESSAGE}/threads", self._start_thread),
        ]

    async def _me(self, _: web.Request) -> web.Response:
        return json_answer(user_payload(self._state.bot_id, is_bot=True))

    async def _application(self, _: web.Request) -> web.Response:
        return json_answer(application_payload(self._state))

    async def _list_guilds(self, request: web.Request) -> web.Response:
        """Answer in the order of the ids, a page at a time."""
        limit, after = int(request.query.get("limit", "200")), int(request.query.get("after", "0"))
        guilds = sorted(self._state.guilds.values(), key=lambda guild: guild.id)
        return json_answer([own_guild_payload(guild) for guild in guilds if guild.id > after][:limit])

    async def _guild(self, request: web.Request) -> web.Response:
        guild = self._state.guilds.get(int(request.match_info["guild_id"]))
        if guild is None:
            raise refusals.unknown_guild()
        return json_answer(fetched_guild_payload(guild, self._state))

    async def _member(self, request: web.Request) -> web.Response:
        user_id = int(request.match_info["user_id"])
        return json_answer(member_payload(user_id, is_bot=user_id == self._state.bot_id))

    async def _open_direct(self, request: web.Request) -> web.Response:
        user_id = int(request[BODY].form["recipient_id"])
        return json_answer(channel_payload(self._state.direct_channel(user_id)))

    async def _channel(self, request: web.Request) -> web.Response:
        return json_answer(channel_payload(self._channel_of(request)))

    async def _edit_channel(self, request: web.Request) -> web.Response:
        channel, form = self._channel_of(request), request[BODY].form
        channel.name = form.get("name", channel.name)
        channel.archived = form.get("archived", channel.archived)
        event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        self._announce(event, channel_payload(channel), channel)
        return json_answer(channel_payload(channel))

    async def _list(self, request: web.Request) -> web.Response:
        """Answer with the newest messages first, as Discord does."""
        query = request.query
        limit = int(query.get("limit", "50"))
        if not 1 <= limit <= MAX_MESSAGES:
            raise invalid_form("limit", "int value should be between 1 and 100.", "NUMBER_TYPE_MAX")
        before, after = int(query.get("before", 2**63)), int(query.get("after", 0))
        messages = [
            message
            for message in self._channel_of(request).messages.values()
            if after < message.id < before and not message.is_ephemeral
        ]
        # With `after` the oldest ones are wanted, in all other cases the newest.
        chosen = messages[:limit] if "after" in query else messages[-limit:]
        return json_answer([message_payload(message, self._state) for message in reversed(chosen)])

    async def _post(self, request: web.Request) -> web.Response:
        channel = self._channel_of(request)
        if channel.recipient_id in self.closed_to:
            raise refusals.closed_direct_messages()
        channel.archived = False  # "sending a message will automatically unarchive the thread"
        message = await self._messages.post(channel, request[BODY])
        return json_answer(message_payload(message, self._state))

    async def _get(self, request: web.Request) -> web.Response:
        return json_answer(message_payload(self._message_of(request), self._state))

    async def _edit(self, request: web.Request) -> web.Response:
        message = await self._messages.edit(self._open_message_of(request), request[BODY])
        return json_answer(message_payload(message, self._state))

    async def _delete(self, request: web.Request) -> web.Response:
        self._messages.delete(self._open_message_of(request))
        return web.Response(status=204)

    async def _start_thread(self, request: web.Request) -> web.Response:
        """Open a thread on a message; its id is the message's."""
        channel, form = self._channel_of(request), request[BODY].form
        if channel.type not in THREAD_OF:
            raise refusals.wrong_channel_type()
        message = self._message_of(request)
        name, minutes = form.get("name"), form.get("auto_archive_duration", 1440)
        if not isinstance(name, str) or not 1 <= len(name) <= NAME_LENGTH:
            raise invalid_form("name", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH")
        if minutes not in ARCHIVE_DURATIONS:
            reason = "Value must be one of (60, 1440, 4320, 10080)."
            raise invalid_form("auto_archive_duration", reason, "BASE_TYPE_CHOICES")
        if message.id in self._state.channels:
            raise refusals.thread_exists()
        thread = self._state.add_channel(
            name,
            THREAD_OF[channel.type],
            channel.guild_id,
            id=message.id,
            parent_id=channel.id,
            auto_archive_duration=minutes,
        )
        self._announce("THREAD_CREATE", channel_payload(thread) | {"newly_created": True}, channel)
        self._state.notify()
        return json_answer(channel_payload(thread), status=201)

    def _channel_of(self, request: web.Request) -> Channel:
        channel = self._state.channel(int(request.match_info["channel_id"]))
        if channel.guild_id is not None and channel.guild_id not in self._state.guilds:
            raise refusals.missing_access()
        return channel

    def _message_of(self, request: web.Request) -> Message:
        return self._state.message(self._channel_of(request).id, int(request.match_info["message_id"]))

    def _open_message_of(self, request: web.Request) -> Message:
        """Return a message that can be changed; a thread's can't while it is archived."""
        if self._channel_of(request).archived:
            raise refusals.archived_thread()
        return self._message_of(request)
