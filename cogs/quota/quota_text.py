"""The answers to changes of limits: what was changed, and what holds now."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from typing import LiteralString

from bot.admission.budgets import BudgetState
from bot.admission.entitlement import Entitlement
from bot.admission.limits import WINDOWS, winning_rule
from bot.i18n import N_, _, format_and, ngettext
from bot.markup import absolute_time, relative_time
from bot.moderation.rules import RuleBook, Subject
from bot.money import show_money
from bot.policy.documents import Block, Grant, LimitKind, Period, Rule, Scope
from bot.policy.phrases import count_videos, describe_limit
from cogs.quota.member_now import now_text

RANKING = N_(
    "A member's own limit comes first, then the most generous of their roles' limits, then the server's."
)

BUDGET_SET: Mapping[Period, LiteralString] = {
    Period.DAY: N_("✅ **Set.** The server can spend {money} per day."),
    Period.MONTH: N_("✅ **Set.** The server can spend {money} per month."),
}
BUDGET_REMOVED: Mapping[Period, LiteralString] = {
    Period.DAY: N_("✅ **Set.** The server has no daily budget: it can spend any amount."),
    Period.MONTH: N_("✅ **Set.** The server has no monthly budget: it can spend any amount."),
}
NO_BUDGET: Mapping[Period, LiteralString] = {
    Period.DAY: N_("Today: no budget"),
    Period.MONTH: N_("This month: no budget"),
}
BUDGET_STATES: Mapping[Period, LiteralString] = {
    Period.DAY: N_("Today: {spent} of {budget} spent or reserved, {left} left. Resets {when}."),
    Period.MONTH: N_("This month: {spent} of {budget} spent or reserved, {left} left. Resets {when}."),
}


def set_text(subject: Subject, limits: Mapping[LimitKind, int | None], book: RuleBook) -> str:
    """Say what was set, and what else limits the same people; `book` is as it is now."""
    what = format_and(describe_limit(kind, most) for kind, most in limits.items())
    others = _holding(subject, [kind for kind in LimitKind if kind not in limits], book)
    return "\n".join(
        [
            _set_line(subject, what),
            *([_("These limits also apply:"), *others] if others else [_("No other limits apply.")]),
            *_extra_videos(book),
            *_stronger(subject, limits, book),
        ]
    )


def unset_text(subject: Subject, removed: Sequence[Rule], book: RuleBook) -> str:
    """Say which rules were taken away, and what limits the same people without them."""
    if not removed:
        return _no_rule_line(subject)
    others = _holding(subject, LimitKind, book)
    return "\n".join(
        [
            _unset_line(subject, removed),
            *([_("These limits apply now:"), *others] if others else [_("No limits apply now.")]),
            *_extra_videos(book),
            *_stronger(subject, [rule.kind for rule in removed], book),
        ]
    )


def grant_text(user_id: int, grant: Grant, entitlement: Entitlement) -> str:
    """Say what was granted, until when, and what the member can ask for now."""
    lines = [
        ngettext(
            "✅ **Granted.** {member} has {count} extra video until {date}.",
            "✅ **Granted.** {member} has {count} extra videos until {date}.",
            grant.amount,
            member=f"<@{user_id}>",
            date=absolute_time(grant.until),
        )
    ]
    raised = [limit for limit in entitlement.limits if limit.kind in WINDOWS and limit.most is not None]
    if not raised:
        lines.append(_("They have no limit to raise, so this has no effect for now."))
    elif all(grant.until - grant.since > WINDOWS[limit.kind] for limit in raised):
        limits = format_and(describe_limit(limit.kind, limit.most) for limit in raised)
        lines.append(
            _(
                "That isn't a total: until then, it's added to every window. Their limits are now {limits}.",
                limits=limits,
            )
        )
    return "\n".join([*lines, now_text(entitlement)])


def reset_text(user_id: int, entitlement: Entitlement) -> str:
    """Say that the windows begin anew, and what the member can ask for now."""
    what = _(
        "✅ **Reset.** Earlier videos of {member} no longer count toward their limits. Their "
        "cost still counts toward the budget.",
        member=f"<@{user_id}>",
    )
    return f"{what}\n{now_text(entitlement)}"


def budget_text(changed: Mapping[Period, float | None], states: Sequence[BudgetState]) -> str:
    """Say which budgets were changed, and how all of them stand."""
    by_period = {state.period: state for state in states}
    done = [_budget_change(period, amount) for period, amount in changed.items()]
    lines = [_budget_line(period, by_period.get(period)) for period in Period]
    heading = _("**Budgets of this server** (days and months start at midnight UTC)")
    return "\n".join([*done, heading, *lines])


def _holding(subject: Subject, kinds: Collection[LimitKind], book: RuleBook) -> list[str]:
    """Return what limits the subject in these respects, and what limits everybody."""
    rules = [rule for rule in _winners(subject, book) if rule.kind in kinds and rule.most is not None]
    lines = [f"- {describe_limit(rule.kind, rule.most)}: {_source(rule)}" for rule in rules]
    if book.budgets:
        budget = _("the server's budget: see `/quota budget`")
        lines.append(f"- {budget}")
    if (block := book.member_policy.block) is not None:
        lines.append(f"- {_block_words(block)}")
    return lines


def _winners(subject: Subject, book: RuleBook) -> list[Rule]:
    if book.limits:
        return [limit.rule for limit in book.limits]
    role_ids = (subject.id,) if subject.scope is Scope.ROLE else ()
    return [winning_rule(book.rules, kind, 0, role_ids, book.default.most) for kind in LimitKind]


def _extra_videos(book: RuleBook) -> Iterator[str]:
    """Yield what grants add to the limits of a member who was asked about."""
    if extra := max((limit.granted for limit in book.limits if limit.most is not None), default=0):
        yield _("Grants add {videos} to every window for now.", videos=count_videos(extra))


def _stronger(subject: Subject, kinds: Collection[LimitKind], book: RuleBook) -> Iterator[str]:
    """Yield who of the subject's people may have another limit in these respects."""
    if subject.scope is Scope.MEMBER:
        return
    others = {(rule.scope, rule.subject_id) for rule in book.rules if rule.kind in kinds}
    roles = sum(scope is Scope.ROLE and other != subject.id for scope, other in others)
    members = sum(scope is Scope.MEMBER for scope, _ in others)
    found = [
        _count_roles(roles, subject) if roles else "",
        ngettext("{count} member", "{count} members", members) if members else "",
    ]
    if not any(found):
        return
    who = format_and(filter(None, found))
    yield f"{_('`/quota rules` shows the limits of {who} too.', who=who)} {_(RANKING)}"


def _source(rule: Rule) -> str:
    match rule.scope:
        case Scope.MEMBER:
            return _("this member's own limit")
        case Scope.ROLE:
            return _("the limit of the role {role}", role=f"<@&{rule.subject_id}>")
        case Scope.SERVER:
            return _("the server's limit")
        case Scope.DEFAULT:
            return _("the bot's default")


def _set_line(subject: Subject, limits: str) -> str:
    match subject.scope:
        case Scope.MEMBER:
            return _("✅ **Set.** {member} can have {limits}.", member=f"<@{subject.id}>", limits=limits)
        case Scope.ROLE:
            role = f"<@&{subject.id}>"
            return _("✅ **Set.** Everyone with the role {role} can have {limits}.", role=role, limits=limits)
        case _:
            return _("✅ **Set.** Every member can have {limits}.", limits=limits)


def _no_rule_line(subject: Subject) -> str:
    match subject.scope:
        case Scope.MEMBER:
            return _("{member} has no such limit. Nothing changed.", member=f"<@{subject.id}>")
        case Scope.ROLE:
            role = f"<@&{subject.id}>"
            return _("The role {role} has no such limit. Nothing changed.", role=role)
        case _:
            return _("The server has no such limit. Nothing changed.")


def _unset_line(subject: Subject, removed: Sequence[Rule]) -> str:
    words = (describe_limit(rule.kind, rule.most) for rule in removed)
    # Translators: limits such as "5 videos in 24 hours"; stands after "the rules for … of"
    limits = reduce(lambda some, more: _("{some} and {more}", some=some, more=more), words)
    number = len(removed)
    match subject.scope:
        case Scope.MEMBER:
            return ngettext(
                "✅ **Removed:** {member}'s limit of {limits}.",
                "✅ **Removed:** {member}'s limits of {limits}.",
                number,
                member=f"<@{subject.id}>",
                limits=limits,
            )
        case Scope.ROLE:
            return ngettext(
                "✅ **Removed:** the limit of {limits} for the role {role}.",
                "✅ **Removed:** the limits of {limits} for the role {role}.",
                number,
                role=f"<@&{subject.id}>",
                limits=limits,
            )
        case _:
            return ngettext(
                "✅ **Removed:** the server's limit of {limits}.",
                "✅ **Removed:** the server's limits of {limits}.",
                number,
                limits=limits,
            )


def _block_words(block: Block) -> str:
    if block.until is None:
        return _("a block until a moderator ends it")
    return _("a block until {date}", date=absolute_time(block.until))


def _budget_change(period: Period, amount: float | None) -> str:
    if amount is None:
        return _(BUDGET_REMOVED[period])
    return _(BUDGET_SET[period], money=show_money(amount))


def _budget_line(period: Period, state: BudgetState | None) -> str:
    if state is None:
        return f"- {_(NO_BUDGET[period])}"
    line = _(
        BUDGET_STATES[period],
        spent=show_money(state.spent),
        budget=show_money(state.budget),
        left=show_money(state.left),
        when=relative_time(state.resets_at),
    )
    return f"- {line}"


def _count_roles(roles: int, subject: Subject) -> str:
    if subject.scope is Scope.ROLE:
        return ngettext("{count} other role", "{count} other roles", roles)
    return ngettext("{count} role", "{count} roles", roles)
