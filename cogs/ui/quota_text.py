"""What moderators read when they change limits: what was changed, and what holds now."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from bot.admission.allowance import Allowance
from bot.admission.budgets import BudgetState, exhausted
from bot.admission.limits import judge_quota, winning_rule
from bot.admission.policy import Block, Grant, LimitKind, Period, Rule, Scope
from bot.errors import relative_time
from bot.moderation.rules import RuleBook, Subject
from bot.money import show_money
from bot.wording import PERIOD_NAMES, WINDOW_NAMES, count_videos, describe_limit
from cogs.ui.usage_text import moment, places_left

RANKING = "A member's own rule comes first, then the most generous of their roles' rules, then the server's."


def set_text(subject: Subject, limits: Mapping[LimitKind, int | None], book: RuleBook) -> str:
    """Say what was set, and what else limits the same people; `book` is as it is now."""
    what = " and ".join(describe_limit(kind, most) for kind, most in limits.items())
    others = _holding(subject, [kind for kind in LimitKind if kind not in limits], book)
    return "\n".join(
        [
            f"✅ **Set.** {_who(subject)} may have {what}.",
            *(["This limits them too:", *others] if others else ["Nothing else limits them."]),
            *_stronger(subject, limits, book),
        ]
    )


def unset_text(subject: Subject, removed: Sequence[Rule], book: RuleBook) -> str:
    """Say which rules were taken away, and what limits the same people without them."""
    if not removed:
        return f"There is no such rule for {_whom(subject)}, so nothing was changed."
    what = " and of ".join(describe_limit(rule.kind, rule.most) for rule in removed)
    rules = "rule" if len(removed) == 1 else "rules"
    others = _holding(subject, LimitKind, book)
    return "\n".join(
        [
            f"✅ **Taken away:** the {rules} for {_whom(subject)} of {what}.",
            *(["This limits them now:", *others] if others else ["Nothing limits them now."]),
            *_stronger(subject, [rule.kind for rule in removed], book),
        ]
    )


def grant_text(user_id: int, grant: Grant, allowance: Allowance) -> str:
    """Say what was granted, until when, and what the member can ask for now."""
    lines = [f"✅ **Granted.** <@{user_id}> may have {_further(grant.amount)} until {moment(grant.until)}."]
    if all(limit.most is None for limit in allowance.limits if limit.kind in WINDOW_NAMES):
        lines.append("They have no limit that it could add to, so it changes nothing for now.")
    return "\n".join([*lines, now_text(allowance)])


def reset_text(user_id: int, allowance: Allowance) -> str:
    """Say that the windows begin anew, and what the member can ask for now."""
    return (
        f"✅ **Reset.** The videos that <@{user_id}> had until now count towards no limit any more; "
        f"what they cost still counts towards the budget.\n{now_text(allowance)}"
    )


def budget_text(changed: Mapping[Period, float | None], states: Sequence[BudgetState]) -> str:
    """Say which budgets were changed, and how all of them stand."""
    by_period = {state.period: state for state in states}
    done = [_budget_change(period, amount) for period, amount in changed.items()]
    lines = [_budget_line(period, by_period.get(period)) for period in Period]
    return "\n".join([*done, "**Budgets of this server** (days and months begin at midnight UTC)", *lines])


def now_text(allowance: Allowance) -> str:
    """Say what a member can ask for now, or what keeps them from it."""
    block = allowance.standing.block
    if allowance.policy.pause is not None:
        return "They cannot ask for videos now: the whole server is paused."
    if block is not None and block.holds(allowance.now):
        return f"They cannot ask for videos now: they are blocked {_block_end(block)}."
    verdict = judge_quota(allowance.limits, allowance.standing, allowance.use, allowance.now)
    if verdict.frees_at is not None:
        return f"They cannot ask for a video now. Their next place frees {relative_time(verdict.frees_at)}."
    if any(not limit.rule.most for limit in verdict.broken):
        return "They cannot ask for videos: their limit is 0."
    if not verdict.allowed:
        return "They cannot ask for a video now: one that is being made must be ready first."
    full = exhausted(allowance.budgets, 0)
    if full is not None:
        spent = f"the server's budget for {PERIOD_NAMES[full.period]} is used up"
        return f"They cannot ask for videos now: {spent}. It begins anew {relative_time(full.resets_at)}."
    return f"They can ask for {count_videos(places_left(allowance))} now."


def _holding(subject: Subject, kinds: Collection[LimitKind], book: RuleBook) -> list[str]:
    """Return what limits the subject in these respects, and what limits everybody."""
    rules = [rule for rule in _winners(subject, book) if rule.kind in kinds and rule.most is not None]
    lines = [f"- {describe_limit(rule.kind, rule.most)}: {_source(rule)}" for rule in rules]
    if book.budgets:
        lines.append("- the server's budget: see `/quota budget`")
    if (block := book.standing.block) is not None:
        lines.append(f"- a block {_block_end(block)}")
    return lines


def _winners(subject: Subject, book: RuleBook) -> list[Rule]:
    if book.limits:
        return [limit.rule for limit in book.limits]
    role_ids = (subject.id,) if subject.scope is Scope.ROLE else ()
    return [winning_rule(book.rules, kind, 0, role_ids, book.default.most) for kind in LimitKind]


def _stronger(subject: Subject, kinds: Collection[LimitKind], book: RuleBook) -> Iterator[str]:
    """Yield who of the subject's people may have another limit in these respects."""
    if subject.scope is Scope.MEMBER:
        return
    others = {(rule.scope, rule.subject_id) for rule in book.rules if rule.kind in kinds}
    roles = sum(scope is Scope.ROLE and other != subject.id for scope, other in others)
    members = sum(scope is Scope.MEMBER for scope, _ in others)
    found = [
        _count(roles, "other role" if subject.scope is Scope.ROLE else "role"),
        _count(members, "member"),
    ]
    if not any(found):
        return
    who = " and ".join(words for words in found if words)
    yield f"`/quota rules` shows the rules for {who} too. {RANKING}"


def _source(rule: Rule) -> str:
    match rule.scope:
        case Scope.MEMBER:
            return "the rule for this member"
        case Scope.ROLE:
            return f"the rule for the role <@&{rule.subject_id}>"
        case Scope.SERVER:
            return "the rule for the whole server"
        case Scope.DEFAULT:
            return "as the bot is set up, since no rule says otherwise"


def _who(subject: Subject) -> str:
    match subject.scope:
        case Scope.MEMBER:
            return f"<@{subject.id}>"
        case Scope.ROLE:
            return f"Everybody with the role <@&{subject.id}>"
        case _:
            return "Every member"


def _whom(subject: Subject) -> str:
    match subject.scope:
        case Scope.MEMBER:
            return f"<@{subject.id}>"
        case Scope.ROLE:
            return f"the role <@&{subject.id}>"
        case _:
            return "the whole server"


def _block_end(block: Block) -> str:
    return "until a moderator ends it" if block.until is None else f"until {moment(block.until)}"


def _budget_change(period: Period, amount: float | None) -> str:
    if amount is None:
        return f"✅ **Set.** The server has no budget for a {period}: it may spend any amount."
    return f"✅ **Set.** The server may spend {show_money(amount)} in a {period}."


def _budget_line(period: Period, state: BudgetState | None) -> str:
    name = PERIOD_NAMES[period].capitalize()
    if state is None:
        return f"- {name}: no budget"
    return (
        f"- {name}: {show_money(state.spent)} of {show_money(state.budget)} is spent or reserved; "
        f"{show_money(state.left)} is left. It begins anew {relative_time(state.resets_at)}."
    )


def _further(amount: int) -> str:
    return "1 further video" if amount == 1 else f"{amount:,} further videos"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""
