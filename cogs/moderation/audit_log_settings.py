"""What was changed of a server's settings, in the words of the audit trail. Pure text."""

from collections.abc import Mapping
from typing import Any, LiteralString

from bot.db.models import Placement
from bot.escape import plain
from bot.i18n import N_, _, ngettext, pgettext
from bot.policy.phrases import ask_first_word, seconds
from bot.usage.text import model_label

NAME_LENGTH = 24  # of a model or resolution; ours are shorter
SHOWN = 3  # channels or models of one setting

NAMES: Mapping[str, LiteralString] = {
    "channels": N_("channels"),
    "models": N_("models"),
    "longest_duration": N_("longest video"),
    "highest_resolution": N_("highest resolution"),
    "placement": N_("where videos go"),
    "ask_first": N_("price first"),
    "moderators_channel_id": N_("moderators' channel"),
}


def setting_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what differs, such as "channels: all → <#3>", by the fields of `bot.policy.documents.Policy`."""
    told = [(name, _value(name, old.get(name)), _value(name, value)) for name, value in new.items()]
    return [f"{_name(name)}: {before} → {now}" for name, before, now in told if before != now]


def _name(name: str) -> str:
    return _(NAMES[name]) if name in NAMES else name


def _value(name: str, value: Any) -> str:
    if value is None or value == []:
        return _unset(name)
    match name:
        case "channels" | "models":
            return _some([_part(name, part) for part in sorted(value)])
        case "longest_duration":
            return seconds(int(value))
        case "ask_first":
            return ask_first_word(is_on=value)
        case "placement":
            return _("in the channel") if value == Placement.CHANNEL else _unset(name)
        case _:
            return _part(name, value)


def _unset(name: str) -> str:
    match name:
        case "channels":
            return pgettext("channels", "all")
        case "models":
            return pgettext("models", "all")
        case "placement":
            return _("in threads")
        case "moderators_channel_id":
            return pgettext("channel", "none")
        case _:
            return pgettext("duration or resolution", "any")


def _part(name: str, value: Any) -> str:
    if name in {"channels", "moderators_channel_id"}:
        return f"<#{value}>"
    return plain(model_label(str(value)) if name == "models" else str(value), NAME_LENGTH)


def _some(parts: list[str]) -> str:
    shown, more = ", ".join(parts[:SHOWN]), len(parts) - SHOWN
    if more <= 0:
        return shown
    return ngettext("{shown} and {count} more", "{shown} and {count} more", more, shown=shown)
