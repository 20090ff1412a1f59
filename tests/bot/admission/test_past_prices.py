"""What earlier videos cost stands in for a price list that does not tell."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.admission.prices import HISTORY_SCANNED, HISTORY_USED, fetch_past_price
from bot.clock import utc_now
from bot.db.database import Database
from bot.db.models import Status
from bot.provider.catalogue import Model, VideoRequest, build_request
from bot.provider.input_kinds import InputKind
from tests.bot.rows import MODEL, PROMPT, new_row

FAST = "google/veo-3.0-fast"


def wish(**options: Any) -> VideoRequest:
    return build_request(MODEL, PROMPT, options)


async def insert_made(database: Database, *costs: float | None, **changes: Any) -> None:
    """Write videos of 4 seconds that were made, the first of `costs` being the newest."""

    def work(session: Session):
        for age, cost in enumerate(costs):
            at = changes.get("created_at", utc_now()) - timedelta(minutes=age)
            row = {"status": Status.SUCCEEDED, "credits_used": cost, **changes, "created_at": at}
            session.add(new_row(**row))

    await database.write(work)


async def past_price(database: Database, request: VideoRequest) -> float | None:
    return await database.read(lambda session: fetch_past_price(session, request))


async def test_there_is_no_experience_without_history(database: Database) -> None:
    assert await past_price(database, wish()) is None


async def test_the_highest_price_of_a_second_counts(database: Database) -> None:
    await insert_made(database, 400, 4000, 40)
    await insert_made(database, 4800, options={})  # 8 s by default: 600 a second
    assert await past_price(database, wish(duration=6)) == 6000


UNLIKE: list[dict[str, Any]] = [
    {"options": {"duration": 4, "resolution": "1080P"}},
    {"options": {"duration": 4, "generate_audio": False}},
]


@pytest.mark.parametrize("unlike", UNLIKE, ids=str)
async def test_videos_with_the_same_options_are_preferred(database: Database, unlike: dict[str, Any]) -> None:
    await insert_made(database, 9000, **unlike)
    assert await past_price(database, wish(duration=4)) == 9000, "better than nothing"
    await insert_made(database, 400, options={"duration": 4, "resolution": "720P", "generate_audio": True})
    await insert_made(database, 500)
    assert await past_price(database, wish(duration=4)) == 500, (
        "what is chosen and what is the default are one"
    )


OUTSIDE: list[dict[str, Any]] = [
    {"model": FAST},
    {"status": Status.FAILED},
    {"status": Status.CANCELLED},
    {"status": Status.RUNNING},
    {"credits_used": None},
    {"credits_used": 0.0},
    {"options": {"duration": 5}},
    {"options": {"duration": "4"}},
    {"options": {"resolution": "8K"}},
]


@pytest.mark.parametrize("changes", OUTSIDE, ids=str)
async def test_what_tells_nothing_about_the_price_is_left_out(
    database: Database, changes: dict[str, Any]
) -> None:
    await insert_made(database, 9000, **changes)
    assert await past_price(database, wish()) is None
    await insert_made(database, 400)
    assert await past_price(database, wish(duration=4)) == 400


async def test_only_the_last_videos_count(database: Database) -> None:
    await insert_made(database, *[400] * HISTORY_USED, 9000)
    assert await past_price(database, wish(duration=4)) == 400
    await insert_made(database, 800, created_at=utc_now() - timedelta(minutes=HISTORY_USED - 1, seconds=-30))
    assert await past_price(database, wish(duration=4)) == 800


async def test_videos_with_the_same_options_are_looked_for_among_many(database: Database) -> None:
    now = utc_now()
    others = {"duration": 4, "generate_audio": False}
    await insert_made(database, *[100] * HISTORY_SCANNED, options=others, created_at=now)
    await insert_made(database, 900, created_at=now - timedelta(minutes=HISTORY_SCANNED))
    assert await past_price(database, wish(duration=4)) == 100, "so old a video is not looked at"
    last = timedelta(minutes=HISTORY_SCANNED - 1, seconds=-30)
    await insert_made(database, 700, created_at=now - last)
    assert await past_price(database, wish(duration=4)) == 700


async def test_forgotten_words_are_not_missed(database: Database) -> None:
    await insert_made(database, 400, prompt="", options={"duration": 4, "negative_prompt": "", "seed": 1})
    assert await past_price(database, wish(duration=8)) == 800


async def test_all_servers_share_their_experience(database: Database) -> None:
    await insert_made(database, 400, guild_id=77, user_id=78)
    assert await past_price(database, wish(duration=4)) == 400


async def test_a_model_without_a_duration_is_not_remembered(database: Database) -> None:
    await insert_made(database, 400)
    bare = Model(MODEL, "Veo 3", InputKind.TEXT, "No options", options=())
    assert await past_price(database, VideoRequest(bare, PROMPT, {})) is None
