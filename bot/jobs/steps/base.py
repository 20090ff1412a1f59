"""The base of the steps: what all of them work with."""

from dataclasses import dataclass

from bot.clock import Clock
from bot.db.models import Generation
from bot.jobs.ports import DeliveryPort
from bot.jobs.queue import GenerationQueue
from bot.jobs.steps.timing import Patience, Timing
from bot.provider.client import VeoClient
from bot.provider.models import Task
from bot.provider.options import words_in


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
