"""A row of the trail as a change of a document: what was decided, what was before, what it left. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from typing import Any

from bot.admission.blocklist import fold
from bot.db.guild_models import Action, AuditRow
from bot.moderation.rules import Subject
from bot.moderation.snapshots import Snapshot, in_order

OF_MEMBERS = frozenset({Action.GRANT, Action.RESET, Action.BLOCK, Action.UNBLOCK})
UNDO_COLONS = 2  # at least: what was undone, its kind, its subject
UNSORTED = frozenset({"grants", "steps"})  # lists of objects, in an order of their own
# Kinds that change the same part, by another name.
SAME_PART: Mapping[Action, Action] = {
    Action.QUOTA_UNSET: Action.QUOTA_SET,
    Action.RESUME: Action.PAUSE,
    Action.WORD_REMOVE: Action.WORD_ADD,
    Action.UNBLOCK: Action.BLOCK,
}
# What a row of an earlier version may tell as unchanged, though it was replaced.
WHOLE = frozenset({Action.PAUSE, Action.BLOCK})


@dataclass(frozen=True, slots=True)
class Decision:
    """A row of the trail as a change of a document.

    Attributes:
        kind: what was decided; of an undo, what was decided by what it undid.
        subject: about what, as the trail names it.
        before: what was before.
        left: what it left.
        undoes: of an undo, the id of what it undid; otherwise 0.
    """

    id: int
    kind: Action
    subject: str
    before: Snapshot
    left: Snapshot
    undoes: int = 0

    @property
    def user_id(self) -> int | None:
        """Whose document it changed; None: the server's."""
        return Subject.parse(self.subject).id if self.kind in OF_MEMBERS else None

    @property
    def undo_subject(self) -> str:
        """The subject of the row of its undo: its number, and what it was."""
        return f"{self.id}:{self.kind}:{self.subject}"


def decision_of(row: AuditRow) -> Decision:
    """Return what a row says was decided."""
    kind, subject, undoes = row.action, row.subject or "", 0
    if kind is Action.UNDO and subject.count(":") >= UNDO_COLONS:
        undone, name, subject = subject.split(":", UNDO_COLONS)
        kind, undoes = Action(name), int(undone)
    before, left = _ordered(row.old), _ordered(row.new)
    if kind is Action.GRANT:
        before, left = _only_moved(before, left)
    return Decision(row.id, kind, subject, before, left, undoes)


def parts_of(decision: Decision) -> list[Decision]:
    """Return the decisions that an import made together; of any other kind, the decision itself."""
    if decision.kind is not Action.IMPORT:
        return [decision]
    before, left = decision.before or {}, decision.left or {}
    names = [(name, *name.split(":", 1)) for name in {**before, **left}]
    return [
        Decision(decision.id, Action(kind), subject, before.get(name), left.get(name))
        for name, kind, subject in names
    ]


def words_of(decision: Decision) -> list[str]:
    """Return the words that a part of an import is about; of any other decision, none."""
    return [word for state in (decision.before, decision.left) for word in (state or {}).get("words", ())]


def settings_of(decision: Decision, snapshot: Snapshot) -> dict[str, Any]:
    """Return which settings a decision is about, as a state of what it changed tells them."""
    if decision.kind is Action.SETTINGS:
        return snapshot or {}
    return (snapshot or {}).get(f"{Action.SETTINGS}:server") or {} if decision.kind is Action.IMPORT else {}


def _ordered(snapshot: Snapshot) -> Snapshot:
    return snapshot and {
        key: value if key in UNSORTED else in_order(value) for key, value in snapshot.items()
    }


def _only_moved(before: Snapshot, left: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Return the one grant that was given or taken, where it was and where it was not."""
    had, has = ((told or {}).get("grants", []) for told in (before, left))
    taken, given = (
        [grant for grant in these if grant not in those] for these, those in ((had, has), (has, had))
    )
    if len(taken) + len(given) != 1:
        return None, None
    return {"grants": taken} if taken else None, {"grants": given} if given else None


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
