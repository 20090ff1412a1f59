"""The texts of an undo: what it restored, and what it and its decision are about. Pure text."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.db.guild_models import Action, AuditRow
from bot.escape import plain
from bot.i18n import N_, _, format_and, ngettext, pgettext
from bot.moderation.decided import Decision, decision_of, parts_of, words_of
from bot.moderation.snapshots import Snapshot
from bot.moderation.undo import ChangedSince, Undone
from bot.money import show_money
from bot.policy.documents import LimitKind, Period, StrikeRules
from bot.policy.phrases import count_videos, describe_limit, quote_words, translate_reason
from cogs.moderation.audit_log_budgets import mention, parse_time, show_end, show_time
from cogs.moderation.ladder import ladder_text
from cogs.moderation.server_settings import setting_changes, setting_states, told_apart
from cogs.ui.lists import first_of

WORD_LENGTH = 100  # characters; escaped it may be twice as long
WORDS_OF_IMPORT = 30  # characters of words that an import adds or removes
REASON_LENGTH = 40  # characters; there may be two in a line of the log
IN_LINE = 400  # characters of what an import changed, in a line of the log
IN_QUESTION = 3  # parts of an import in the question whether to overwrite
LEAD = 10  # characters before what tells two reasons apart
ALL_OF_IMPORT = N_("Everything else that the import changed would be restored, too.")
States = Mapping[str, str]  # what something is, by its name


def undo_sentence(entry: AuditRow, who: str) -> str:
    """Return who undid which decision, and what that changed."""
    undone, row = (entry.subject or "").partition(":")[0], decision_of(entry)
    changes = changes_text(row, row.before, row.left)
    return _("{who} undid #{decision}: {changes}.", who=who, decision=undone, changes=changes)


def undone_text(undone: Undone, *, is_gone: bool) -> str:
    """Return what was restored; `is_gone`: the member it is about isn't on the server."""
    decision = undone.decision
    changes = changes_text(decision, undone.was, undone.restored)
    text = _("✅ **Undone:** {changes}.", changes=changes)
    if not is_gone:
        return text
    gone = _(
        "{member} isn't on this server now. It applies if they come back.", member=mention(decision.subject)
    )
    return f"{text} {gone}"


def changed_text(changed: ChangedSince) -> str:
    """Return what has changed since a decision, and what its undo would overwrite."""
    decision, later = changed.decision, changed.later
    left, present, before = map(_joined, states(decision, decision.left, changed.present, decision.before))
    lines = [
        _("⚠️ **This has changed since #{decision}.** Nothing is undone yet.", decision=decision.id),
        *([_("The newest change is #{decision}.", decision=later)] if later is not None else []),
        _("#{decision} left: {state}", decision=decision.id, state=left),
        _("Now: {state}", state=present),
        _("Undoing it would restore: {state}", state=before),
        *([_(ALL_OF_IMPORT)] if decision.kind is Action.IMPORT else []),
    ]
    return "\n".join(lines)


def states(decision: Decision, *snapshots: Snapshot) -> list[States]:
    """Return in words what the trail tells about what a decision changed: each so that it differs."""
    make = STATES.get(decision.kind)
    if make is _import:
        return _of_parts(decision, snapshots)
    if make is None:
        return [{} for _state in snapshots]
    apart = (
        told_apart(*(state or {} for state in snapshots)) if make is _settings else _reasons_apart(snapshots)
    )
    return [make(decision, state) for state in apart]


def _of_parts(decision: Decision, snapshots: Sequence[Snapshot]) -> list[States]:
    """Return the states of an import's parts, of those alone that the first two states differ in."""
    merged: list[dict[str, str]] = [{} for _state in snapshots]
    for part in parts_of(decision):
        of_part = states(part, *[(state or {}).get(f"{part.kind}:{part.subject}") for state in snapshots])
        for state, more in zip(merged, of_part, strict=True):
            state.update(more)
    left, present, *_others = merged
    names = [name for name in left if left[name] != present.get(name)] or list(left)
    return [{name: state[name] for name in names[:IN_QUESTION] if name in state} for state in merged]


def _reasons_apart(snapshots: Sequence[Snapshot]) -> Sequence[Snapshot]:
    """Return states with those reasons cut at their beginning that are alike as far as they are shown."""
    reasons: list[str] = [(state or {}).get("reason") or "" for state in snapshots]
    cut: list[Snapshot] = []
    for state, reason in zip(snapshots, reasons, strict=True):
        alike = [_shared(reason, other) for other in reasons if other != reason]
        shared = max(alike, default=0)
        is_hidden = shared >= REASON_LENGTH - 1
        cut.append({**state, "reason": f"…{reason[shared - LEAD :]}"} if state and is_hidden else state)
    return cut


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))


def changes_text(decision: Decision, was: Snapshot, restored: Snapshot) -> str:
    """Return what differs, such as "Longest video: any → 6 seconds"; one thing always, whatever it is."""
    if decision.kind is Action.IMPORT:
        return "; ".join(first_of(import_changes(was, restored), IN_LINE)) or "–"
    return "; ".join(_changes(decision, was, restored)) or "–"


def import_changes(was: Snapshot, restored: Snapshot) -> list[str]:
    """Return what differs between two states that an import, or its undo, leads from and to."""
    parts = parts_of(Decision(0, Action.IMPORT, "", was, restored))
    return [change for part in parts for change in _changes(part, part.before, part.left)]


def import_changes_in_full(was: Snapshot, restored: Snapshot) -> list[str]:
    """Return the same for a file: without escapes, and nothing is left out, however much it is."""
    lines: list[str] = []
    for part in parts_of(Decision(0, Action.IMPORT, "", was, restored)):
        if words_of(part):
            lines += _word_changes(part.before, part.left, _quote_all)
        elif part.kind is Action.SETTINGS:
            lines += setting_changes(part.before or {}, part.left or {}, None)
        else:
            lines += _changes(part, part.before, part.left)
    return lines


def _changes(decision: Decision, was: Snapshot, restored: Snapshot) -> list[str]:
    if words_of(decision):
        return _word_changes(was, restored)
    old, new = states(decision, was, restored)
    pairs = list(zip(old.items(), new.items(), strict=False))
    if len(pairs) > 1:  # settings, by the names of what was told
        values = zip(pairs, (was or {}).values(), (restored or {}).values(), strict=False)
        differing = [pair for pair, before, now in values if before != now]
        pairs = [pair for pair in pairs if pair[0] != pair[1]] or differing
    return [_change(*pair) for pair in pairs]


def quote_some(words: Sequence[str]) -> str:
    """Return words of an import in quotation marks, as far as there's room beside what else it changes."""
    return quote_words(words, WORDS_OF_IMPORT)


def _word_changes(
    was: Snapshot, restored: Snapshot, quote: Callable[[Sequence[str]], str] = quote_some
) -> list[str]:
    before, now = (set[str]((state or {}).get("words", ())) for state in (was, restored))
    added, removed = sorted(now - before), sorted(before - now)
    changes: list[str] = []
    if added:
        changes.append(
            ngettext(
                "{count} blocked word added: {words}",
                "{count} blocked words added: {words}",
                len(added),
                words=quote(added),
            )
        )
    if removed:
        changes.append(
            ngettext(
                "{count} blocked word removed: {words}",
                "{count} blocked words removed: {words}",
                len(removed),
                words=quote(removed),
            )
        )
    return changes


def _quote_all(words: Sequence[str]) -> str:
    return format_and(_("“{word}”", word=word) for word in words)


def _change(was: tuple[str, str], restored: tuple[str, str]) -> str:
    (old_name, old_state), (name, state) = was, restored
    return f"{name}: {old_state} → {state}" if name == old_name else f"{old_name} → {name}"


def _joined(of: States) -> str:
    return "; ".join(f"{name}: {state}" for name, state in of.items()) or "–"


def _limits(decision: Decision, snapshot: Snapshot) -> States:
    subject = mention(decision.subject)
    name = _("limits of {subject}", subject=subject) if subject else _("limits of everyone")
    limits = [describe_limit(LimitKind(kind), most) for kind, most in (snapshot or {}).items()]
    return {name: ", ".join(limits) or pgettext("limits", "none")}


def _budget(decision: Decision, snapshot: Snapshot) -> States:
    is_daily = decision.subject.partition(":")[2] == Period.DAY
    name = _("daily budget") if is_daily else _("monthly budget")
    return {name: show_money(snapshot["credits"]) if snapshot else pgettext("no budget", "none")}


def _pause(decision: Decision, snapshot: Snapshot) -> States:
    del decision
    if snapshot is None:
        return {"/veo": pgettext("/veo", "not paused")}
    return {"/veo": _with_reason(pgettext("/veo", "paused"), snapshot)}


def _block(decision: Decision, snapshot: Snapshot) -> States:
    name = mention(decision.subject) or ""
    if snapshot is None:
        return {name: pgettext("member", "not blocked")}
    return {name: _with_reason(_("blocked {until}", until=show_end(snapshot.get("until"))), snapshot)}


def _with_reason(state: str, snapshot: Mapping[str, Any]) -> str:
    """Return a state with its reason in brackets, where one was given."""
    reason = snapshot.get("reason")
    if not reason:
        return state
    return _("{state} (“{reason}”)", state=state, reason=plain(translate_reason(reason), REASON_LENGTH))


def _word(decision: Decision, snapshot: Snapshot) -> States:
    if words_of(decision):
        words: list[str] = (snapshot or {}).get("words", [])
        return {_("blocked words"): quote_words(words) or pgettext("blocked words", "none")}
    word = {**(decision.left or {}), **(decision.before or {}), **(snapshot or {})}.get("word", "")
    state = pgettext("word", "blocked in prompts") if snapshot else pgettext("word", "allowed in prompts")
    return {_("“{word}”", word=plain(str(word), WORD_LENGTH)): state}


def _grant(decision: Decision, snapshot: Snapshot) -> States:
    name = _("extra videos for {member}", member=mention(decision.subject))
    grants = [
        f"{count_videos(grant['amount'])} {show_end(grant['until'])}"
        for grant in (snapshot or {}).get("grants", ())
    ]
    return {name: ", ".join(grants) or pgettext("extra videos", "none")}


def _reset(decision: Decision, snapshot: Snapshot) -> States:
    name = _("last usage reset of {member}", member=mention(decision.subject))
    at = (snapshot or {}).get("reset_at")
    return {name: show_time(parse_time(at)) if at else pgettext("last reset", "never")}


def _settings(decision: Decision, snapshot: Snapshot) -> States:
    del decision
    return setting_states(snapshot or {})


def _strikes(decision: Decision, snapshot: Snapshot) -> States:
    del decision
    state = ladder_text(StrikeRules.model_validate(snapshot)) if snapshot else pgettext("strikes", "off")
    return {_("strikes"): state}


def _import(decision: Decision, snapshot: Snapshot) -> States:
    return _of_parts(decision, [snapshot, None])[0]


STATES: Mapping[Action, Callable[[Decision, Snapshot], States]] = {
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
    Action.STRIKES: _strikes,
    Action.IMPORT: _import,
}
