"""The answers to `/veo-admin pause`, `block`, `words`, `strikes` and `forgive`. Pure text."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

from bot.escape import plain
from bot.i18n import N_, _, ngettext
from bot.markup import absolute_time
from bot.moderation.decisions import REASON_MAX_LENGTH
from bot.moderation.strikes import Forgiven, StrikesNow
from bot.policy.documents import Block, StrikeRules
from bot.policy.phrases import quote_words, translate_reason
from bot.text import shorten
from cogs.moderation.ladder import ladder_sentence, still_blocked
from cogs.moderation.settings_text import shown_word

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


def blocked(user_id: int, until: datetime | None, reason: str | None, replaced: Block | None = None) -> str:
    """Return the answer to `block`; `replaced`: a block that held until now and may have lasted longer."""
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
    return f"{what}{_replaced_block(replaced)} {_(GOES_ON)}{_reason_line(SHOWN_TO_MEMBER, reason)}"


def _replaced_block(replaced: Block | None) -> str:
    """Return a sentence about the block that a new one replaces, after a blank."""
    if replaced is None:
        return ""
    if replaced.until is None:
        return f" {_('This replaces a block that had no end.')}"
    return f" {_('This replaces a block until {date}.', date=absolute_time(replaced.until))}"


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


def word_removed(word: str, found: Sequence[str] | None) -> str:
    """Return the answer to `words remove`; `found`: what still forbids it. None: it was not on the list."""
    if found:
        return _(
            "✅ **Removed.** Prompts still can't contain “{word}”, because of what else is on the list: "
            "{words}.",
            word=shown_word(word),
            words=quote_words(found),
        )
    if found is not None:
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


def _reason_line(sentence: LiteralString, reason: str | None) -> str:
    said = plain(reason or "", REASON_MAX_LENGTH)
    return f"\n{_(sentence, reason=said)}" if said else ""


def rules_text(strikes: StrikesNow) -> str:
    """Return the answer to `strikes`: the ladder, and what gives a strike."""
    rules = strikes.rules
    if rules is None:
        return _off_text(strikes.blocked)
    safety = _("a prompt that the video service's safety filter rejects")
    lines = [
        " ".join([_("⚖️ **Strikes are on:** {ladder}.", ladder=ladder_sentence(rules)), _fading(rules)]),
        _("A member gets a strike for each of these:"),
        f"- {_('a request with a blocked word')}",
        f"- {safety}",
        f"- {_('a video that a moderator deletes after a report')}",
        _("Members see their strikes in `/usage`. `/veo-admin forgive` removes them."),
    ]
    return "\n".join(lines)


def _fading(rules: StrikeRules) -> str:
    """Say how long strikes count: those from before a change, as it was when they were given."""
    return ngettext(
        "A new strike fades after {count} day.", "A new strike fades after {count} days.", rules.days
    )


def _off_text(blocked: int) -> str:
    off = _("**Strikes are off.** Use `/veo-admin strikes enabled: True` to turn them on.")
    return f"{off}\n{still_blocked(blocked)}" if blocked else off


def forgiven_text(user_id: int, forgiven: Forgiven) -> str:
    """Return the answer to `forgive`."""
    who = f"<@{user_id}>"
    lines = [_forgiven_line(who, forgiven.strikes)]
    if forgiven.is_unblocked:
        lines.append(_("They can request videos again, within the limits."))
    if forgiven.block is not None:
        lines.append(_block_line(forgiven.block))
    return " ".join(lines)


def _forgiven_line(who: str, strikes: int) -> str:
    if not strikes:
        return _("{member} has no strikes that count.", member=who)
    return ngettext(
        "✅ **Forgiven.** {count} strike of {member} no longer counts.",
        "✅ **Forgiven.** {count} strikes of {member} no longer count.",
        strikes,
        member=who,
    )


def _block_line(block: Block) -> str:
    if block.until is None:
        return _("A moderator's block is still in effect until `/veo-admin unblock`.")
    return _("A moderator's block is still in effect until {date}.", date=absolute_time(block.until))
