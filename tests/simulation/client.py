"""discord.py's client as the moderators' channel sees it: the bot's own code on the simulation's Discord.

Only what `cogs.delivery.held_videos` and `cogs.delivery.moderator_channel` call is there.
"""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import discord
from discord.utils import MISSING

from tests.simulation.discord import Way
from tests.simulation.port import carry
from tests.simulation.refusals import no_answer, refused
from tests.simulation.room import Change, Notice

if TYPE_CHECKING:
    from tests.simulation.process import Process

BOT = 99


class SimulatedClient:
    """A client of one process."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self.user = SimpleNamespace(id=BOT)
        self.http = SimpleNamespace(get_member=self._get_member, logs_from=self._read)
        self._connection = SimpleNamespace(create_message=_message)

    def get_guild(self, guild_id: int) -> Any:
        """Return a server that the bot is on."""
        if guild_id in self._process.world.discord.removed:
            return None
        return SimpleNamespace(id=guild_id, premium_tier=0, preferred_locale=discord.Locale.american_english)

    async def fetch_guild(self, guild_id: int, *, with_counts: bool) -> Any:  # noqa: ARG002 the interface names it
        """Ask for a server that `get_guild` didn't know."""
        if guild_id in self._process.world.discord.removed:
            raise refused(403, 50001, "Missing Access")
        return self.get_guild(guild_id)

    def get_partial_messageable(self, channel_id: int, *, guild_id: int) -> "Channel":
        """Return a channel that nobody asked for."""
        return Channel(self._process, channel_id, guild_id)

    async def _get_member(self, guild_id: int, user_id: int) -> None:
        """Find everybody: nobody leaves here."""

    async def _read(self, channel_id: int, limit: int, before: int | None = None) -> list[Any]:
        rooms = self._process.world.rooms

        def read() -> list[Any]:
            found = [notice for notice in rooms.in_place(channel_id) if before is None or notice.id < before]
            author = {"id": str(BOT)}
            told = [{"id": str(one.id), "author": author, "content": one.content} for one in found]
            return told[::-1][:limit]

        guild = channel_id // 100  # as `tests.simulation.community` numbers them
        return await _call(self._process, "search", lambda: rooms.refusal(channel_id, guild) or read())


class Channel:
    """A channel, by its ID."""

    def __init__(self, process: "Process", place: int, guild: int) -> None:
        self.id = place
        self._process = process
        self._guild = guild
        self._rooms = process.world.rooms

    async def send(
        self,
        *,
        content: str,
        nonce: str,
        view: Any = MISSING,
        files: Sequence[discord.File] = (),
        **_: Any,
    ) -> Any:
        """Post a message."""
        video = _video_of(files)
        draft = Notice(0, self._guild, self.id, nonce, 0.0, content, None, video, view is not MISSING)
        sent_at = self._rooms.now()
        return await self._call("post to moderators", lambda: self._rooms.post(draft, sent_at))

    def get_partial_message(self, message_id: int) -> Any:
        """Return a message, by its ID."""

        async def edit(
            *, content: Any = MISSING, view: Any = MISSING, attachments: Any = MISSING, **_: Any
        ) -> None:
            change = Change(
                self._rooms.now(),
                content=None if content is MISSING else content,
                is_open=view is not None and view is not MISSING,
                keeps_video=attachments is MISSING,
            )
            await _call(
                self._process,
                f"edit for moderators in {self.id}",
                lambda: (
                    self._rooms.refuse_edit(message_id, self.id, self._guild)
                    or self._rooms.edit(self.id, message_id, change)
                ),
            )

        return SimpleNamespace(id=message_id, edit=edit)

    async def _call(self, what: str, effect: Callable[[], Any]) -> Any:
        about = f"{what} in {self.id}"
        return await _call(
            self._process, about, lambda: self._rooms.refusal(self.id, self._guild) or effect()
        )


async def _call(process: "Process", what: str, effect: Callable[[], Any]) -> Any:
    """Call Discord, and raise what discord.py raises."""
    way, result = await carry(process, what, effect)
    match way:
        case None if isinstance(result, Exception):
            raise result
        case None:
            return result
        case Way.LIMITED:
            raise discord.RateLimited(process.world.discord.chance.uniform(0.2, 240))
        case Way.HANGS | Way.HANGS_DONE | Way.LATE:
            raise TimeoutError("the connection was given up")
        case _:
            raise no_answer()


def _video_of(files: Sequence[discord.File]) -> str | None:
    """Return the words of the video, and close all files as discord.py does."""
    found = None
    for file in files:
        if file.filename.endswith(".mp4"):
            found = file.fp.read().decode(errors="replace")
        file.close()
    return found


def _message(*, channel: Any, data: Mapping[str, Any]) -> Any:  # noqa: ARG001 the interface names it
    return SimpleNamespace(id=int(data["id"]), content=data["content"])
