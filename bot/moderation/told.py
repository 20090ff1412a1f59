"""How the audit trail tells parts of a document: what `old` and `new` of a row hold. Pure.

Whatever a decision changed has to be told so that it can be put back from here (`bot.moderation.restoring`).
"""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Any

from bot.admission.blocklist import fold
from bot.db.guild_models import Action
from bot.policy.documents import Grant, LimitKind, MemberPolicy, Period, Policy, Scope, ServerSettings

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

    Each part is told as the decision about it alone would be, by that decision's kind and subject.
    """
    settings = [name for name in ServerSettings.model_fields if getattr(old, name) != getattr(new, name)]
    rules = set(old.rules) ^ set(new.rules)
    subjects = sorted({(rule.scope, rule.subject_id) for rule in rules if rule.scope is not Scope.MEMBER})
    words = set(old.words) ^ set(new.words)
    tellers: dict[str, Callable[[Policy], Told]] = {
        f"{Action.SETTINGS}:server": settings_teller(settings),
        **{
            f"{Action.QUOTA_SET}:{scope}{f':{subject_id}' * (subject_id > 0)}": limits_teller(
                scope, subject_id, LimitKind
            )
            for scope, subject_id in subjects
        },
        **{f"{Action.BUDGET}:budget:{period}": partial(tell_budget, period=period) for period in Period},
        f"{Action.WORD_ADD}:words": words_teller(words),
        f"{Action.STRIKES}:server": tell_strikes,
    }
    differing = {part: tell for part, tell in tellers.items() if tell(old) != tell(new)}
    return lambda policy: {part: tell(policy) for part, tell in differing.items()} or None
