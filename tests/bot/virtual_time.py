"""Time that passes at once: a scene of hours is played in milliseconds, and in exact order."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class JumpingSelector(selectors.SelectSelector):
    """Lets the time that the loop would wait pass at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for somebody else"
        self.now += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop with a clock that jumps."""

    def __init__(self) -> None:
        self.jumping = JumpingSelector()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(scene)
