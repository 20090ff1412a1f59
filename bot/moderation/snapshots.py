"""Snapshots of a document's parts: the `old` and `new` of a row of the audit log. Pure.

They hold all that it takes to put back what a decision changed (`bot.moderation.restoring`).
"""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Any

from bot.admission.blocklist import fold
from bot.db.guild_models import Action
from bot.policy.documents import Grant, LimitKind, MemberPolicy, Period, Policy, Rule, Scope, ServerSettings

Snapshot = dict[str, Any] | None  # a state in the audit log; None: there is nothing to record


def snapshot_of_limits(
    scope: Scope, subject_id: int, kinds: Collection[LimitKind]
) -> Callable[[Policy], Snapshot]:
    """Return what picks a subject's rules out of a document: `{kind: most}`."""

    def snapshot(policy: Policy) -> Snapshot:
        found = [policy.find_rule(scope, subject_id, kind) for kind in kinds]
        return {rule.kind.value: rule.most for rule in found if rule is not None} or None

    return snapshot


def snapshot_budget(policy: Policy, period: Period) -> Snapshot:
    """Return what may be spent in a period."""
    budget = policy.budgets.get(period)
    return {"credits": budget.credits} if budget else None


def snapshot_pause(policy: Policy) -> Snapshot:
    """Return the pause of the whole server."""
    pause = policy.pause
    return {"since": pause.since.isoformat(), "reason": pause.reason} if pause else None


def snapshot_strikes(policy: Policy) -> Snapshot:
    """Return the ladder of strikes."""
    return policy.strikes.model_dump(mode="json") if policy.strikes else None


def find_word(policy: Policy, word: str) -> str | None:
    """Return a forbidden word as it is kept, however it was written now."""
    return next((other for other in policy.words if fold(other) == fold(word)), None)


def snapshot_of_word(word: str) -> Callable[[Policy], Snapshot]:
    """Return what reads whether a word is forbidden, and how it was written."""

    def snapshot(policy: Policy) -> Snapshot:
        found = find_word(policy, word)
        return {"word": found} if found else None

    return snapshot


def snapshot_of_words(words: Collection[str]) -> Callable[[Policy], Snapshot]:
    """Return what reads which of these words are forbidden, and how they were written."""
    folded = set(map(fold, words))

    def snapshot(policy: Policy) -> Snapshot:
        found = sorted(word for word in policy.words if fold(word) in folded)
        return {"words": found} if found else None

    return snapshot


def snapshot_of_settings(names: Collection[str]) -> Callable[[Policy], Snapshot]:
    """Return what reads some of a server's settings; a set is in order."""

    def snapshot(policy: Policy) -> Snapshot:
        document = policy.model_dump(mode="json")
        return {name: in_order(document[name]) for name in sorted(names)}

    return snapshot


def in_order(value: Any) -> Any:
    """Return a set's JSON in order, and anything else as it is."""
    return sorted(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]: the JSON of a set is a list of anything


def snapshot_grants(member_policy: MemberPolicy, now: datetime) -> Snapshot:
    """Return the grants that have not ended."""
    alive = [grant for grant in member_policy.grants if now < grant.until]
    return {"grants": [snapshot_grant(grant) for grant in alive]} if alive else None


def snapshot_grant(grant: Grant) -> dict[str, Any]:
    """Return one grant."""
    since, until = grant.since.isoformat(), grant.until.isoformat()
    return {"amount": grant.amount, "since": since, "until": until}


def snapshot_reset(member_policy: MemberPolicy) -> Snapshot:
    """Return when a member's usage was reset."""
    return {"reset_at": member_policy.reset_at.isoformat()} if member_policy.reset_at else None


def snapshot_of_import(old: Policy, new: Policy) -> Callable[[Policy], Snapshot]:
    """Return what reads all that differs between two documents, but for limits of members, and a pause.

    Each part is as the decision about it alone would be, by that decision's kind and subject. The limits
    of roles come last, since there may be hundreds, and first of them those that may let members have more.
    """
    settings = [name for name in ServerSettings.model_fields if getattr(old, name) != getattr(new, name)]
    rules = set(old.rules) ^ set(new.rules)
    roles, loosened = {rule.subject_id for rule in rules if rule.scope is Scope.ROLE}, _loosened(old, new)
    words = set(old.words) ^ set(new.words)
    snapshots: dict[str, Callable[[Policy], Snapshot]] = {
        **{f"{Action.BUDGET}:budget:{period}": partial(snapshot_budget, period=period) for period in Period},
        f"{Action.WORD_ADD}:words": snapshot_of_words(words),
        f"{Action.STRIKES}:server": snapshot_strikes,
        f"{Action.QUOTA_SET}:{Scope.SERVER}": snapshot_of_limits(Scope.SERVER, 0, LimitKind),
        f"{Action.SETTINGS}:server": snapshot_of_settings(settings),
        **{
            f"{Action.QUOTA_SET}:{Scope.ROLE}:{role_id}": snapshot_of_limits(Scope.ROLE, role_id, LimitKind)
            for role_id in sorted(roles, key=lambda role_id: (role_id not in loosened, role_id))
        },
    }
    differing = {part: snapshot for part, snapshot in snapshots.items() if snapshot(old) != snapshot(new)}
    return lambda policy: {part: snapshot(policy) for part, snapshot in differing.items()} or None


def _loosened(old: Policy, new: Policy) -> set[int]:
    """Return the roles of which a limit is higher than before, gone, or now unlimited."""
    before, after = (
        {(rule.subject_id, rule.kind): rule for rule in policy.rules if rule.scope is Scope.ROLE}
        for policy in (old, new)
    )
    return {key[0] for key in {**before, **after} if _is_looser(before.get(key), after.get(key))}


def _is_looser(before: Rule | None, after: Rule | None) -> bool:
    if after is None or after.most is None:
        return before != after
    return before is not None and before.most is not None and after.most > before.most
