"""The audit trail in words, one line for a row. Pure text.

What `old` and `new` hold for each action is written in `rules`, `service` and `report_decisions` of
`bot.moderation`, in `bot.work.cancellation` and in `bot.admission.judge`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.admission.budgets import WARNING_SHARE
from bot.admission.policy import LimitKind, Period
from bot.errors import relative_time
from bot.escape import plain
from bot.models import Placement
from bot.moderation.tables import Action, AuditRow
from bot.money import show_money
from bot.privacy.erasure import NOBODY
from bot.usage.text import model_label
from bot.wording import PERIOD_NAMES, count_videos, describe_limit

REASON_LENGTH = 100  # characters of a reason or a word; escaped it may be twice as long
NAME_LENGTH = 24  # of a model or resolution; ours are shorter
SHOWN = 3  # channels or models of one setting

BUDGET_OF = {Period.DAY: "for each day", Period.MONTH: "for each month"}
SETTING_NAMES = {
    "channels": "channels",
    "models": "models",
    "longest_duration": "longest video",
    "highest_resolution": "highest resolution",
    "placement": "where videos go",
    "moderators_channel_id": "moderators' channel",
}
UNSET = {
    "channels": "all",
    "models": "all",
    "placement": "into threads",
    "moderators_channel_id": "none",
}


def entry_line(entry: AuditRow) -> str:
    """Return who did what, to whom, when and why; rarely more than 500 characters, and at most 600."""
    who = "The bot" if entry.actor_id is None else f"<@{entry.actor_id}>"
    joint = ": " if entry.action in OWN_SENTENCES else " "
    reason = f" Reason: “{plain(entry.reason, REASON_LENGTH)}”." if entry.reason else ""
    return f"{_moment(entry.at)} {who}{joint}{SENTENCES[entry.action](entry)}{reason}"


def _quota_set(entry: AuditRow) -> str:
    new, old = entry.new or {}, entry.old or {}
    limits = ", ".join(
        f"{_limit(kind, most)} ({f'before: {_most(old[kind])}' if kind in old else 'new'})"
        for kind, most in new.items()
    )
    return f"limited {_subject(entry)} to {limits}."


def _quota_unset(entry: AuditRow) -> str:
    limits = ", ".join(_limit(kind, most) for kind, most in (entry.old or {}).items())
    return f"took limits of {_subject(entry)} away: {limits or 'there were none'}."


def _grant(entry: AuditRow) -> str:
    grants: list[dict[str, Any]] = (entry.new or {}).get("grants", [])
    what = f"{count_videos(grants[-1]['amount'])} more {_end(grants[-1]['until'])}" if grants else "videos"
    before, now = _granted(entry.old), _granted(entry.new)
    in_all = f" They have {now:,} granted now (before: {before:,})." if before else ""
    return f"granted {_subject(entry)} {what}.{in_all}"


def _reset(entry: AuditRow) -> str:
    before = (entry.old or {}).get("reset_at")
    earlier = f" (before: {_moment(_parse(before))})" if before else ""
    return f"reset the limits of {_subject(entry)}: earlier videos do not count towards them{earlier}."


def _budget(entry: AuditRow) -> str:
    period = BUDGET_OF[_period(entry)]
    old, new = ((told or {}).get("credits") for told in (entry.old, entry.new))
    before = "none" if old is None else show_money(old)
    if new is None:
        return f"removed the budget {period} (before: {before})."
    return f"set the budget {period} to {show_money(new)} (before: {before})."


def _pause(entry: AuditRow) -> str:
    return f"paused /veo for everyone{' (it was paused before)' if entry.old else ''}."


def _resume(entry: AuditRow) -> str:
    return f"ended the pause of /veo for everyone{'' if entry.old else ' (there was none)'}."


def _block(entry: AuditRow) -> str:
    before = f" (before: {_end(entry.old.get('until'))})" if entry.old else ""
    return f"blocked {_subject(entry)} from /veo {_end((entry.new or {}).get('until'))}{before}."


def _unblock(entry: AuditRow) -> str:
    before = f"it was to hold {_end(entry.old.get('until'))}" if entry.old else "there was none"
    return f"ended the block of {_subject(entry)} ({before})."


def _word_add(entry: AuditRow) -> str:
    return f"forbade {_word(entry.new)} in prompts{' (it was forbidden before)' if entry.old else ''}."


def _word_remove(entry: AuditRow) -> str:
    if not entry.old:
        return "took back a forbidden word that there was not."
    return f"allowed {_word(entry.old)} in prompts again."


def _settings(entry: AuditRow) -> str:
    old = entry.old or {}
    told = [
        (name, _setting(name, old.get(name)), _setting(name, new)) for name, new in (entry.new or {}).items()
    ]
    changes = [
        f"{SETTING_NAMES.get(name, name)}: {before} → {now}" for name, before, now in told if before != now
    ]
    return f"changed settings: {'; '.join(changes)}." if changes else "saved the settings as they were."


def _cancel(entry: AuditRow) -> str:
    counts = (entry.new or {}).get("counts")
    return f"cancelled {_subject(entry)}; it {'counts' if counts else 'does not count'} towards limits."


def _video_delete(entry: AuditRow) -> str:
    user_id = (entry.new or {}).get("user_id", NOBODY)
    return f"deleted {_subject(entry)}{f' of <@{user_id}>' if user_id != NOBODY else ''}."


def _report_dismiss(entry: AuditRow) -> str:
    return f"dismissed a report of {_subject(entry)}."


def _budget_warning(entry: AuditRow) -> str:
    new = entry.new or {}
    budget, spent = float(new.get("budget", 0)), float(new.get("spent", 0))
    share = int(100 * spent / budget) if budget else int(100 * WARNING_SHARE)
    return (
        f"⚠️ {share} % of the budget for {PERIOD_NAMES[_period(entry)]} is spent or reserved: "
        f"{show_money(spent)} of {show_money(budget)}.{_new_money(new)}"
    )


def _budget_reached(entry: AuditRow) -> str:
    new = entry.new or {}
    until = f" until {relative_time(_parse(new['resets_at']))}" if "resets_at" in new else ""
    period, left = PERIOD_NAMES[_period(entry)], float(new.get("budget", 0)) - float(new.get("spent", 0))
    if left > 0:
        words = f"has {show_money(left)} left, too little for a video that was asked for"
        return f"⛔ The budget for {period} {words}; such videos are refused{until}."
    return f"⛔ The budget for {period} is used up; /veo is refused{until}."


SENTENCES: Mapping[Action, Callable[[AuditRow], str]] = {
    Action.QUOTA_SET: _quota_set,
    Action.QUOTA_UNSET: _quota_unset,
    Action.GRANT: _grant,
    Action.RESET: _reset,
    Action.BUDGET: _budget,
    Action.PAUSE: _pause,
    Action.RESUME: _resume,
    Action.BLOCK: _block,
    Action.UNBLOCK: _unblock,
    Action.WORD_ADD: _word_add,
    Action.WORD_REMOVE: _word_remove,
    Action.SETTINGS: _settings,
    Action.CANCEL: _cancel,
    Action.VIDEO_DELETE: _video_delete,
    Action.REPORT_DISMISS: _report_dismiss,
    Action.BUDGET_WARNING: _budget_warning,
    Action.BUDGET_REACHED: _budget_reached,
}
OWN_SENTENCES = frozenset({Action.BUDGET_WARNING, Action.BUDGET_REACHED})  # they need no "who"


def _subject(entry: AuditRow) -> str:
    """Return whom or what it is about; a deleted role or member stays a mention, which Discord shows."""
    kind, _, name = (entry.subject or "").partition(":")
    match kind:
        case "member":
            return f"<@{name}>"
        case "role":
            return f"<@&{name}>"
        case "generation":
            return f"the video `{name}`"
        case _:
            return "everyone"


def _period(entry: AuditRow) -> Period:
    return Period((entry.subject or "").partition(":")[2] or Period.DAY)


def _limit(kind: str, most: int | None) -> str:
    return describe_limit(LimitKind(kind), most)


def _most(most: int | None) -> str:
    return "unlimited" if most is None else f"{most:,}"


def _granted(told: dict[str, Any] | None) -> int:
    return sum(grant["amount"] for grant in (told or {}).get("grants", []))


def _word(told: dict[str, Any] | None) -> str:
    return f"“{plain(str((told or {}).get('word', '')), REASON_LENGTH)}”"


def _setting(name: str, value: Any) -> str:
    if value is None or value == []:
        return UNSET.get(name, "any")
    match name:
        case "channels" | "models":
            return _some([_setting_part(name, part) for part in sorted(value)])
        case "longest_duration":
            return f"{value} seconds"
        case "placement":
            return "into the channel itself" if value == Placement.CHANNEL else UNSET[name]
        case _:
            return _setting_part(name, value)


def _setting_part(name: str, value: Any) -> str:
    if name in {"channels", "moderators_channel_id"}:
        return f"<#{value}>"
    return plain(model_label(str(value)) if name == "models" else str(value), NAME_LENGTH)


def _some(parts: list[str]) -> str:
    more = len(parts) - SHOWN
    return ", ".join(parts[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _new_money(new: dict[str, Any]) -> str:
    return f" New money {relative_time(_parse(new['resets_at']))}." if "resets_at" in new else ""


def _end(until: str | None) -> str:
    return "until a moderator ends it" if until is None else f"until {_moment(_parse(until))}"


def _parse(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _moment(moment: datetime) -> str:
    """Return Discord's markup for a date and time, which each reader sees in their own time zone."""
    return f"<t:{int(moment.timestamp())}:f>"
