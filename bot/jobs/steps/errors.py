"""Errors that end a step without the next state."""

from datetime import timedelta

from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPostponedError
from bot.jobs.steps.timing import Timing


class StepPostponedError(Exception):
    """The step cannot be done now for a reason that is expected to pass."""

    def __init__(
        self, reason: str, wait: timedelta, *, lets_others: bool = False, words: str | None = None
    ) -> None:
        """Take the reason for the log.

        Args:
            reason: in whosever words.
            wait: how long to leave it alone.
            lets_others: the reason is its own, so its slot at the provider is another's at once.
            words: the provider's own.
        """
        super().__init__(reason)
        self.wait = wait
        self.lets_others = lets_others
        self.words = words


class CreateRefusedError(Exception):
    """The provider will not make this video, which ends the request."""

    def __init__(self, kind: FailureKind, words: str | None) -> None:
        """`words`: the provider's own; None: it said nothing."""
        super().__init__(words or kind.value)
        self.kind = kind
        self.words = words


def postponed(error: DeliveryPostponedError, timing: Timing) -> StepPostponedError:
    """Return what leaves a step alone for as long as Discord asked, or else as usual."""
    asked = error.retry_after
    return StepPostponedError(str(error), timing.delivery_wait if asked is None else timedelta(seconds=asked))
