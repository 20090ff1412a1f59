"""The provider's answers that end a generation, and the ends that stay open. Pure.

One answer proves nothing: providers say "error", "no such task" or "completed" without a file for a while,
and then have the video after all. So a sign is believed only once it was repeated over a time; and an end
that rests on no reason stays open: the member is told, the money stays bound, and the video is asked for as
long as one that is late.

| sign | believed after | ends as | stays open |
| --- | --- | --- | --- |
| failed, with the provider's reason | two answers over `stated_window` | `unmade` | no |
| failed or completed, without a reason or a file | three over `doubt_window` | `unmade` | yes |
| "no such task" | three over `doubt_window` | `gone` | yes |
| one of these, not believed yet | (the deadline) | the same | yes |
| nothing | (the deadline) | `late` | yes |
| the create call's answer is lost; neither log nor ledger shows it | `lookup_window` | `lost` | yes |
| the file cannot be fetched | `fetch_window` | `file_lost` | yes |
| the log says that the create call failed; no task lives | at once | sent again, at last `trouble` | no |
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.failures import FailureKind
from bot.jobs.steps.timing import Timing
from bot.provider.models import Task, TaskState


class Sign(Enum):
    """A sign that a video may never come."""

    STATED = auto()  # it failed, and why
    BARE = auto()  # it has ended without a video and without a reason
    UNKNOWN = auto()  # there is no such task


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a generation once a sign is believed. `stays_open`: a video may come all the same."""

    kind: FailureKind
    times: int
    stays_open: bool


ENDINGS: Mapping[Sign, Ending] = {
    Sign.STATED: Ending(FailureKind.UNMADE, 2, stays_open=False),
    Sign.BARE: Ending(FailureKind.UNMADE, 3, stays_open=True),
    Sign.UNKNOWN: Ending(FailureKind.GONE, 3, stays_open=True),
}
TOO_LATE = Ending(FailureKind.LATE, 1, stays_open=True)  # the last answer said nothing


def sign_of(task: Task) -> Sign | None:
    """Return what a task's answer says of its end; None: it still works, or there is a video."""
    if task.state is not TaskState.FAILED:
        return None
    return Sign.STATED if task.has_reason else Sign.BARE


class Evidence:
    """The signs that came one after the other, without any other answer in between.

    Attributes:
        sign: the latest one; None: the last answer was none.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self.sign: Sign | None = None
        self._since: datetime | None = None
        self._times = 0

    def add(self, sign: Sign | None, now: datetime) -> Ending | None:
        """Take the next answer's sign; return the end, if it is believed by now."""
        if sign is None or sign is not self.sign:
            self.sign, self._since, self._times = sign, now, 0
        if sign is None:
            return None
        self._times += 1
        ending = ENDINGS[sign]
        seen_for = now - (self._since or now)
        is_enough = self._times >= ending.times and seen_for >= self._window(sign)
        return ending if is_enough else None

    def at_deadline(self) -> Ending:
        """Return the end once the time is up, where none is believed: a video may come all the same."""
        return TOO_LATE if self.sign is None else replace(ENDINGS[self.sign], stays_open=True)

    def _window(self, sign: Sign) -> timedelta:
        return self._timing.stated_window if sign is Sign.STATED else self._timing.doubt_window
