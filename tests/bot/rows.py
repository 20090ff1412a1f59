"""Rows of the `generations` table, as a test needs them or as a dead process left them."""

from itertools import count
from typing import Any

from bot.admission.check_request import Requester
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.film_models import Continuity, FilmRow
from bot.db.models import Generation, Placement, Status

PROMPT = "A paper boat on a pond"
MODEL = "google/veo3"

numbers = count(1000)


def new_requester(*, user_id: int = 3, guild_id: int = 1, interaction_id: int | None = None) -> Requester:
    """Return a member who uses the command once more."""
    return Requester(
        interaction_id=next(numbers) if interaction_id is None else interaction_id,
        guild_id=guild_id,
        channel_id=2,
        user_id=user_id,
        placement=Placement.THREAD,
    )


def new_row(**changes: Any) -> Generation:
    """Return a queued generation of 4 seconds that is due now, with `changes`."""
    number, now = next(numbers), utc_now()
    values: dict[str, Any] = {
        "id": f"row{number}",
        "interaction_id": number,
        "guild_id": 1,
        "channel_id": 2,
        "user_id": 3,
        "placement": Placement.THREAD,
        "card_id": number + 5000,
        "prompt": PROMPT,
        "model": MODEL,
        "options": {"duration": 4},
        "status": Status.QUEUED,
        "created_at": now,
        "not_before": now,
        "attempts": 0,
    }
    return Generation(**{**values, **changes})


def new_film(**changes: Any) -> FilmRow:
    """Return an offer of a film that nobody has agreed to, with `changes`."""
    number, now = next(numbers), utc_now()
    values: dict[str, Any] = {
        "id": f"film{number}",
        "interaction_id": number,
        "guild_id": 1,
        "channel_id": 2,
        "user_id": 3,
        "placement": Placement.THREAD,
        "title": "Dragons",
        "prompts": [],
        "options": {},
        "pictures": [],
        "continuity": Continuity.CUTS,
        "created_at": now,
        "expires_at": now,
        "not_before": now,
    }
    return FilmRow(**{**values, **changes})


async def insert(database: Database, **changes: Any) -> Generation:
    """Write a row past all rules and return it."""
    row = new_row(**changes)
    await database.write(lambda session: session.add(row))
    return row


async def reread(database: Database, generation_id: str) -> Generation:
    """Return the row as it is now."""
    row = await database.read(lambda session: session.get(Generation, generation_id))
    assert row is not None, f"the row {generation_id} is gone"
    return row
