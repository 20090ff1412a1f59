"""Discord's markup: in what people type, put into words (mentions, emoji, commands), and for times. Pure.

The video service, a thread's name and a screen reader know no ids. Source of the forms: Discord's reference,
"Message Formatting"; links to channels are drawn by its programs as mentions are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from bot.i18n import N_, _, long_date
from bot.text import clean

MARKUP = re.compile(
    r"""
      <@!?(?P<user>[0-9]+)>
    | <@&(?P<role>[0-9]+)>
    | <\#(?P<channel>[0-9]+)>
    | <a?:(?P<emoji>\w+)(?:~[0-9]+)?:[0-9]+>
    | <t:(?P<time>-?[0-9]+)(?::(?P<style>[a-zA-Z]))?>
    | </(?P<command>[^<>:/]+):[0-9]+>
    | <id:(?P<page>[a-z-]+)(?::[0-9]+)?>
    | <(?:sound|sticker)(?::[^<>:\s]*)*:[0-9]+>
    | <?https?://(?:\w+\.)?discord(?:app)?\.com/channels/(?:@me|[0-9]+)/(?P<linked>[0-9]+)(?:/[0-9]+)*/?>?
    """,
    re.VERBOSE,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOURS, DATES = (
    frozenset("tT"),
    frozenset("dDR"),
)  # styles of a time that show one alone
ID_DIGITS = 20  # of the largest id

# What stands for what nobody knows.
SOMEONE = N_("someone")
SOME_PEOPLE = N_("some people")
A_CHANNEL = N_("a channel")
SOME_TIME = N_("some time")
SOMETHING = N_("something")

# As Discord's programs call them.
PAGES: Mapping[str, LiteralString] = {
    "customize": N_("Channels & Roles"),
    "browse": N_("Browse Channels"),
    "guide": N_("Server Guide"),
    "home": N_("Server Guide"),
    "linked-roles": N_("Linked Roles"),
}


def absolute_time(at: datetime) -> str:
    """Return a time as each reader's clock shows it, and how far away it is."""
    return f"<t:{int(at.timestamp())}:f> ({relative_time(at)})"


def relative_time(at: datetime) -> str:
    """Return Discord's markup for "in 5 minutes", which each reader's client counts down by itself."""
    return f"<t:{int(at.timestamp())}:R>"


@dataclass(frozen=True, slots=True)
class Names:
    """The names behind ids, as far as they are known."""

    users: Mapping[int, str] = field(default_factory=dict[int, str])
    roles: Mapping[int, str] = field(default_factory=dict[int, str])
    channels: Mapping[int, str] = field(default_factory=dict[int, str])


NOBODY_KNOWN = Names()


def may_have_markup(text: str) -> bool:
    """Whether it is worth the while to look for names."""
    return "<" in text or "/channels/" in text


def in_words(text: str, names: Names = NOBODY_KNOWN) -> str:
    """Return `text` without hidden characters and with words in place of Discord's markup.

    An id without a name becomes a neutral word in the reader's language.
    """
    said, known = clean(text), names
    while MARKUP.search(said):
        said, known = _replaced(said, known), NOBODY_KNOWN  # what was put in may have made markup
    return clean(said)


def _replaced(text: str, names: Names) -> str:
    def put(found: re.Match[str]) -> str:
        start, end = found.span()
        before, after = text[max(0, start - 1) : start], text[end : end + 1]
        # An emoji parts words; what stands right behind a mention belongs to it, as in "<@1>'s".
        is_mention = found["user"] or found["role"] or found["channel"]
        left = " " if before.isalnum() or before == ">" else ""
        right = " " if after.isalnum() and not is_mention else ""
        return f"{left}{_word(found, names)}{right}"

    return MARKUP.sub(put, text)


def _word(found: re.Match[str], names: Names) -> str:
    match found.lastgroup:
        case "user":
            return _name(names.users, found["user"]) or _(SOMEONE)
        case "role":
            return _name(names.roles, found["role"]) or _(SOME_PEOPLE)
        case "channel" | "linked" as kind:
            return _name(names.channels, found[kind]) or _(A_CHANNEL)
        case "emoji" | "command" as kind:
            return found[kind]
        case "time" | "style":
            return _time(found["time"], found["style"] or "") or _(SOME_TIME)
        case "page":
            return _(PAGES.get(found["page"], SOMETHING))
        case _:
            return _(SOMETHING)


def _name(names: Mapping[int, str], digits: str) -> str:
    """Return a name on one line, without the sign that mentions begin with; empty: not known."""
    name = names.get(int(digits), "") if len(digits) <= ID_DIGITS else ""
    return " ".join(clean(name).replace("<", " ").replace(">", " ").split()).lstrip("@#").strip()


def _time(seconds: str, style: str) -> str:
    """Return a time as Discord shows it to the reader, but by UTC; empty: there is no such year."""
    try:
        time = EPOCH + timedelta(seconds=int(seconds[:ID_DIGITS]))
    except OverflowError:
        return ""
    day, hour = long_date(time), f"{time:%H:%M}"
    if style in HOURS:
        return hour
    return day if style in DATES else f"{day} {hour}"
