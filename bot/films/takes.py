"""The takes of a shot, one more each time it is redone, and the one that counts. Pure."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from bot.db.models import Generation, is_there


def is_shown_nowhere(take: Generation) -> bool:
    """Whether no place was left where a take that was made could be posted."""
    return is_there(take) and take.delivered_at is not None and take.result_id is None


def current_takes(takes: Sequence[Generation]) -> list[Generation]:
    """Return the take that counts of each shot: the last one that is there or waited for, else the last one.

    `takes`: ordered by the number of the shot.
    """
    by_shot = groupby(takes, key=lambda take: take.shot or 0)
    return [_current(in_order([*group])) for _, group in by_shot]


def counting_takes(takes: Sequence[Generation], posted: Collection[str]) -> list[Generation]:
    """Return the takes that count, and those that are posted; `takes`: as in `current_takes`."""
    return [*current_takes(takes), *(take for take in takes if take.id in posted)]


def last_takes(takes: Sequence[Generation]) -> list[Generation]:
    """Return the last take of each shot, whatever became of it; `takes`: as in `current_takes`."""
    return [in_order([*group])[-1] for _, group in groupby(takes, key=lambda take: take.shot or 0)]


def there_takes(takes: Sequence[Generation]) -> dict[int, Generation]:
    """Return the last take of each shot that is there, by the shot's number; `takes`: as above."""
    there = (take for take in takes if is_there(take))
    return {
        number: in_order([*group])[-1] for number, group in groupby(there, key=lambda take: take.shot or 0)
    }


def source_before(
    takes: Sequence[Generation], number: int, frameless: Collection[str | int]
) -> Generation | None:
    """Return the take whose last frame a shot begins with, also where another take of it is being made.

    `takes`: as above; `frameless`: the IDs of those whose last frame can't be had.
    """
    there = there_takes(takes)
    before = (there[other] for other in range(number - 1, 0, -1) if other in there)
    return next((take for take in before if take.id not in frameless), None)


def in_order(takes: Sequence[Generation]) -> list[Generation]:
    """Return one shot's takes, the oldest first: each names the one before, since a clock may be set back."""
    by_id = {take.id: take for take in takes}
    return sorted(takes, key=lambda take: (_depth(take, by_id), take.created_at))


def _depth(take: Generation, by_id: Mapping[str, Generation]) -> int:
    depth = 0
    while depth < len(by_id) and take.source_id is not None and take.source_id in by_id:
        take, depth = by_id[take.source_id], depth + 1
    return depth


def _current(takes: Sequence[Generation]) -> Generation:
    counting = (take for take in reversed(takes) if take.delivered_at is None or is_there(take))
    return next(counting, takes[-1])
