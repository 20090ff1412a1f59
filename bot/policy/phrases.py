"""Words about limits, money, blocks and reasons that several texts share, so that each has one name."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from bot.escape import plain
from bot.i18n import N_, _, format_and, ngettext
from bot.markup import absolute_time
from bot.policy.documents import LimitKind, Period

REASON_LENGTH = 300  # characters of a moderator's reason
WORDS_LENGTH = 100  # characters of words that are named together

WINDOW_NAMES: Mapping[LimitKind, LiteralString] = {
    LimitKind.DAY: N_("24 hours"),
    LimitKind.WEEK: N_("7 days"),
    LimitKind.MONTH: N_("30 days"),
}
PERIOD_NAMES: Mapping[Period, LiteralString] = {Period.DAY: N_("today"), Period.MONTH: N_("this month")}

# What the bot writes down as a reason, in English: for reports, strikes and questions to moderators.
OWN_REASONS: Mapping[re.Pattern[str], LiteralString] = {
    re.compile(r"Video (?P<number>[0-9a-f]{16}) was reported\."): N_("Video {number} was reported."),
    re.compile(r"Film (?P<number>[0-9a-f]{16}) was reported\."): N_("Film {number} was reported."),
    re.compile(r"Too many strikes\."): N_("Too many strikes."),
    re.compile(r"strikes: (?P<number>[0-9]+)"): N_("strikes: {number}"),
    re.compile(r"report (?P<number>[0-9a-f]{16})"): N_("report {number}"),
    # As the message calls it in which moderators decided (`bot.moderation.deletion_appeals`).
    re.compile(r"appeal (?P<number>[0-9a-f]{16})"): N_("request {number}"),
}


def count_videos(number: int | None) -> str:
    """Return a number of videos in words; None: unlimited."""
    if number is None:
        return _("any number of videos")
    return ngettext("{count} video", "{count} videos", number)


def describe_limit(kind: LimitKind, most: int | None) -> str:
    """Return a limit in words, such as "5 videos in 24 hours"; None: unlimited."""
    window, videos = WINDOW_NAMES.get(kind), count_videos(most)
    if window is None:
        return _("{videos} at once", videos=videos)
    return _("{videos} in {window}", videos=videos, window=_(window))


def quote_words(words: Sequence[str], room: int = WORDS_LENGTH) -> str:
    """Return words in quotation marks; of many, the first ones and how many more there are.

    `room`: characters of words; escaped they may be twice as many.
    """
    shown, length = list[str](), 0
    for word in words:
        length += len(word)
        if shown and length > room:
            break
        shown.append(_("“{word}”", word=plain(word, room)))
    left = len(words) - len(shown)
    return format_and([*shown, ngettext("{count} more", "{count} more", left)] if left else shown)


def translate_reason(reason: str) -> str:
    """Return a reason as it is told: people's as it was written, one of the bot in the reader's language."""
    for pattern, sentence in OWN_REASONS.items():
        if found := pattern.fullmatch(reason):
            return _(sentence, **found.groupdict())
    return reason


def because(reason: str | None) -> str:
    """Return a sentence with a moderator's reason, after a blank; empty where none was given."""
    return (
        " " + _("Reason: “{reason}”.", reason=plain(translate_reason(reason), REASON_LENGTH))
        if reason
        else ""
    )


def block_end(until: datetime | None) -> str:
    """Return a sentence for a blocked member that says when that ends; None: when a moderator ends it."""
    if until is None:
        return _("Ask a moderator when you can use it again.")
    return _("The block lasts until {date}.", date=absolute_time(until))


def seconds(length: int) -> str:
    """Return a video's length in words."""
    return ngettext("{count} second", "{count} seconds", length)
