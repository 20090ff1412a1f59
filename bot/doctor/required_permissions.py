"""The permissions that the bot needs, as Discord's settings call them. Pure: numbers in, names out.

`/veo-admin doctor` checks a channel by them, `veo-bot doctor` a whole server.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from bot.i18n import N_, _, format_and

ADMINISTRATOR = 1 << 3


@dataclass(frozen=True, slots=True)
class Need:
    """One permission and what becomes of its absence.

    Attributes:
        flag: discord.py's name.
        bit: Discord's number (source: "Permissions", bitwise permission flags).
    """

    flag: str
    name: LiteralString
    without: LiteralString
    bit: int


THREAD_NEEDS = (
    Need(
        "create_public_threads",
        N_("Create Public Threads"),
        N_("I post videos as replies instead of in threads."),
        1 << 35,
    ),
    Need(
        "send_messages_in_threads",
        N_("Send Messages in Threads"),
        N_("I can't post in threads."),
        1 << 38,
    ),
)
# As in the README's table; `cogs.ui.requester` refuses requests whose result could not arrive.
NEEDS = (
    Need("view_channel", N_("View Channel"), N_("/veo doesn't work here."), 1 << 10),
    Need(
        "send_messages", N_("Send Messages"), N_("/veo doesn't work where I can't create a thread."), 1 << 11
    ),
    *THREAD_NEEDS,
    Need("attach_files", N_("Attach Files"), N_("/veo doesn't work here."), 1 << 15),
    Need("embed_links", N_("Embed Links"), N_("Long prompts are shortened."), 1 << 14),
    Need(
        "read_message_history",
        N_("Read Message History"),
        N_("Videos don't reply to their request."),
        1 << 16,
    ),
)
MODERATOR_CHANNEL_NEEDS = (
    Need("view_channel", N_("View Channel"), "", 1 << 10),
    Need("send_messages", N_("Send Messages"), "", 1 << 11),
)
ATTACH_FILES = Need("attach_files", N_("Attach Files"), "", 1 << 15)
# Without them, moderators don't see all of what they are to approve, and finished videos as links only.
REVIEW_NEEDS = (Need("embed_links", N_("Embed Links"), "", 1 << 14), ATTACH_FILES)


def lacking(permissions: int, needs: Iterable[Need] = NEEDS) -> list[Need]:
    """Return those of `needs` that `permissions` does not hold; administrators are allowed everything."""
    if permissions & ADMINISTRATOR:
        return []
    return [need for need in needs if not permissions & need.bit]


def names(needs: Iterable[Need]) -> str:
    """Return the names as part of a sentence, such as "View Channel and Send Messages"."""
    return format_and(_(need.name) for need in needs)
