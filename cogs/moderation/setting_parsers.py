"""Settings as moderators type them, checked against the server and the catalogue."""

import re
from collections.abc import Collection, Sequence
from typing import TypeVar

import discord
from discord.app_commands import Choice

from bot.errors import BadInputError
from bot.i18n import _, ngettext, pgettext
from bot.policy.documents import MAX_CHANNELS
from bot.provider.catalogue import Model
from bot.provider.choosing import names_of
from cogs.ui.lists import MAX_CHOICES
from cogs.ui.permissions import MODERATOR_CHANNEL_NEEDS, missing, names

ALL = "all"
ANY = "any"
CHOICE_MAX_LENGTH = 100  # characters

CHANNEL = re.compile(r"<#([0-9]{15,20})>|(?<![0-9<])([0-9]{15,20})(?![0-9>])")  # a mention, or a copied id

Value = TypeVar("Value", int, str)


def parse_channels(text: str, guild: discord.Guild) -> frozenset[int]:
    """Return the channels that are named, such as `#videos #art`; empty: all of them.

    Raises:
        BadInputError: something else is named.
    """
    if text.strip().casefold() == ALL:
        return frozenset()
    found = {int(mention or number) for mention, number in CHANNEL.findall(text)}
    if not found or CHANNEL.sub("", text).replace(",", " ").strip():
        raise BadInputError(
            _(
                "Choose channels from Discord's list after #, such as #videos #art, or enter "
                "`all`. Nothing changed."
            )
        )
    if len(found) > MAX_CHANNELS:
        raise BadInputError(
            ngettext(
                "You can choose up to {count} channel. Nothing changed.",
                "You can choose up to {count} channels. Nothing changed.",
                MAX_CHANNELS,
            )
        )
    for channel_id in sorted(found):
        _ensure_channel(guild, channel_id)
    return frozenset(found)


def parse_models(text: str, models: Sequence[Model]) -> frozenset[str]:
    """Return those of `models` that are named by ids or labels, with commas between; empty: all of them.

    The provider's name means all rows that have it.

    Raises:
        BadInputError: something else is named.
    """
    pieces = [piece.strip().casefold() for piece in text.split(",") if piece.strip()]
    if pieces == [ALL]:
        return frozenset()
    known: dict[str, set[str]] = {}
    for model in models:
        for name in names_of(model):
            known.setdefault(name, set()).add(model.id)
    if not pieces or not known.keys() >= set(pieces):
        labels = ", ".join(model.label for model in models)
        raise BadInputError(
            _(
                "Enter models separated by commas, or `all`. Available: {models}. Nothing changed.",
                models=labels,
            )
        )
    return frozenset(model_id for piece in pieces for model_id in known[piece])


def complete_models(typed: str, models: Sequence[Model]) -> list[Choice[str]]:
    """Return what can stand in the option `models`, given its beginning."""
    *before, last = [piece.strip() for piece in typed.split(",")]
    left = [model.label for model in models if model.label.casefold() not in map(str.casefold, before)]
    every, typed_last = pgettext("models", "all"), last.casefold()
    is_all = not before and (typed_last in ALL or typed_last in every.casefold())
    values = [", ".join([*before, label]) for label in left if typed_last in label.casefold()]
    fitting = [Choice(name=v, value=v) for v in values if len(v) <= CHOICE_MAX_LENGTH]
    return [*([Choice(name=every, value=ALL)] if is_all else []), *fitting][:MAX_CHOICES]


def _ensure_channel(guild: discord.Guild, channel_id: int) -> None:
    """Check that members can ask for videos there, or in the threads there.

    Raises:
        BadInputError: it is no such channel of this server.
    """
    channel = guild.get_channel(channel_id)
    if isinstance(channel, discord.CategoryChannel):
        raise BadInputError(
            _(
                "{channel} is a category. Choose its channels instead. Nothing changed.",
                channel=f"<#{channel_id}>",
            )
        )
    if channel is not None:
        return
    if guild.get_thread(channel_id) is not None:
        raise BadInputError(
            _(
                "{channel} is a thread. Choose its channel instead; "
                "that allows all its threads. Nothing changed.",
                channel=f"<#{channel_id}>",
            )
        )
    raise BadInputError(_("This server has no channel `{channel}`. Nothing changed.", channel=channel_id))


def ensure_offered(value: Value, offered: Collection[Value]) -> Value:
    """Check what only a modified client can send wrongly.

    Raises:
        BadInputError: it is none of the choices.
    """
    if value not in offered:
        raise BadInputError(_("Choose one of the values from Discord's list. Nothing changed."))
    return value


def parse_moderators_channel(channel: discord.TextChannel, guild: discord.Guild) -> int:
    """Return the id of a channel that the bot can write to.

    Raises:
        BadInputError: it can't.
    """
    lacking = missing(channel.permissions_for(guild.me), MODERATOR_CHANNEL_NEEDS)
    if lacking:
        raise BadInputError(
            _(
                "I can't write in {channel}: I'm missing {permissions} there. Allow it for my "
                "role in the channel's settings and try again. Nothing changed.",
                channel=f"<#{channel.id}>",
                permissions=names(lacking),
            )
        )
    return channel.id
