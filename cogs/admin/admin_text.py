"""The answers to `/veo-admin pause`, `block` and `words`. Pure text."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from bot.escape import plain
from bot.i18n import N_, _, ngettext
from bot.moderation.decisions import REASON_MAX_LENGTH
from bot.policy.documents import Block
from bot.policy.phrases import translate_reason
from bot.text import shorten
from bot.timestamps import absolute_time
from cogs.moderation.words_text import shown_word

GOES_ON = N_("Running requests continue; `/veo-admin queue` lists them and can cancel them.")
SHOWN_TO_MEMBERS = N_("Members who try see your reason: “{reason}”.")
SHOWN_TO_MEMBER = N_("They see your reason: “{reason}”.")


def paused(reason: str | None) -> str:
    """Return the answer to `pause`."""
    what = _("⏸️ **Paused.** Nobody can request videos on this server until `/veo-admin resume`.")
    return f"{what} {_(GOES_ON)}{_reason_line(SHOWN_TO_MEMBERS, reason)}"


def resumed(*, was_paused: bool) -> str:
    """Return the answer to `resume`."""
    if was_paused:
        return _("▶️ **Resumed.** Members can request videos again.")
    return _("/veo wasn't paused. Members can request videos.")


def blocked(user_id: int, until: datetime | None, reason: str | None) -> str:
    """Return the answer to `block`."""
    who = f"<@{user_id}>"
    what = (
        _(
            "🚫 **Blocked.** {member} can't request videos here until `/veo-admin unblock`, "
            "even after leaving and rejoining.",
            member=who,
        )
        if until is None
        else _(
            "🚫 **Blocked.** {member} can't request videos here until {date}, "
            "even after leaving and rejoining.",
            member=who,
            date=absolute_time(until),
        )
    )
    return f"{what} {_(GOES_ON)}{_reason_line(SHOWN_TO_MEMBER, reason)}"


def unblocked(user_id: int, *, was_blocked: bool) -> str:
    """Return the answer to `unblock`."""
    if was_blocked:
        return _(
            "✅ **Unblocked.** {member} can request videos again, within the limits.", member=f"<@{user_id}>"
        )
    return _("{member} wasn't blocked. Nothing changed.", member=f"<@{user_id}>")


def blocked_heading(number: int) -> str:
    """Return what stands above the list of the blocked."""
    if not number:
        return _("Nobody is blocked on this server.")
    amount = ngettext("**{count} blocked.**", "**{count} blocked.**", number)
    advice = _("They can't request videos here. `/veo-admin unblock` ends a block.")
    return f"{amount} {advice}"


def block_line(user_id: int, block: Block) -> str:
    """Return a member's line in the list of the blocked."""
    who, reason = f"<@{user_id}>", plain(translate_reason(block.reason or ""), REASON_MAX_LENGTH)
    line = (
        _("{member}, until `/veo-admin unblock`", member=who)
        if block.until is None
        else _("{member}, until {date}", member=who, date=absolute_time(block.until))
    )
    if not reason:
        return f"- {line}"
    # Translators: {line} is a blocked member and the end of the block, {reason} is in the moderators' words
    return f"- {_('{line}: “{reason}”', line=line, reason=reason)}"


def plain_block_line(user_id: int, block: Block) -> str:
    """Return the same line for a file, where Discord's markup means nothing; times are in UTC."""
    line = (
        _("{member}, until unblocked", member=user_id)
        if block.until is None
        else _("{member}, until {date} UTC", member=user_id, date=f"{block.until:%Y-%m-%d %H:%M}")
    )
    return f"{line}: {shorten(translate_reason(block.reason), REASON_MAX_LENGTH)}" if block.reason else line


def word_removed(word: str, *, was_there: bool) -> str:
    """Return the answer to `words remove`."""
    if was_there:
        return _("✅ **Removed.** Prompts can contain “{word}” again.", word=shown_word(word))
    return _(
        "“{word}” isn't on the list. `/veo-admin words list` shows all of it.",
        word=shown_word(word),
    )


def words_heading(number: int) -> str:
    """Return what stands above the list of forbidden words."""
    if not number:
        return _("No words are blocked. Use `/veo-admin words add` to block one.")
    return ngettext(
        "**{count} word or phrase is blocked in prompts.**",
        "**{count} words and phrases are blocked in prompts.**",
        number,
    )


def word_lines(words: Sequence[str]) -> list[str]:
    """Return the lines of the list of forbidden words."""
    return [f"- {shown_word(word)}" for word in words]


def _reason_line(sentence: LiteralString, reason: str | None) -> str:
    said = plain(reason or "", REASON_MAX_LENGTH)
    return f"\n{_(sentence, reason=said)}" if said else ""
