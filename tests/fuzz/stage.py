"""The whole program in a simulated Discord, for cases that come one after the other, with raw interactions.

hypothesis is not asynchronous, so the world's loop runs only while a case does.
"""

import asyncio
import json
import re
from collections.abc import Collection, Coroutine, Generator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import simcord

from bot.db.models import Generation
from sandbox.provider import QUICK, Provider
from sandbox.world import World, sandbox_settings
from tests.e2e.driver import timing_with
from tests.e2e.raw import Sent, send_raw
from tests.fuzz.listening import Listener

TOKEN = "sandbox"
FAULT_SAID = "on our side"
TRACEBACK = re.compile(r'Traceback|File "|\.py\b|sqlalchemy|sqlite3|discord\.errors', re.IGNORECASE)

Result = TypeVar("Result")


class Stage:
    """A world, two servers in it, and alice's video that everybody is after.

    Attributes:
        video: alice's, delivered, in the first server.
        people: who may act: the owner, another member, a moderator, and a moderator of the other server.
    """

    world: World
    video: Generation
    people: dict[str, simcord.MemberActor]

    def __init__(self, folder: Path, log: Listener) -> None:
        self.log = log
        self._folder = folder
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._runner.__enter__()
        self.play(self._begin())
        return self

    def __exit__(self, *_: object) -> None:
        self.play(self._end())
        self._runner.__exit__(None, None, None)

    def play(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run something in the world."""
        return self._runner.run(coroutine)

    async def dispatch(self, who: simcord.MemberActor, kind: int, data: Any, **more: Any) -> Sent:
        """Let Discord hand on an interaction, as `tests.e2e.raw.send_raw` does."""
        return await send_raw(self.world, who, kind, data, **more)

    def check(self, sent: Sent, requesters: Collection[int] = ()) -> None:
        """Check what must hold after anything: no fault of ours, no secret, no ping.

        `requesters`: who may be told that their own video is there.
        """
        assert self.log.faults == [], self.log.faults
        for request in sent:
            text = json.dumps(request["json"])
            assert FAULT_SAID not in text, f"a fault of ours was shown: {text}"
            assert not TRACEBACK.search(text), f"the program's inside was shown: {text}"
            assert TOKEN not in text.replace("sandbox.", "")
            assert self.world.provider.key not in text
            is_answer = request["path"].endswith("/callback")
            assert_no_ping(request["json"], () if is_answer else requesters)
        assert self.world.provider.key not in "".join(self.log.text)

    async def _begin(self) -> None:
        """Open the world in a task that also closes it: simcord keeps a context variable."""
        opened, self._done = asyncio.Event(), asyncio.Event()
        self._life = asyncio.create_task(self._live(opened))
        waiting = asyncio.create_task(opened.wait())
        await asyncio.wait([self._life, waiting], return_when=asyncio.FIRST_COMPLETED)
        if self._life.done():
            await self._life

    async def _end(self) -> None:
        self._done.set()
        await self._life

    async def _live(self, opened: asyncio.Event) -> None:
        async with AsyncExitStack() as life:
            await self._open(life)
            opened.set()
            await self._done.wait()

    async def _open(self, life: AsyncExitStack) -> None:
        enter = life.enter_async_context
        files = self._folder / "files"
        files.mkdir()
        provider = await enter(Provider(render=QUICK, files=files, generation_seconds=0.02))
        settings = sandbox_settings(provider, self._folder / "data", default_daily_limit=10_000)
        self.world = await enter(World(provider, settings, timing_with(deadline=86_400), is_dated_now=True))


def assert_no_ping(body: Any, requesters: Collection[int] = ()) -> None:
    """Check that a message can mention nobody, or one of `requesters`."""
    data = body.get("data", body) if isinstance(body, dict) else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]: JSON
    if not isinstance(data, dict) or not data.get("content"):  # pyright: ignore[reportUnknownMemberType]: JSON
        return
    allowed: Any = data.get("allowed_mentions")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]: JSON
    assert isinstance(allowed, dict), f"the message may mention: {data}"
    assert not allowed.get("parse"), allowed  # pyright: ignore[reportUnknownMemberType]: JSON
    assert {*allowed.get("users", [])} <= {*requesters}, allowed  # pyright: ignore[reportUnknownMemberType]: JSON
    assert not allowed.get("roles"), allowed  # pyright: ignore[reportUnknownMemberType]: JSON
    assert not allowed.get("replied_user"), allowed  # pyright: ignore[reportUnknownMemberType]: JSON


@contextmanager
def open_stage(folder: Path, log: Listener) -> Generator[Stage]:
    """Open one."""
    with Stage(folder, log) as stage:
        yield stage
