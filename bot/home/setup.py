"""The decisions that moderators make before members come, in the guide's order. Pure."""

from collections.abc import Collection
from enum import StrEnum

from bot.policy.documents import Policy, Scope


class SetupStep(StrEnum):
    """One thing to decide."""

    CHANNEL = "channel"
    LIMITS = "limits"
    BUDGET = "budget"
    REVIEW = "review"


def is_decided(step: SetupStep, policy: Policy, broken: Collection[SetupStep] = ()) -> bool:
    """Whether moderators have decided it; not where what they chose is gone or can't be used (`broken`)."""
    if step in broken:
        return False
    match step:
        case SetupStep.CHANNEL:
            return policy.moderators_channel_id is not None
        case SetupStep.LIMITS:
            return any(rule.scope in {Scope.SERVER, Scope.ROLE} for rule in policy.rules)
        case SetupStep.BUDGET:
            return bool(policy.budgets)
        case SetupStep.REVIEW:
            return policy.review is not None


def next_step(
    policy: Policy, steps: Collection[SetupStep], broken: Collection[SetupStep] = ()
) -> SetupStep | None:
    """Return the first of these steps that a server shouldn't leave open; None: there's none.

    That nobody's requests wait for moderators is a decision as good as any.
    """
    wanted = {*steps} - ({SetupStep.REVIEW} - {*broken})
    undecided = (step for step in SetupStep if step in wanted and not is_decided(step, policy, broken))
    return next(undecided, None)
