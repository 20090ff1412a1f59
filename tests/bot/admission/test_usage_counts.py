"""What members have used, as their rows say, and that nobody gets more than their share."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from bot.admission.check_request import Admission
from bot.admission.denials import QuotaReachedError
from bot.admission.limits import LONGEST_WINDOW, WINDOWS, Use
from bot.admission.usage_counts import fetch_use
from bot.clock import CLOCK_SKEW
from bot.db.database import Database, open_database
from bot.db.models import OPEN, Generation, Status
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.rules import QuotaRules
from bot.policy.documents import LimitKind, MemberPolicy
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from sandbox.recent import list_recent
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import MODEL, PROMPT, insert, new_requester, new_row, reread
from tests.examples import SCALE

LIMIT = 5
TICK = timedelta(microseconds=1)
DAY = WINDOWS[LimitKind.DAY]
WISH: Mapping[str, Any] = {"model": MODEL, "prompt": PROMPT, "options": {}}


def service_of(database: Database, clock: StoppedClock, limit: int = LIMIT) -> GenerationService:
    work, stopping = asyncio.Event(), asyncio.Event()
    admission = Admission(FixedPrices(), daily_limit=limit)
    return GenerationService(database, admission=admission, work=work, stopping=stopping, clock=clock)


async def request_many(service: GenerationService, times: int) -> list[Generation | BaseException]:
    requests = (service.request(new_requester(), RequestSpec(**WISH)) for _ in range(times))
    return await asyncio.gather(*requests, return_exceptions=True)


async def use_of(database: Database, clock: StoppedClock, member_policy: MemberPolicy | None = None) -> Use:
    """Return the use of the member that rows belong to by default."""
    return await database.read(
        lambda session: fetch_use(session, 1, 3, member_policy or MemberPolicy(), clock())
    )


@pytest.mark.parametrize("sent", [False, True], ids=["not sent", "sent"])
@pytest.mark.parametrize("status", Status)
async def test_everything_counts_but_failures_and_what_was_cancelled_before_it_was_sent(
    database: Database, clock: StoppedClock, status: Status, sent: bool
) -> None:
    await insert(database, status=status, created_at=clock(), submitted_at=clock() if sent else None)
    counts = status is not Status.FAILED and (status is not Status.CANCELLED or sent)
    use = await use_of(database, clock)
    assert len(use.counted) == counts
    assert use.at_once == (status in OPEN)


@pytest.mark.parametrize("kind", WINDOWS)
async def test_each_window_has_its_own_length(
    database: Database, clock: StoppedClock, kind: LimitKind
) -> None:
    await insert(database, created_at=clock() - WINDOWS[kind])
    await insert(database, created_at=clock() - WINDOWS[kind] + TICK)
    use = await use_of(database, clock)
    assert use.within(kind, clock()) == 1, "a video counts for exactly the window's length"


async def test_what_is_counted_is_sorted(database: Database, clock: StoppedClock) -> None:
    for hours in (5, 90, 1, 40):
        await insert(database, created_at=clock() - timedelta(hours=hours))
    assert list((await use_of(database, clock)).counted) == [
        clock() - timedelta(hours=hours) for hours in (90, 40, 5, 1)
    ]


async def test_a_reset_empties_the_windows_and_not_what_is_being_made(
    database: Database, clock: StoppedClock
) -> None:
    await insert(database, status=Status.SUCCEEDED, created_at=clock() - TICK)
    await insert(database, status=Status.RUNNING, created_at=clock())
    use = await use_of(database, clock, MemberPolicy(reset_at=clock()))
    assert (list(use.counted), use.at_once) == ([], 1)
    clock.advance(TICK)
    await insert(database, created_at=clock())
    after = await use_of(database, clock, MemberPolicy(reset_at=clock() - TICK))
    assert list(after.counted) == [clock()], "what came after the reset does not count"


async def test_a_reset_of_long_ago_does_not_lengthen_a_window(
    database: Database, clock: StoppedClock
) -> None:
    await insert(database, status=Status.SUCCEEDED, created_at=clock() - LONGEST_WINDOW)
    use = await use_of(database, clock, MemberPolicy(reset_at=clock() - 3 * LONGEST_WINDOW))
    assert not use.counted


@pytest.mark.parametrize("ahead", [timedelta(minutes=20), timedelta(hours=8), timedelta(days=400)], ids=str)
async def test_what_a_clock_dated_in_the_future_does_not_count(
    database: Database, clock: StoppedClock, ahead: timedelta
) -> None:
    await insert(database, status=Status.SUCCEEDED, created_at=clock() + ahead)
    await insert(database, status=Status.SUCCEEDED, created_at=clock() - TICK)
    assert (await use_of(database, clock)).counted == [clock() - TICK]
    use = await use_of(database, clock, MemberPolicy(reset_at=clock() + ahead))
    assert use.counted == [clock() - TICK], "a reset of the future makes everything free"


async def test_clocks_of_several_machines_may_differ_a_little(
    database: Database, clock: StoppedClock
) -> None:
    await insert(database, status=Status.SUCCEEDED, created_at=clock() + CLOCK_SKEW)
    assert len((await use_of(database, clock)).counted) == 1, "a member may ask for more on another machine"


@pytest.mark.parametrize("ahead", [timedelta(seconds=30), timedelta(minutes=20)], ids=str)
async def test_a_reset_reaches_what_was_dated_in_the_future_for_good(
    database: Database, clock: StoppedClock, ahead: timedelta
) -> None:
    others = {"g1": {"user_id": 4}, "g2": {"guild_id": 2}, "g3": {"created_at": clock() - TICK}}
    for number, change in {"g0": {}, **others}.items():
        row = {"id": number, "user_id": 3, "created_at": clock() + ahead, **change}
        await insert(database, status=Status.SUCCEEDED, **row)
    dates = {number: (await reread(database, number)).created_at for number in others}
    await QuotaRules(Decisions(database, clock), daily_limit=LIMIT).reset(
        Moderator(guild_id=1, user_id=77), 3
    )
    reset = MemberPolicy(reset_at=clock())
    clock.advance(ahead)
    assert not (await use_of(database, clock, reset)).counted, "it counts as soon as its date has come"
    now = {number: (await reread(database, number)).created_at for number in others}
    assert now == dates, "the date of something else was changed"


async def test_what_was_not_sent_yet_is_in_the_queue(database: Database, clock: StoppedClock) -> None:
    for status in (Status.QUEUED, Status.QUEUED, Status.RUNNING, Status.SUCCEEDED):
        await insert(database, status=status, created_at=clock())
    use = await use_of(database, clock)
    assert (use.in_queue, use.at_once) == (2, 3)


async def test_what_waits_for_a_moderator_is_counted_by_itself(
    database: Database, clock: StoppedClock
) -> None:
    for status, until in {Status.QUEUED: clock(), Status.PREPARING: None, Status.FAILED: clock()}.items():
        await insert(database, status=status, created_at=clock(), review_until=until)
    use = await use_of(database, clock)
    assert (use.in_review, use.in_queue) == (1, 2)


@pytest.mark.parametrize("someone_else", [{"user_id": 4}, {"guild_id": 2}])
async def test_other_members_and_servers_do_not_matter(
    database: Database, clock: StoppedClock, someone_else: dict[str, int]
) -> None:
    await insert(database, created_at=clock(), **someone_else)
    assert await use_of(database, clock) == Use([], 0)


@pytest.mark.both_engines
@settings(max_examples=8 * SCALE, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    made=st.lists(
        st.tuples(st.sampled_from(Status), st.booleans(), st.timedeltas(timedelta(), timedelta(days=40))),
        max_size=12,
    ),
    reset=st.one_of(st.none(), st.timedeltas(timedelta(), timedelta(days=40))),
)
async def test_the_database_counts_as_one_would_by_hand(
    database: Database, made: list[tuple[Status, bool, timedelta]], reset: timedelta | None
) -> None:
    clock = StoppedClock()
    rows = [
        new_row(status=status, submitted_at=clock() if sent else None, created_at=clock() - age)
        for status, sent, age in made
    ]
    expected = sorted(
        row.created_at
        for row in rows
        if row.status is not Status.FAILED
        and (row.status is not Status.CANCELLED or row.submitted_at is not None)
        and clock() - row.created_at < LONGEST_WINDOW
        and (reset is None or clock() - row.created_at < reset)
    )
    member_policy = MemberPolicy(reset_at=None if reset is None else clock() - reset)
    await database.write(lambda session: session.execute(delete(Generation)))  # the example's before
    await database.write(lambda session: session.add_all(rows))
    use = await use_of(database, clock, member_policy)
    assert list(use.counted) == expected
    assert use.at_once == sum(status in OPEN for status, _, _ in made)


@pytest.mark.both_engines
async def test_of_fifty_simultaneous_requests_exactly_the_limit_is_accepted(
    database: Database, clock: StoppedClock
) -> None:
    results = await request_many(service_of(database, clock), 50)
    accepted = [result for result in results if isinstance(result, Generation)]
    refused = [result for result in results if isinstance(result, QuotaReachedError)]
    assert (len(accepted), len(refused)) == (LIMIT, 45), results


@pytest.mark.usefixtures("patient_locks")
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


async def test_the_place_is_free_at_the_time_that_was_said(database: Database, clock: StoppedClock) -> None:
    service = service_of(database, clock, limit=1)
    first = await service.request(new_requester(), RequestSpec(**WISH))
    clock.advance(DAY - TICK)
    with pytest.raises(QuotaReachedError) as refusal:
        await service.request(new_requester(), RequestSpec(**WISH))
    assert f"<t:{int((first.created_at + DAY).timestamp())}:R>" in str(refusal.value)
    clock.advance(TICK)
    second = await service.request(new_requester(), RequestSpec(**WISH))
    assert (await reread(database, second.id)).status is Status.QUEUED


@pytest.mark.parametrize(("limit", "words"), [(1, "your 1 video for"), (2, "your 2 videos for")])
async def test_the_refusal_says_what_was_used(
    database: Database, clock: StoppedClock, limit: int, words: str
) -> None:
    for _ in range(limit):
        await insert(database, created_at=clock())
    with pytest.raises(QuotaReachedError, match=f"{words} the last 24 hours") as refusal:
        await service_of(database, clock, limit).request(new_requester(), RequestSpec(**WISH))
    assert str(refusal.value).endswith("This didn't count toward your limit.")


async def test_an_operators_limit_of_zero_says_that_videos_are_off(
    database: Database, clock: StoppedClock
) -> None:
    service = service_of(database, clock, limit=0)
    with pytest.raises(QuotaReachedError, match="/veo is turned off for members of this server"):
        await service.request(new_requester(), RequestSpec(**WISH))
    assert await list_recent(service, 1) == [], "a refused request left a row"
