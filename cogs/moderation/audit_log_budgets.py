"""Changes of budgets in the words of the audit log, and phrases that other sentences share. Pure text."""

from collections.abc import Mapping
from datetime import datetime
from typing import LiteralString

from bot.admission.budgets import WARNING_SHARE
from bot.admission.denials import NO_MONEY_AT_ALL
from bot.db.guild_models import AuditRow
from bot.i18n import N_, _, number, pgettext
from bot.markup import relative_time
from bot.money import show_money
from bot.policy.documents import Period

BUDGET_SET: Mapping[Period, LiteralString] = {
    Period.DAY: N_("{who} set the daily budget to {money} (before: {before})."),
    Period.MONTH: N_("{who} set the monthly budget to {money} (before: {before})."),
}
BUDGET_REMOVED: Mapping[Period, LiteralString] = {
    Period.DAY: N_("{who} removed the daily budget (before: {before})."),
    Period.MONTH: N_("{who} removed the monthly budget (before: {before})."),
}
BUDGET_WARNING: Mapping[Period, LiteralString] = {
    Period.DAY: N_("⚠️ {share}% of today's budget is spent or reserved: {spent} of {budget}."),
    Period.MONTH: N_("⚠️ {share}% of this month's budget is spent or reserved: {spent} of {budget}."),
}
BUDGET_USED_UP: Mapping[Period, LiteralString] = {
    Period.DAY: N_("⛔ Today's budget is used up; /veo is unavailable {until}."),
    Period.MONTH: N_("⛔ This month's budget is used up; /veo is unavailable {until}."),
}
BUDGET_TOO_SMALL: Mapping[Period, LiteralString] = {
    Period.DAY: N_(
        "⛔ Today's budget has {money} left, too little for a video that was "
        "requested. I'll reject requests like it {until}."
    ),
    Period.MONTH: N_(
        "⛔ This month's budget has {money} left, too little for a video that was "
        "requested. I'll reject requests like it {until}."
    ),
}


def mention(subject: str) -> str | None:
    """Return the mention of what a decision is about, even of a deleted role or member; None: everyone."""
    kind, _colon, name = subject.partition(":")
    mentions = {"member": f"<@{name}>", "role": f"<@&{name}>"}
    return mentions.get(kind)


def show_end(until: str | None) -> str:
    """Return until when something lasts; None: until it is ended."""
    if until is None:
        return _("until a moderator ends it")
    # Translators: {until} of other texts; {date} is a date and time
    return _("until {date}", date=show_time(parse_time(until)))


def parse_time(text: str) -> datetime:
    """Return a time from the JSON of the audit log."""
    return datetime.fromisoformat(text)


def show_time(at: datetime) -> str:
    """Return Discord's markup for a date and time, which each reader sees in their own time zone."""
    return f"<t:{int(at.timestamp())}:f>"


def budget_change(entry: AuditRow, who: str) -> str:
    """Return which budget was set or removed."""
    period = _period(entry)
    old, new = ((told or {}).get("credits") for told in (entry.old, entry.new))
    before = pgettext("no budget", "none") if old is None else show_money(old)
    if new is None:
        return _(BUDGET_REMOVED[period], who=who, before=before)
    return _(BUDGET_SET[period], who=who, money=show_money(new), before=before)


def budget_warning(entry: AuditRow, who: str) -> str:
    """Return how much of a budget is used, once that is much."""
    new = entry.new or {}
    budget, spent = float(new.get("budget", 0)), float(new.get("spent", 0))
    share = int(100 * spent / budget) if budget else int(100 * WARNING_SHARE)
    news = _(
        BUDGET_WARNING[_period(entry)],
        share=number(share),
        spent=show_money(spent),
        budget=show_money(budget),
    )
    if "resets_at" in new:
        resets_at = datetime.fromisoformat(new["resets_at"])
        news = f"{news} {_('The budget resets {when}.', when=relative_time(resets_at))}"
    return f"{who}: {news}"


def budget_reached(entry: AuditRow, who: str) -> str:
    """Return that a budget is used up, has too little left for a video, or is 0."""
    new, period = entry.new or {}, _period(entry)
    if new.get("budget") == 0:
        return f"{who}: ⛔ {_(NO_MONEY_AT_ALL)}"
    resets_at = datetime.fromisoformat(new["resets_at"]) if "resets_at" in new else None
    until = _("until {date}", date=f"<t:{int(resets_at.timestamp())}:f>") if resets_at else ""
    left = float(new.get("budget", 0)) - float(new.get("spent", 0))
    if left > 0:
        return f"{who}: {_(BUDGET_TOO_SMALL[period], money=show_money(left), until=until)}"
    return f"{who}: {_(BUDGET_USED_UP[period], until=until)}"


def _period(entry: AuditRow) -> Period:
    return Period((entry.subject or "").partition(":")[2] or Period.DAY)
