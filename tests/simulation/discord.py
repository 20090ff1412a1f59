"""Discord as the ports see it: messages with nonces and a history, on the simulation's clock.

The narrowest ports are used: `bot.jobs.ports.DeliveryPort` for cards and results, and `ModeratorChannel` for
the moderators; the answer to a command is in `tests.simulation.answers`.
"""

import asyncio
import random
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Any

from bot.db.guild_models import AuditRow
from bot.db.models import Generation, Status
from bot.eta.eta import NO_ETA, Eta
from bot.jobs.ports import (
    DeliveryPostponedError,
    HeldVideo,
    IsCurrent,
    Posted,
    UndeliverableError,
    UploadBrokenError,
)
from bot.media.files import Clip
from bot.media.fitting import Loss
from bot.moderation.appeal_decisions import Appeal
from bot.moderation.follow_ups import Case
from bot.moderation.reported import ReportedVideo

if TYPE_CHECKING:
    from tests.simulation.process import Process

NONCE_SECONDS = 120.0  # for which Discord returns the first message for the same nonce
LATE_SECONDS = 90.0  # by which a call that was given up is carried out at last
HANG_SECONDS = 60.0  # after which the port gives up a call (`cogs.delivery.delivery`)


class Kind(StrEnum):
    """What a message is."""

    CARD = auto()
    VIDEO = auto()
    ENDING = auto()


@dataclass(slots=True)
class Message:
    """A message as people see it.

    Attributes:
        place: the channel's id; None: a direct message.
        said: of a result: the file's words, or why there is none; of a card: its state.
        has_nonce: sent again, it brings this one back; the answer to a command has none.
    """

    id: int
    kind: Kind
    generation_id: str
    user_id: int
    place: int | None
    at: float
    said: str
    has_nonce: bool = True


class Way(StrEnum):
    """How a call goes wrong."""

    REFUSED = auto()
    LIMITED = auto()
    LOST = auto()  # carried out, but its answer is lost
    HANGS = auto()
    HANGS_DONE = auto()
    LATE = auto()  # carried out after the caller gave it up


@dataclass
class Discord:
    """What everybody can see, and what goes wrong.

    Attributes:
        share: of all calls that go wrong.
        closed: channels that take no messages now.
        threadless: channels in which there are no threads.
        unreachable: members who take no direct messages.
        removed: servers that removed the bot, and since when.
        absences: of the bot that are over: the server, and both moments.
        nowhere: requests whose result had no place.
        unedited: requests whose card could not be edited, since the bot was not there.
    """

    now: Callable[[], float]
    chance: random.Random
    share: float = 0.0
    closed: set[int] = field(default_factory=set[int])
    threadless: set[int] = field(default_factory=set[int])
    unreachable: set[int] = field(default_factory=set[int])
    removed: dict[int, float] = field(default_factory=dict[int, float])
    absences: list[tuple[int, float, float]] = field(default_factory=list[tuple[int, float, float]])
    nowhere: set[str] = field(default_factory=set[str])
    unedited: set[str] = field(default_factory=set[str])
    messages: dict[str, list[Message]] = field(default_factory=dict[str, list[Message]])
    faults: int = 0
    _count: int = 0

    def leave(self, guild_id: int) -> None:
        """Remove the bot from a server."""
        self.removed[guild_id] = self.now()

    def join(self, guild_id: int) -> None:
        """Invite it again."""
        since = self.removed.pop(guild_id, None)
        if since is not None:
            self.absences.append((guild_id, since, self.now()))

    def is_shut(self, generation: Generation) -> bool:
        """Whether the bot can do nothing in a request's channel."""
        return generation.channel_id in self.closed or generation.guild_id in self.removed

    def draw(self) -> Way | None:
        """Return how the next call goes wrong; None: not at all."""
        if not self.share or self.chance.random() >= self.share:
            return None
        self.faults += 1
        return self.chance.choice(list(Way))

    def of(self, generation_id: str, *kinds: Kind) -> list[Message]:
        """Return the messages of a request, oldest first."""
        return [found for found in self.messages.get(generation_id, []) if found.kind in kinds]

    def new_id(self) -> int:
        """Return an id that is larger than all before."""
        self._count += 1
        return (int(self.now() * 1000) << 22) + self._count

    def post(
        self, kind: Kind, generation: Generation, place: int | None, said: str, sent_at: float
    ) -> Message:
        """Show a message; the same nonce, sent or carried out shortly after it, brings the first one back."""
        for found in self.of(generation.id, kind):
            passed = min(abs(sent_at - found.at), self.now() - found.at)
            if found.has_nonce and passed < NONCE_SECONDS and found.place == place:
                return found
        message = Message(self.new_id(), kind, generation.id, generation.user_id, place, self.now(), said)
        self.messages.setdefault(generation.id, []).append(message)
        return message


class SimulatedDelivery:
    """The runner's way to Discord, of one process."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._discord = process.world.discord

    async def show_state(
        self,
        generation: Generation,
        eta: Eta = NO_ETA,  # noqa: ARG002 what it says does not matter here
        is_current: IsCurrent | None = None,
    ) -> None:
        """Edit the card; while it is waited for, that is only begun, and nobody hears of trouble."""
        is_final = generation.delivered_at is not None or generation.finished_at is not None
        cards = self._discord.of(generation.id, Kind.CARD)
        if not cards or generation.card_id is None:
            return
        if generation.guild_id in self._discord.removed:
            self._discord.unedited.add(generation.id)
            return
        if not is_final:
            if (is_current is None or await is_current()) and not self._process.world.has_ended(
                generation.id
            ):
                _edit(cards, generation)
            return
        await self._call("edit", generation.id, lambda: _edit(cards, generation))

    async def find_card(self, generation: Generation) -> int | None:
        """Look for a card that was not recorded."""
        cards = await self._call("search", generation.id, lambda: self._discord.of(generation.id, Kind.CARD))
        return cards[0].id if cards else None

    async def post_card(self, generation: Generation) -> int:
        """Post the card as a message of its own."""
        if self._discord.is_shut(generation):
            raise UndeliverableError("the channel takes no messages")
        said, sent_at = generation.status.value, self._discord.now()
        return await self._call(
            "card",
            generation.id,
            lambda: self._discord.post(Kind.CARD, generation, generation.channel_id, said, sent_at).id,
        )

    async def open_thread(self, generation: Generation) -> int | None:
        """Open the thread on the card, if there can be one."""
        is_threadless = generation.channel_id in self._discord.threadless
        if generation.card_id is None or is_threadless or generation.guild_id in self._discord.removed:
            return None
        return await self._call("thread", generation.id, lambda: thread_of(generation.card_id))

    async def find_result(self, generation: Generation) -> Posted | None:
        """Look for a result that was not recorded."""
        kind = Kind.VIDEO if generation.status is Status.SUCCEEDED else Kind.ENDING
        found = await self._call("search", generation.id, lambda: self._discord.of(generation.id, kind))
        return Posted(found[-1].id, found[-1].place) if found else None

    async def is_gone(self, generation: Generation) -> bool:
        """Whether the server removed the bot."""
        return generation.guild_id in self._discord.removed

    async def is_removed_from(self, guild_id: int) -> bool:
        """Whether a server removed the bot."""
        return guild_id in self._discord.removed

    async def boost_level(self, generation: Generation) -> int:  # noqa: ARG002 the interface names it
        """Return 0: no server is boosted."""
        return 0

    async def post_video(
        self,
        generation: Generation,
        clip: Clip,
        loss: Loss | None = None,  # noqa: ARG002 nothing is made smaller here
        *,
        with_file: bool = True,
    ) -> Posted:
        """Post the video."""
        said = clip.path.read_bytes().decode(errors="replace")
        try:
            return await self._post(Kind.VIDEO, generation, said)
        except DeliveryPostponedError as error:
            if with_file and error.retry_after is None:
                raise UploadBrokenError(str(error), clip.size) from error
            raise

    async def take_down(self, generation: Generation) -> None:
        """Delete the video's messages."""
        kept = [one for one in self._discord.messages.get(generation.id, []) if one.kind is not Kind.VIDEO]
        self._discord.messages[generation.id] = kept

    async def post_ending(self, generation: Generation) -> Posted:
        """Post why there is no video."""
        reason = generation.failure_kind.value if generation.failure_kind else generation.status.value
        late = " and is still asked for" if generation.late_until is not None else ""
        return await self._post(Kind.ENDING, generation, reason + late)

    async def _post(self, kind: Kind, generation: Generation, said: str) -> Posted:
        place, sent_at = self._place(generation), self._discord.now()
        message = await self._call(
            kind.value, generation.id, lambda: self._discord.post(kind, generation, place, said, sent_at)
        )
        return Posted(message.id, message.place)

    def _place(self, generation: Generation) -> int | None:
        if not self._discord.is_shut(generation):
            return generation.thread_id or generation.channel_id
        if generation.user_id in self._discord.unreachable:
            self._discord.nowhere.add(generation.id)
            raise UndeliverableError("every place refused the message")
        return None

    async def _call(self, what: str, about: str, effect: Callable[[], Any]) -> Any:
        """Call Discord: its effect and its answer come after a moment each, or something goes wrong."""
        process, way = self._process, self._discord.draw()
        await process.go("Discord")
        if way in {None, Way.LOST, Way.HANGS_DONE}:
            result = effect()
            process.world.note(process.name, f"Discord did: {what} of {about}")
        if way is Way.LATE:
            wait = HANG_SECONDS + self._discord.chance.random() * LATE_SECONDS
            asyncio.get_running_loop().call_later(wait, effect, context=Context())
        if way in {Way.HANGS, Way.HANGS_DONE, Way.LATE}:
            await asyncio.sleep(HANG_SECONDS)
        await process.come_back("Discord")
        if way is None:
            return result  # pyright: ignore[reportPossiblyUnboundVariable]: it is set where nothing went wrong
        wait = self._discord.chance.uniform(0.2, 240) if way is Way.LIMITED else None
        raise DeliveryPostponedError(f"Discord: {way.value}", wait)


class Board:
    """The moderators' channel, of one process."""

    def __init__(self, process: "Process") -> None:
        self._process = process

    async def post_entry(self, channel_id: int, entry: AuditRow) -> None:  # noqa: ARG002 the interface names them
        """Show one row of the audit trail."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")

    async def post_report(self, channel_id: int, reported: ReportedVideo) -> int:  # noqa: ARG002 the same
        """Show a report."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")
        return self._process.world.discord.new_id()

    async def post_case(self, channel_id: int, case: Case) -> int:  # noqa: ARG002 the same
        """Show what is to be decided."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")
        return self._process.world.discord.new_id()

    async def tell_member(self, appeal: Appeal) -> bool:  # noqa: ARG002 the same
        """Tell a member what was decided."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")
        return True

    async def update_case(self, case: Case) -> None:  # noqa: ARG002 the same
        """Show what was decided."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")


def thread_of(card_id: int | None) -> int | None:
    """Return the id of the thread on a card, which is the card's."""
    return card_id


def _edit(cards: list[Message], generation: Generation) -> None:
    for card in cards:
        if card.id == generation.card_id:
            card.said = generation.status.value


class NoHeldVideos:
    """A moderators' channel that takes no videos: no server of the simulation looks at them first."""

    async def find_result(self, subject: HeldVideo, /) -> Posted | None:
        """Find nothing."""
        raise UndeliverableError(subject.id)

    async def boost_level(self, subject: HeldVideo, /) -> int:  # noqa: ARG002 as the port
        """Return that it has none."""
        return 0

    async def post_video(
        self, subject: HeldVideo, /, clip: Clip, loss: Loss | None = None, *, with_file: bool = True
    ) -> Posted:
        """Post nothing."""
        raise UndeliverableError(f"{subject.id} {clip} {loss} {with_file}")
