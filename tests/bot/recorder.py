"""The other end of `bot.jobs.ports.DeliveryPort`: keeps what would be shown to people."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from bot.clock import Clock
from bot.db.models import Generation, Status
from bot.eta.eta import NO_ETA, Eta
from bot.jobs.ports import HeldVideo, IsCurrent, Posted, UploadBrokenError, UploadTooLargeError
from bot.media.files import Clip
from bot.media.fitting import Loss

THREAD_ID_OFFSET = 100_000
FIRST_RESULT_ID = 900
FIRST_CARD_ID = 500


@dataclass(frozen=True, slots=True)
class Message:
    """A result as it stands in a channel; `is_ending`: it says why there is no video."""

    posted: Posted
    generation_id: str
    is_ending: bool
    at: datetime


@dataclass
class RecordingDelivery:
    """Keeps what it was given, as a channel would.

    Attributes:
        states: (generation, status) of every time a card was brought up to date.
        outlooks: (generation, outlook) of the same.
        removals: of the same, whether the card said that the video is removed.
        given_up: of the same, whether it said that nothing could be posted.
        videos: what was posted as a video; the files were there at that moment.
        losses: what was said to be lost of each of them.
        links: what was posted as a link to a video.
        level: the server's boost level.
        largest: bytes of the largest file that is taken.
        breaks_uploads: whether each upload of a file breaks.
        refused: bytes of the files that were not taken.
        failures: what was posted as a failure.
        cancellations: what was posted as cancelled.
        messages: all of them, as they can be searched.
        searches: (generation, moment after which a message counts) of every search.
        trouble: raised by the next posts, one each, before anything is posted.
        lost_answers: raised by the next posts, one each, after the message stands in the channel.
        endless_trouble: raised by every post of the generations named here.
        lost_cards: of generations whose card was shown without being recorded.
        posted_cards: of which generations a card was posted.
        post_card_trouble: raised by the next of these, one each.
        card_trouble, thread_trouble, search_trouble: raised by the next calls of these kinds; searches
            are those for cards and those for results.
        has_threads: whether threads can be made.
        gone: servers that the bot was removed from.
        open_gate: posting waits until it is set; it is from the beginning.
        card_gate: as `open_gate`, for cards.
        cards_begun: how many of them came to it.
    """

    clock: Clock
    states: list[tuple[str, Status]] = field(default_factory=list[tuple[str, Status]])
    etas: list[tuple[str, Eta]] = field(default_factory=list[tuple[str, Eta]])
    videos: list[tuple[Generation, Clip]] = field(default_factory=list[tuple[Generation, Clip]])
    losses: list[Loss | None] = field(default_factory=list["Loss | None"])
    links: list[Generation] = field(default_factory=list[Generation])
    removals: list[bool] = field(default_factory=list[bool])
    given_up: list[bool] = field(default_factory=list[bool])
    cards_begun: int = 0
    level: int = 0
    largest: int = 2**40
    breaks_uploads: bool = False
    refused: list[int] = field(default_factory=list[int])
    failures: list[Generation] = field(default_factory=list[Generation])
    cancellations: list[Generation] = field(default_factory=list[Generation])
    messages: list[Message] = field(default_factory=list[Message])
    searches: list[tuple[str, datetime | None]] = field(default_factory=list[tuple[str, datetime | None]])
    trouble: list[Exception] = field(default_factory=list[Exception])
    lost_answers: list[Exception] = field(default_factory=list[Exception])
    lost_cards: dict[str, int] = field(default_factory=dict[str, int])
    card_trouble: list[Exception] = field(default_factory=list[Exception])
    thread_trouble: list[Exception] = field(default_factory=list[Exception])
    search_trouble: list[Exception] = field(default_factory=list[Exception])
    endless_trouble: dict[str, Exception] = field(default_factory=dict[str, Exception])
    has_threads: bool = True
    posted_cards: list[str] = field(default_factory=list[str])
    post_card_trouble: list[Exception] = field(default_factory=list[Exception])
    gone: set[int] = field(default_factory=set[int])
    tries: int = 0

    def __post_init__(self) -> None:
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self.card_gate = asyncio.Event()
        self.card_gate.set()

    async def show_state(
        self,
        generation: Generation,
        eta: Eta = NO_ETA,
        is_current: IsCurrent | None = None,
    ) -> None:
        """Keep that the card was brought up to date, or raise the next trouble."""
        self.cards_begun += 1
        await self.card_gate.wait()
        if is_current is not None and not await is_current():
            return
        _stumble(self.card_trouble)
        self.removals.append(generation.removed_at is not None)
        self.given_up.append(generation.delivered_at is not None and generation.result_id is None)
        self.etas.append((generation.id, eta))
        self.states.append((generation.id, generation.status))

    async def find_card(self, generation: Generation) -> int | None:
        """Return the card that was shown without being recorded."""
        _stumble(self.search_trouble)
        return self.lost_cards.get(generation.id)

    async def post_card(self, generation: Generation) -> int:
        """Post a card, or raise the next trouble."""
        _stumble(self.post_card_trouble)
        self.posted_cards.append(generation.id)
        return FIRST_CARD_ID + len(self.posted_cards)

    async def open_thread(self, generation: Generation) -> int | None:
        """Return the same thread for the same card."""
        _stumble(self.thread_trouble)
        if not self.has_threads or generation.card_id is None:
            return None
        return generation.card_id + THREAD_ID_OFFSET

    async def find_result(self, generation: Generation) -> Posted | None:
        """Return the message with the present result, if one was posted since `posting_at`."""
        _stumble(self.search_trouble)
        since = generation.posting_at
        self.searches.append((generation.id, since))
        is_ending = generation.status is not Status.SUCCEEDED
        for message in self.messages:
            is_ours = (message.generation_id, message.is_ending) == (generation.id, is_ending)
            if is_ours and since is not None and message.at >= since:
                return message.posted
        return None

    async def is_gone(self, generation: Generation) -> bool:
        """Whether a test says that the bot is not there any more."""
        return generation.guild_id in self.gone

    async def boost_level(self, generation: Generation) -> int:  # noqa: ARG002 the interface names it
        """Return the same for all servers."""
        return self.level

    async def post_video(
        self, generation: Generation, clip: Clip, loss: Loss | None = None, *, with_file: bool = True
    ) -> Posted:
        """Keep the video or the link, refuse the file, or raise the next trouble."""
        assert clip.path.is_file(), "a video is posted while its file is on disk"
        await self._begin(generation)
        if with_file and self.breaks_uploads:
            self.refused.append(clip.size)
            raise UploadBrokenError("reset", clip.size)
        if with_file and clip.size > self.largest:
            self.refused.append(clip.size)
            raise UploadTooLargeError(clip.size)
        if with_file:
            self.videos.append((generation, clip))
            self.losses.append(loss)
        else:
            self.links.append(generation)
        return self._finish(generation, is_ending=False)

    async def take_down(self, generation: Generation) -> None:
        """Delete the message with the result."""
        self.messages = [one for one in self.messages if one.posted.message_id != generation.result_id]

    async def post_ending(self, generation: Generation) -> Posted:
        """Keep why there is no video, or raise the next trouble."""
        await self._begin(generation)
        is_failure = generation.status is Status.FAILED
        (self.failures if is_failure else self.cancellations).append(generation)
        return self._finish(generation, is_ending=True)

    async def _begin(self, generation: Generation) -> None:
        self.tries += 1
        await self.open_gate.wait()
        if error := self.endless_trouble.get(generation.id):
            raise error
        _stumble(self.trouble)

    def _finish(self, generation: Generation, *, is_ending: bool) -> Posted:
        posted = Posted(FIRST_RESULT_ID + len(self.messages), generation.thread_id or generation.channel_id)
        self.messages.append(Message(posted, generation.id, is_ending, self.clock()))
        _stumble(self.lost_answers)
        return posted


def _stumble(troubles: list[Exception]) -> None:
    if troubles:
        raise troubles.pop(0)


class RecordingHeldVideos:
    """The other end of `bot.jobs.ports.PostPort` for videos that moderators see first.

    Attributes:
        messages: what stands in their channels, by the message's id: the review's ID and the file's size.
        addresses: of the videos, as they were posted.
        trouble: raised by the next posts, one each, before anything is posted.
        lost_answers: raised by the next posts, one each, after the message stands in the channel.
    """

    def __init__(self) -> None:
        self.messages: dict[Posted, tuple[str, int]] = {}
        self.addresses: list[str | None] = []
        self.trouble: list[Exception] = []
        self.lost_answers: list[Exception] = []

    async def find_result(self, subject: HeldVideo, /) -> Posted | None:
        found = (post for post, (review_id, _size) in self.messages.items() if review_id == subject.id)
        return next((post for post in found if post.channel_id == subject.channel_id), None)

    async def boost_level(self, subject: HeldVideo, /) -> int:  # noqa: ARG002 as the port
        return 0

    async def post_video(
        self,
        subject: HeldVideo,
        /,
        clip: Clip,
        loss: Loss | None = None,  # noqa: ARG002 as the port
        *,
        with_file: bool = True,
    ) -> Posted:
        if self.trouble:
            raise self.trouble.pop(0)
        posted = Posted(FIRST_RESULT_ID + len(self.messages), subject.channel_id)
        self.messages[posted] = (subject.id, clip.path.stat().st_size if with_file else 0)
        self.addresses.append(subject.generation.video_url)
        if self.lost_answers:
            raise self.lost_answers.pop(0)
        return posted
