"""The text of a preview, before a change is saved. Pure text from a preview."""

from collections.abc import Iterator, Mapping, Sequence
from typing import LiteralString

from bot.admission.limits import winning_rule
from bot.i18n import N_, _, dollars, format_and, ngettext, number
from bot.markup import absolute_time, relative_time
from bot.moderation.rules import rules_of, without_limits
from bot.money import show_usd, usd
from bot.policy.documents import LimitKind, Period, Policy, Scope
from bot.policy.phrases import describe_limit
from bot.preview.comparison import Comparison
from bot.preview.history import MAX_REQUESTS
from bot.preview.proposal import KeptProposal, Proposal
from bot.preview.service import Preview

SHOWN_MEMBERS = 3
SHOWN_CENTS = 10  # USD; sums from here on are told without cents

BUDGETS: Mapping[Period, LiteralString] = {
    Period.DAY: N_("Daily budget"),
    Period.MONTH: N_("Monthly budget"),
}


def preview_text(preview: Preview, role_ids: frozenset[int]) -> str:
    """Return what the change would have done; `role_ids`: of the member whose limits they are."""
    kept = preview.kept
    lines = [
        changed_meanwhile() if preview.is_changed else "",
        *_headings(kept.proposal, preview, role_ids),
        *_outcome(preview),
        expiry_line(kept),
    ]
    return "\n".join(line for line in lines if line)


def _outcome(preview: Preview) -> Iterator[str]:
    comparison, old, new = preview.comparison, preview.policy, preview.changed
    if (old.rules, old.budgets) == (new.rules, new.budgets):
        yield _("Nothing would change, because that's already set.")
        return
    yield result_text(comparison)
    yield from _details(comparison)
    yield from caveats(comparison)


def changed_meanwhile() -> str:
    """Return what stands first where a preview is shown again."""
    return _("⚠️ **The rules have changed.** Here's the new result. Please decide again.")


def comparison_lines(comparison: Comparison) -> list[str]:
    """Return what the change would have done; nothing where there's nothing to compare with."""
    return [result_text(comparison), *caveats(comparison)] if comparison.requests else []


def expiry_line(kept: KeptProposal) -> str:
    """Return until when it can be saved."""
    return _(
        "-# Nothing is saved until you click **Save**. This preview expires {when}.",
        when=relative_time(kept.expires_at),
    )


def dropped_text() -> str:
    """Return what takes the preview's place once the moderator has cancelled it."""
    return _("🚫 **Cancelled.** Nothing changed.")


def _headings(proposal: Proposal, preview: Preview, role_ids: frozenset[int]) -> Iterator[str]:
    for period, amount in proposal.budgets.items():
        yield _budget_heading(period, amount, preview.policy)
    if proposal.limits or proposal.removed:
        yield _limit_heading(proposal, preview, role_ids)


def _limit_heading(proposal: Proposal, preview: Preview, role_ids: frozenset[int]) -> str:
    policy, daily_limit = preview.policy, preview.daily_limit
    there = [rule.kind for rule in rules_of(policy, proposal.subject, proposal.removed)]
    kinds = [*proposal.limits, *(there or proposal.removed)]
    now = _holding(kinds, proposal, policy, daily_limit, role_ids)
    if proposal.limits:
        limits = format_and(describe_limit(kind, most) for kind, most in proposal.limits.items())
        return _("🔎 **Limit for {who}: {limits}** (now: {now})", who=_who(proposal), limits=limits, now=now)
    changed = without_limits(policy, proposal.subject, kinds)
    then = _holding(kinds, proposal, changed, daily_limit, role_ids)
    return _(
        "🔎 **Without this limit for {who}: {limits}** (now: {now})", who=_who(proposal), limits=then, now=now
    )


def _holding(
    kinds: Sequence[LimitKind],
    proposal: Proposal,
    policy: Policy,
    daily_limit: int,
    role_ids: frozenset[int],
) -> str:
    """Return what holds for the subject in these respects."""
    roles = frozenset({proposal.subject_id}) if proposal.scope is Scope.ROLE else role_ids
    member_id = proposal.subject_id if proposal.scope is Scope.MEMBER else 0
    winners = [winning_rule(policy.rules, kind, member_id, roles, daily_limit) for kind in kinds]
    limited = [rule for rule in winners if rule.most is not None]
    return format_and(describe_limit(rule.kind, rule.most) for rule in limited) or _("no limit")


def _budget_heading(period: Period, amount: float | None, policy: Policy) -> str:
    old = policy.budgets.get(period)
    return _(
        "🔎 **{budget}: {money}** (now: {now})",
        budget=_(BUDGETS[period]),
        money=_budget(amount),
        now=_budget(None if old is None else old.credits),
    )


def _budget(amount: float | None) -> str:
    return _("no budget") if amount is None else show_usd(amount)


def _who(proposal: Proposal) -> str:
    match proposal.scope:
        case Scope.MEMBER:
            return f"<@{proposal.subject_id}>"
        case Scope.ROLE:
            return f"<@&{proposal.subject_id}>"
        case _:
            return _("every member")


def result_text(comparison: Comparison) -> str:
    """Return how many requests a change would have refused, and what that saved."""
    made = ngettext("{count} request", "{count} requests", comparison.requests)
    if not comparison.refused:
        return _("In the last 30 days it would have refused **none of {requests}**.", requests=made)
    refused = number(len(comparison.refused))
    if comparison.saves_nothing:
        return _(
            "In the last 30 days it would have refused **{refused} of {requests}**.",
            refused=refused,
            requests=made,
        )
    members = len(comparison.by_member)
    if not members:  # all of them are of members whose data was deleted
        return _(
            "In the last 30 days it would have refused **{refused} of {requests}** and saved "
            "about **{money}**.",
            refused=refused,
            requests=made,
            money=_rounded(comparison.saved),
        )
    return _(
        "In the last 30 days it would have refused **{refused} of {requests}** by **{members}** and "
        "saved about **{money}**.",
        refused=refused,
        requests=made,
        members=ngettext("{count} member", "{count} members", members),
        money=_rounded(comparison.saved),
    )


def _details(comparison: Comparison) -> Iterator[str]:
    if comparison.refused_now:
        yield ngettext(
            "The current rules would have refused {count}.",
            "The current rules would have refused {count}.",
            comparison.refused_now,
        )
    yield from most_affected(comparison)
    if comparison.gaining:
        yield ngettext(
            "{count} member who made videos would get a higher limit than they have now.",
            "{count} members who made videos would get a higher limit than they have now.",
            comparison.gaining,
        )


def most_affected(comparison: Comparison) -> Iterator[str]:
    """Yield who would have been refused most often, if anybody."""
    if affected := comparison.by_member[:SHOWN_MEMBERS]:
        shown = ", ".join(f"<@{user_id}> ({number(count)})" for user_id, count in affected)
        yield _("Most affected: {members}.", members=shown)


def caveats(comparison: Comparison) -> Iterator[str]:
    """Yield what isn't known, each as a line in small print."""
    if comparison.by_roles:
        yield _(
            "-# Everyone is checked with the roles they have now; I don't know who had which role before."
        )
    if comparison.strangers:
        yield ngettext(
            "-# I couldn't look up the roles of {count} member, so role limits are left out for them.",
            "-# I couldn't look up the roles of {count} members, so role limits are left out for them.",
            comparison.strangers,
        )
    if comparison.forgotten:
        yield ngettext(
            "-# {count} request came from a member who deleted their data. I only check it against budgets.",
            "-# {count} requests came from members who deleted their data. I only check those against "
            "budgets.",
            comparison.forgotten,
        )
    yield from cut_lines(comparison)


def cut_lines(comparison: Comparison) -> Iterator[str]:
    """Yield that the oldest requests are left out, if they are."""
    if comparison.is_cut:
        yield _(
            "-# There were more requests than I can compare. Only the newest {most} count, back to {when}.",
            most=number(MAX_REQUESTS),
            when=absolute_time(comparison.start),
        )
    if comparison.counted_since is not None:
        yield _(
            "-# There were too many requests before that. Limits and budgets count those since {date}.",
            date=absolute_time(comparison.counted_since),
        )


def _rounded(amount: float) -> str:
    in_usd = usd(amount)
    return dollars(in_usd, cents=False) if in_usd >= SHOWN_CENTS else show_usd(amount)
