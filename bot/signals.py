"""What wakes and ends the tasks of a process."""

import asyncio
from dataclasses import dataclass, field

from bot.work.steps.timing import pause


@dataclass(frozen=True, slots=True)
class Signals:
    """Set `work` when there may be something to do, `stopping` when the program is to stop."""

    work: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, seconds: float) -> None:
        """Wait so long.

        Raises:
            StoppingError: the program is to stop.
        """
        await pause(seconds, self.stopping)
