"""The base of the steps: what all of them work with, and the errors that end one without the next state."""

from dataclasses import dataclass
from datetime import timedelta

from bot.clock import Clock
from bot.db.models import Generation
from bot.failures import FailureKind
from bot.jobs.ports import DeliveryPort, DeliveryPostponedError
from bot.jobs.queue import GenerationQueue
from bot.jobs.steps.timing import Patience, Timing
from bot.provider.client import VeoClient
from bot.provider.models import Task
from bot.provider.options import words_in


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


@dataclass(frozen=True, slots=True)
class Tools:
    """The parts that the steps of one process share."""

    queue: GenerationQueue
    veo: VeoClient
    delivery: DeliveryPort
    timing: Timing
    clock: Clock
    patience: Patience


class Step:
    """Base of the steps; it holds no state of any generation."""

    def __init__(self, tools: Tools) -> None:
        self._queue = tools.queue
        self._veo = tools.veo
        self._delivery = tools.delivery
        self._timing = tools.timing
        self._clock = tools.clock
        self._patience = tools.patience

    async def _retrieve(self, generation: Generation) -> Task:
        """Ask the provider how a generation stands; it may repeat the member's words, which are left out.

        Raises:
            VeoError: see `VeoClient.retrieve`.
        """
        private = words_in(generation.prompt, generation.options)
        return await self._veo.retrieve(generation.provider_id or "", private)
