"""What gives moderators' decisions a strike, what forgiving one ends, and what stays."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.admission.appeals import block_rule, deletion_rule, word_rule
from bot.db.database import Database
from bot.db.guild_models import Action, AppealDecision, AppealRow, StrikeKind, StrikeRow
from bot.db.models import Generation, Status
from bot.errors import DatabaseBusyError
from bot.failures import FailureKind
from bot.jobs.endings import strike_for_safety
from bot.moderation.appeals import Appeals
from bot.moderation.decisions import Decisions
from bot.moderation.report_decisions import BLOCK_TIME, ReportDecision
from bot.moderation.reports import Reports
from bot.moderation.service import Moderation
from bot.moderation.strikes import Strikes
from bot.policy.documents import Block, Step
from bot.policy.store import fetch_policy
from bot.policy.strike_rows import Act, Struck, give_strike
from cogs.appeals.answer_text import render_decision
from tests.bot.clocks import StoppedClock
from tests.bot.reporting import MONA, audit_rows, get_block, insert_video, report_of

ALICE = 3
TICK = timedelta(seconds=1)
ENDLESS = Step(strikes=1, pause=None)


@pytest.fixture
def decisions(database: Database, clock: StoppedClock) -> Decisions:
    """What moderators' services share, with a clock that stands still."""
    return Decisions(database, clock)


@pytest.fixture
async def strikes(decisions: Decisions) -> Strikes:
    """The service, on: each strike blocks until a moderator decides."""
    service = Strikes(decisions)
    await service.change(MONA, steps=(ENDLESS,))
    return service


@pytest.fixture
def reports(database: Database, clock: StoppedClock) -> Reports:
    """The service with the same clock."""
    return Reports(database, clock)


async def give(database: Database, clock: StoppedClock, source: str, **act: Any) -> Struck:
    clock.advance(TICK)
    given, now = Act(MONA.guild_id, ALICE, StrikeKind.WORD, source, **act), clock()
    struck = await database.write(lambda session: give_strike(session, given, now), MONA.guild_id)
    assert struck is not None, "it is off"
    return struck


async def sources(database: Database) -> list[str]:
    query = select(StrikeRow.source).where(StrikeRow.forgiven_at.is_(None)).order_by(StrikeRow.id)
    return list(await database.read(lambda session: session.scalars(query).all()))


async def decide(reports: Reports, video: Generation, clock: StoppedClock, *chosen: ReportDecision) -> None:
    report = await report_of(reports, video)
    for decision in chosen:
        clock.advance(TICK)
        await reports.decide(MONA, report.id, decision)


@pytest.mark.both_engines
async def test_a_block_because_of_a_report_outlives_the_longer_one_of_the_strike(
    reports: Reports, strikes: Strikes, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database, id="a" * 16)
    await decide(reports, video, clock, ReportDecision.DELETE, ReportDecision.BLOCK)
    blocked_at = clock()
    block = await get_block(database, ALICE)
    assert block is not None
    assert block.until is None, "the longer one holds"
    clock.advance(TICK)
    forgiven = await strikes.forgive(MONA, ALICE)
    own = Block(since=blocked_at, until=blocked_at + BLOCK_TIME, reason=f"Video {video.id} was reported.")
    assert (await get_block(database, ALICE), forgiven.block, forgiven.is_unblocked) == (own, own, False)


async def test_a_block_because_of_a_report_that_is_over_is_not_restored(
    reports: Reports, strikes: Strikes, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database, id="a" * 16)
    await decide(reports, video, clock, ReportDecision.DELETE, ReportDecision.BLOCK)
    clock.advance(BLOCK_TIME)
    assert (await strikes.forgive(MONA, ALICE)).is_unblocked
    assert await get_block(database, ALICE) is None


async def test_deleted_shots_of_a_film_give_one_strike_and_one_that_was_redone_another(
    reports: Reports, strikes: Strikes, database: Database, clock: StoppedClock
) -> None:
    await strikes.change(MONA, steps=(Step(strikes=9, pause=None),))
    requested, redone = clock(), clock() + TICK
    for number, created_at in ((1, requested), (2, requested), (2, redone), (3, redone)):
        shot = {"film_id": "f" * 16, "shot": number, "created_at": created_at}
        await decide(reports, await insert_video(database, **shot), clock, ReportDecision.DELETE)
    assert len(await sources(database)) == 2


@pytest.mark.both_engines
@pytest.mark.parametrize("is_deleted_first", [False, True])
async def test_a_film_of_which_one_shot_is_rejected_and_another_deleted_gives_one(
    reports: Reports, strikes: Strikes, database: Database, clock: StoppedClock, *, is_deleted_first: bool
) -> None:
    await strikes.change(MONA, steps=(Step(strikes=9, pause=None),))
    film = {"film_id": "f" * 16, "created_at": clock()}
    end = {"failure_kind": FailureKind.REFUSED, "failure_reason": "Blocked by the safety filter."}
    rejected = await insert_video(database, **film, shot=1, status=Status.FAILED, **end)
    posted = await insert_video(database, **film, shot=2)
    if is_deleted_first:
        await decide(reports, posted, clock, ReportDecision.DELETE)
    now = clock()
    await database.write(lambda session: strike_for_safety(session, rejected, now), MONA.guild_id)
    assert len(await sources(database)) == 1
    if not is_deleted_first:
        await decide(reports, posted, clock, ReportDecision.DELETE)
    assert len(await sources(database)) == 1


async def test_who_stays_blocked_is_counted_when_strikes_are_turned_off(
    strikes: Strikes, decisions: Decisions, database: Database, clock: StoppedClock
) -> None:
    await give(database, clock, "a")
    await Moderation(decisions).block(MONA, ALICE + 1, None)
    assert (await strikes.change(MONA, is_on=False)).blocked == 1
    assert (await strikes.change(MONA)).blocked == 1, "and when it's looked at later"
    await strikes.forgive(MONA, ALICE)
    assert (await strikes.change(MONA)).blocked == 0


async def asked(database: Database, clock: StoppedClock, rule: str) -> str:
    """Keep what alice asked moderators about; return its ID."""
    row = AppealRow(
        id="b" * 16,
        guild_id=MONA.guild_id,
        user_id=ALICE,
        rule=rule,
        prompt="a red dragon",
        fingerprint="f" * 64,
        created_at=clock(),
        asked_at=clock(),
        why="it is a play",
    )
    await database.write(lambda session: session.add(row))
    return row.id


@pytest.mark.parametrize("decision", [AppealDecision.ALLOW, AppealDecision.LIFT, AppealDecision.DECLINE])
@pytest.mark.usefixtures("strikes")
async def test_a_decision_for_the_member_forgives_the_strike_of_the_refusal_and_ends_its_block(
    decision: AppealDecision, database: Database, clock: StoppedClock
) -> None:
    await give(database, clock, "old")
    await give(database, clock, "refused", appeal_id=await asked(database, clock, word_rule("red", "dragon")))
    appeal = await Appeals(database, clock).decide(MONA, "b" * 16, decision)
    is_forgiven = decision is not AppealDecision.DECLINE
    assert ("no longer counts" in render_decision(appeal, "Ours")) is is_forgiven
    assert await sources(database) == (["old"] if is_forgiven else ["old", "refused"])
    block = await get_block(database, ALICE)
    assert block is not None, "the block of the other strike holds"


@pytest.mark.usefixtures("strikes")
async def test_the_block_of_the_strike_ends_with_it_and_the_trail_tells_both(
    database: Database, clock: StoppedClock
) -> None:
    await give(database, clock, "refused", appeal_id=await asked(database, clock, word_rule("red")))
    clock.advance(TICK)
    appeal = await Appeals(database, clock).decide(MONA, "b" * 16, AppealDecision.ALLOW)
    assert "The strike that it gave you no longer counts." in render_decision(appeal, "Ours")
    assert await get_block(database, ALICE) is None
    actions = [row.action for row in await audit_rows(database)][-3:]
    assert actions == [Action.FORGIVE, Action.UNBLOCK, Action.APPEAL_ALLOW]


@pytest.mark.usefixtures("strikes")
async def test_all_strikes_of_a_request_that_was_sent_again_are_forgiven_and_none_blocks_even_one_that_faded(
    strikes: Strikes, database: Database, clock: StoppedClock
) -> None:
    appeal_id = await asked(database, clock, word_rule("red"))
    await strikes.change(MONA, days=1, steps=(Step(strikes=1, pause=3 * 86400), Step(strikes=2, pause=None)))
    await give(database, clock, "faded", appeal_id=appeal_id)
    await give(database, clock, "faded, too", appeal_id=appeal_id)
    clock.advance(timedelta(days=1))
    await give(database, clock, "counts", appeal_id=appeal_id)
    await Appeals(database, clock).decide(MONA, appeal_id, AppealDecision.ALLOW)
    assert await sources(database) == []
    assert await get_block(database, ALICE) is None
    forgave, unblocked, _ = (await audit_rows(database))[-3:]
    assert (forgave.action, forgave.new) == (Action.FORGIVE, {"strikes": 1}), "two count no more"
    assert unblocked.action is Action.UNBLOCK


@pytest.mark.both_engines
@pytest.mark.usefixtures("strikes")
async def test_allowing_after_a_deletion_forgives_its_strike_and_lifting_a_block_forgives_none(
    reports: Reports, database: Database, clock: StoppedClock
) -> None:
    video = await insert_video(database, id="a" * 16)
    await decide(reports, video, clock, ReportDecision.DELETE)
    block = await get_block(database, ALICE)
    assert block is not None
    await Appeals(database, clock).decide(
        MONA, await asked(database, clock, block_rule(block)), AppealDecision.LIFT
    )
    assert await sources(database) == [f"video:{video.id}"]
    rule = deletion_rule(video.id)
    await database.write(lambda session: session.merge(AppealRow(id="b" * 16, rule=rule, decision=None)))
    await Appeals(database, clock).decide(MONA, "b" * 16, AppealDecision.ALLOW)
    assert await sources(database) == []


async def test_all_words_of_a_refusal_are_lifted_each_with_its_own_row(
    decisions: Decisions, database: Database, clock: StoppedClock
) -> None:
    moderation = Moderation(decisions)
    for word in ("red", "blue", "dragon"):
        await moderation.add_word(MONA, word)
    appeal_id = await asked(database, clock, word_rule("red", "dragon"))
    await Appeals(database, clock).decide(MONA, appeal_id, AppealDecision.LIFT)
    policy = await database.read(lambda session: fetch_policy(session, MONA.guild_id))
    assert policy.words == ("blue",)
    lifted = [row.old for row in await audit_rows(database) if row.action is Action.WORD_REMOVE]
    assert lifted == [{"word": "red"}, {"word": "dragon"}]


async def test_a_change_is_told_from_its_own_transaction(
    strikes: Strikes, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read later can fail, and the change would be called failed though it was made."""

    async def fail(*_: object, **__: object) -> None:
        raise DatabaseBusyError("I can't reach my database right now. Try again.")

    with monkeypatch.context() as patch:
        patch.setattr(database, "read", fail)
        assert (await strikes.change(MONA, is_on=False)).rules is None
    assert (await strikes.change(MONA)).rules is None
