"""What members have used, and that nobody gets more than their share."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from bot.database import Database, open_database
from bot.errors import QuotaReachedError
from bot.generations import GenerationService
from bot.models import Generation, Status
from bot.policy import QUOTA_WINDOW
from bot.quotas import ensure_quota, fetch_counted
from tests.bot.clocks import StoppedClock
from tests.bot.rows import MODEL, PROMPT, insert, new_asker, reread

LIMIT = 5
WISH: Mapping[str, Any] = {"model": MODEL, "prompt": PROMPT, "options": {}}


def service_of(database: Database, clock: StoppedClock, limit: int = LIMIT) -> GenerationService:
    work, stopping = asyncio.Event(), asyncio.Event()
    return GenerationService(database, daily_limit=limit, work=work, stopping=stopping, clock=clock)


async def request_many(service: GenerationService, times: int) -> list[Generation | BaseException]:
    requests = (service.request(new_asker(), **WISH) for _ in range(times))
    return await asyncio.gather(*requests, return_exceptions=True)


async def test_of_fifty_simultaneous_requests_exactly_the_limit_is_accepted(
    database: Database, clock: StoppedClock
) -> None:
    results = await request_many(service_of(database, clock), 50)
    accepted = [result for result in results if isinstance(result, Generation)]
    refused = [result for result in results if isinstance(result, QuotaReachedError)]
    assert (len(accepted), len(refused)) == (LIMIT, 45), results


async def test_two_processes_together_accept_no_more_than_the_limit(
    database_url: str, clock: StoppedClock
) -> None:
    async with open_database(database_url) as one, open_database(database_url) as other:
        halves = await asyncio.gather(
            request_many(service_of(one, clock), 10), request_many(service_of(other, clock), 10)
        )
        results = [result for half in halves for result in half]
        accepted = [result for result in results if isinstance(result, Generation)]
        refused = [result for result in results if isinstance(result, QuotaReachedError)]
    assert (len(accepted), len(refused)) == (LIMIT, 15), results


async def test_a_second_request_over_the_limit_is_refused_with_the_time_a_place_frees(
    database: Database, clock: StoppedClock
) -> None:
    service = service_of(database, clock, limit=1)
    first = await service.request(new_asker(), **WISH)
    clock.advance(timedelta(hours=3))
    with pytest.raises(QuotaReachedError) as refusal:
        await service.request(new_asker(), **WISH)
    assert refusal.value.frees_at == first.created_at + QUOTA_WINDOW
    assert refusal.value.limit == 1


async def test_the_place_is_free_at_the_time_that_was_said(database: Database, clock: StoppedClock) -> None:
    service = service_of(database, clock, limit=1)
    await service.request(new_asker(), **WISH)
    clock.advance(QUOTA_WINDOW - timedelta(microseconds=1))
    with pytest.raises(QuotaReachedError):
        await service.request(new_asker(), **WISH)
    clock.advance(timedelta(microseconds=1))
    await service.request(new_asker(), **WISH)


async def test_a_failed_video_frees_its_place(database: Database, clock: StoppedClock) -> None:
    service = service_of(database, clock, limit=1)
    row = await insert(database, status=Status.FAILED, created_at=clock())
    await service.request(new_asker(user_id=row.user_id, guild_id=row.guild_id), **WISH)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.FAILED])
async def test_everything_but_a_failure_counts(
    database: Database, clock: StoppedClock, status: Status
) -> None:
    row = await insert(database, status=status, created_at=clock())
    async with database.read() as session:
        assert list(await fetch_counted(session, row.guild_id, row.user_id, clock())) == [row.created_at]


@pytest.mark.parametrize("someone_else", [{"user_id": 4}, {"guild_id": 2}])
async def test_other_members_and_servers_do_not_matter(
    database: Database, clock: StoppedClock, someone_else: dict[str, int]
) -> None:
    service = service_of(database, clock, limit=1)
    await service.request(new_asker(), **WISH)
    accepted = await service.request(new_asker(**someone_else), **WISH)
    assert (await reread(database, accepted.id)).status is Status.QUEUED


async def test_a_limit_of_zero_refuses_everyone(database: Database, clock: StoppedClock) -> None:
    with pytest.raises(QuotaReachedError, match="Videos are switched off") as refusal:
        await service_of(database, clock, limit=0).request(new_asker(), **WISH)
    assert refusal.value.frees_at is None


@pytest.mark.parametrize(("limit", "words"), [(1, "your 1 video of"), (2, "your 2 videos of")])
async def test_the_refusal_says_what_was_used_and_when_it_ends(
    database: Database, clock: StoppedClock, limit: int, words: str
) -> None:
    for _ in range(limit):
        await insert(database, created_at=clock())
    async with database.write() as session:
        with pytest.raises(QuotaReachedError) as refusal:
            await ensure_quota(session, 1, 3, limit, clock())
    text = str(refusal.value)
    assert words in text
    assert f"<t:{int((clock() + QUOTA_WINDOW).timestamp())}:R>" in text
    assert text.endswith("Nothing was counted.")


async def test_a_refused_request_leaves_no_row(database: Database, clock: StoppedClock) -> None:
    service = service_of(database, clock, limit=0)
    with pytest.raises(QuotaReachedError):
        await service.request(new_asker(), **WISH)
    assert await service.list_recent(1) == []
