"""Rows as they lie in the database, for tests of pure text."""

from datetime import UTC, datetime
from typing import Any

from bot.db.models import Generation, Placement, Status

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def generation(**values: Any) -> Generation:
    """Return a row that was just accepted; `values` change its columns."""
    defaults: dict[str, Any] = {
        "id": "0123456789abcdef",
        "interaction_id": 1,
        "guild_id": 2,
        "channel_id": 3,
        "user_id": 4,
        "placement": Placement.THREAD,
        "card_id": 5,
        "prompt": "a red dragon",
        "model": "google/veo3",
        "options": {},
        "status": Status.QUEUED,
        "created_at": NOON,
        "not_before": NOON,
    }
    return Generation(**{**defaults, **values})
