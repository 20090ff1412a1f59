"""The input of /quota: the choices that Discord offers, and the meaning of the values."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import LiteralString

import discord
from discord.app_commands import Choice

from bot.admission.parsing import LONGEST_INPUT, parse_budget, parse_limit
from bot.errors import BadInputError
from bot.i18n import N_, _
from bot.moderation.rules import Subject
from bot.policy.documents import LimitKind, Period, Scope
from bot.policy.phrases import WINDOW_NAMES
from bot.usage.service import UsagePeriod
from cogs.moderation.targets import ensure_person, known_guild, subject_of
from cogs.ui.interaction import Interaction

ALL = "all"
DELETED_ROLE = re.compile(r"(?:<@&)?([0-9]{15,20})>?")  # Discord's ids have 17 to 20 digits
UNLIMITED = N_("unlimited")
SUGGESTED_LIMITS = (UNLIMITED, "0", "1", "3", "5", "10", "20")
SUGGESTED_BUDGETS = ("5 USD", "20 USD", UNLIMITED)

WINDOWS = [Choice(name=name, value=kind.value) for kind, name in WINDOW_NAMES.items()]
UNSETTABLE = [
    *WINDOWS,
    Choice(name=N_("at once"), value=LimitKind.AT_ONCE.value),
    Choice(name=N_("all"), value=ALL),
]
PERIOD_NAMES: Mapping[UsagePeriod, LiteralString] = {
    UsagePeriod.DAY: N_("the last 24 hours"),
    UsagePeriod.WEEK: N_("the last 7 days"),
    UsagePeriod.MONTH: N_("the last 30 days"),
    UsagePeriod.YEAR: N_("the last 365 days"),
}
PERIODS = [Choice(name=name, value=period.value) for period, name in PERIOD_NAMES.items()]


def read_limits(
    videos: str | None, window: Choice[str] | None, at_once: str | None
) -> dict[LimitKind, int | None]:
    """Return the limits that were named; None: unlimited.

    Raises:
        BadInputError: none was named, or one makes no sense.
    """
    if videos is None and window is not None:
        raise BadInputError(_("`window` needs `videos`: how many in that time. Nothing changed."))
    limits: dict[LimitKind, int | None] = {}
    if videos is not None:
        limits[LimitKind(window.value) if window else LimitKind.DAY] = parse_limit(videos)
    if at_once is not None:
        limits[LimitKind.AT_ONCE] = parse_limit(at_once)
    if not limits:
        raise BadInputError(_("Choose `videos`, `at_once` or both. Nothing changed."))
    return limits


def read_kinds(window: Choice[str] | None) -> Sequence[LimitKind]:
    """Return what is to be unset; all of it where nothing was chosen."""
    return tuple(LimitKind) if window is None or window.value == ALL else (LimitKind(window.value),)


def read_budgets(day: str | None, month: str | None) -> dict[Period, float | None]:
    """Return the budgets that were named, in credits; None: no budget.

    Raises:
        BadInputError: one makes no sense.
    """
    typed = {Period.DAY: day, Period.MONTH: month}
    return {period: parse_budget(text) for period, text in typed.items() if text is not None}


def read_sum(text: str) -> float:
    """Return what may be spent, in credits.

    Raises:
        BadInputError: it makes no sense.
    """
    amount = parse_budget(text)
    if amount is None:
        raise BadInputError(_("Enter the most 30 days can cost, such as 60 USD. Nothing changed."))
    return amount


def subject_to_set(
    interaction: Interaction, member: discord.User | None, role: discord.Role | None
) -> Subject:
    """Return whom a limit is for.

    Raises:
        BadInputError: as `subject_of`, or the role is another server's.
    """
    subject, guild = subject_of(interaction, member, role), known_guild(interaction)
    if role is not None and guild is not None and guild.get_role(role.id) is None:
        raise BadInputError(_("That role doesn't belong to this server. Nothing changed."))
    return subject


def subject_to_unset(
    interaction: Interaction,
    member: discord.User | None,
    role: discord.Role | None,
    deleted_role: str | None,
) -> Subject:
    """Return whose rules are to be taken away; unlike other subjects, it may be gone.

    Raises:
        BadInputError: as `subject_of`, or what was typed for a deleted role is none's number.
    """
    if deleted_role is not None:
        return _deleted_role(deleted_role, is_alone=member is None and role is None)
    if member is not None and role is None:
        return Subject(Scope.MEMBER, ensure_person(member))
    return subject_of(interaction, member, role)


def _deleted_role(typed: str, *, is_alone: bool) -> Subject:
    if not is_alone:
        raise BadInputError(
            _("Enter a deleted role on its own, without a member or a role. Nothing changed.")
        )
    if not (number := DELETED_ROLE.fullmatch(typed.strip())):
        raise BadInputError(_("Enter the deleted role's ID as `/quota rules` shows it. Nothing changed."))
    return Subject(Scope.ROLE, int(number[1]))


def complete_limit(typed: str) -> list[Choice[str]]:
    """Offer numbers of videos, and first what is typed where it is one."""
    return _complete(typed, SUGGESTED_LIMITS, parse_limit)


def complete_budget(typed: str) -> list[Choice[str]]:
    """Offer budgets, and first what is typed where it is one."""
    return _complete(typed, SUGGESTED_BUDGETS, parse_budget)


def _complete(
    typed: str, suggested: Sequence[LiteralString], parse: Callable[[str], object]
) -> list[Choice[str]]:
    text = " ".join(typed.split())
    # What is typed is English or the reader's language; what is sent is English.
    names = {value: _(value) for value in suggested}
    beginning = text.lower()
    fitting = [v for v in suggested if any(word.lower().startswith(beginning) for word in (v, names[v]))]
    values = [*([text] if text not in fitting and _is_readable(text, parse) else []), *fitting]
    return [Choice(name=names.get(value, value), value=value) for value in values]


def _is_readable(text: str, parse: Callable[[str], object]) -> bool:
    try:
        parse(text)
    except BadInputError:
        return False
    return len(text) <= LONGEST_INPUT
