"""Phrases of the audit trail that several of its sentences share. Pure text."""

from datetime import datetime

from bot.i18n import _


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
