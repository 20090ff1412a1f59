"""The audit trail in words, one line for a row. Pure text.

What `old` and `new` hold for each action is written in `bot.moderation.snapshots`, and for what can't be
undone in `bot.moderation.report_decisions`, `bot.jobs.cancellation` and `bot.admission.check_request`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.db.guild_models import Action, AuditRow
from bot.db.models import NOBODY
from bot.escape import plain
from bot.i18n import _, ngettext, number
from bot.moderation.decided import decision_of
from bot.moderation.importing import SERVER_LENGTH
from bot.policy.documents import LimitKind, StrikeRules
from bot.policy.phrases import count_videos, describe_limit, translate_reason
from cogs.moderation.audit_log_budgets import (
    budget_change,
    budget_reached,
    budget_warning,
    mention,
    parse_time,
    show_end,
    show_time,
)
from cogs.moderation.audit_log_words import REASON_LENGTH, word_add, word_remove
from cogs.moderation.ladder import ladder_text
from cogs.moderation.server_settings import setting_changes
from cogs.moderation.undo_text import changes_text, undo_sentence


def entry_line(entry: AuditRow) -> str:
    """Return who did what to which subject, when and why: usually under 500 characters, at most 900."""
    who = _("The bot") if entry.actor_id is None else f"<@{entry.actor_id}>"
    line = f"{show_time(entry.at)} #{entry.id} {SENTENCES[entry.action](entry, who)}"
    if not entry.reason:
        return line
    return f"{line} {_('Reason: “{reason}”.', reason=plain(translate_reason(entry.reason), REASON_LENGTH))}"


def _quota_set(entry: AuditRow, who: str) -> str:
    new, old = entry.new or {}, entry.old or {}
    limits = ", ".join(
        _("{limit} (before: {before})", limit=_limit(kind, most), before=_maximum(old[kind]))
        if kind in old
        else _("{limit} (new)", limit=_limit(kind, most))
        for kind, most in new.items()
    )
    if (subject := mention(entry.subject or "")) is None:
        return _("{who} limited everyone to {limits}.", who=who, limits=limits)
    return _("{who} limited {subject} to {limits}.", who=who, subject=subject, limits=limits)


def _quota_unset(entry: AuditRow, who: str) -> str:
    limits = ", ".join(_limit(kind, most) for kind, most in (entry.old or {}).items())
    limits = limits or _("there were none")
    if (subject := mention(entry.subject or "")) is None:
        return _("{who} removed limits for everyone: {limits}.", who=who, limits=limits)
    return _("{who} removed limits for {subject}: {limits}.", who=who, subject=subject, limits=limits)


def _grant(entry: AuditRow, who: str) -> str:
    grants: list[dict[str, Any]] = (entry.new or {}).get("grants", [])
    if not grants:
        return _("{who} granted {subject} videos.", who=who, subject=_subject(entry))
    line = _(
        "{who} granted {subject} {videos} on top of their limits {until}.",
        who=who,
        subject=_subject(entry),
        videos=count_videos(grants[-1]["amount"]),
        until=show_end(grants[-1]["until"]),
    )
    before, now = _granted(entry.old), _granted(entry.new)
    if not before:
        return line
    in_all = ngettext(
        "They have {count} granted now (before: {before}).",
        "They have {count} granted now (before: {before}).",
        now,
        before=number(before),
    )
    return f"{line} {in_all}"


def _reset(entry: AuditRow, who: str) -> str:
    before = (entry.old or {}).get("reset_at")
    if before is None:
        return _(
            "{who} reset the usage of {subject}: earlier videos no longer count toward limits.",
            who=who,
            subject=_subject(entry),
        )
    return _(
        "{who} reset the usage of {subject}: earlier videos no longer count toward limits (before: {date}).",
        who=who,
        subject=_subject(entry),
        date=show_time(parse_time(before)),
    )


def _pause(entry: AuditRow, who: str) -> str:
    if entry.old:
        return _("{who} paused /veo for everyone (it was already paused).", who=who)
    return _("{who} paused /veo for everyone.", who=who)


def _resume(entry: AuditRow, who: str) -> str:
    if entry.old:
        return _("{who} resumed /veo for everyone.", who=who)
    return _("{who} resumed /veo for everyone (it wasn't paused).", who=who)


def _block(entry: AuditRow, who: str) -> str:
    until = show_end((entry.new or {}).get("until"))
    if not entry.old:
        return _("{who} blocked {subject} from /veo {until}.", who=who, subject=_subject(entry), until=until)
    if entry.old == entry.new and (entry.reason or "").startswith("report "):
        return _(
            "{who} chose to block {subject} from /veo for 24 hours; the longer block {until} stays.",
            who=who,
            subject=_subject(entry),
            until=until,
        )
    return _(
        "{who} blocked {subject} from /veo {until} (before: {before}).",
        who=who,
        subject=_subject(entry),
        until=until,
        before=show_end(entry.old.get("until")),
    )


def _unblock(entry: AuditRow, who: str) -> str:
    if not entry.old:
        return _("{who} unblocked {subject} (there was no block).", who=who, subject=_subject(entry))
    return _(
        "{who} unblocked {subject} (the block would have lasted {until}).",
        who=who,
        subject=_subject(entry),
        until=show_end(entry.old.get("until")),
    )


def _strikes(entry: AuditRow, who: str) -> str:
    if not entry.new:
        return _("{who} turned strikes off.", who=who)
    ladder = ladder_text(StrikeRules.model_validate(entry.new))
    if not entry.old:
        return _("{who} turned strikes on: {ladder}.", who=who, ladder=ladder)
    before = ladder_text(StrikeRules.model_validate(entry.old))
    return _("{who} changed strikes: {ladder} (before: {before}).", who=who, ladder=ladder, before=before)


def _forgive(entry: AuditRow, who: str) -> str:
    return ngettext(
        "{who} forgave {count} strike of {subject}.",
        "{who} forgave {count} strikes of {subject}.",
        (entry.new or {}).get("strikes", 0),
        who=who,
        subject=_subject(entry),
    )


def _settings(entry: AuditRow, who: str) -> str:
    changes = setting_changes(entry.old or {}, entry.new or {})
    if not changes:
        return _("{who} saved the settings without changes.", who=who)
    return _("{who} changed settings: {changes}.", who=who, changes="; ".join(changes))


def _import(entry: AuditRow, who: str) -> str:
    server, row = plain(_name(entry), SERVER_LENGTH), decision_of(entry)
    if not row.left:
        return _("{who} imported the rules of “{server}” without changes.", who=who, server=server)
    changes = changes_text(row, row.before, row.left)
    return _("{who} imported the rules of “{server}”: {changes}.", who=who, server=server, changes=changes)


def _cancel(entry: AuditRow, who: str) -> str:
    if (entry.new or {}).get("counts"):
        return _("{who} cancelled the video `{video}`; it counts toward limits.", who=who, video=_name(entry))
    return _(
        "{who} cancelled the video `{video}`; it doesn't count toward limits.", who=who, video=_name(entry)
    )


def _video_delete(entry: AuditRow, who: str) -> str:
    user_id, name = (entry.new or {}).get("user_id", NOBODY), _name(entry)
    match _is_film(entry), user_id == NOBODY:
        case True, True:
            return _("{who} deleted the film `{film}`.", who=who, film=name)
        case True, False:
            member = f"<@{user_id}>"
            return _("{who} deleted the film `{film}` by {member}.", who=who, film=name, member=member)
        case False, True:
            return _("{who} deleted the video `{video}`.", who=who, video=name)
        case _:
            member = f"<@{user_id}>"
            return _("{who} deleted the video `{video}` by {member}.", who=who, video=name, member=member)


def _report_dismiss(entry: AuditRow, who: str) -> str:
    if _is_film(entry):
        return _("{who} dismissed a report about the film `{film}`.", who=who, film=_name(entry))
    return _("{who} dismissed a report about the video `{video}`.", who=who, video=_name(entry))


def _appeal_allow(entry: AuditRow, who: str) -> str:
    return _("{who} allowed a refused request by {subject} once.", who=who, subject=_subject(entry))


def _appeal_decline(entry: AuditRow, who: str) -> str:
    return _("{who} declined an appeal by {subject}.", who=who, subject=_subject(entry))


def _review_approve(entry: AuditRow, who: str) -> str:
    return _(
        "{who} approved the request `{video}` by {member}.", who=who, video=_name(entry), member=_owner(entry)
    )


def _review_decline(entry: AuditRow, who: str) -> str:
    return _(
        "{who} declined the request `{video}` by {member}.", who=who, video=_name(entry), member=_owner(entry)
    )


SENTENCES: Mapping[Action, Callable[[AuditRow, str], str]] = {
    Action.QUOTA_SET: _quota_set,
    Action.QUOTA_UNSET: _quota_unset,
    Action.GRANT: _grant,
    Action.RESET: _reset,
    Action.BUDGET: budget_change,
    Action.PAUSE: _pause,
    Action.RESUME: _resume,
    Action.BLOCK: _block,
    Action.UNBLOCK: _unblock,
    Action.WORD_ADD: word_add,
    Action.WORD_REMOVE: word_remove,
    Action.SETTINGS: _settings,
    Action.IMPORT: _import,
    Action.STRIKES: _strikes,
    Action.FORGIVE: _forgive,
    Action.CANCEL: _cancel,
    Action.VIDEO_DELETE: _video_delete,
    Action.REPORT_DISMISS: _report_dismiss,
    Action.APPEAL_ALLOW: _appeal_allow,
    Action.APPEAL_DECLINE: _appeal_decline,
    Action.REVIEW_APPROVE: _review_approve,
    Action.REVIEW_DECLINE: _review_decline,
    Action.UNDO: undo_sentence,
    Action.BUDGET_WARNING: budget_warning,
    Action.BUDGET_REACHED: budget_reached,
}


def _subject(entry: AuditRow) -> str:
    return mention(entry.subject or "") or _("everyone")


def _is_film(entry: AuditRow) -> bool:
    return (entry.subject or "").startswith("film:")


def _name(entry: AuditRow) -> str:
    return (entry.subject or "").partition(":")[2]


def _owner(entry: AuditRow) -> str:
    return f"<@{(entry.new or {}).get('user_id', NOBODY)}>"


def _limit(kind: str, most: int | None) -> str:
    return describe_limit(LimitKind(kind), most)


def _maximum(maximum: int | None) -> str:
    return _("unlimited") if maximum is None else number(maximum)


def _granted(snapshot: dict[str, Any] | None) -> int:
    return sum(grant["amount"] for grant in (snapshot or {}).get("grants", []))
