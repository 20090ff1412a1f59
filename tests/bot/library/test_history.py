"""A member's own generations, one at a time."""

from datetime import timedelta

import pytest

from bot.clock import utc_now
from bot.db.database import Database
from bot.errors import NotFoundError
from bot.library.history import History
from tests.bot.rows import insert

ME, OTHER = 3, 4
HERE, ELSEWHERE = 1, 2


@pytest.fixture
def history(database: Database) -> History:
    """The service."""
    return History(database)


async def test_who_asked_for_nothing_has_no_page(history: History, database: Database) -> None:
    await insert(database, user_id=OTHER)
    await insert(database, guild_id=ELSEWHERE)
    assert await history.read(HERE, ME) is None


async def test_one_is_alone(history: History, database: Database) -> None:
    row = await insert(database)
    page = await history.read(HERE, ME)
    assert page is not None
    assert (page.generation.id, page.number, page.count) == (row.id, 1, 1)
    assert (page.newer_id, page.older_id) == (None, None)


@pytest.mark.both_engines
@pytest.mark.parametrize("offsets", [[0, 0, 0], [0, 1, 2], [5, 0, 0, 3], [2, 2, 1]])
async def test_older_leads_through_all_and_newer_leads_back(
    history: History, database: Database, offsets: list[int]
) -> None:
    now = utc_now()
    own = [await insert(database, created_at=now + timedelta(seconds=offset)) for offset in offsets]
    await insert(database, user_id=OTHER)
    await insert(database, guild_id=ELSEWHERE)
    seen: list[str] = []
    target: str | None = None
    while True:
        page = await history.read(HERE, ME, target)
        assert page is not None
        assert page.newer_id == (seen[-1] if seen else None)
        seen.append(page.generation.id)
        assert (page.number, page.count) == (len(seen), len(own))
        if (target := page.older_id) is None:
            break
    newest_first = sorted(own, key=lambda row: (row.created_at, row.id), reverse=True)
    assert seen == [row.id for row in newest_first]


@pytest.mark.both_engines
async def test_a_films_shots_are_shown_from_the_last_to_the_first(
    history: History, database: Database
) -> None:
    now, numbers = utc_now(), [3, 1, 5, 2, 4]  # a film's shots are all requested at once
    for number in numbers:
        await insert(database, created_at=now, film_id="f" * 16, shot=number)
    alone = await insert(database, created_at=now)
    seen: list[int | None] = []
    target: str | None = None
    for _ in range(len(numbers) + 1):
        page = await history.read(HERE, ME, target)
        assert page is not None
        assert page.number == len(seen) + 1
        seen.append(page.generation.shot)
        target = page.older_id
    assert (seen, target) == ([5, 4, 3, 2, 1, None], None)
    last = await history.read(HERE, ME, alone.id)
    assert last is not None
    newer = await history.read(HERE, ME, last.newer_id)
    assert newer is not None
    assert newer.generation.shot == 1


@pytest.mark.parametrize("changes", [{"user_id": OTHER}, {"guild_id": ELSEWHERE}], ids=["member", "server"])
async def test_somebody_elses_looks_like_an_unknown_one(
    history: History, database: Database, changes: dict[str, int]
) -> None:
    await insert(database)
    row = await insert(database, **changes)
    errors: list[str] = []
    for generation_id in (row.id, "0" * 16):
        with pytest.raises(NotFoundError) as caught:
            await history.read(HERE, ME, generation_id)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]
