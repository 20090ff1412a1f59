"""What the bot may do in a channel, and what it lacks. Pure: from Discord's permissions alone."""

from collections.abc import Iterable
from dataclasses import dataclass

import discord

from bot.moderation.checkup import Finding


@dataclass(frozen=True, slots=True)
class Need:
    """One permission, as Discord's settings call it, and what becomes of its absence."""

    flag: str
    name: str
    without: str


THREAD_NEEDS = (
    Need("create_public_threads", "Create Public Threads", "Videos come as replies, not in threads."),
    Need("send_messages_in_threads", "Send Messages in Threads", "Nothing can be posted in threads."),
)
# As in the README's table; `cogs.ui.asker` refuses requests whose result could not arrive.
NEEDS = (
    Need("view_channel", "View Channel", "/veo is refused here."),
    Need("send_messages", "Send Messages", "Where no thread can be made, /veo is refused."),
    *THREAD_NEEDS,
    Need("attach_files", "Attach Files", "/veo is refused here."),
    Need("embed_links", "Embed Links", "Long prompts are not shown whole."),
    Need("read_message_history", "Read Message History", "Videos do not reply to their request."),
)
BOARD_NEEDS = (
    Need("view_channel", "View Channel", ""),
    Need("send_messages", "Send Messages", ""),
)


def find_permissions(allowed: discord.Permissions, *, has_threads: bool = True) -> list[Finding]:
    """Return a finding for each permission that the bot needs where videos are asked for.

    `has_threads`: False where there can be none, as in the chat of a voice channel.
    """
    needs = [need for need in NEEDS if has_threads or need not in THREAD_NEEDS]
    lacking = missing(allowed, needs)
    return [_finding(need, is_good=need not in lacking) for need in needs]


def missing(allowed: discord.Permissions, needs: Iterable[Need]) -> list[Need]:
    """Return those of `needs` that are not allowed; administrators are allowed everything."""
    if allowed.administrator:
        return []
    return [need for need in needs if not getattr(allowed, need.flag)]


def names(needs: Iterable[Need]) -> str:
    """Return the names as part of a sentence, such as "View Channel and Send Messages"."""
    return " and ".join(need.name for need in needs)


def _finding(need: Need, *, is_good: bool) -> Finding:
    if is_good:
        return Finding(is_good=True, what=f"I have the permission {need.name}.")
    return Finding(
        is_good=False,
        what=f"I lack the permission {need.name}. {need.without}",
        advice="Allow it to my role.",
    )
