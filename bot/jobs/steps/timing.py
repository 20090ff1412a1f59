"""Times of the steps: how long they take, how long they wait before a retry, and the waiting itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import FIFOCache

from bot.clock import Clock, monotonic


@dataclass(frozen=True, slots=True)
class Timing:
    """The settings that operators choose, and the values that follow from the provider's habits."""

    poll_interval: timedelta = timedelta(seconds=10)
    deadline: timedelta = timedelta(seconds=1000)  # from submission to the finished video
    card_interval: timedelta = timedelta(seconds=10)  # between two edits of a card
    queue_window: timedelta = timedelta(hours=24)  # for the provider to take what waits
    account_wait: timedelta = timedelta(seconds=60)  # after the account or a model was refused
    busy_wait: timedelta = timedelta(seconds=15)  # after a refusal that named no time
    lookup_wait: timedelta = timedelta(seconds=10)  # before the second look into the provider's log
    lookup_longest_wait: timedelta = timedelta(minutes=1)
    lookup_window: timedelta = timedelta(
        minutes=10
    )  # the log is filled late, maybe only once the video is made
    call_window: timedelta = timedelta(seconds=90)  # in which a create call has certainly come to its end
    stated_window: timedelta = timedelta(seconds=10)  # for which a failure with a reason must be repeated
    doubt_window: timedelta = timedelta(minutes=5)  # the same for an end without one (`bot.jobs.steps.signs`)
    late_wait: timedelta = timedelta(minutes=5)  # between questions after the member was told of an open end
    late_window: timedelta = timedelta(hours=6)  # how long they are asked
    fetch_wait: timedelta = timedelta(seconds=30)  # between tries to fetch the file
    fetch_window: timedelta = timedelta(minutes=15)
    delivery_wait: timedelta = timedelta(seconds=30)  # between tries to post, where Discord names no time
    delivery_window: timedelta = timedelta(hours=24)
    undeliverable_wait: timedelta = timedelta(minutes=5)  # a moderator may mend the permissions
    undeliverable_window: timedelta = timedelta(minutes=30)
    card_window: timedelta = timedelta(minutes=10)  # for the last edit of the card


MAX_WATCHED = 10_000  # moments; of one that is forgotten, a clock that is set changes the age again


class Stopwatch:
    """The moment as one thing sees it that began at `since`: a clock that is set meanwhile changes nothing.

    What passed before the watch was started can only be told by the clock that may be set.
    """

    def __init__(self, since: datetime, clock: Clock, monotonic: Callable[[], float] = monotonic) -> None:
        self._monotonic = monotonic
        self._began = max(clock(), since)
        self._started = monotonic()

    def now(self) -> datetime:
        """Return the moment."""
        return self._began + timedelta(seconds=self._monotonic() - self._started)


class Patience:
    """The age of a passing failure; from the first question on, a set clock changes nothing."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._began = clock()
        self._watches = FIFOCache[tuple[str, datetime], Stopwatch](MAX_WATCHED)

    def age(self, generation_id: str, since: datetime) -> timedelta:
        """Return what has passed since that moment of a generation; none, if it is in the future."""
        key = (generation_id, since)
        watch = self._watches.get(key) or Stopwatch(since, self._clock, self._monotonic)
        self._watches[key] = watch  # again: the latest question is forgotten last
        return watch.now() - since

    def left(self, generation_id: str, since: datetime, window: timedelta) -> timedelta:
        """Return what is left of `window`; time in which this process did not run uses nothing up.

        After a power failure of an hour the network may come up last: the first trouble is not the end then.
        """
        return window - self.age(generation_id, max(since, self._began))

    def lasts(self, generation_id: str, since: datetime, window: timedelta) -> bool:
        """Whether something of `window` is left."""
        return self.left(generation_id, since, window) > timedelta()
