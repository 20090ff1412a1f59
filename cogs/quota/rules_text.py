"""The texts about rules: all of a server's, and those that win for a member."""

from collections.abc import Collection, Iterator, Mapping
from typing import LiteralString

from bot.admission.entitlement import Entitlement
from bot.admission.limits import winning_rule
from bot.i18n import N_, _, format_and, ngettext, number, pgettext
from bot.moderation.rules import RuleBook
from bot.money import show_money
from bot.policy.documents import LimitKind, Period, Rule, Scope
from bot.policy.phrases import describe_limit
from bot.policy.strikes import describe_strikes_of
from cogs.quota.member_now import now_text
from cogs.usage.usage_text import grant_lines, queue_lines, use_line

ORDER = (Scope.SERVER, Scope.ROLE, Scope.MEMBER)
KINDS = tuple(LimitKind)
BUDGETS: Mapping[Period, LiteralString] = {
    Period.DAY: N_("Budget for today: {money}"),
    Period.MONTH: N_("Budget for this month: {money}"),
}


def rule_lines(book: RuleBook, role_ids: Collection[int] | None) -> list[str]:
    """Return a line for the server, for each role and for each member with rules, and for each budget.

    `role_ids`: the server's roles; None: they are not known, so none is called deleted.
    """
    subjects = sorted(
        {(rule.scope, rule.subject_id) for rule in book.rules},
        key=lambda pair: (ORDER.index(pair[0]), pair[1]),
    )
    lines = [_subject_line(scope, subject_id, book, role_ids) for scope, subject_id in subjects]
    if not any(rule.scope is Scope.SERVER and rule.kind is book.default.kind for rule in book.rules):
        lines.insert(0, f"- {default_line(book.default.most)}")
    for period, budget in sorted(book.budgets.items()):
        lines.append(f"- {_(BUDGETS[period], money=show_money(budget.credits))}")
    return lines


def default_line(daily_limit: int | None) -> str:
    """Return what holds where no rule says otherwise."""
    limit = describe_limit(LimitKind.DAY, daily_limit)
    return _("By default: {limit} (the bot's default)", limit=limit)


def member_text(user_id: int, entitlement: Entitlement, role_ids: Collection[int]) -> str:
    """Return what holds for a member with these roles: each limit, its use, which rule won, and why."""
    lines = [_("**Limits of {member}**", member=f"<@{user_id}>"), now_text(entitlement)]
    for limit in entitlement.limits:
        lines.append(f"- {use_line(limit, entitlement)}")
        for why in why_lines(limit.rule, entitlement.policy.rules, role_ids):
            is_more = limit.granted and limit.most is not None
            lines.append(f"  - {_with_grants(why, limit.granted) if is_more else why}")
    lines += [*queue_lines(entitlement), *grant_lines(entitlement.member_policy, entitlement.now)]
    cost = show_money(entitlement.spent)
    lines.append(_("Their videos from the last 30 days cost {money}.", money=cost))
    if entitlement.strikes is not None:
        lines.append(describe_strikes_of(entitlement.strikes, user_id))
    return "\n".join(lines)


def why_lines(winner: Rule, rules: Collection[Rule], role_ids: Collection[int]) -> Iterator[str]:
    """Yield why this rule wins for a member with these roles; nothing where nobody set a limit."""
    maximum = _maximum(winner)
    beaten = format_and(_beaten(winner, rules, role_ids))
    match winner.scope:
        case Scope.MEMBER:
            why = _("{limit} (their own limit)", limit=maximum)
            yield _with_beaten(why, beaten)
        case Scope.ROLE:
            rivals = [rule for rule in rules if _is_rival(rule, winner, role_ids)]
            yield _with_beaten(_role_reason(winner, maximum, len(rivals)), beaten)
        case Scope.SERVER:
            yield _("{limit} (the server's limit)", limit=maximum)
        case Scope.DEFAULT if winner.most is not None:
            yield _("{limit} (the bot's default)", limit=maximum)
        case Scope.DEFAULT:
            pass


def _maximum(rule: Rule) -> str:
    return pgettext("beginning of a line", "Unlimited") if rule.most is None else number(rule.most)


def _role_reason(winner: Rule, maximum: str, rivals: int) -> str:
    role = f"<@&{winner.subject_id}>"
    if rivals <= 1:
        return _("{limit} (limit of the role {role})", limit=maximum, role=role)
    return ngettext(
        "{limit} (limit of the role {role}, the most generous of {count} role)",
        "{limit} (limit of the role {role}, the most generous of {count} roles)",
        rivals,
        limit=maximum,
        role=role,
    )


def _with_beaten(why: str, beaten: str) -> str:
    return _("{reason}; overrides {others}", reason=why, others=beaten) if beaten else why


def _with_grants(why: str, granted: int) -> str:
    return ngettext("{reason}; {count} extra granted", "{reason}; {count} extra granted", granted, reason=why)


def _subject_line(scope: Scope, subject_id: int, book: RuleBook, role_ids: Collection[int] | None) -> str:
    rules = sorted(
        (rule for rule in book.rules if (rule.scope, rule.subject_id) == (scope, subject_id)),
        key=lambda rule: KINDS.index(rule.kind),
    )
    what = "; ".join(describe_limit(rule.kind, rule.most) for rule in rules)
    match scope:
        case Scope.MEMBER:
            line = _("Member {member}: {limits}", member=f"<@{subject_id}>", limits=what)
        case Scope.ROLE if role_ids is not None and subject_id not in role_ids:
            line = _("Deleted role {role} (has no effect): {limits}", role=subject_id, limits=what)
        case Scope.ROLE:
            line = _("Role {role}: {limits}", role=f"<@&{subject_id}>", limits=what)
        case _:
            line = _("The whole server: {limits}", limits=what)
    return f"- {line}"


def _beaten(winner: Rule, rules: Collection[Rule], role_ids: Collection[int]) -> Iterator[str]:
    """Yield the weaker rules that would hold without the winner, the strongest first."""
    if winner.scope is Scope.MEMBER:
        best = winning_rule([r for r in rules if r.scope is Scope.ROLE], winner.kind, 0, role_ids, None)
        if best.scope is Scope.ROLE:
            yield _role_words(best)
    if winner.scope in {Scope.MEMBER, Scope.ROLE}:
        server = winning_rule([r for r in rules if r.scope is Scope.SERVER], winner.kind, 0, (), None)
        if server.scope is Scope.SERVER:
            yield _server_words(server)


def _role_words(rule: Rule) -> str:
    role = f"<@&{rule.subject_id}>"
    if rule.most is None:
        return _("unlimited for the role {role}", role=role)
    return _("{limit} for the role {role}", role=role, limit=number(rule.most))


def _server_words(rule: Rule) -> str:
    if rule.most is None:
        return _("unlimited for the server")
    return _("{limit} for the server", limit=number(rule.most))


def _is_rival(rule: Rule, winner: Rule, role_ids: Collection[int]) -> bool:
    return rule.scope is Scope.ROLE and rule.kind is winner.kind and rule.subject_id in role_ids
