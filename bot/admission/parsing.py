"""Times and amounts as moderators type them. Pure: `now` is passed in.

Every refusal is a `BadInputError` with examples of what is understood; none repeats what was typed.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.errors import BadInputError
from bot.i18n import _, ngettext, number
from bot.money import CREDITS_PER_USD
from bot.text import clean

LONGEST_SPAN = timedelta(days=366)
MAX_VIDEOS = 10_000
MAX_CREDITS = 10_000_000 * CREDITS_PER_USD
LONGEST_INPUT = 60  # characters; nothing that is understood is longer

UNITS_OF_TIME: Mapping[str, timedelta] = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
    **dict.fromkeys(("month", "months"), timedelta(days=30)),
}
CREDITS_PER_UNIT: Mapping[str, int] = {
    **dict.fromkeys(("credit", "credits"), 1),
    **dict.fromkeys(("$", "usd", "us$", "dollar", "dollars"), CREDITS_PER_USD),
}
UNLIMITED = frozenset({"unlimited", "no limit", "∞"})
NO_BUDGET = UNLIMITED | {"none", "no budget"}

PART = re.compile(r"([0-9]{1,6}) ?([a-z]+)")
SPAN = re.compile(rf"{PART.pattern}(?:(?:,| and|, and)? ?{PART.pattern})*")
TIME_OF_DAY = r"[ t]([0-9]{1,2}):([0-9]{2})(?: ?utc|z)?"
DATE = re.compile(rf"([0-9]{{4}})-([0-9]{{1,2}})-([0-9]{{1,2}})(?:{TIME_OF_DAY})?")
TIMESTAMP = re.compile(r"<t:([0-9]{1,11})(?::[a-z])?>")  # Discord's markup: seconds since 1970
WHOLE = re.compile(r"[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4}")
# A count has no decimals, so "10.000" and "10 000", as messages in other languages show it, are ten thousand.
SEPARATOR = r"[,. ’']"
COUNT = re.compile(rf"[0-9]{{1,15}}|[0-9]{{1,3}}(?:{SEPARATOR}[0-9]{{3}}){{1,4}}")
# At most two decimals: "5.000 USD" is five thousand to some people and five to others.
AMOUNT = re.compile(rf"([a-z$]+)? ?((?:{WHOLE.pattern})(?:\.[0-9]{{1,2}})?) ?([a-z$]+)?")
DECIMAL_COMMA = re.compile(r"[0-9],(?![0-9]{3}(?:[^0-9]|$))")

# Full-width letters, digits and signs, as keyboards for Chinese and Japanese write them. Not NFKC, which
# would also make 52 of "5²".
HALF_WIDTH: Mapping[int, int] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_span(text: str) -> timedelta:
    """Return a time such as "90m", "1h 30m", "3 days" or "1 month" (30 days); above 0, at most 366 days.

    Raises:
        BadInputError: it is none, or out of bounds.
    """
    span = _read_span(_plain(text))
    if span is None or not span:
        # Translators: "12h", "3 days" and "2 weeks" stay English: nothing else is understood
        raise BadInputError(_("Enter a time such as 12h, 3 days or 2 weeks."))
    if span > LONGEST_SPAN:
        raise BadInputError(
            ngettext(
                "That's too long. The maximum is {count} day.",
                "That's too long. The maximum is {count} days.",
                LONGEST_SPAN.days,
            )
        )
    return span


def parse_until(text: str, now: datetime) -> datetime:
    """Return a moment in UTC: `now` and a span, the end of a date, a date and time in UTC, or `<t:…>`.

    `now` is aware. The end of a date is the midnight after it, in UTC.

    Raises:
        BadInputError: it is none of these, not after `now`, or more than 366 days after it.
    """
    typed = _plain(text)
    span = _read_span(typed)
    at = _read_time(typed) if span is None else _after(now, span)
    if at is None:
        day = f"{now.astimezone(UTC) + timedelta(days=1):%Y-%m-%d}"
        raise BadInputError(
            _(
                # Translators: "12h", "3 days" and "2 weeks" stay English: nothing else is understood
                "Enter a time such as 12h, 3 days or 2 weeks, or a date such as {day} or {day} 18:00 (UTC).",
                day=day,
            )
        )
    if at <= now:
        # Translators: "12h" and "3 days" stay English: nothing else is understood
        raise BadInputError(_("That time is in the past. Enter a later one, such as 12h or 3 days."))
    if at - now > LONGEST_SPAN:
        raise BadInputError(
            ngettext(
                "That's too far away. The maximum is {count} day from now.",
                "That's too far away. The maximum is {count} days from now.",
                LONGEST_SPAN.days,
            )
        )
    return at


def parse_limit(text: str) -> int | None:
    """Return how many videos are allowed, 0 to 10,000; None: unlimited.

    Raises:
        BadInputError: it is no such number.
    """
    typed = _plain(text)
    if typed in UNLIMITED:
        return None
    videos = int(re.sub(SEPARATOR, "", typed)) if COUNT.fullmatch(typed) else None
    if videos is None or videos > MAX_VIDEOS:
        raise BadInputError(
            # Translators: "unlimited" stays English: nothing else is understood
            _("Enter a whole number from 0 to {most}, or unlimited.", most=number(MAX_VIDEOS))
        )
    return videos


def parse_budget(text: str) -> float | None:
    """Return a budget in credits, from "5 USD", "$5.50" or "3,000,000 credits"; None: no budget.

    Raises:
        BadInputError: it is no amount, has no unit, or is above 10,000,000 USD.
    """
    typed = _plain(text)
    if typed in NO_BUDGET:
        return None
    budget = _read_amount(typed)
    if budget > MAX_CREDITS:
        maximum = number(MAX_CREDITS // CREDITS_PER_USD)
        raise BadInputError(_("That's too much. A budget can be up to {most} USD.", most=maximum))
    return float(budget)


def _plain(text: str) -> str:
    """Return `text` in lower case and half width, with single blanks; empty when it is too long."""
    plain = " ".join(clean(text).translate(HALF_WIDTH).lower().split())
    return plain if len(plain) <= LONGEST_INPUT else ""


def _read_span(typed: str) -> timedelta | None:
    if not SPAN.fullmatch(typed):
        return None
    parts = PART.findall(typed)
    if any(unit not in UNITS_OF_TIME for _, unit in parts):
        return None
    return sum((int(count) * UNITS_OF_TIME[unit] for count, unit in parts), timedelta())


def _after(now: datetime, span: timedelta) -> datetime:
    """Return the moment `span` after `now`; the calendar may end before one that is too far away anyway."""
    return now.astimezone(UTC) + min(span, LONGEST_SPAN + timedelta(days=1))


def _read_time(typed: str) -> datetime | None:
    if match := TIMESTAMP.fullmatch(typed):
        return EPOCH + timedelta(seconds=int(match[1]))
    if not (match := DATE.fullmatch(typed)):
        return None
    year, month, day, hour, minute = (int(part or 0) for part in match.groups())
    rest = timedelta() if match[4] else timedelta(days=1)
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC) + rest
    except (ValueError, OverflowError):  # no such day, or the calendar's last one
        return None


def _read_amount(typed: str) -> Decimal:
    """Return an amount in credits, or raise `BadInputError`."""
    if DECIMAL_COMMA.search(typed):
        raise BadInputError(
            # Translators: "5.50 USD" stays as it is: nothing else is understood
            _("Use a point for decimals and commas only for thousands, such as 5.50 USD.")
        )
    match = AMOUNT.fullmatch(typed)
    units = {match[1], match[3]} - {None} if match else set[str]()
    rates = {CREDITS_PER_UNIT.get(unit) for unit in units}
    if match and not units:
        raise BadInputError(
            # Translators: the units and numbers stay as they are: nothing else is understood
            _("Add the unit, credits or USD, such as 3,000,000 credits or 5 USD.")
        )
    rate = rates.pop() if len(rates) == 1 else None  # "$5 USD" has two names of one unit
    if not match or rate is None:
        raise BadInputError(
            # Translators: the units, the numbers and "unlimited" stay as they are: nothing else is understood
            _("Enter an amount such as 5.50 USD or 3,000,000 credits, or unlimited.")
        )
    return Decimal(match[2].replace(",", "")) * rate
