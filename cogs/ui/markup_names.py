"""The names behind ids in an interaction's words: as Discord sent them, else as the bot remembers."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import discord

from bot.markup import ID_DIGITS, NOBODY_KNOWN, Names, in_words, may_have_markup
from bot.requests.spec import RequestSpec
from cogs.ui.interaction import Interaction

Json = Mapping[str, Any]


def spec_in_words(interaction: Interaction, spec: RequestSpec) -> RequestSpec:
    """Return the spec with names in place of mentions and emoji, in the prompt and in every other text."""
    texts = (spec.prompt, *(value for value in spec.options.values() if isinstance(value, str)))
    # Most prompts have no markup, and a server may have hundreds of roles and channels.
    names = names_of(interaction) if any(map(may_have_markup, texts)) else NOBODY_KNOWN
    options = {
        name: in_words(value, names) if isinstance(value, str) else value
        for name, value in spec.options.items()
    }
    return replace(spec, prompt=in_words(spec.prompt, names), options=options)


def names_of(interaction: Interaction) -> Names:
    """Return what is known; of a member the name that the server sees."""
    users, roles, channels = dict[int, str](), dict[int, str](), dict[int, str]()
    _add_remembered(interaction, users, roles, channels)
    for message in _things(_resolved(interaction), "messages").values():
        for part in _parts(message):
            users.update(_mentioned(part))
    members = _things(_resolved(interaction), "members")
    for number, user in _things(_resolved(interaction), "users").items():
        users[number] = _shown_name(user, members.get(number, {}))
    for known, section in ((roles, "roles"), (channels, "channels")):
        things = _things(_resolved(interaction), section)
        known.update({number: _text(thing, "name") for number, thing in things.items()})
    return Names(users, roles, channels)


def _add_remembered(
    interaction: Interaction,
    users: dict[int, str],
    roles: dict[int, str],
    channels: dict[int, str],
) -> None:
    """Add what the cache of the gateway's events has, and who and where this is."""
    guild = interaction.guild
    if guild is not None:
        users.update({member.id: member.display_name for member in guild.members})
        roles.update({role.id: role.name for role in guild.roles})
        channels.update(
            {channel.id: channel.name for channel in guild.channels if _may_see(interaction, channel)}
        )
    for user in (interaction.client.user, cast("Any", interaction.user)):
        if user:
            users[user.id] = user.display_name
    channel = interaction.channel
    if channel is not None and (name := getattr(channel, "name", None)):
        channels[channel.id] = name


def _may_see(interaction: Interaction, channel: discord.abc.GuildChannel) -> bool:
    """Whether the member knows the channel's name anyway: a hidden one's is not told for its id."""
    member = interaction.user
    return isinstance(member, discord.Member) and channel.permissions_for(member).view_channel


def _resolved(interaction: Interaction) -> Json:
    return _mapping(_mapping(interaction.data).get("resolved"))


def _parts(message: Json) -> Iterator[Json]:
    """Return a message, and what it forwards."""
    yield message
    for snapshot in _list(message.get("message_snapshots")):
        yield _mapping(_mapping(snapshot).get("message"))


def _mentioned(message: Json) -> dict[int, str]:
    """Return the names of the members that a message mentions."""
    users = [_mapping(user) for user in _list(message.get("mentions"))]
    return {_id(user.get("id")): _shown_name(user, _mapping(user.get("member"))) for user in users}


def _shown_name(user: Json, member: Json) -> str:
    return _text(member, "nick") or _text(user, "global_name") or _text(user, "username")


def _things(resolved: Json, section: str) -> dict[int, Json]:
    """Return the objects of a section by their ids; a changed client may have put anything there."""
    found = _mapping(resolved.get(section)).items()
    return {_id(number): _mapping(thing) for number, thing in found}


def _id(value: object) -> int:
    """Return an id as a number; 0, which nothing has: it is none."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) <= ID_DIGITS else 0


def _text(thing: Json, field: str) -> str:
    value = thing.get(field)
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Json:
    return cast("Json", value) if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
