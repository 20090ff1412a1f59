"""Restoring the state before a decision, from its audit row and the present document. Pure.

A decision changed one part of a document. The part can be told, as the trail does, and put back from what
the trail tells. What a row tells too little of can't be undone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from bot.admission.blocklist import ensure_not_too_many_words, fold
from bot.db.guild_models import Action
from bot.moderation.decided import Decision, parts_of, words_of
from bot.moderation.rules import Subject, with_budget, with_limits, without_limits
from bot.moderation.service import SETTINGS, with_word, without_word
from bot.moderation.snapshots import (
    Snapshot,
    snapshot_budget,
    snapshot_grant,
    snapshot_of_limits,
    snapshot_of_settings,
    snapshot_of_word,
    snapshot_of_words,
    snapshot_pause,
    snapshot_reset,
    snapshot_strikes,
)
from bot.policy.documents import (
    Block,
    Budget,
    Grant,
    LimitKind,
    MemberPolicy,
    Pause,
    Period,
    Policy,
    StrikeRules,
    tell_block,
)

PAUSE_KEYS = frozenset({"since", "reason"})
BLOCK_KEYS = frozenset({"since", "until", "reason"})
LATER_KEYS = frozenset({"since", "reason"})  # rows of earlier versions don't tell them

DocumentT = TypeVar("DocumentT", Policy, MemberPolicy)


@dataclass(frozen=True, slots=True)
class Part(Generic[DocumentT]):
    """A part of a document: `snapshot` reads it as the audit log does, `put` writes a snapshot."""

    snapshot: Callable[[DocumentT], Snapshot]
    put: Callable[[DocumentT, Snapshot, datetime], DocumentT]


def can_be_undone(decision: Decision) -> bool:
    """Whether it changed something, and its row tells enough to restore what was before."""
    if decision.before == decision.left:
        return False
    return server_part(decision) is not None or member_part(decision) is not None


def server_part(decision: Decision) -> Part[Policy] | None:
    """Return which part of the server's document it changed; None: none, or too little is told."""
    make = SERVER_PARTS.get(decision.kind)
    return make(decision) if make else None


def member_part(decision: Decision) -> Part[MemberPolicy] | None:
    """Return which part of a member's document it changed; None: none, or too little is told."""
    make = MEMBER_PARTS.get(decision.kind)
    return make(decision) if make else None


def still_holding(snapshot: Snapshot, now: datetime) -> Snapshot:
    """Return a state that still holds: None where a block or a grant has ended."""
    ends: Sequence[Mapping[str, Any]] = [snapshot or {}, *(snapshot or {}).get("grants", ())]
    times = [end["until"] for end in ends if end.get("until")]
    return None if any(datetime.fromisoformat(at) <= now for at in times) else snapshot


def is_as_left(decision: Decision, present: Snapshot, now: datetime) -> bool:
    """Whether what is now is what the decision left, as far as its row tells that and it has not ended."""
    left, present = still_holding(decision.left, now), still_holding(present, now)
    if left is None or present is None:
        return left == present
    of_present = {key: present[key] for key in left if key in present}
    return of_present == left and present.keys() - left.keys() <= LATER_KEYS


def is_restored(decision: Decision, present: Snapshot, now: datetime) -> bool:
    """Whether what was before holds already: nothing would change, or only what has ended would."""
    return still_holding(present, now) == still_holding(decision.before, now)


def _limits(decision: Decision) -> Part[Policy]:
    subject = Subject.parse(decision.subject)
    kinds = [LimitKind(kind) for kind in {**(decision.before or {}), **(decision.left or {})}]

    def put(policy: Policy, snapshot: Snapshot, now: datetime) -> Policy:
        del now
        cleared = without_limits(policy, subject, kinds)
        return with_limits(
            cleared, subject, {LimitKind(kind): most for kind, most in (snapshot or {}).items()}
        )

    return Part(snapshot_of_limits(subject.scope, subject.id, kinds), put)


def _budget(decision: Decision) -> Part[Policy]:
    period = Period(decision.subject.partition(":")[2])

    def put(policy: Policy, snapshot: Snapshot, now: datetime) -> Policy:
        # Since now: the moderators are warned about it like about any that was just set.
        return with_budget(
            policy, period, Budget(credits=snapshot["credits"], since=now) if snapshot else None
        )

    return Part(partial(snapshot_budget, period=period), put)


def _pause(decision: Decision) -> Part[Policy] | None:
    if decision.before is not None and not decision.before.keys() >= PAUSE_KEYS:
        return None

    def put(policy: Policy, snapshot: Snapshot, now: datetime) -> Policy:
        del now
        return policy.model_copy(update={"pause": Pause.model_validate(snapshot) if snapshot else None})

    return Part(snapshot_pause, put)


def _strikes(decision: Decision) -> Part[Policy]:
    del decision

    def put(policy: Policy, snapshot: Snapshot, now: datetime) -> Policy:
        del now
        return policy.model_copy(
            update={"strikes": StrikeRules.model_validate(snapshot) if snapshot else None}
        )

    return Part(snapshot_strikes, put)


def _word(decision: Decision) -> Part[Policy] | None:
    if words := words_of(decision):
        return Part(snapshot_of_words(words), partial(_put_words, words=words))
    word = {**(decision.left or {}), **(decision.before or {})}.get("word")
    if word is None:
        return None

    def put(policy: Policy, snapshot: Snapshot, now: datetime) -> Policy:
        del now
        without = without_word(policy, word)
        return with_word(without, snapshot["word"]) if snapshot else without

    return Part(snapshot_of_word(word), put)


def _put_words(policy: Policy, snapshot: Snapshot, now: datetime, words: Sequence[str]) -> Policy:
    del now
    folded = set(map(fold, words))
    others = [word for word in policy.words if fold(word) not in folded]
    restored = (*others, *(snapshot or {}).get("words", ()))
    ensure_not_too_many_words(len(restored))
    return policy.model_copy(update={"words": restored})


def _import(decision: Decision) -> Part[Policy] | None:
    parts = {f"{part.kind}:{part.subject}": server_part(part) for part in parts_of(decision)}
    known = {name: part for name, part in parts.items() if part is not None}
    if len(known) < len(parts):
        return None

    def put(policy: Policy, snapshot: Snapshot, now: datetime) -> Policy:
        # All parts are cleared first: limits that go must not take the place of limits that come back.
        for state in ({}, snapshot or {}):
            for name, part in known.items():
                policy = part.put(policy, state.get(name), now)
        return policy

    return Part(lambda policy: {name: part.snapshot(policy) for name, part in known.items()}, put)


def _settings(decision: Decision) -> Part[Policy] | None:
    names = (decision.before or {}).keys()
    if not names or not names <= SETTINGS:
        return None

    def put(policy: Policy, snapshot: Snapshot, now: datetime) -> Policy:
        del now
        return Policy.model_validate({**policy.model_dump(mode="json"), **(snapshot or {})})

    return Part(snapshot_of_settings(names), put)


def _grant(decision: Decision) -> Part[MemberPolicy] | None:
    granted = decision.before or decision.left
    if granted is None or "since" not in granted["grants"][0]:
        return None
    grant = Grant.model_validate(granted["grants"][0])

    def take(member_policy: MemberPolicy) -> Snapshot:
        return {"grants": [snapshot_grant(grant)]} if grant in member_policy.grants else None

    def put(member_policy: MemberPolicy, snapshot: Snapshot, now: datetime) -> MemberPolicy:
        del now
        others = tuple(other for other in member_policy.grants if other != grant)
        return member_policy.model_copy(update={"grants": (*others, grant) if snapshot else others})

    return Part(take, put)


def _reset(decision: Decision) -> Part[MemberPolicy]:
    del decision

    def put(member_policy: MemberPolicy, snapshot: Snapshot, now: datetime) -> MemberPolicy:
        del now
        at = datetime.fromisoformat(snapshot["reset_at"]) if snapshot else None
        return member_policy.model_copy(update={"reset_at": at})

    return Part(snapshot_reset, put)


def _block(decision: Decision) -> Part[MemberPolicy] | None:
    if decision.before is not None and not decision.before.keys() >= BLOCK_KEYS:
        return None

    def put(member_policy: MemberPolicy, snapshot: Snapshot, now: datetime) -> MemberPolicy:
        del now
        return member_policy.model_copy(
            update={"block": Block.model_validate(snapshot) if snapshot else None}
        )

    return Part(lambda member_policy: tell_block(member_policy.block), put)


# A decision of any other kind can't be taken back: what it did is gone, or it is news of the bot's own.
SERVER_PARTS: Mapping[Action, Callable[[Decision], Part[Policy] | None]] = {
    Action.QUOTA_SET: _limits,
    Action.QUOTA_UNSET: _limits,
    Action.BUDGET: _budget,
    Action.PAUSE: _pause,
    Action.RESUME: _pause,
    Action.WORD_ADD: _word,
    Action.WORD_REMOVE: _word,
    Action.SETTINGS: _settings,
    Action.STRIKES: _strikes,
    Action.IMPORT: _import,
}
MEMBER_PARTS: Mapping[Action, Callable[[Decision], Part[MemberPolicy] | None]] = {
    Action.GRANT: _grant,
    Action.RESET: _reset,
    Action.BLOCK: _block,
    Action.UNBLOCK: _block,
}
