"""The requests as the database has them, read apart from the bot's code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.world import World

UNREVIEWED = frozenset({"declined", "unreviewed", "member_left"})  # why a request of moderators' ended
FREE = "(status = 'failed' OR (status = 'cancelled' AND submitted_at IS NULL))"  # what counts for nobody


@dataclass(frozen=True, slots=True)
class Row:
    """What the database says of a request."""

    id: str
    user: int
    channel: int
    thread: int | None
    card: int | None
    status: str
    kind: str | None
    prompt: str
    submitted: bool
    delivered: bool
    late: bool
    owner: str | None
    result: int | None
    credits: float | None
    cancelled_by: int | None
    guild: int
    source: str | None
    film: str | None
    shot: int | None
    review: str | None
    unreviewed: str | None
    removed: bool
    number: int
    model: str
    options: str
    erased: bool
    created: datetime
    asked_for: datetime | None
    finished: datetime | None
    free: bool

    @property
    def is_withheld(self) -> bool:
        """Whether its video was made, and moderators kept it from being posted."""
        return self.status == "succeeded" and self.kind in UNREVIEWED


UNFINISHED = (
    "SELECT 1 FROM generations WHERE delivered_at IS NULL OR late_until IS NOT NULL LIMIT 1",
    "SELECT 1 FROM films WHERE accepted_at IS NOT NULL AND delivered_at IS NULL LIMIT 1",
    "SELECT 1 FROM reviews WHERE decision IS NULL LIMIT 1",
    "SELECT 1 FROM generations WHERE take_down_at IS NOT NULL LIMIT 1",
    "SELECT 1 FROM films WHERE take_down_at IS NOT NULL LIMIT 1",
)
COLUMNS = (
    "id, user_id, channel_id, thread_id, card_id, status, failure_kind, prompt, submitted_at IS NOT NULL,"
    " delivered_at IS NOT NULL, late_until IS NOT NULL, lease_owner, result_id, credits_used, cancelled_by,"
    " guild_id, source_id, film_id, shot, review_id, unreviewed, removed_at IS NOT NULL, rowid,"
    " model, json_remove(options, '$.seed'), erased_at IS NOT NULL, created_at, submitted_at, finished_at,"
    f" {FREE}"
)


def fetch_rows(world: "World") -> list[Row]:
    """Return all requests, oldest first."""
    found = world.books.execute(f"SELECT {COLUMNS} FROM generations ORDER BY created_at, id")  # noqa: S608 no values
    return [_row(values) for values in found]


def _row(values: Sequence[Any]) -> Row:
    moments = [moment and datetime.fromisoformat(moment) for moment in values[-4:-1]]
    told: list[Any] = [*values[:-4], *moments, values[-1]]
    return Row(*told)


def is_open(world: "World") -> bool:
    """Whether something is still to come to its end."""
    return any(world.books.execute(query).fetchone() for query in UNFINISHED)
