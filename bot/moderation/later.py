"""Later decisions about the same part of a document. Pure."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from json import dumps

from bot.admission.blocklist import fold
from bot.db.guild_models import Action
from bot.moderation.decided import Decision, parts_of, words_of
from bot.moderation.snapshots import Snapshot

# Kinds that change the same part, by another name.
SAME_PART: Mapping[Action, Action] = {
    Action.QUOTA_UNSET: Action.QUOTA_SET,
    Action.RESUME: Action.PAUSE,
    Action.WORD_REMOVE: Action.WORD_ADD,
    Action.UNBLOCK: Action.BLOCK,
}
# What a row of an earlier version may tell as unchanged, though it was replaced.
WHOLE = frozenset({Action.PAUSE, Action.BLOCK})


def find_later(decision: Decision, newest_first: Sequence[Decision]) -> int | None:
    """Return which decision was the last to change the same part; what was undone since counts for nothing.

    `newest_first`: those after it.
    """
    part, ids = touched(decision), {other.id for other in newest_first}
    undone: set[int] = set()
    for other in newest_first:
        if other.id in undone:
            continue
        if other.undoes in ids:
            undone.add(other.undoes)
        elif touched(other) & part:
            return other.id
    return None


def touched(decision: Decision) -> frozenset[tuple[str, ...]]:
    """Return what a decision changed; two decisions meet where they share some of it."""
    return frozenset(touch for part in parts_of(decision) for touch in _touched(part))


def _touched(decision: Decision) -> frozenset[tuple[str, ...]]:
    kind, states = SAME_PART.get(decision.kind, decision.kind), (decision.before or {}, decision.left or {})
    if kind in WHOLE:
        names = {""} if any(states) else set[str]()
    elif words := words_of(decision):
        names = set(map(fold, words))
    elif kind is Action.WORD_ADD:
        before, left = ({fold(word): word for word in state.values()} for state in states)
        names = _differing(before, left)
    elif kind is Action.GRANT:
        names = {dumps(grant) for state in states for grant in state.get("grants", ())}
    else:
        before, left = ({name: dumps(value) for name, value in state.items()} for state in states)
        names = _differing(before, left)
    return frozenset((kind, decision.subject, name) for name in names)


def fingerprint(present: Snapshot, later: int | None = None) -> str:
    """Return what differs where anything that is told does, or where another decision was the last."""
    return sha256(dumps([present, later], sort_keys=True).encode()).hexdigest()[:16]


def _differing(before: Mapping[str, str], left: Mapping[str, str]) -> set[str]:
    return {name for name in {**before, **left} if before.get(name) != left.get(name)}
