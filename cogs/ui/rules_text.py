"""What moderators read about the rules there are: all of a server's, and those that win for a member."""

from collections.abc import Collection, Iterator

from bot.admission.allowance import Allowance
from bot.admission.limits import winning_rule
from bot.admission.policy import LimitKind, Rule, Scope
from bot.moderation.rules import RuleBook
from bot.money import show_money
from bot.wording import PERIOD_NAMES, describe_limit
from cogs.ui.quota_text import RANKING, now_text
from cogs.ui.usage_text import grant_lines, use_line

RULES_HEAD = "**Limits on this server**"
RULES_FOOT = f"{RANKING} `/quota rules` with a member shows what holds for them."
ORDER = (Scope.SERVER, Scope.ROLE, Scope.MEMBER)
KINDS = tuple(LimitKind)


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
        default = describe_limit(book.default.kind, book.default.most)
        lines.insert(0, f"- Where no rule says otherwise: {default}, as the bot is set up")
    for period, budget in sorted(book.budgets.items()):
        lines.append(f"- Budget for {PERIOD_NAMES[period]}: {show_money(budget.credits)}")
    return lines


def member_text(user_id: int, allowance: Allowance, role_ids: Collection[int]) -> str:
    """Return what holds for a member with these roles: each limit, its use, which rule won, and why."""
    lines = [f"**Limits of <@{user_id}>**", now_text(allowance)]
    for limit in allowance.limits:
        lines.append(f"- {use_line(limit, allowance)}")
        granted = f"; {limit.granted:,} more granted" if limit.granted and limit.most is not None else ""
        reasons = why_lines(limit.rule, allowance.policy.rules, role_ids)
        lines += [f"  - {why}{granted}" for why in reasons]
    lines += grant_lines(allowance.standing, allowance.now)
    lines.append(f"Their videos of the last 30 days cost {show_money(allowance.spent)}.")
    return "\n".join(lines)


def why_lines(winner: Rule, rules: Collection[Rule], role_ids: Collection[int]) -> Iterator[str]:
    """Yield why this rule wins for a member with these roles; nothing where nobody set a limit."""
    number = "Unlimited" if winner.most is None else f"{winner.most:,}"
    beaten = " and ".join(_beaten(winner, rules, role_ids))
    more = f", which counts more than {beaten}" if beaten else ""
    match winner.scope:
        case Scope.MEMBER:
            yield f"{number} by the rule for this member{more}"
        case Scope.ROLE:
            rivals = [rule for rule in rules if _is_rival(rule, winner, role_ids)]
            best = f", the most generous of {len(rivals)} roles" if len(rivals) > 1 else ""
            yield f"{number} by the rule for the role <@&{winner.subject_id}>{best}{more}"
        case Scope.SERVER:
            yield f"{number} by the server's rule"
        case Scope.DEFAULT if winner.most is not None:
            yield f"{number} as the bot is set up, since no rule says otherwise"
        case Scope.DEFAULT:
            pass


def _subject_line(scope: Scope, subject_id: int, book: RuleBook, role_ids: Collection[int] | None) -> str:
    rules = sorted(
        (rule for rule in book.rules if (rule.scope, rule.subject_id) == (scope, subject_id)),
        key=lambda rule: KINDS.index(rule.kind),
    )
    what = "; ".join(describe_limit(rule.kind, rule.most) for rule in rules)
    match scope:
        case Scope.MEMBER:
            return f"- Member <@{subject_id}>: {what}"
        case Scope.ROLE if role_ids is not None and subject_id not in role_ids:
            return f"- Deleted role {subject_id} (has no effect): {what}"
        case Scope.ROLE:
            return f"- Role <@&{subject_id}>: {what}"
        case _:
            return f"- The whole server: {what}"


def _beaten(winner: Rule, rules: Collection[Rule], role_ids: Collection[int]) -> Iterator[str]:
    """Yield the weaker rules that would hold without the winner, the strongest first."""
    if winner.scope is Scope.MEMBER:
        best = winning_rule([r for r in rules if r.scope is Scope.ROLE], winner.kind, 0, role_ids, None)
        if best.scope is Scope.ROLE:
            yield f"the role <@&{best.subject_id}>'s {_number(best)}"
    if winner.scope in {Scope.MEMBER, Scope.ROLE}:
        server = winning_rule([r for r in rules if r.scope is Scope.SERVER], winner.kind, 0, (), None)
        if server.scope is Scope.SERVER:
            yield f"the server's {_number(server)}"


def _number(rule: Rule) -> str:
    return "unlimited" if rule.most is None else f"{rule.most:,}"


def _is_rival(rule: Rule, winner: Rule, role_ids: Collection[int]) -> bool:
    return rule.scope is Scope.ROLE and rule.kind is winner.kind and rule.subject_id in role_ids
