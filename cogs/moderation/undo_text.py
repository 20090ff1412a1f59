"""What was restored by an undo, and what a decision and its undo are about, in words. Pure text."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.db.guild_models import Action, AuditRow
from bot.escape import plain
from bot.i18n import _, pgettext
from bot.moderation.restoring import Decision, decision_of
from bot.moderation.told import Told
from bot.moderation.undo import ChangedSince, Undone
from bot.money import show_money
from bot.policy.documents import LimitKind, Period
from bot.policy.phrases import count_videos, describe_limit, told_reason
from cogs.moderation.audit_log_parts import mention, parse_moment, show_end, show_moment
from cogs.moderation.server_settings import setting_states

WORD_LENGTH = 100  # characters; escaped it may be twice as long
REASON_LENGTH = 40  # characters; there may be two in a line of the log
States = Mapping[str, str]  # what something is, by its name


def undo_sentence(entry: AuditRow, who: str) -> str:
    """Return who undid which decision, and what that changed."""
    undone, (was, restored) = (entry.subject or "").partition(":")[0], _undo_states(entry)
    return _("{who} undid #{decision}: {changes}.", who=who, decision=undone, changes=_changes(was, restored))


def undone_text(undone: Undone, *, is_gone: bool) -> str:
    """Return what was restored; `is_gone`: the member it is about isn't on the server."""
    decision = undone.decision
    changes = _changes(states(decision, undone.was), states(decision, undone.restored))
    text = _("✅ **Undone:** {changes}.", changes=changes)
    if not is_gone:
        return text
    gone = _(
        "{member} isn't on this server now. It applies if they come back.", member=mention(decision.subject)
    )
    return f"{text} {gone}"


def changed_text(changed: ChangedSince) -> str:
    """Return what has changed since a decision, and what its undo would overwrite."""
    decision = changed.decision
    lines = [
        _("⚠️ **This has changed since #{decision}.** Nothing is undone yet.", decision=decision.id),
        _("#{decision} left: {state}", decision=decision.id, state=_told(states(decision, decision.left))),
        _("Now: {state}", state=_told(states(decision, changed.present))),
        _("Undoing it would restore: {state}", state=_told(states(decision, decision.before))),
    ]
    return "\n".join(lines)


def states(decision: Decision, told: Told) -> States:
    """Return in words what the trail tells about what a decision changed."""
    make = STATES.get(decision.kind)
    return make(decision, told) if make else {}


def _undo_states(entry: AuditRow) -> tuple[States, States]:
    decision = decision_of(entry)
    return states(decision, decision.before), states(decision, decision.left)


def _changes(was: States, restored: States) -> str:
    """Return what differs, such as "Longest video: any → 6 seconds"; one thing always, whatever it is."""
    pairs = list(zip(was.items(), restored.items(), strict=False))
    changes = [_change(*pair) for pair in pairs if len(pairs) == 1 or pair[0] != pair[1]]
    return "; ".join(changes) or "–"


def _change(was: tuple[str, str], restored: tuple[str, str]) -> str:
    (old_name, old_state), (name, state) = was, restored
    return f"{name}: {old_state} → {state}" if name == old_name else f"{old_name} → {name}"


def _told(of: States) -> str:
    return "; ".join(f"{name}: {state}" for name, state in of.items()) or "–"


def _limits(decision: Decision, told: Told) -> States:
    subject = mention(decision.subject)
    name = _("limits of {subject}", subject=subject) if subject else _("limits of everyone")
    limits = [describe_limit(LimitKind(kind), most) for kind, most in (told or {}).items()]
    return {name: ", ".join(limits) or pgettext("limits", "none")}


def _budget(decision: Decision, told: Told) -> States:
    is_daily = decision.subject.partition(":")[2] == Period.DAY
    name = _("daily budget") if is_daily else _("monthly budget")
    return {name: show_money(told["credits"]) if told else pgettext("no budget", "none")}


def _pause(decision: Decision, told: Told) -> States:
    del decision
    if told is None:
        return {"/veo": pgettext("/veo", "not paused")}
    return {"/veo": _with_reason(pgettext("/veo", "paused"), told)}


def _block(decision: Decision, told: Told) -> States:
    name = mention(decision.subject) or ""
    if told is None:
        return {name: pgettext("member", "not blocked")}
    return {name: _with_reason(_("blocked {until}", until=show_end(told.get("until"))), told)}


def _with_reason(state: str, told: Mapping[str, Any]) -> str:
    """Return a state with its reason in brackets, where one was given."""
    reason = told.get("reason")
    if not reason:
        return state
    return _("{state} (“{reason}”)", state=state, reason=plain(told_reason(reason), REASON_LENGTH))


def _word(decision: Decision, told: Told) -> States:
    word = {**(decision.left or {}), **(decision.before or {}), **(told or {})}.get("word", "")
    state = pgettext("word", "blocked in prompts") if told else pgettext("word", "allowed in prompts")
    return {_("“{word}”", word=plain(str(word), WORD_LENGTH)): state}


def _grant(decision: Decision, told: Told) -> States:
    name = _("extra videos for {member}", member=mention(decision.subject))
    grants = [
        f"{count_videos(grant['amount'])} {show_end(grant['until'])}"
        for grant in (told or {}).get("grants", ())
    ]
    return {name: ", ".join(grants) or pgettext("extra videos", "none")}


def _reset(decision: Decision, told: Told) -> States:
    name = _("last usage reset of {member}", member=mention(decision.subject))
    at = (told or {}).get("reset_at")
    return {name: show_moment(parse_moment(at)) if at else pgettext("last reset", "never")}


def _settings(decision: Decision, told: Told) -> States:
    del decision
    return setting_states(told or {})


STATES: Mapping[Action, Callable[[Decision, Told], States]] = {
    Action.QUOTA_SET: _limits,
    Action.QUOTA_UNSET: _limits,
    Action.BUDGET: _budget,
    Action.PAUSE: _pause,
    Action.RESUME: _pause,
    Action.BLOCK: _block,
    Action.UNBLOCK: _block,
    Action.WORD_ADD: _word,
    Action.WORD_REMOVE: _word,
    Action.GRANT: _grant,
    Action.RESET: _reset,
    Action.SETTINGS: _settings,
}
