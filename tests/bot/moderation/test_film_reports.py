"""Reports of films on both databases: what can be reported, and what goes with a film that is deleted."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.db.database import Database
from bot.db.film_models import FilmRow
from bot.db.guild_models import StrikeRow
from bot.db.models import TAKEDOWN_GRACE, Generation, Status
from bot.errors import NotFoundError
from bot.failures import FailureKind
from bot.films.redoing import Redoing
from bot.films.rows import Film
from bot.films.service import Films
from bot.jobs.ports import DeliveryPostponedError, Posted
from bot.library.removal import Removal
from bot.library.takedowns import GIVE_UP_AFTER, RETRY, Takedown, Takedowns
from bot.moderation.decisions import Decisions, Moderator, OwnCaseError
from bot.moderation.report_decisions import ReportClosedError, ReportDecision
from bot.moderation.reports import AlreadyReportedError, NoVideoError, RemovedError, Reports
from bot.moderation.strike_notices import Notice, StrikeNotices
from bot.moderation.strikes import Strikes
from bot.requests.continuing import CannotContinueError, fetch_continuable
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import accept, desk, films, found, spec
from tests.bot.films.test_redoing import end, posted, redoing, redone, states
from tests.bot.reporting import MONA, NICK, REPORTER, reread_report
from tests.bot.rows import new_requester
from tests.bot.troubles import Logs, ends_in

__all__ = ["desk", "films", "redoing"]

DELETE = ReportDecision.DELETE
SEEN = Posted(5, 10)


@pytest.fixture
def reports(database: Database, clock: StoppedClock) -> Reports:
    """The service with a clock that stands still."""
    return Reports(database, clock)


@pytest.mark.parametrize("is_whole", [True, False])
async def test_the_message_about_a_strike_says_whether_it_was_the_film(
    films: Films, reports: Reports, database: Database, clock: StoppedClock, *, is_whole: bool
) -> None:
    await Strikes(Decisions(database, clock)).change(MONA, is_on=True)
    film = await posted(films, database, clock)
    subject_id = film.row.id if is_whole else film.shots[0].id
    report = await reports.report(1, subject_id, REPORTER, "bad")
    await reports.decide(MONA, report.id, DELETE)
    told = list[Notice]()

    class Messages:
        async def tell_strike(self, notice: Notice) -> None:
            told.append(notice)

    await StrikeNotices(database, Messages(), asyncio.Event(), clock).look()
    assert [notice.is_film for notice in told] == [is_whole]


async def test_what_shows_no_film_cannot_be_reported(films: Films, reports: Reports) -> None:
    quote = await films.offer(new_requester(interaction_id=1), spec(2))
    with pytest.raises(NotFoundError):
        await reports.report(1, quote.row.id, REPORTER, "bad", SEEN)
    film = await accept(films, 2, interaction_id=2)
    with pytest.raises(NoVideoError, match="no film"):
        await reports.report(1, film.row.id, REPORTER, "bad", SEEN)
    with pytest.raises(NotFoundError):
        await reports.report(2, film.row.id, REPORTER, "bad", SEEN)


@pytest.mark.both_engines
@pytest.mark.parametrize("is_over", [True, False])
async def test_a_film_that_was_posted_unnoticed_is_reported_where_it_is_seen(
    films: Films, reports: Reports, database: Database, clock: StoppedClock, is_over: bool
) -> None:
    film = await posted(films, database, clock)
    unnoticed = {"result_id": None, "joined_shots": None, "posting_at": clock()}
    unnoticed["delivered_at"] = clock() if is_over else None
    await database.write(lambda session: session.execute(update(FilmRow).values(unnoticed)))
    await reports.report(1, film.row.id, REPORTER, "bad", SEEN)
    row = (await found(films, film)).row
    seen = (SEEN.message_id, None) if is_over else (None, clock())  # who posts it records it
    assert (row.result_id, row.posting_at) == seen


async def test_a_moderator_does_not_decide_about_their_own_film(
    films: Films, reports: Reports, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    report = await reports.report(1, film.row.id, REPORTER, "bad")
    with pytest.raises(OwnCaseError, match="your own film"):
        await reports.decide(Moderator(1, film.row.user_id), report.id, DELETE)
    assert (await found(films, film)).row.removed_at is None


async def test_a_film_that_is_deleted_is_gone_with_its_shots_and_with_what_is_being_redone(
    films: Films, redoing: Redoing, reports: Reports, database: Database, clock: StoppedClock, logs: Logs
) -> None:
    await Strikes(Decisions(database, clock)).change(MONA, is_on=True)
    film = await posted(films, database, clock)
    again = await redone(redoing, film, 2, last=3)
    await end(database, clock, again.shots[1], Status.RUNNING, delivered_at=None, result_id=None)
    report = await reports.report(1, film.row.id, REPORTER, "bad")
    of_shot = await reports.report(1, film.shots[0].id, REPORTER, "bad")
    with pytest.raises(AlreadyReportedError, match="this film"):
        await reports.report(1, film.row.id, REPORTER, "bad")
    await reports.decide(MONA, report.id, DELETE)
    gone = await found(films, film)
    assert (gone.row.removed_at, gone.is_deleted) == (clock(), True)
    assert [(take.status, take.removed_at, take.video_url) for take in gone.takes if take.delivered_at] == [
        (Status.SUCCEEDED, clock(), None)
    ] * 3
    assert [state for state in states(gone.takes) if state[1] is not Status.SUCCEEDED] == [
        (2, Status.CANCELLED),
        (3, Status.CANCELLED),
    ]
    assert ends_in(logs, "cancelled") == sorted(
        take.id for take in gone.takes if take.status is Status.CANCELLED
    )
    assert (await reread_report(database, of_shot.id)).deleted_by == MONA.user_id
    with pytest.raises(ReportClosedError, match="has already deleted this film"):
        await reports.decide(NICK, report.id, DELETE)
    with pytest.raises(RemovedError, match="This film"):
        await reports.report(1, film.row.id, REPORTER + 1, "bad")
    strikes = await database.read(lambda session: session.scalars(select(StrikeRow)).all())
    assert [strike.user_id for strike in strikes] == [film.row.user_id]


async def test_the_shots_of_a_film_that_its_member_deleted_are_deleted_after_a_kill_for_a_day(
    films: Films, reports: Reports, database: Database, clock: StoppedClock
) -> None:
    """The member deletes the film, whose shots stay, and is reported for it all the same."""
    film = await posted(films, database, clock)
    report = await reports.report(1, film.row.id, REPORTER, "bad")
    removed = await films.remove(film.row.id, film.row.user_id)
    assert removed is not None
    await Removal(database, clock).finish(removed.row)
    clock.advance(2 * GIVE_UP_AFTER)
    await reports.decide(MONA, report.id, DELETE)
    assert (await found(films, film)).row.take_down_at == clock() + TAKEDOWN_GRACE
    tries = list[Takedown]()

    class Refusing:
        async def take_down(self, takedown: Takedown) -> None:
            tries.append(takedown)
            raise DeliveryPostponedError("Discord is away")

    takedowns = Takedowns(database, Refusing(), asyncio.Event(), clock)
    for _ in range(3):
        clock.advance(RETRY)
        await takedowns.look()
    assert [(takedown.row.id, takedown.actor_id) for takedown in tries] == [(film.row.id, MONA.user_id)] * 3


@pytest.mark.both_engines
async def test_what_may_still_come_of_a_deleted_film_is_marked_as_deleted(
    films: Films, reports: Reports, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    late = {"failure_kind": FailureKind.BROKEN, "late_until": clock() + timedelta(hours=1)}
    await end(database, clock, film.shots[1], Status.FAILED, result_id=None, **late)
    await end(database, clock, film.shots[2], Status.SUCCEEDED, result_id=None, delivered_at=None)
    report = await reports.report(1, film.row.id, REPORTER, "bad")
    await reports.decide(MONA, report.id, DELETE)
    assert [take.removed_at for take in (await found(films, film)).takes] == [clock()] * 3


@pytest.mark.both_engines
async def test_a_shot_of_a_reported_film_is_not_continued_until_that_is_decided(
    films: Films, reports: Reports, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock, 2)
    report = await reports.report(1, film.row.id, REPORTER, "bad")
    with pytest.raises(CannotContinueError, match="can't be continued right now"):
        await continued(database, film)
    await reports.decide(MONA, report.id, ReportDecision.DISMISS)
    assert (await continued(database, film)).id == film.shots[0].id


async def continued(database: Database, film: Film) -> Generation:
    return await database.read(lambda session: fetch_continuable(session, 1, film.shots[0].id))
