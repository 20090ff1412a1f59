"""What moderators decide is kept, holds, and is in the audit trail: who, what, whom, old, new, why."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.admission.check_request import Admission
from bot.db.database import Database, open_database
from bot.db.guild_models import Action, AuditRow
from bot.db.models import Generation, Status
from bot.errors import BadInputError, DatabaseBusyError, UserError
from bot.moderation.decisions import REASON_MAX_LENGTH, Decisions, Moderator
from bot.moderation.service import Moderation
from bot.policy.documents import Policy
from bot.requests.service import GenerationService
from bot.requests.spec import RequestSpec
from tests.bot.clocks import StoppedClock
from tests.bot.prices import FixedPrices
from tests.bot.rows import insert, new_requester
from tests.bot.troubles import locked

GUILD, MEMBER = 1, 3
MONA, NILS = Moderator(GUILD, 70), Moderator(GUILD, 71)
ELSEWHERE = Moderator(2, 70)


@pytest.fixture
def moderation(database: Database, clock: StoppedClock) -> Moderation:
    """The service with a clock that stands still."""
    return Moderation(Decisions(database, clock))


@pytest.fixture
def generations(database: Database, clock: StoppedClock) -> GenerationService:
    """What members use, on the same database and clock."""
    admission = Admission(FixedPrices(), daily_limit=50)
    return GenerationService(
        database, admission=admission, work=asyncio.Event(), stopping=asyncio.Event(), clock=clock
    )


async def ask(generations: GenerationService, prompt: str = "a red dragon", **options: Any) -> Generation:
    """Let the member ask for a video."""
    return await generations.request(
        new_requester(user_id=MEMBER),
        RequestSpec(model="google/veo3", prompt=prompt, options={"duration": 4, **options}),
    )


async def refused(generations: GenerationService, prompt: str = "a red dragon", **options: Any) -> str:
    """Let the member ask in vain; return what they are told."""
    with pytest.raises(UserError) as caught:
        await ask(generations, prompt, **options)
    return str(caught.value)


async def trail(moderation: Moderation, guild_id: int = GUILD) -> list[AuditRow]:
    """Return the trail, oldest first."""
    return (await moderation.list_log(guild_id, size=1000))[::-1]


async def last(moderation: Moderation) -> tuple[Action, int | None, str | None, Any, Any, str | None]:
    """Return the last deed: what, who, whom, old, new, why."""
    row = (await trail(moderation))[-1]
    return row.action, row.actor_id, row.subject, row.old, row.new, row.reason


async def test_a_pause_stops_requests_and_resume_lets_them_through(
    moderation: Moderation, generations: GenerationService, clock: StoppedClock
) -> None:
    await moderation.pause(MONA, "exams")
    pause = {"since": clock().isoformat(), "reason": "exams"}
    assert await last(moderation) == (Action.PAUSE, 70, "server", None, pause, "exams")
    assert "“exams”" in await refused(generations)
    assert await moderation.resume(NILS)
    assert await last(moderation) == (Action.RESUME, 71, "server", pause, None, None)
    await ask(generations)


async def test_resume_says_whether_there_was_a_pause(moderation: Moderation) -> None:
    assert not await moderation.resume(MONA)
    await moderation.pause(MONA, None)
    assert await moderation.resume(MONA)
    assert not await moderation.resume(MONA)


async def test_a_second_pause_replaces_the_reason(
    moderation: Moderation, generations: GenerationService
) -> None:
    await moderation.pause(MONA, "exams")
    await moderation.pause(NILS, "holidays")
    text = await refused(generations)
    assert "holidays" in text
    assert "exams" not in text


async def test_what_was_asked_for_before_a_pause_or_a_block_goes_on(
    moderation: Moderation, generations: GenerationService
) -> None:
    generation = await ask(generations)
    await moderation.pause(MONA, None)
    await moderation.block(MONA, MEMBER, None)
    found = await generations.get(generation.id)
    assert found is not None
    assert found.status is Status.QUEUED


async def test_a_block_ends_by_itself(
    moderation: Moderation, generations: GenerationService, clock: StoppedClock
) -> None:
    until = clock() + timedelta(hours=12)
    await moderation.block(MONA, MEMBER, until, "spam")
    new = {"since": clock().isoformat(), "until": until.isoformat(), "reason": "spam"}
    assert await last(moderation) == (Action.BLOCK, 70, "member:3", None, new, "spam")
    clock.advance(timedelta(hours=12) - timedelta(microseconds=1))
    text = await refused(generations)
    assert "“spam”" in text
    assert f"<t:{int(until.timestamp())}:R>" in text
    clock.advance(timedelta(microseconds=1))
    await ask(generations)


async def test_a_block_without_an_end_holds_until_it_is_ended(
    moderation: Moderation, generations: GenerationService, clock: StoppedClock
) -> None:
    await moderation.block(MONA, MEMBER, None)
    old = {"since": clock().isoformat(), "until": None, "reason": None}
    clock.advance(timedelta(days=5000))
    assert "blocked from /veo" in await refused(generations)
    assert await moderation.unblock(NILS, MEMBER)
    assert await last(moderation) == (Action.UNBLOCK, 71, "member:3", old, None, None)
    await ask(generations)


async def test_unblock_says_whether_there_was_a_block_that_held(
    moderation: Moderation, clock: StoppedClock
) -> None:
    assert not await moderation.unblock(MONA, MEMBER)
    await moderation.block(MONA, MEMBER, clock() + timedelta(minutes=1))
    clock.advance(timedelta(minutes=1))
    assert not await moderation.unblock(MONA, MEMBER), "a block that had ended was told to have been ended"


async def test_a_new_block_replaces_the_old_one(
    moderation: Moderation, generations: GenerationService, clock: StoppedClock
) -> None:
    await moderation.block(MONA, MEMBER, None, "first")
    until = clock() + timedelta(hours=1)
    await moderation.block(NILS, MEMBER, until, "second")
    since = {"since": clock().isoformat()}
    old = {**since, "until": None, "reason": "first"}
    new = {**since, "until": until.isoformat(), "reason": "second"}
    assert (await last(moderation))[3:] == (old, new, "second")
    clock.advance(timedelta(hours=1))
    await ask(generations)


async def test_only_those_who_are_blocked_now_are_listed(moderation: Moderation, clock: StoppedClock) -> None:
    await moderation.block(MONA, 5, None, "spam")
    await moderation.block(MONA, 6, clock() + timedelta(hours=1))
    await moderation.block(MONA, 7, None)
    await moderation.unblock(MONA, 7)
    await moderation.block(ELSEWHERE, 8, None)
    assert [user_id for user_id, _ in await moderation.list_blocked(GUILD)] == [5, 6]
    clock.advance(timedelta(hours=1))
    [(user_id, block)] = await moderation.list_blocked(GUILD)
    assert (user_id, block.reason, block.until) == (5, "spam", None)


async def test_another_server_is_not_touched(moderation: Moderation, generations: GenerationService) -> None:
    await moderation.pause(ELSEWHERE, None)
    await moderation.block(ELSEWHERE, MEMBER, None)
    await moderation.add_word(ELSEWHERE, "dragon")
    await ask(generations)
    assert await trail(moderation) == [], "another server's deeds are in this server's trail"
    assert len(await trail(moderation, ELSEWHERE.guild_id)) == 3


async def test_decisions_outlive_the_program(
    moderation: Moderation, database_url: str, clock: StoppedClock
) -> None:
    await moderation.pause(MONA, "exams")
    await moderation.block(MONA, MEMBER, None)
    await moderation.add_word(MONA, "gore")
    async with open_database(database_url) as reopened:
        after = Moderation(Decisions(reopened, clock))
        policy = await after.read(GUILD)
        assert (policy.pause and policy.pause.reason, policy.words) == ("exams", ("gore",))
        assert [user_id for user_id, _ in await after.list_blocked(GUILD)] == [MEMBER]


@pytest.mark.parametrize("length", [REASON_MAX_LENGTH + 1, 5000])
async def test_a_reason_that_is_too_long_changes_nothing(moderation: Moderation, length: int) -> None:
    with pytest.raises(BadInputError, match=f"{length:,} characters; the maximum is {REASON_MAX_LENGTH}"):
        await moderation.pause(MONA, "x" * length)
    with pytest.raises(BadInputError, match="Nothing changed"):
        await moderation.block(MONA, MEMBER, None, "x" * length)
    assert await moderation.read(GUILD) == Policy()
    assert await trail(moderation) == []


@pytest.mark.parametrize(("typed", "kept"), [("", None), (" \u200b ", None), (" a\u202eb ", "ab")])
async def test_a_reason_is_kept_as_it_is_seen(moderation: Moderation, typed: str, kept: str | None) -> None:
    await moderation.pause(MONA, typed)
    await moderation.block(MONA, MEMBER, None, typed)
    assert [row.reason for row in await trail(moderation)] == [kept, kept]
    pause = (await moderation.read(GUILD)).pause
    assert pause is not None
    assert pause.reason == kept


@pytest.mark.both_engines
async def test_two_moderators_at_once_lose_nothing(moderation: Moderation) -> None:
    words = [f"word{number}" for number in range(12)]
    await asyncio.gather(
        *(moderation.add_word(by, word) for word in words for by in (MONA, NILS)),
        moderation.pause(MONA, "a"),
        moderation.change_settings(NILS, {"longest_duration": 6}),
        moderation.change_settings(MONA, {"highest_resolution": "720P"}),
        moderation.block(NILS, MEMBER, None),
    )
    policy = await moderation.read(GUILD)
    assert sorted(policy.words) == sorted(words)
    assert (policy.longest_duration, policy.highest_resolution) == (6, "720P")
    assert policy.pause is not None
    assert len(await trail(moderation)) == len(words) + 4, "a deed is missing in the trail, or told twice"
    news = [row for row in await trail(moderation) if row.action is Action.WORD_ADD and row.old is None]
    assert len(news) == len(words), "a word was new to both"


@pytest.mark.both_engines
async def test_the_last_of_two_moderators_wins(moderation: Moderation, clock: StoppedClock) -> None:
    until = clock() + timedelta(hours=1)
    await asyncio.gather(
        moderation.block(MONA, MEMBER, None, "mona's"), moderation.block(NILS, MEMBER, until, "nils'")
    )
    first, second = await trail(moderation)
    assert first.old is None
    assert second.old == first.new, "the second did not see what the first decided"
    [(_, block)] = await moderation.list_blocked(GUILD)
    assert block.reason == second.reason


async def test_the_trail_has_pages_newest_first(moderation: Moderation, clock: StoppedClock) -> None:
    for number in range(5):
        clock.advance(timedelta(minutes=1))
        await moderation.add_word(MONA, f"word{number}")
    newest = await moderation.list_log(GUILD, size=2)
    older = await moderation.list_log(GUILD, size=9, before=newest[-1].id)
    shown = [row.new and row.new["word"] for row in [*newest, *older]]
    assert shown == ["word4", "word3", "word2", "word1", "word0"]
    assert newest[0].at == clock()


@pytest.mark.sqlite_only
async def test_what_is_not_written_is_not_said_to_be(moderation: Moderation, database_url: str) -> None:
    async with locked(database_url):
        with pytest.raises(DatabaseBusyError):
            await moderation.block(MONA, MEMBER, None)
    assert await moderation.list_blocked(GUILD) == []


async def test_open_requests_are_listed_oldest_first(
    generations: GenerationService, database: Database, clock: StoppedClock
) -> None:
    for minutes, status in enumerate(Status):
        await insert(
            database, id=status.value, status=status, created_at=clock() - timedelta(minutes=minutes)
        )
    await insert(database, guild_id=2)
    open_ones = [row.id for row in await generations.list_open(GUILD)]
    assert open_ones == ["running", "submitting", "queued", "preparing"]


async def test_a_block_that_is_over_is_not_told_as_one_that_held(
    moderation: Moderation, clock: StoppedClock
) -> None:
    until = clock() + timedelta(hours=1)
    await moderation.block(MONA, MEMBER, until)
    clock.advance(timedelta(hours=1))
    assert not await moderation.unblock(MONA, MEMBER)
    await moderation.block(MONA, MEMBER, until)
    assert [entry.old for entry in await moderation.list_log(GUILD, size=2)] == [None, None]
