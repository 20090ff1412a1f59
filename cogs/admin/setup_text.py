"""The guide that sets a server up, in words. Pure text."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import LiteralString

from bot.home.setup import SetupStep, is_decided, next_step
from bot.i18n import N_, _, format_and, ngettext, pgettext
from bot.money import show_usd
from bot.policy.documents import LimitKind, Period, Policy, Rule, Scope
from bot.policy.phrases import describe_limit
from cogs.moderation.review_setting import OWN_WAIT, nobody_approves
from cogs.moderation.server_settings import SETTINGS

WHAT: Mapping[SetupStep, LiteralString] = {
    SetupStep.CHANNEL: N_(
        "**Moderators' channel:** {value}. Reports, members' questions and requests that wait for you come "
        "there."
    ),
    SetupStep.LIMITS: N_("**Limit per member:** {value}"),
    SetupStep.BUDGET: N_("**Budget of the server:** {value}"),
    SetupStep.REVIEW: N_("**Requests that wait for your approval:** {value}"),
}
NO_CHANNEL = N_(
    "**Moderators' channel:** none. Without one, nobody sees reports, questions and requests that wait for "
    "you."
)
AMOUNTS: Mapping[Period, LiteralString] = {
    Period.DAY: N_("{money} per day"),
    Period.MONTH: N_("{money} per month"),
}
NEXT: Mapping[SetupStep, LiteralString] = {
    SetupStep.CHANNEL: N_("👉 Next: choose the moderators' channel."),
    SetupStep.LIMITS: N_("👉 Next: decide how many videos a member can make."),
    SetupStep.BUDGET: N_("👉 Next: decide how much this server can spend."),
    SetupStep.REVIEW: N_("👉 Next: choose again whose requests wait for you."),
}


def render_setup(
    policy: Policy,
    default: Rule,
    steps: Collection[SetupStep],
    *,
    broken: Collection[SetupStep] = (),
    warnings: Sequence[str] = (),
) -> str:
    """Return what is decided and what is not; `default`: the bot's own limit; `steps`: those to show."""
    decided = {step for step in steps if is_decided(step, policy, broken)}
    lines = [_line(step, policy, default, is_decided=step in decided) for step in SetupStep if step in steps]
    following = next_step(policy, steps, broken)
    if following is not None:
        foot = _(NEXT[following])
    else:
        foot = _(
            "✅ **Ready.** Everything else is in `/veo-admin settings`, `/veo-admin words` and `/quota`."
        )
    notes = _notes(policy, warnings)
    return "\n".join([_("🧭 **Set up /veo on this server**"), *lines, *notes, foot])


def _notes(policy: Policy, warnings: Sequence[str]) -> Iterator[str]:
    if policy.review is not None:
        yield f"ℹ️ {_(OWN_WAIT)}"
    yield from warnings
    if policy.review is not None and policy.moderators_channel_id is None:
        yield nobody_approves(policy)


def _line(step: SetupStep, policy: Policy, default: Rule, *, is_decided: bool) -> str:
    mark = "✅" if is_decided else "▫️"
    if step is SetupStep.CHANNEL and policy.moderators_channel_id is None:
        return f"{mark} {_(NO_CHANNEL)}"
    return f"{mark} {_(WHAT[step], value=_value(step, policy, default))}"


def _value(step: SetupStep, policy: Policy, default: Rule) -> str:
    match step:
        case SetupStep.CHANNEL:
            return SETTINGS["moderators_channel_id"].in_words(policy.moderators_channel_id)
        case SetupStep.LIMITS:
            return _limits(policy, default)
        case SetupStep.BUDGET:
            budgets = sorted(policy.budgets.items())
            described = [_(AMOUNTS[period], money=show_usd(budget.credits)) for period, budget in budgets]
            return format_and(described) or pgettext("no budget", "none")
        case SetupStep.REVIEW:
            return SETTINGS["review"].in_words(policy.review)


def _limits(policy: Policy, default: Rule) -> str:
    of_server = [rule for rule in policy.rules if rule.scope is Scope.SERVER]
    described = format_and(describe_limit(rule.kind, rule.most) for rule in of_server)
    if not any(rule.kind is LimitKind.DAY for rule in of_server):
        own = _("{limit} (the bot's default)", limit=describe_limit(default.kind, default.most))
        described = format_and([own, described]) if described else own
    roles = len({rule.subject_id for rule in policy.rules if rule.scope is Scope.ROLE})
    if not roles:
        return described
    return ngettext(
        "{limit}; {count} role has its own",
        "{limit}; {count} roles have their own",
        roles,
        limit=described,
    )
