"""Snapshots of a document's parts: the `old` and `new` of a row of the audit log. Pure.

Whatever a decision changed has to be told so that it can be put back from here (`bot.moderation.restoring`).
"""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Any

from bot.admission.blocklist import fold
from bot.db.guild_models import Action
from bot.policy.documents import Grant, LimitKind, MemberPolicy, Period, Policy, Rule, Scope, ServerSettings

Told = dict[str, Any] | None  # how the trail tells a state; None: there is nothing to tell


def limits_teller(scope: Scope, subject_id: int, kinds: Collection[LimitKind]) -> Callable[[Policy], Told]:
    """Return what picks a subject's rules out of a document: `{kind: most}`."""

    def tell(policy: Policy) -> Told:
        found = [policy.find_rule(scope, subject_id, kind) for kind in kinds]
        return {rule.kind.value: rule.most for rule in found if rule is not None} or None

    return tell


def tell_budget(policy: Policy, period: Period) -> Told:
    """Tell what may be spent in a period."""
    budget = policy.budgets.get(period)
    return {"credits": budget.credits} if budget else None


def tell_pause(policy: Policy) -> Told:
    """Tell the pause of the whole server."""
    pause = policy.pause
    return {"since": pause.since.isoformat(), "reason": pause.reason} if pause else None


def tell_strikes(policy: Policy) -> Told:
    """Tell the ladder of strikes."""
    return policy.strikes.model_dump(mode="json") if policy.strikes else None


def find_word(policy: Policy, word: str) -> str | None:
    """Return a forbidden word as it is kept, however it was written now."""
    return next((other for other in policy.words if fold(other) == fold(word)), None)


def word_teller(word: str) -> Callable[[Policy], Told]:
    """Return what tells whether a word is forbidden, and how it was written."""

    def tell(policy: Policy) -> Told:
        found = find_word(policy, word)
        return {"word": found} if found else None

    return tell


def words_teller(words: Collection[str]) -> Callable[[Policy], Told]:
    """Return what tells which of these words are forbidden, and how they were written."""
    folded = set(map(fold, words))

    def tell(policy: Policy) -> Told:
        found = sorted(word for word in policy.words if fold(word) in folded)
        return {"words": found} if found else None

    return tell


def settings_teller(names: Collection[str]) -> Callable[[Policy], Told]:
    """Return what tells some of a server's settings; a set is told in order."""

    def tell(policy: Policy) -> Told:
        document = policy.model_dump(mode="json")
        return {name: in_order(document[name]) for name in sorted(names)}

    return tell


def in_order(value: Any) -> Any:
    """Return a set's JSON in order, and anything else as it is."""
    return sorted(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]: the JSON of a set is a list of anything


def tell_grants(member_policy: MemberPolicy, now: datetime) -> Told:
    """Tell the grants that have not ended."""
    alive = [grant for grant in member_policy.grants if now < grant.until]
    return {"grants": [tell_grant(grant) for grant in alive]} if alive else None


def tell_grant(grant: Grant) -> dict[str, Any]:
    """Tell one grant."""
    since, until = grant.since.isoformat(), grant.until.isoformat()
    return {"amount": grant.amount, "since": since, "until": until}


def tell_reset(member_policy: MemberPolicy) -> Told:
    """Tell when a member's usage was reset."""
    return {"reset_at": member_policy.reset_at.isoformat()} if member_policy.reset_at else None


def import_teller(old: Policy, new: Policy) -> Callable[[Policy], Told]:
    """Return what tells all that differs between two documents, but for limits of members, and a pause.

    Each part is told as the decision about it alone would be, by that decision's kind and subject. The limits
    of roles come last, since there may be hundreds, and first of them those that may let members have more.
    """
    settings = [name for name in ServerSettings.model_fields if getattr(old, name) != getattr(new, name)]
    rules = set(old.rules) ^ set(new.rules)
    roles, loosened = {rule.subject_id for rule in rules if rule.scope is Scope.ROLE}, _loosened(old, new)
    words = set(old.words) ^ set(new.words)
    tellers: dict[str, Callable[[Policy], Told]] = {
        **{f"{Action.BUDGET}:budget:{period}": partial(tell_budget, period=period) for period in Period},
        f"{Action.WORD_ADD}:words": words_teller(words),
        f"{Action.STRIKES}:server": tell_strikes,
        f"{Action.QUOTA_SET}:{Scope.SERVER}": limits_teller(Scope.SERVER, 0, LimitKind),
        f"{Action.SETTINGS}:server": settings_teller(settings),
        **{
            f"{Action.QUOTA_SET}:{Scope.ROLE}:{role_id}": limits_teller(Scope.ROLE, role_id, LimitKind)
            for role_id in sorted(roles, key=lambda role_id: (role_id not in loosened, role_id))
        },
    }
    differing = {part: tell for part, tell in tellers.items() if tell(old) != tell(new)}
    return lambda policy: {part: tell(policy) for part, tell in differing.items()} or None


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
