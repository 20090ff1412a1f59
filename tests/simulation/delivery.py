"""How requests come to people: `bot.jobs.ports.DeliveryPort` on the simulation's Discord."""

from bot.db.models import Generation, Status
from bot.db.review_models import is_held, is_withheld
from bot.eta.eta import NO_ETA, Eta
from bot.jobs.ports import DeliveryPostponedError, IsCurrent, Posted, UndeliverableError, UploadBrokenError
from bot.media.files import Clip
from bot.media.fitting import Loss
from cogs.cards.card import render_ending, state_line
from tests.simulation.discord import Discord, Kind, Message, thread_of
from tests.simulation.port import Port

HELD, WITHHELD = "held", "withheld"  # states of a card, beside those of a row


class SimulatedDelivery(Port):
    """The runner's way to Discord, of one process."""

    async def show_state(
        self,
        generation: Generation,
        eta: Eta = NO_ETA,  # noqa: ARG002 what it says does not matter here
        is_current: IsCurrent | None = None,
    ) -> None:
        """Edit the card; while it is waited for, that is only begun, and nobody hears of trouble."""
        if generation.film_id is not None:  # its card goes on, and shows what the rows say
            self.process.world.show_film(generation.film_id)
            return
        is_final = generation.delivered_at is not None or generation.finished_at is not None
        cards = self.discord.of(generation.id, Kind.CARD)
        if not cards or generation.card_id is None:
            return
        if generation.guild_id in self.discord.removed:
            self.discord.unedited.add(generation.id)
            return
        if not is_final:
            if (is_current is None or await is_current()) and not self.process.world.has_ended(generation.id):
                _edit(cards, generation, self.discord.now())
            return
        sent_at = self.discord.now()
        await self.call("edit", generation.id, lambda: _edit(cards, generation, sent_at))

    async def find_card(self, generation: Generation) -> int | None:
        """Look for a card that was not recorded."""
        name = generation.film_id or generation.id
        cards = await self.call("search", name, lambda: self.discord.of(name, Kind.CARD))
        return cards[0].id if cards else None

    async def post_card(self, generation: Generation) -> int:
        """Post the card as a message of its own."""
        if self.discord.is_shut(generation):
            raise UndeliverableError("the channel takes no messages")
        draft, sent_at = card_of(self.discord, generation), self.discord.now()
        return await self.call("card", generation.id, lambda: self.discord.post(draft, sent_at).id)

    async def open_thread(self, generation: Generation) -> int | None:
        """Open the thread on the card, if there can be one."""
        is_threadless = generation.channel_id in self.discord.threadless
        if generation.card_id is None or is_threadless or generation.guild_id in self.discord.removed:
            return None
        return await self.call("thread", generation.id, lambda: thread_of(generation.card_id))

    async def find_result(self, generation: Generation) -> Posted | None:
        """Look for a result that was not recorded."""
        is_made = generation.status is Status.SUCCEEDED and not is_withheld(generation)
        kind = Kind.VIDEO if is_made else Kind.ENDING
        found = await self.call("search", generation.id, lambda: self.discord.of(generation.id, kind))
        return Posted(found[-1].id, found[-1].place) if found else None

    async def is_gone(self, generation: Generation) -> bool:
        """Whether the server removed the bot."""
        return generation.guild_id in self.discord.removed

    async def is_removed_from(self, guild_id: int) -> bool:
        """Whether a server removed the bot."""
        return guild_id in self.discord.removed

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
            return await self.post(Kind.VIDEO, generation, said)
        except DeliveryPostponedError as error:
            if with_file and error.retry_after is None:
                raise UploadBrokenError(str(error), clip.size) from error
            raise

    async def take_down(self, generation: Generation) -> None:
        """Delete the video's messages."""
        videos = self.discord.of(generation.id, Kind.VIDEO)
        self.discord.delete(generation.id, *(video.id for video in videos))

    async def post_ending(self, generation: Generation) -> Posted:
        """Post why there is no video."""
        reason = generation.failure_kind.value if generation.failure_kind else generation.status.value
        late = " and is still asked for" if generation.late_until is not None else ""
        return await self.post(Kind.ENDING, generation, reason + late, tells=render_ending(generation))


def card_of(discord: Discord, generation: Generation) -> Message:
    """Return the card that is to be shown, which is the film's where it is a shot."""
    card = discord.draft(Kind.CARD, generation, generation.channel_id, state_of(generation))
    card.tells = state_line(generation)
    card.generation_id = generation.film_id or generation.id
    return card


def _edit(cards: list[Message], generation: Generation, sent_at: float) -> None:
    for card in cards:
        if card.id == generation.card_id and card.edited <= sent_at:
            card.edited = sent_at
            card.said, card.tells = state_of(generation), state_line(generation)


def state_of(generation: Generation) -> str:
    """Return the state that a card shows, which of a finished video depends on moderators."""
    if is_withheld(generation):
        return WITHHELD
    return HELD if is_held(generation) else generation.status.value
