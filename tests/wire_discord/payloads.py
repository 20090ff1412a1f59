"""Objects in Discord's JSON form, complete enough for discord.py (source: Discord's OpenAPI document)."""

from datetime import UTC, datetime

from tests.wire_discord.state import Attachment, Channel, Guild, Json, Message, State

JOINED = datetime(2024, 1, 1, tzinfo=UTC).isoformat()


def user_payload(user_id: int, *, is_bot: bool = False) -> Json:
    """Return a user; names follow from the id."""
    name = "veo-bot" if is_bot else f"member-{user_id}"
    return {
        "id": str(user_id),
        "username": name,
        "discriminator": "0",
        "global_name": None,
        "avatar": None,
        "bot": is_bot,
        "flags": 0,
        "public_flags": 0,
    }


def member_payload(user_id: int, *, is_bot: bool = False) -> Json:
    """Return a user as a member of a server."""
    return {
        "user": user_payload(user_id, is_bot=is_bot),
        "nick": None,
        "roles": [],
        "joined_at": JOINED,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def application_payload(state: State) -> Json:
    """Return the bot's application."""
    return {
        "id": str(state.bot_id),
        "name": "veo-bot",
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": user_payload(state.bot_id),
        "verify_key": "0" * 64,
        "flags": 0,
        "team": None,
        "interactions_endpoint_url": None,
        **state.application,
    }


def channel_payload(channel: Channel) -> Json:
    """Return a channel, a thread or a direct conversation."""
    payload: Json = {"id": str(channel.id), "type": int(channel.type), "flags": 0, "last_message_id": None}
    if channel.recipient_id is not None:
        return {**payload, "recipients": [user_payload(channel.recipient_id)]}
    payload |= {"guild_id": str(channel.guild_id), "name": channel.name, "parent_id": None}
    if channel.is_thread:
        return payload | _thread_fields(channel)
    more: Json = {"position": 0, "permission_overwrites": channel.overwrites, "nsfw": False, "topic": None}
    if channel.type == 2:
        more |= {"bitrate": 64000, "user_limit": 0}
    return payload | more


def _thread_fields(thread: Channel) -> Json:
    return {
        "parent_id": str(thread.parent_id),
        "owner_id": "0",
        "message_count": len(thread.messages),
        "member_count": 1,
        "total_message_sent": len(thread.messages),
        "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": thread.archived,
            "auto_archive_duration": thread.auto_archive_duration,
            "archive_timestamp": thread.created_at.isoformat(),
            "locked": False,
            "create_timestamp": thread.created_at.isoformat(),
        },
    }


def guild_payload(guild: Guild, state: State) -> Json:
    """Return a server as GUILD_CREATE shows it."""
    inside = [channel for channel in state.channels.values() if channel.guild_id == guild.id]
    return {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.id),
        "unavailable": False,
        "member_count": 2,
        "premium_tier": guild.premium_tier,
        "preferred_locale": "en-US",
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [_everyone(guild)],
        "members": [member_payload(state.bot_id, is_bot=True)],
        "channels": [channel_payload(channel) for channel in inside if not channel.is_thread],
        "threads": [channel_payload(channel) for channel in inside if channel.is_thread],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def fetched_guild_payload(guild: Guild, state: State) -> Json:
    """Return a server as it is shown to whoever asks for it: without what only the gateway tells."""
    left_out = {
        "channels",
        "guild_scheduled_events",
        "member_count",
        "members",
        "presences",
        "stage_instances",
        "threads",
        "unavailable",
        "voice_states",
    }
    return {name: value for name, value in guild_payload(guild, state).items() if name not in left_out}


def own_guild_payload(guild: Guild) -> Json:
    """Return a server as the list of the bot's own servers shows it."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(guild.permissions),
        "features": [],
    }


def _everyone(guild: Guild) -> Json:
    """Return the role that all members have; its id is the server's."""
    return {
        "id": str(guild.id),
        "name": "@everyone",
        "permissions": str(guild.permissions),
        "position": 0,
        "color": 0,
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def message_payload(message: Message, state: State) -> Json:
    """Return a message, with its thread if it has one."""
    channel = state.channels.get(message.channel_id)
    payload: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel_id),
        "author": user_payload(message.author_id, is_bot=message.author_id == state.bot_id),
        "type": message.type,
        "content": message.content,
        "flags": message.flags,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": [attachment_payload(attachment) for attachment in message.attachments],
        "mentions": [user_payload(user_id) for user_id in message.pings],
        "mention_roles": [],
        "mention_everyone": False,
        "pinned": False,
        "tts": False,
        "timestamp": message.created_at.isoformat(),
        "edited_timestamp": message.edited_at.isoformat() if message.edited_at else None,
    }
    if message.nonce is not None:
        payload["nonce"] = message.nonce
    if message.reply_to is not None:
        payload["message_reference"] = {
            "message_id": str(message.reply_to),
            "channel_id": str(message.channel_id),
        }
    thread = state.channels.get(message.id)
    if thread is not None:
        payload["thread"] = channel_payload(thread)
    if channel is not None and channel.guild_id is not None:
        payload["guild_id"] = str(channel.guild_id)  # in gateway events; harmless in answers
    return oddly(payload, message.odd)


def oddly(payload: Json, odd: Json) -> Json:
    """Return what Discord sent with other values of some fields; None: without the field."""
    return {name: value for name, value in (payload | odd).items() if name not in odd or value is not None}


def attachment_payload(attachment: Attachment) -> Json:
    """Return a file of a message."""
    return {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": attachment.size,
        "url": attachment.url,
        "proxy_url": attachment.url,
        "content_type": attachment.content_type,
        "description": attachment.description,
    }
