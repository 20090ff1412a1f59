"""The lines of the audit trail about blocked words. Pure text."""

from typing import Any

from bot.db.guild_models import AuditRow
from bot.escape import plain
from bot.i18n import _
from bot.moderation.appeal_decisions import LIFTED

REASON_LENGTH = 100  # characters of a reason or a word; escaped it may be twice as long


def word_add(entry: AuditRow, who: str) -> str:
    """Say that a word was blocked."""
    if entry.old:
        return _(
            "{who} blocked “{word}” in prompts (it was already blocked).", who=who, word=_word(entry.new)
        )
    return _("{who} blocked “{word}” in prompts.", who=who, word=_word(entry.new))


def word_remove(entry: AuditRow, who: str) -> str:
    """Say that a word was allowed again, or why nothing changed."""
    lifted = (entry.subject or "").removeprefix(LIFTED)
    if not entry.old and lifted != entry.subject:
        return _(
            "{who} lifted “{word}” after an appeal; it was no longer on the list of blocked words.",
            who=who,
            word=plain(lifted, REASON_LENGTH),
        )
    if not entry.old:
        return _("{who} tried to remove a blocked word that wasn't on the list.", who=who)
    return _("{who} allowed “{word}” in prompts again.", who=who, word=_word(entry.old))


def _word(snapshot: dict[str, Any] | None) -> str:
    return plain(str((snapshot or {}).get("word", "")), REASON_LENGTH)
