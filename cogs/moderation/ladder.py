"""The ladder of strikes: what moderators type, and how it is told. Pure.

What is understood of the times is what `bot.admission.parsing` understands.
"""

import re

from bot.admission.parsing import parse_span
from bot.errors import BadInputError
from bot.i18n import _, format_and, ngettext
from bot.policy.documents import MAX_STEPS, MAX_STRIKES, Step, StrikeRules
from bot.policy.strikes import climbs, describe_pause, how_long
from cogs.moderation.setting_parsers import ensure_offered

LONGEST_LADDER = 200  # characters
MAX_DAYS = 30  # in which a strike counts
ENTRY = re.compile(r"([0-9]{1,3}) ?[:=] ?(.+)")
NEXT = re.compile(r"[,;] ?(?=[0-9]{1,3} ?[:=])")
UNTIL_UNBLOCKED = frozenset({"moderator", "until a moderator decides", "until unblocked", "forever", "∞"})


def parse_ladder(text: str) -> tuple[Step, ...]:
    """Return a ladder such as "3: 1h, 5: 1 day, 8: moderator".

    Raises:
        BadInputError: it is none, or a later step blocks for a shorter time.
    """
    entries = [ENTRY.fullmatch(entry.strip()) for entry in NEXT.split(" ".join(text.casefold().split()))]
    found = [entry for entry in entries if entry is not None]
    if len(found) < len(entries):
        raise BadInputError(
            # Translators: the example stays English: nothing else is understood
            _("Enter steps such as 3: 1h, 5: 1 day, 8: moderator. Nothing changed.")
        )
    steps = tuple(Step.model_construct(strikes=int(entry[1]), pause=_pause(entry[2])) for entry in found)
    _ensure_climbing(steps)
    return steps


def checked_days(days: int | None) -> int | None:
    """Return after how many days a strike fades; None: that stays as it is.

    Raises:
        BadInputError: only a modified client asks for so many.
    """
    return None if days is None else ensure_offered(days, range(1, MAX_DAYS + 1))


def ladder_text(rules: StrikeRules) -> str:
    """Return the ladder in words, such as "3 strikes in 7 days: 1 hour, 5: 1 day"."""
    steps = format_and(
        _("{strikes}: {span}", strikes=step.strikes, span=describe_pause(step.pause)) for step in rules.steps
    )
    return ngettext(
        "strikes within {count} day, {steps}", "strikes within {count} days, {steps}", rules.days, steps=steps
    )


def ladder_sentence(rules: StrikeRules) -> str:
    """Return what the ladder does as a sentence without its full stop."""
    first, *others = rules.steps
    begin = ngettext(
        # Translators: how long is a time, as in for 1 hour, or until a moderator ends it
        "{count} strike blocks a member {how_long}",
        "{count} strikes block a member {how_long}",
        first.strikes,
        how_long=how_long(first.pause),
    )
    rest = (
        # Translators: a later step, as in 5 for 1 day; the first one says that these are strikes
        _("{strikes} {how_long}", strikes=step.strikes, how_long=how_long(step.pause))
        for step in others
    )
    return format_and([begin, *rest])


def still_blocked(blocked: int) -> str:
    """Return what moderators read where strikes are off, and members are still blocked because of them."""
    return ngettext(
        "{count} member is still blocked because of strikes. `/veo-admin blocked` lists who's blocked, and "
        "`/veo-admin forgive` ends that block.",
        "{count} members are still blocked because of strikes. `/veo-admin blocked` lists who's blocked, and "
        "`/veo-admin forgive` ends such a block.",
        blocked,
    )


def _pause(text: str) -> int | None:
    return None if text in UNTIL_UNBLOCKED else int(parse_span(text).total_seconds())


def _ensure_climbing(steps: tuple[Step, ...]) -> None:
    if len(steps) > MAX_STEPS or not all(0 < step.strikes <= MAX_STRIKES for step in steps):
        raise BadInputError(
            _(
                "A ladder can have up to {steps} steps, from 1 to {strikes} strikes. Nothing changed.",
                steps=MAX_STEPS,
                strikes=MAX_STRIKES,
            )
        )
    if not climbs(steps):
        raise BadInputError(
            _("Each step needs more strikes than the one before, and can't block for less. Nothing changed.")
        )
