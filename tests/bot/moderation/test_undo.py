"""Undo of everything that moderators decide: what holds is what held before, and it happens once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.db.database import Database
from bot.db.guild_models import Action, AuditRow, ReportRow
from bot.errors import BadInputError, DatabaseBusyError
from bot.moderation.decisions import AuditEvent, Decisions, Moderator
from bot.moderation.importing import Imports
from bot.moderation.matching import Imported
from bot.moderation.rules import SERVER, QuotaRules, Subject
from bot.moderation.service import SETTINGS, Moderation
from bot.moderation.snapshots import snapshot_of_word
from bot.moderation.undo import (
    AlreadyRestoredError,
    AlreadyUndoneError,
    CannotBeUndoneError,
    ChangedSince,
    Undo,
    Undone,
)
from bot.policy.documents import (
    Budget,
    LimitKind,
    MemberPolicy,
    Period,
    Policy,
    Reviewed,
    ReviewRule,
    Rule,
    Scope,
    StrikeRules,
)
from bot.policy.store import fetch_member_policy, fetch_policy
from bot.provider.catalogue import CATALOGUE
from tests.bot.clocks import StoppedClock
from tests.bot.troubles import locked

GUILD, MEMBER = 1, 3
MONA, NILS = Moderator(GUILD, 70), Moderator(GUILD, 71)
ROLE = Subject(Scope.ROLE, 9)
START = datetime(2026, 3, 1, tzinfo=UTC)
FAST = next(model.id for model in CATALOGUE if "fast" in model.id)


class Server:
    """The services of one server's moderators on one database."""

    def __init__(self, database: Database, clock: StoppedClock) -> None:
        decisions = Decisions(database, clock)
        self.clock = clock
        self.moderation = Moderation(decisions)
        self.rules = QuotaRules(decisions, daily_limit=50)
        self.imports = Imports(decisions)
        self.undo = Undo(decisions)
        self.decisions = decisions
        self._database = database

    async def documents(self) -> tuple[Policy, MemberPolicy]:
        """Return the server's document and the member's."""
        return await self._database.read(
            lambda session: (fetch_policy(session, GUILD), fetch_member_policy(session, GUILD, MEMBER))
        )

    async def trail(self) -> list[AuditRow]:
        """Return the whole trail, newest first."""
        return await self.moderation.list_log(GUILD, size=1000)

    async def newest(self) -> int:
        """Return the id of the newest decision."""
        return (await self.trail())[0].id


@pytest.fixture
def server(database: Database, clock: StoppedClock) -> Server:
    return Server(database, clock)


Decide = Callable[[Server], Awaitable[object]]
DAY = LimitKind.DAY


BUSY = Policy(
    rules=(
        Rule(scope=Scope.SERVER, kind=DAY, most=5),
        Rule(scope=Scope.ROLE, subject_id=9, kind=DAY, most=None),
    ),
    budgets={Period.DAY: Budget(credits=5, since=START), Period.MONTH: Budget(credits=7, since=START)},
    words=("gun", "knife"),
    strikes=StrikeRules(),
    channels=frozenset({5, 8}),
    moderators_channel_id=8,
)
QUIET = Policy(
    rules=(Rule(scope=Scope.ROLE, subject_id=9, kind=LimitKind.WEEK, most=0),),
    budgets={Period.MONTH: Budget(credits=8, since=START)},
    words=("GUN",),
    review=ReviewRule(who=Reviewed.EVERYBODY),
)
EVERYTHING = frozenset({*SETTINGS, "rules", "budgets", "words", "strikes"})


def imported(policy: Policy) -> Imported:
    """Return an import of all that a document says."""
    return Imported(server="Studio", policy=policy, fields=EVERYTHING)


# What was before, and what is decided then.
KINDS: Mapping[str, tuple[Decide, Decide]] = {
    "a limit is set": (
        lambda on: on.rules.set_limits(MONA, ROLE, {DAY: 5}),
        lambda on: on.rules.set_limits(MONA, ROLE, {DAY: 3, LimitKind.WEEK: None}),
    ),
    "limits are removed": (
        lambda on: on.rules.set_limits(MONA, SERVER, {DAY: 5, LimitKind.AT_ONCE: 1}),
        lambda on: on.rules.unset_limits(MONA, SERVER, list(LimitKind)),
    ),
    "a budget is changed": (
        lambda on: on.rules.set_budgets(MONA, {Period.DAY: 5.5}),
        lambda on: on.rules.set_budgets(MONA, {Period.DAY: 0}),
    ),
    "a grant is given": (
        lambda on: on.rules.grant(MONA, MEMBER, 2, None),
        lambda on: on.rules.grant(MONA, MEMBER, 3, None),
    ),
    "usage is reset": (
        lambda on: on.rules.reset(MONA, MEMBER),
        lambda on: on.rules.reset(MONA, MEMBER),
    ),
    "a pause begins": (
        lambda on: on.moderation.pause(MONA, "exams"),
        lambda on: on.moderation.pause(MONA, "holidays"),
    ),
    "a pause ends": (
        lambda on: on.moderation.pause(MONA, "exams"),
        lambda on: on.moderation.resume(MONA),
    ),
    "a block is changed": (
        lambda on: on.moderation.block(MONA, MEMBER, None, "spam"),
        lambda on: on.moderation.block(MONA, MEMBER, on.clock() + timedelta(days=1), "worse"),
    ),
    "a block ends": (
        lambda on: on.moderation.block(MONA, MEMBER, None, "spam"),
        lambda on: on.moderation.unblock(MONA, MEMBER),
    ),
    "a word is written otherwise, as adding it did once": (
        lambda on: on.moderation.add_word(MONA, "Gun"),
        lambda on: on.decisions.change_policy(
            MONA,
            AuditEvent(Action.WORD_ADD, "words"),
            lambda policy: policy.model_copy(update={"words": ("GUN",)}),
            snapshot_of_word("GUN"),
        ),
    ),
    "a word is removed": (
        lambda on: on.moderation.add_word(MONA, "Gun"),
        lambda on: on.moderation.remove_word(MONA, "gun"),
    ),
    "rules are imported": (
        lambda on: on.imports.save(MONA, imported(BUSY)),
        lambda on: on.imports.save(MONA, imported(QUIET)),
    ),
    "settings are changed": (
        lambda on: on.moderation.change_settings(MONA, {"channels": frozenset({8, 5}), "ask_first": True}),
        lambda on: on.moderation.change_settings(MONA, {"channels": frozenset(), "longest_duration": 4}),
    ),
}


def comparable(documents: tuple[Policy, MemberPolicy]) -> Any:
    """Return documents without the order of rules, and since when a budget holds."""
    policy, member_policy = documents
    budgets = {period: budget.credits for period, budget in policy.budgets.items()}
    changes = {"rules": frozenset(policy.rules), "budgets": budgets, "words": frozenset(policy.words)}
    return policy.model_copy(update=changes), member_policy


@pytest.mark.parametrize("kind", KINDS)
async def test_undo_restores_what_was_and_its_undo_what_had_become(
    server: Server, clock: StoppedClock, kind: str
) -> None:
    first, second = KINDS[kind]
    await first(server)
    before = comparable(await server.documents())
    clock.advance(timedelta(hours=1))
    await second(server)
    after, decided = comparable(await server.documents()), await server.newest()
    assert after != before
    assert decided in (await server.undo.list_log(GUILD, size=10)).undoable
    assert isinstance(await server.undo.undo(NILS, decided), Undone)
    assert comparable(await server.documents()) == before
    row = (await server.trail())[0]
    assert (row.action, row.actor_id) == (Action.UNDO, NILS.user_id)
    assert (row.subject or "").startswith(f"{decided}:")
    page = await server.undo.list_log(GUILD, size=10)
    assert row.id in page.undoable
    assert decided not in page.undoable
    assert isinstance(await server.undo.undo(MONA, row.id), Undone)
    assert comparable(await server.documents()) == after


@pytest.mark.both_engines
async def test_of_many_clicks_at_once_one_undoes(server: Server) -> None:
    await server.moderation.pause(MONA, None)
    decided = await server.newest()
    clicks = [server.undo.undo(by, decided) for by in (MONA, NILS) * 5]
    outcomes = await asyncio.gather(*clicks, return_exceptions=True)
    assert sum(isinstance(outcome, Undone) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyUndoneError) for outcome in outcomes) == len(clicks) - 1
    assert len(await server.trail()) == 2


async def test_what_has_changed_since_is_overwritten_only_as_it_was_seen(server: Server) -> None:
    await server.rules.set_limits(MONA, SERVER, {DAY: 5})
    decided = await server.newest()
    await server.rules.set_limits(MONA, SERVER, {DAY: 3})
    asked = await server.undo.undo(NILS, decided)
    assert isinstance(asked, ChangedSince)
    assert (asked.decision.left, asked.present) == ({"day": 5}, {"day": 3})
    await server.rules.set_limits(MONA, SERVER, {DAY: 2})
    again = await server.undo.undo(NILS, decided, asked.seen)
    assert isinstance(again, ChangedSince)
    assert again.present == {"day": 2}
    assert len(await server.trail()) == 3, "a question is in the trail"
    assert isinstance(await server.undo.undo(NILS, decided, again.seen), Undone)
    assert (await server.documents())[0].rules == ()
    overwritten = await server.newest()
    assert isinstance(await server.undo.undo(NILS, overwritten), Undone)
    assert [rule.most for rule in (await server.documents())[0].rules] == [2]


AWAY_AND_BACK: Mapping[str, Sequence[Decide]] = {  # the first is undone
    "an import": [
        lambda on: on.imports.save(MONA, imported(BUSY)),
        lambda on: on.moderation.remove_word(MONA, "KNIFE"),
        lambda on: on.moderation.add_word(MONA, "knife"),
    ],
    "a limit that is imported": [
        lambda on: on.rules.set_limits(MONA, SERVER, {DAY: 5}),
        lambda on: on.imports.save(MONA, imported(QUIET)),
        lambda on: on.imports.save(MONA, imported(BUSY)),
    ],
    "a budget": [lambda on, most=most: on.rules.set_budgets(MONA, {Period.DAY: most}) for most in (6, 4, 6)],
    "a limit": [
        lambda on: on.rules.set_limits(MONA, SERVER, {DAY: 5}),
        lambda on: on.rules.unset_limits(MONA, SERVER, list(LimitKind)),
        lambda on: on.rules.set_limits(MONA, SERVER, {DAY: 5, LimitKind.WEEK: 9}),
    ],
    "a word": [
        lambda on: on.moderation.add_word(MONA, "gun"),
        lambda on: on.moderation.remove_word(MONA, "GUN"),
        lambda on: on.moderation.add_word(MONA, "gun"),
    ],
    "a setting": [
        lambda on, asks=asks: on.moderation.change_settings(MONA, {"ask_first": asks})
        for asks in (True, False, True)
    ],
}


@pytest.mark.parametrize("kind", AWAY_AND_BACK)
async def test_what_was_decided_again_since_is_overwritten_only_as_it_was_seen(
    server: Server, kind: str
) -> None:
    first, away, back = AWAY_AND_BACK[kind]
    await first(server)
    decided = await server.newest()
    await away(server)
    await back(server)
    asked = await server.undo.undo(NILS, decided)
    assert isinstance(asked, ChangedSince), "the newer decision is overwritten unseen"
    assert asked.later == await server.newest()
    await away(server)
    await back(server)
    again = await server.undo.undo(NILS, decided, asked.seen)
    assert isinstance(again, ChangedSince)
    assert isinstance(await server.undo.undo(NILS, decided, again.seen), Undone)


@pytest.mark.parametrize("kind", AWAY_AND_BACK)
async def test_what_was_undone_since_is_not_asked_about(server: Server, kind: str) -> None:
    first, away, _back = AWAY_AND_BACK[kind]
    await first(server)
    decided = await server.newest()
    await away(server)
    await server.undo.undo(MONA, await server.newest())
    assert isinstance(await server.undo.undo(NILS, decided), Undone)


async def test_a_later_block_is_not_lifted_for_a_row_of_an_earlier_version(
    server: Server, database: Database, clock: StoppedClock
) -> None:
    await server.moderation.block(MONA, MEMBER, None, "spam")
    decided = await server.newest()
    old = update(AuditRow).where(AuditRow.id == decided).values(new={"until": None})
    await database.write(lambda session: session.execute(old))
    clock.advance(timedelta(days=30))
    await server.moderation.block(NILS, MEMBER, None, "worse")
    later = update(AuditRow).where(AuditRow.id > decided).values(old={"until": None}, new={"until": None})
    await database.write(lambda session: session.execute(later))
    assert isinstance(await server.undo.undo(MONA, decided), ChangedSince)


async def test_other_changes_of_the_same_document_are_left_alone(server: Server) -> None:
    await server.rules.set_limits(MONA, SERVER, {DAY: 5})
    decided = await server.newest()
    await server.rules.set_limits(MONA, ROLE, {DAY: 7})
    await server.moderation.add_word(MONA, "gun")
    assert isinstance(await server.undo.undo(NILS, decided), Undone)
    policy = (await server.documents())[0]
    assert [rule.most for rule in policy.rules] == [7]
    assert policy.words == ("gun",)


async def test_what_has_been_taken_back_by_hand_or_has_ended_is_not_undone(
    server: Server, clock: StoppedClock
) -> None:
    await server.moderation.add_word(MONA, "gun")
    added = await server.newest()
    await server.moderation.remove_word(NILS, "gun")
    await server.rules.grant(MONA, MEMBER, 2, None)
    granted = await server.newest()
    clock.advance(timedelta(hours=24))
    for decided in (added, granted):
        with pytest.raises(AlreadyRestoredError):
            await server.undo.undo(NILS, decided)
    assert len(await server.trail()) == 3


async def test_a_block_that_has_ended_is_neither_restored_nor_told(
    server: Server, clock: StoppedClock
) -> None:
    await server.moderation.block(MONA, MEMBER, clock() + timedelta(hours=1), "spam")
    clock.advance(timedelta(days=7))
    await server.moderation.block(MONA, MEMBER, None, "worse")
    undone = await server.undo.undo(NILS, await server.newest())
    assert isinstance(undone, Undone)
    assert (undone.decision.before, undone.restored) == (None, None)
    assert ((await server.trail())[0].new, (await server.documents())[1].block) == (None, None)


async def test_a_block_that_ended_since_is_not_told_as_present(server: Server, clock: StoppedClock) -> None:
    await server.moderation.block(MONA, MEMBER, None, "spam")
    await server.moderation.unblock(MONA, MEMBER)
    decided = await server.newest()
    await server.moderation.block(NILS, MEMBER, clock() + timedelta(hours=1), "late")
    clock.advance(timedelta(hours=1))
    asked = await server.undo.undo(NILS, decided)
    assert isinstance(asked, ChangedSince)
    assert asked.present is None
    undone = await server.undo.undo(NILS, decided, asked.seen)
    assert isinstance(undone, Undone)
    assert undone.was is None
    assert (await server.trail())[0].old is None


async def test_nobody_undoes_another_servers_decision_or_one_that_never_was(server: Server) -> None:
    await server.moderation.pause(MONA, None)
    decided = await server.newest()
    for by, number in ((Moderator(2, 70), decided), (MONA, decided + 1), (MONA, 0), (MONA, 999_999_999)):
        for act in (server.undo.find(by, number), server.undo.undo(by, number)):
            with pytest.raises(CannotBeUndoneError):
                await act
    assert (await server.undo.list_log(2, size=10)).rows == []


async def test_what_is_not_possible_any_more_is_not_restored(server: Server) -> None:
    fast_only = frozenset({FAST})
    await server.moderation.change_settings(MONA, {"models": fast_only})
    await server.moderation.change_settings(MONA, {"models": frozenset()})
    decided = await server.newest()
    without_fast = Undo(server.undo._decisions, [model for model in CATALOGUE if model.id != FAST])  # pyright: ignore[reportPrivateUsage]: the operator took a model away
    with pytest.raises(BadInputError):
        await without_fast.undo(NILS, decided)
    assert (await server.documents())[0].models == frozenset()
    assert isinstance(await server.undo.undo(NILS, decided), Undone), "a refusal used the button up"


async def test_a_moderators_channel_that_comes_back_gets_the_reports_that_wait(
    server: Server, database: Database, clock: StoppedClock
) -> None:
    await server.moderation.change_settings(MONA, {"moderators_channel_id": 8})
    await server.moderation.change_settings(MONA, {"moderators_channel_id": None})
    waiting = ReportRow(
        id="0" * 16, guild_id=GUILD, generation_id="1" * 16, reporter_id=4, reason="bad", created_at=clock()
    )
    await database.write(lambda session: session.add(waiting))
    await server.undo.undo(NILS, await server.newest())
    assert await database.read(lambda session: session.scalar(select(ReportRow.post_at))) is not None


@pytest.mark.sqlite_only
async def test_nothing_is_undone_while_the_database_is_locked(server: Server, database_url: str) -> None:
    await server.moderation.pause(MONA, None)
    decided = await server.newest()
    async with locked(database_url):
        with pytest.raises(DatabaseBusyError):
            await server.undo.undo(NILS, decided)
    assert (await server.documents())[0].pause is not None
    assert isinstance(await server.undo.undo(NILS, decided), Undone)
