"""Strikes in the database: an act gives one, with its block and the row of the trail, or nothing at all."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.admission.limits import LONGEST_WINDOW
from bot.db.database import Database
from bot.db.guild_models import Action, AuditRow, StrikeKind, StrikeRow
from bot.db.models import NOBODY
from bot.errors import UserError
from bot.moderation.decisions import Decisions, Moderator
from bot.moderation.service import Moderation
from bot.moderation.strikes import Strikes
from bot.policy.documents import Block, Step
from bot.policy.store import fetch_member_policy
from bot.policy.strike_rows import Act, Struck, give_strike
from bot.privacy.erasure import forget_strikes
from bot.privacy.service import Privacy
from tests.bot.clocks import StoppedClock

GUILD, ALICE = 1, 3
MONA = Moderator(GUILD, 9)
HOUR = timedelta(hours=1)


@pytest.fixture
def decisions(database: Database, clock: StoppedClock) -> Decisions:
    """What moderators' services share, with a clock that stands still."""
    return Decisions(database, clock)


@pytest.fixture
async def strikes(decisions: Decisions) -> Strikes:
    """The service, on: two strikes block for an hour, three until a moderator decides."""
    service = Strikes(decisions)
    await service.change(MONA, steps=(Step(strikes=2, pause=3600), Step(strikes=3, pause=None)))
    return service


async def give(
    database: Database,
    clock: StoppedClock,
    source: str,
    *,
    guild_id: int = GUILD,
    user_id: int = ALICE,
    locale: str | None = None,
) -> Struck | None:
    act = Act(guild_id, user_id, StrikeKind.WORD, source, locale=locale)
    now = clock()
    return await database.write(lambda session: give_strike(session, act, now), guild_id)


async def block_of(database: Database) -> Block | None:
    return (await database.read(lambda session: fetch_member_policy(session, GUILD, ALICE))).block


async def blocks_told(database: Database) -> list[AuditRow]:
    query = select(AuditRow).where(AuditRow.action == Action.BLOCK).order_by(AuditRow.id)
    return list(await database.read(lambda session: session.scalars(query).all()))


async def count(database: Database) -> int:
    return await database.read(
        lambda session: session.scalar(select(func.count()).select_from(StrikeRow)) or 0
    )


@pytest.mark.usefixtures("strikes")
async def test_the_same_act_gives_one_however_often_and_at_once_it_is_told(
    database: Database, clock: StoppedClock
) -> None:
    found = await asyncio.gather(*(give(database, clock, "interaction:7") for _ in range(5)))
    assert [struck and struck.active.count for struck in found] == [1] * 5
    assert await count(database) == 1


@pytest.mark.usefixtures("strikes")
async def test_acts_at_once_climb_one_after_the_other(database: Database, clock: StoppedClock) -> None:
    await asyncio.gather(*(give(database, clock, f"interaction:{number}") for number in range(3)))
    hour, endless = await blocks_told(database)
    assert (hour.actor_id, hour.reason, hour.subject) == (None, "strikes: 2", f"member:{ALICE}")
    assert (endless.old, (endless.new or {})["until"]) == (hour.new, None)
    block = await block_of(database)
    assert block is not None
    assert block.until is None


@pytest.mark.usefixtures("strikes")
async def test_strike_and_block_stand_together_or_not_at_all(database: Database, clock: StoppedClock) -> None:
    await give(database, clock, "interaction:1")
    act, now = Act(GUILD, ALICE, StrikeKind.WORD, "interaction:2"), clock()

    def fail(session: Session) -> None:
        give_strike(session, act, now)
        raise UserError("no")

    with pytest.raises(UserError, match="no"):
        await database.write(fail, GUILD)
    assert (await count(database), await block_of(database), await blocks_told(database)) == (1, None, [])


@pytest.mark.usefixtures("strikes")
async def test_strikes_of_other_servers_and_of_nobody_do_not_count(
    database: Database, clock: StoppedClock
) -> None:
    assert await give(database, clock, "a", guild_id=2) is None, "it is off there"
    assert await give(database, clock, "b", user_id=NOBODY) is None
    await give(database, clock, "c", user_id=4)
    struck = await give(database, clock, "d")
    assert struck is not None
    assert struck.active.count == 1


@pytest.mark.usefixtures("strikes")
async def test_a_faded_strike_climbs_no_more(database: Database, clock: StoppedClock) -> None:
    await give(database, clock, "a")
    clock.advance(timedelta(days=7))
    struck = await give(database, clock, "b")
    assert struck is not None
    assert (struck.active.count, struck.block) == (1, None)


async def test_a_strike_fades_as_it_was_said_whatever_window_is_set_later(
    database: Database, clock: StoppedClock, strikes: Strikes
) -> None:
    await give(database, clock, "a")
    clock.advance(timedelta(days=6))
    await strikes.change(MONA, days=1)
    struck = await give(database, clock, "b")
    assert struck is not None
    assert struck.active.count == 2, "a shorter one takes nothing away"
    clock.advance(timedelta(days=1))
    await strikes.change(MONA, days=30)
    struck = await give(database, clock, "c")
    assert struck is not None
    assert struck.active.count == 1, "a longer one revives nothing"
    assert struck.active.fades_at == clock() + timedelta(days=30)


async def test_an_act_that_is_told_again_counts_only_until_it_is_forgiven(
    database: Database, clock: StoppedClock, strikes: Strikes
) -> None:
    given = [await give(database, clock, "a"), await give(database, clock, "a")]
    await strikes.forgive(MONA, ALICE)
    given.append(await give(database, clock, "a"))
    assert [struck and struck.counts for struck in given] == [True, True, False]


@pytest.mark.both_engines
async def test_forgiving_restores_what_a_moderator_had_decided_before_two_blocks_of_strikes(
    database: Database, clock: StoppedClock, strikes: Strikes, decisions: Decisions
) -> None:
    until = clock() + HOUR / 2
    await Moderation(decisions).block(MONA, ALICE, until, "spam")
    for source in "abc":
        clock.advance(timedelta(seconds=1))
        await give(database, clock, source)
    assert len(await blocks_told(database)) == 3
    forgiven = await strikes.forgive(MONA, ALICE)
    block = await block_of(database)
    assert (forgiven.strikes, forgiven.block) == (3, block)
    assert block is not None
    assert (block.until, block.reason) == (until, "spam")
    assert [row.actor_id for row in await blocks_told(database)] == [9, None, None, 9], (
        "one is in force again"
    )


@pytest.mark.both_engines
async def test_what_is_kept_is_exported_and_goes(
    database: Database, clock: StoppedClock, strikes: Strikes
) -> None:
    privacy = Privacy(database, clock)
    await give(database, clock, "a")
    await strikes.forgive(MONA, ALICE)
    await give(database, clock, "b")
    exported = (await privacy.export(ALICE))["strikes"]
    assert [(row["about"], row["kind"], bool(row["forgiven_at"])) for row in exported] == [
        ("a", "word", True),
        ("b", "word", False),
    ]
    assert all(row["created_at"] < row["fades_at"] for row in exported)
    await privacy.forget(ALICE)
    assert [row["about"] for row in (await privacy.export(ALICE))["strikes"]] == ["b"], "it still counts"
    clock.advance(LONGEST_WINDOW - timedelta(seconds=1))
    now = clock()
    assert await database.write(lambda session: forget_strikes(session, now)) == 0
    assert await database.write(lambda session: forget_strikes(session, now + timedelta(seconds=1))) == 1
    assert await count(database) == 0


async def test_the_members_language_is_known_until_they_are_told_or_ask_to_forget(
    database: Database, clock: StoppedClock, strikes: Strikes
) -> None:
    shown = await give(database, clock, "shown", locale="de")
    assert shown is not None
    await strikes.record_shown(shown.strike_id)
    await give(database, clock, "not told yet", locale="de")
    assert await locales(database) == {"shown": None, "not told yet": "de"}
    await Privacy(database, clock).forget(ALICE)
    assert await locales(database) == {"shown": None, "not told yet": None}


async def locales(database: Database) -> dict[str, str | None]:
    rows = await database.read(lambda session: session.scalars(select(StrikeRow)).all())
    return {row.source: row.locale for row in rows}
