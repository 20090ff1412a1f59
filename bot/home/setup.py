"""What moderators decide before members come, in the order in which the guide asks. Pure."""

from collections.abc import Collection
from enum import StrEnum

from bot.policy.documents import Policy, Scope


class SetupStep(StrEnum):
    """One thing to decide."""

    CHANNEL = "channel"
    LIMITS = "limits"
    BUDGET = "budget"
    REVIEW = "review"


def is_decided(step: SetupStep, policy: Policy, *, is_channel_usable: bool = True) -> bool:
    """Whether moderators have decided it; a channel that can't be used is as none."""
    match step:
        case SetupStep.CHANNEL:
            return policy.moderators_channel_id is not None and is_channel_usable
        case SetupStep.LIMITS:
            return any(rule.scope in {Scope.SERVER, Scope.ROLE} for rule in policy.rules)
        case SetupStep.BUDGET:
            return bool(policy.budgets)
        case SetupStep.REVIEW:
            return policy.review is not None


def next_step(
    policy: Policy, steps: Collection[SetupStep], *, is_channel_usable: bool = True
) -> SetupStep | None:
    """Return the first of these steps that a server shouldn't leave open; None: there's none.

    That nobody's requests wait for moderators is a decision as good as any.
    """
    wanted = (step for step in SetupStep if step in steps and step is not SetupStep.REVIEW)
    undecided = (step for step in wanted if not is_decided(step, policy, is_channel_usable=is_channel_usable))
    return next(undecided, None)
