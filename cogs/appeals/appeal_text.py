"""The moderators' text of an appeal. Pure text."""

from typing import LiteralString

from bot.admission.appeals import BLOCK, DELETION, deleted_by, words_of
from bot.db.guild_models import AppealDecision, AppealRow
from bot.db.models import Generation, Status
from bot.escape import plain
from bot.i18n import N_, _, ngettext
from bot.markup import absolute_time, relative_time
from bot.moderation.appeal_decisions import Appeal, is_news
from bot.policy.documents import Block
from bot.policy.phrases import because, quote_words
from cogs.cards.card import ERASED_PROMPT, NUMBER_MARK, QUOTE_MARK, shown_prompt

PROMPT_LENGTH = 300  # characters; escaped they may be twice as many, and a message has 2,000
WHY_LENGTH = 300
RECENT_LENGTH = 60
MESSAGE_LENGTH = 2000

DECIDED: dict[AppealDecision, LiteralString] = {
    AppealDecision.ALLOW: N_("✅ **Allowed once** by {moderator}, for 24 hours."),
    AppealDecision.LIFT: N_("🔓 **Rule lifted** by {moderator}."),
    AppealDecision.DECLINE: N_("❌ **Declined** by {moderator}."),
    AppealDecision.LAPSE: N_("⌛ **Nobody decided in time,** so this expired."),
    AppealDecision.WITHDRAW: N_("🗑️ **The member deleted their data,** so there's nothing left to decide."),
}
TOO_SHORT = N_("Anything *Allow once* gives them would expire before the block ends.")
STILL_BLOCKED = N_(
    "🚫 They're blocked for longer than that. To let them use it, unblock them with `/veo-admin unblock`."
)
STATES = {
    Status.SUCCEEDED: "✅",
    Status.FAILED: "❌",
    Status.CANCELLED: "🛑",
}


def render_appeal(appeal: Appeal, *, quote: bool = True, has_left: bool = False) -> str:
    """Return the message for moderators as the appeal stands; `quote`: with the words of members.

    `has_left`: the member is not on the server any more. Of the last requests, only those are named that
    a message has room for.
    """
    row = appeal.row
    left = [_("⚠️ {member} has left the server.", member=f"<@{row.user_id}>")] if has_left else []
    before = [
        _("🙋 **A member asks a moderator**"),
        _why_line(row, quote=quote),
        _rule_line(row, quote=quote),
        *([f"{QUOTE_MARK}{prompt_of(row)}"] if quote else []),
        *left,
        *_block_line(appeal, quote=quote),
    ]
    after = [*_outcome(appeal), f"{NUMBER_MARK}{_('request {number}', number=row.id)}"]
    recent = _recent_lines(appeal, quote=quote)
    while recent and len("\n".join([*before, *recent, *after])) > MESSAGE_LENGTH:
        recent.pop()
    return "\n".join([*before, *recent, *after])


def _why_line(row: AppealRow, *, quote: bool) -> str:
    who, when = f"<@{row.user_id}>", relative_time(row.asked_at or row.created_at)
    if not quote:
        return _(
            "{member} asked {when}. This server's word filter is hiding the text.", member=who, when=when
        )
    return _(
        "{member} asked {when}: “{why}”",
        member=who,
        when=when,
        why=plain(row.why or "", WHY_LENGTH) or _(ERASED_PROMPT),
    )


def _rule_line(row: AppealRow, *, quote: bool) -> str:
    shots = deleted_by(row.rule)[1] if row.rule.startswith(DELETION) else None
    if shots is not None:
        return ngettext(
            "Deleted after a report, with its {count} shot. The film can't be brought back; *Allow once* "
            "gives them {count} extra video for 24 hours:",
            "Deleted after a report, with its {count} shots. The film can't be brought back; *Allow once* "
            "gives them {count} extra videos for 24 hours:",
            shots,
        )
    if row.rule.startswith(DELETION):
        return _(
            "Deleted after a report. The video can't be brought back; *Allow once* gives them one extra "
            "video for 24 hours:"
        )
    if row.rule.startswith(BLOCK):
        return _("Refused because they're blocked:")
    if not quote or not row.prompt:
        return _("Refused because of a blocked word.")
    words = words_of(row.rule)
    if len(words) > 1:
        return _("Refused because of the blocked words {words}:", words=quote_words(words))
    return _("Refused because of the blocked word “{word}”:", word=plain("".join(words), 100))


def prompt_of(row: AppealRow) -> str:
    """Return the words of the request, as they may be shown."""
    return plain(row.prompt, PROMPT_LENGTH) or _(ERASED_PROMPT)


def _recent_lines(appeal: Appeal, *, quote: bool) -> list[str]:
    if appeal.row.decision is AppealDecision.WITHDRAW:
        return []
    if not appeal.recent:
        return [_("They haven't requested a video here yet.")]
    return [_("Their last requests:"), *(_recent_line(one, quote=quote) for one in appeal.recent)]


def _recent_line(generation: Generation, *, quote: bool) -> str:
    state, when = STATES.get(generation.status, "⏳"), relative_time(generation.created_at)
    state = "🗑️" if generation.removed_at is not None else state
    if not quote:
        return f"{state} {when}"
    is_to_be_forgotten = generation.erase_at is not None  # the message may never be edited again
    prompt = _(ERASED_PROMPT) if is_to_be_forgotten else shown_prompt(generation, RECENT_LENGTH)
    return f"{state} {when} {prompt}"


def _block_line(appeal: Appeal, *, quote: bool) -> list[str]:
    if appeal.is_block_over:
        return [_("ℹ️ That block has ended, so they can send the request again.")]
    if appeal.asked_block is not None:
        return [_about_block(appeal.asked_block, quote=quote)]
    if appeal.block is None or appeal.row.decision is not None:
        return []
    if appeal.row.rule.startswith(BLOCK):
        return [_("🚫 They're under a different block now. None of these buttons lifts it.")]
    too = _("🚫 They're blocked now, too. None of these buttons lifts the block.")
    return [f"{too} {_(TOO_SHORT)}" if appeal.is_too_short else too]


def _about_block(block: Block, *, quote: bool) -> str:
    """Return until when the block was to last that a member asked about, and why there was one.

    It may be ended in another way, which doesn't change the message.
    """
    if block.until is None:
        end = _("That block was set to last until a moderator ends it.")
    else:
        end = _("That block was set to last until {date}.", date=absolute_time(block.until))
    return f"ℹ️ {end}{because(block.reason) if quote else ''}"


def _outcome(appeal: Appeal) -> list[str]:
    row = appeal.row
    if row.decision is None:
        return []
    is_given = row.decision is AppealDecision.ALLOW and row.rule.startswith(DELETION)
    moderator = f"<@{row.decided_by}>"
    lines = [_given(row, moderator) if is_given else _(DECIDED[row.decision], moderator=moderator)]
    if row.decision is AppealDecision.ALLOW and appeal.is_too_short:
        lines.append(_(STILL_BLOCKED))
    if row.told_at is None and not is_news(row):
        return lines
    if row.told_at is not None:
        return [*lines, _("I told {member} in a direct message.", member=f"<@{row.user_id}>")]
    if appeal.is_pending:
        waits = _(
            "⏳ I couldn't send {member} a direct message yet. I'll keep trying for a day.",
            member=f"<@{row.user_id}>",
        )
        return [*lines, waits]
    untold = _(
        "⚠️ I couldn't send {member} a direct message, so they don't know yet. Tell them yourself.",
        member=f"<@{row.user_id}>",
    )
    return [*lines, untold]


def _given(row: AppealRow, moderator: str) -> str:
    shots = deleted_by(row.rule)[1]
    if shots is None:
        return _("✅ **Allowed once** by {moderator}: one extra video, for 24 hours.", moderator=moderator)
    return ngettext(
        "✅ **Allowed once** by {moderator}: {count} extra video, for 24 hours.",
        "✅ **Allowed once** by {moderator}: {count} extra videos, for 24 hours.",
        shots,
        moderator=moderator,
    )
