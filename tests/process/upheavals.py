"""What happens once in a chaos run, each in its own moment, which follows from the seed."""

import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.errors import UserError
from tests.process.havoc import BUSY_PROMPT, ProviderHavoc
from tests.process.scene import ALICE, Row, Scene
from tests.wire_discord.state import Channel, Guild

FORBIDDEN_SECONDS = 6.0  # for which the provider refuses everything
GRACE = 3.0  # seconds after a removal in which what is under way may still be sent

Upheaval = Callable[[], Awaitable[None]]


class Upheavals:
    """A second server removes the bot; all is forbidden for a while; one prompt is told to wait an hour.

    Attributes:
        second: the server that removes the bot, and its channel.
    """

    second: tuple[Guild, Channel]

    def __init__(self, scene: Scene, havoc: ProviderHavoc, chance: random.Random, generations: int) -> None:
        self._scene = scene
        self._havoc = havoc
        self._removed_at: float | None = None
        self._unsent: set[str] | None = None
        todo: list[Upheaval] = [self._ask_for_busy, self._forbid, self._remove]
        moments = chance.sample(range(generations // 10, generations * 3 // 4), len(todo))
        self._due = sorted(zip(moments, todo, strict=True), key=lambda pair: pair[0])

    async def prepare(self) -> None:
        """Found the second server, which the bot hears of when it starts."""
        guild = await self._scene.wire.add_guild("Second")
        self.second = guild, self._scene.wire.add_channel("films", guild=guild)

    @property
    def is_removed(self) -> bool:
        """Whether the second server has removed the bot."""
        return self._removed_at is not None

    @property
    def places(self) -> list[int]:
        """The channels that there are beside the first server's."""
        return [] if self.is_removed else [self.second[1].id]

    def is_gone(self, row: Row) -> bool:
        """Whether a request is of the server that removed the bot: nobody sees its card any more."""
        return self.is_removed and row.guild_id == self.second[0].id

    async def pass_by(self, accepted: int) -> None:
        """Do what is due once so many requests were accepted."""
        while self._due and accepted >= self._due[0][0]:
            _, upheaval = self._due.pop(0)
            await upheaval()
        if self._removed_at is not None and time.monotonic() > self._removed_at + GRACE:
            self._note_unsent()

    async def end(self) -> None:
        """Cancel what is to wait for an hour, as its member would; the rest is to end by itself."""
        for row in self._scene.rows():
            if row.prompt == BUSY_PROMPT and row.status == "queued":
                with suppress(UserError):  # the database takes nothing
                    await self._scene.cancel(row.id)

    def find_broken(self) -> list[str]:
        """Return what was bought for a server that had removed the bot."""
        late = [name for name in self._unsent or () if self._scene.create_calls(name)]
        broken = [f"{name} was sent though its server had removed the bot" for name in sorted(late)]
        if not self.is_removed:
            broken.append("the server never removed the bot, so nothing is shown")
        return broken

    async def _ask_for_busy(self) -> None:
        with suppress(LookupError):
            await self._scene.wire.interact(ALICE, "veo", {"prompt": BUSY_PROMPT, "duration": 4})

    async def _forbid(self) -> None:
        self._havoc.forbid(FORBIDDEN_SECONDS)

    async def _remove(self) -> None:
        await self._scene.wire.remove_bot(self.second[0])
        self._removed_at = time.monotonic()

    def _note_unsent(self) -> None:
        if self._unsent is None:
            gone = [row.id for row in self._scene.rows() if self.is_gone(row)]
            self._unsent = {name for name in gone if not self._scene.create_calls(name)}
