"""The bot's permissions in a channel, and the missing ones. Pure: from Discord's permissions alone."""

from collections.abc import Iterable

import discord

from bot.doctor.check_result import CheckResult
from bot.doctor.required_permissions import (
    ATTACH_FILES,
    MODERATOR_CHANNEL_NEEDS,
    NEEDS,
    REVIEW_NEEDS,
    THREAD_NEEDS,
    Need,
    lacking,
    names,
)
from bot.i18n import _

__all__ = [
    "ATTACH_FILES",
    "MODERATOR_CHANNEL_NEEDS",
    "NEEDS",
    "REVIEW_NEEDS",
    "THREAD_NEEDS",
    "Need",
    "find_permissions",
    "missing",
    "names",
]


def find_permissions(allowed: discord.Permissions, *, has_threads: bool = True) -> list[CheckResult]:
    """Return a finding for each permission that the bot needs where videos are asked for.

    `has_threads`: False where there can be none, as in the chat of a voice channel.
    """
    needs = [need for need in NEEDS if has_threads or need not in THREAD_NEEDS]
    lacking_here = missing(allowed, needs)
    return [_finding(need, is_good=need not in lacking_here) for need in needs]


def missing(allowed: discord.Permissions, needs: Iterable[Need]) -> list[Need]:
    """Return those of `needs` that are not allowed; administrators are allowed everything."""
    return lacking(allowed.value, needs)


def _finding(need: Need, *, is_good: bool) -> CheckResult:
    if is_good:
        return CheckResult(is_good=True, what=_("I have {permission}.", permission=_(need.name)))
    missing = _("I'm missing {permission}.", permission=_(need.name))
    return CheckResult(
        is_good=False,
        what=f"{missing} {_(need.without)}",
        advice=_("Allow it for my role."),
    )
