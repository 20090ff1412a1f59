"""The other end of `bot.delivery.Delivery`: keeps what would be shown to people."""

from dataclasses import dataclass, field

from bot.media import Clip
from bot.models import Generation, Status

THREAD_ID_OFFSET = 100_000
FIRST_RESULT_ID = 900


@dataclass
class RecordingDelivery:
    """Keeps what it was given.

    Attributes:
        states: (generation, status) of every time a card was brought up to date.
        videos: what was posted as a video; the files were there at that moment.
        failures: what was posted as a failure.
        trouble: raised by the next posts, one each, before anything is posted.
        endless_trouble: raised by every post of the generations named here.
        has_threads: whether threads can be made.
    """

    states: list[tuple[str, Status]] = field(default_factory=list[tuple[str, Status]])
    videos: list[tuple[Generation, Clip]] = field(default_factory=list[tuple[Generation, Clip]])
    failures: list[Generation] = field(default_factory=list[Generation])
    trouble: list[Exception] = field(default_factory=list[Exception])
    endless_trouble: dict[str, Exception] = field(default_factory=dict[str, Exception])
    has_threads: bool = True
    tries: int = 0

    async def show_state(self, generation: Generation) -> None:
        """Keep that the card was brought up to date."""
        self.states.append((generation.id, generation.status))

    async def open_thread(self, generation: Generation) -> int | None:
        """Return the same thread for the same card."""
        if not self.has_threads or generation.card_id is None:
            return None
        return generation.card_id + THREAD_ID_OFFSET

    async def post_video(self, generation: Generation, clip: Clip) -> int:
        """Keep the video, or raise the next trouble."""
        assert clip.path.is_file(), "a video is posted while its file is on disk"
        self._stumble(generation)
        self.videos.append((generation, clip))
        return self._result_id()

    async def post_failure(self, generation: Generation) -> int:
        """Keep the failure, or raise the next trouble."""
        self._stumble(generation)
        self.failures.append(generation)
        return self._result_id()

    def _stumble(self, generation: Generation) -> None:
        self.tries += 1
        if error := self.endless_trouble.get(generation.id):
            raise error
        if self.trouble:
            raise self.trouble.pop(0)

    def _result_id(self) -> int:
        return FIRST_RESULT_ID + len(self.videos) + len(self.failures)
