"""One thread and a clock that jumps: everything that waits is a timer of this loop.

Not used: `simloom` and `simloop` need Python 3.12, and the bot runs on 3.11; `looptime` only moves the clock,
as `tests.bot.virtual_time` does; `async-solipsism` lets threads run, and has no order for tasks in sets. So
this is asyncio's own loop with jumping time, without threads, and with one order of tasks in sets.
"""

import asyncio
import selectors
from asyncio import Future
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from typing import IO, Any, Protocol, cast

from tests.bot.virtual_time import JumpingSelector, VirtualLoop


class StuckError(Exception):
    """Everybody waits for somebody else, and no timer is left."""


class Owner(Protocol):
    """Whose tasks can be ended together: a process of the bot."""

    tasks: dict["SimulatedTask", None]


OWNER: ContextVar[Owner | None] = ContextVar("OWNER", default=None)


class SimulatedTask(asyncio.Task[Any]):
    """A task whose hash is its number, so that sets of tasks have the same order in every run."""

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, Any],
        *,
        number: int,
        loop: asyncio.AbstractEventLoop,
        name: str | None = None,
        context: Context | None = None,
    ) -> None:
        self.number = number
        super().__init__(coroutine, loop=loop, name=name or f"task {number}", context=context)

    def __hash__(self) -> int:
        return self.number


class IdleSelector(JumpingSelector):
    """Nothing ever comes from outside, so nobody is asked."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError
        self.now += max(timeout, 0)
        return []


class SimulatedLoop(VirtualLoop):
    """asyncio's loop in one thread; what others do in a thread is done at once."""

    def __init__(self) -> None:
        super().__init__()
        self.jumping = IdleSelector()
        self._selector = self.jumping
        self._clock_resolution = 1e-6  # after some months, a float tells no smaller times apart
        self._count = 0
        self.set_task_factory(cast("Any", self._make_task))

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Future[Any]:  # noqa: ARG002 the interface names it
        """Run it here and now."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 it is raised where it is waited for
            future.set_exception(error)
        return future

    async def sendfile(
        self,
        transport: Any,
        file: IO[bytes],
        offset: int = 0,
        count: int | None = None,
        *,
        fallback: bool = True,  # noqa: ARG002 the interface names it
    ) -> int:
        """Write a file's content as any other."""
        file.seek(offset)
        content = file.read() if count is None else file.read(count)
        transport.write(content)
        return len(content)

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> SimulatedTask:
        self._count += 1
        task = SimulatedTask(coroutine, number=self._count, loop=loop, **options)
        context: Context | None = options.get("context")
        owner = OWNER.get() if context is None else context.get(OWNER, None)
        if owner is not None:
            owner.tasks[task] = None
            task.add_done_callback(owner.tasks.pop)
        return task
