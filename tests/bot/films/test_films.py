"""Films on both databases: offered, accepted whole or not at all, made in turn, and joined by one process."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.admission.check_request import Admission
from bot.admission.denials import BudgetReachedError, FilmTooLongError, ShotRefusedError
from bot.db.database import Database
from bot.db.film_models import Continuity, FilmRow
from bot.db.guild_models import Action, AuditRow
from bot.db.models import Generation, Status
from bot.errors import RepeatedError
from bot.films.queue import FilmQueue
from bot.films.rows import Film
from bot.films.script import FilmSpec
from bot.films.service import FilmQuote, Films
from bot.jobs.queue import GenerationQueue, LeaseLostError
from bot.media.frame_links import frame_link
from bot.policy.documents import Period
from bot.provider.catalogue import CATALOGUE
from tests.bot.clocks import StoppedClock
from tests.bot.quoting import MODERATOR, PRICE, Desk
from tests.bot.rows import new_requester

pytestmark = pytest.mark.both_engines

LEASE = timedelta(seconds=60)


@pytest.fixture
def desk(database: Database, clock: StoppedClock) -> Desk:
    """What else a server has; members have five videos a day."""
    return Desk(database, clock)


@pytest.fixture
def films(desk: Desk, database: Database, clock: StoppedClock) -> Films:
    """The service."""
    return Films(
        database,
        admission=Admission(desk.prices, daily_limit=5),
        queue_estimate=desk.queue_estimate,
        work=asyncio.Event(),
        stopping=asyncio.Event(),
        clock=clock,
    )


def spec(count: int, continuity: Continuity = Continuity.CONTINUOUS) -> FilmSpec:
    prompts = tuple(f"shot {number}" for number in range(1, count + 1))
    return FilmSpec("Dragons", prompts, None, {"duration": 4}, (), continuity)


async def accept(films: Films, count: int, interaction_id: int = 1) -> Film:
    quote = await films.offer(new_requester(interaction_id=interaction_id), spec(count))
    film = await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert not isinstance(film, FilmQuote)
    return film


async def count_rows(database: Database) -> int:
    return len(await database.read(lambda session: session.scalars(select(Generation)).all()))


async def end(database: Database, clock: StoppedClock, shot: Generation, status: Status) -> None:
    change = update(Generation).where(Generation.id == shot.id).values(status=status, delivered_at=clock())
    await database.write(lambda session: session.execute(change))


def film_queue(database: Database, clock: StoppedClock, owner: str = "one") -> FilmQueue:
    return FilmQueue(database, owner, lease=LEASE, models=CATALOGUE, clock=clock)


async def test_an_offer_costs_what_the_click_does_and_leaves_no_shot(
    films: Films, database: Database
) -> None:
    quote = await films.offer(new_requester(), spec(3))
    assert (quote.left, quote.row.price) == (2, 3 * 3_120_000.0)
    assert await count_rows(database) == 0
    film = await films.confirm(new_requester(), quote.row.id, 1)
    assert isinstance(film, Film)
    assert [shot.estimated_credits for shot in film.shots] == [3_120_000.0] * 3
    assert (film.row.prompts, film.row.title) == ([], "Dragons")


async def test_what_does_not_fit_is_refused_whole(films: Films, database: Database) -> None:
    with pytest.raises(FilmTooLongError, match="leaves 5 videos"):
        await films.offer(new_requester(), spec(6))
    assert await count_rows(database) == 0
    assert await database.read(lambda session: session.scalars(select(FilmRow)).all()) == []


async def test_a_later_shot_that_is_refused_for_its_model_says_that(films: Films, desk: Desk) -> None:
    await desk.moderation.change_settings(MODERATOR, {"models": frozenset({"google/veo3"})})
    reason = r"^Shot 2: .*isn't allowed on this server\..*This didn't count toward your limit\.$"
    with pytest.raises(ShotRefusedError, match=reason):
        await films.offer(new_requester(), spec(3))


async def test_moderators_learn_that_the_budget_stops_films(
    films: Films, desk: Desk, database: Database
) -> None:
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: PRICE / 2})
    with pytest.raises(BudgetReachedError):
        await films.offer(new_requester(), spec(2))
    actions = await database.read(lambda session: session.scalars(select(AuditRow.action)).all())
    assert Action.BUDGET_REACHED in actions
    assert await database.read(lambda session: session.scalars(select(FilmRow)).all()) == []


async def test_of_two_clicks_at_once_one_counts(films: Films, database: Database) -> None:
    quote = await films.offer(new_requester(), spec(2))
    clicks = [films.confirm(new_requester(), quote.row.id, 1) for _ in range(2)]
    answers = await asyncio.gather(*clicks, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Film, RepeatedError}
    assert await count_rows(database) == 2


async def test_a_shot_is_not_begun_before_the_one_before_has_ended(
    films: Films, database: Database, clock: StoppedClock
) -> None:
    film = await accept(films, 3)
    await films.attach_card(film.row.id, 10)
    runner = GenerationQueue(database, "one", max_running=9, lease=LEASE, clock=clock)
    assert [shot.shot for shot in await runner.claim(9)] == [1]
    queue = film_queue(database, clock)
    assert await queue.release_shots() == []
    first, second, third = film.shots
    await end(database, clock, first, Status.SUCCEEDED)
    assert await queue.release_shots() == [second.id]
    assert await queue.release_shots() == []
    (claimed,) = await runner.claim(9)
    assert (claimed.id, claimed.picture_urls, claimed.continues_id) == (
        second.id,
        [frame_link(first.id)],
        first.id,
    )
    await end(database, clock, second, Status.FAILED)
    assert await queue.release_shots() == [third.id]
    (claimed,) = await runner.claim(9)
    assert claimed.picture_urls == [frame_link(first.id)]


async def test_a_film_is_joined_by_one_process_once_all_shots_have_ended(
    films: Films, database: Database, clock: StoppedClock
) -> None:
    film = await accept(films, 2)
    await films.attach_card(film.row.id, 10)
    one, two = film_queue(database, clock), film_queue(database, clock, "two")
    await end(database, clock, film.shots[0], Status.SUCCEEDED)
    assert await one.claim() is None
    await end(database, clock, film.shots[1], Status.SUCCEEDED)
    taken = await one.claim()
    assert taken is not None
    assert await two.claim() is None
    clock.advance(2 * LEASE)
    again = await two.claim()
    assert again is not None
    with pytest.raises(LeaseLostError):
        await one.note(taken.row, posting_at=clock())
    row = await two.note(again.row, delivered_at=clock())
    assert row.delivered_at == clock()
    assert await two.claim() is None


async def test_a_film_whose_card_was_refused_is_an_offer_again(films: Films, database: Database) -> None:
    film = await accept(films, 2)
    await films.withdraw(film.row.id)
    assert await count_rows(database) == 0
    again = await films.confirm(new_requester(), film.row.id, film.row.revision)
    assert isinstance(again, Film)
    assert [shot.prompt for shot in again.shots] == ["shot 1", "shot 2"]


async def test_a_film_that_was_begun_is_not_taken_back(
    films: Films, database: Database, clock: StoppedClock
) -> None:
    film = await accept(films, 2)
    await database.write(lambda session: session.execute(update(Generation).values(lease_owner="one")))
    await films.withdraw(film.row.id)
    assert await count_rows(database) == 2
    found = await films.find(film.row.id)
    assert found is not None
    assert found.row.accepted_at == clock()
