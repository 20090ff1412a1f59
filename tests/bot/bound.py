"""What a row is bound to cost, as `bot.admission.usage_counts.BOUND` says it in SQL."""

from bot.db.models import Generation, Status
from bot.failures import PAID_ALL_THE_SAME


def bound_credits(generation: Generation) -> float:
    """Return what a generation costs, or may cost: the real cost, else the estimate, else 0.

    An estimate does not count once nothing can be charged any more: after a failure of the provider's, unless
    it is still asked for the video, and after whatever ended before anything was sent.
    """
    if generation.credits_used is not None:
        return generation.credits_used
    unsent = generation.status in {Status.FAILED, Status.CANCELLED} and generation.submitted_at is None
    unpaid = generation.status is Status.FAILED and generation.failure_kind not in PAID_ALL_THE_SAME
    if generation.late_until is None and (unsent or unpaid):
        return 0.0
    return generation.estimated_credits or 0.0
