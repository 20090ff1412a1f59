"""What moderators read after `/veo-admin pause`, `block` and `words`. Pure text."""

from collections.abc import Sequence
from datetime import datetime

from bot.admission.policy import Block
from bot.admission.words import WORD_MAX_LENGTH
from bot.errors import relative_time
from bot.escape import plain
from bot.moderation.decisions import REASON_MAX_LENGTH
from bot.text import shorten

GOES_ON = "What was asked for already goes on; `/veo-admin queue` shows it and can cancel it."


def paused(reason: str | None) -> str:
    """Return the answer to `pause`."""
    return (
        "⏸️ **Paused.** Nobody can ask for videos on this server until `/veo-admin resume`. "
        f"{GOES_ON}{_told_to('Members who try', reason)}"
    )


def resumed(*, was_paused: bool) -> str:
    """Return the answer to `resume`."""
    if was_paused:
        return "▶️ **Resumed.** Members can ask for videos again."
    return "Videos were not paused, so nothing is different: members can ask for them."


def blocked(user_id: int, until: datetime | None, reason: str | None) -> str:
    """Return the answer to `block`."""
    end = "until `/veo-admin unblock`" if until is None else f"until {_moment(until)}"
    return (
        f"🚫 **Blocked.** <@{user_id}> cannot ask for videos here {end}, even after leaving and coming back. "
        f"{GOES_ON}{_told_to('They', reason)}"
    )


def unblocked(user_id: int, *, was_blocked: bool) -> str:
    """Return the answer to `unblock`."""
    if was_blocked:
        return f"✅ **Unblocked.** <@{user_id}> can ask for videos again, within the limits."
    return f"<@{user_id}> was not blocked, so nothing is different."


def blocked_heading(number: int) -> str:
    """Return what stands above the list of the blocked."""
    if not number:
        return "Nobody is blocked on this server."
    return f"**{number:,} blocked.** They cannot ask for videos here. `/veo-admin unblock` ends it."


def block_line(user_id: int, block: Block) -> str:
    """Return a member's line in the list of the blocked."""
    end = "until `/veo-admin unblock`" if block.until is None else f"until {_moment(block.until)}"
    reason = f": “{plain(block.reason, REASON_MAX_LENGTH)}”" if block.reason else ""
    return f"- <@{user_id}>, {end}{reason}"


def plain_block_line(user_id: int, block: Block) -> str:
    """Return the same line for a file, where Discord's markup means nothing; times are in UTC."""
    end = "until unblocked" if block.until is None else f"until {block.until:%Y-%m-%d %H:%M} UTC"
    return f"{user_id}, {end}{f': {shorten(block.reason, REASON_MAX_LENGTH)}' if block.reason else ''}"


def word_added(word: str, *, is_new: bool) -> str:
    """Return the answer to `words add`."""
    if is_new:
        return (
            f"✅ **Forbidden.** Prompts with {_quoted(word)} are refused from now on. "
            "What was asked for already goes on."
        )
    return f"{_quoted(word)} was forbidden already, so nothing is different."


def word_removed(word: str, *, was_there: bool) -> str:
    """Return the answer to `words remove`."""
    if was_there:
        return f"✅ **Allowed.** Prompts with {_quoted(word)} are no longer refused for it."
    return f"{_quoted(word)} was not forbidden, so nothing is different. `/veo-admin words list` shows all."


def words_heading(number: int) -> str:
    """Return what stands above the list of forbidden words."""
    if not number:
        return "No words are forbidden in prompts. `/veo-admin words add` forbids one."
    amount = "1 word or phrase is" if number == 1 else f"{number:,} words and phrases are"
    return f"**{amount} forbidden in prompts.**"


def word_lines(words: Sequence[str]) -> list[str]:
    """Return the lines of the list of forbidden words."""
    return [f"- {plain(word, WORD_MAX_LENGTH)}" for word in words]


def _quoted(word: str) -> str:
    return f"“{plain(word, WORD_MAX_LENGTH)}”"


def _told_to(whom: str, reason: str | None) -> str:
    said = plain(reason or "", REASON_MAX_LENGTH)
    return f"\n{whom} are told your reason: “{said}”." if said else ""


def _moment(moment: datetime) -> str:
    """Return Discord's markup for a date and time in the reader's own zone, and how far away it is."""
    return f"<t:{int(moment.timestamp())}:f> ({relative_time(moment)})"
