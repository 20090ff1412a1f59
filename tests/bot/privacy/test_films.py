"""What is recorded about films: handed out, and forgotten with their shots."""

import json
from typing import Any

import pytest
from sqlalchemy import inspect, update

from bot.admission.limits import LONGEST_WINDOW
from bot.db.database import Database
from bot.db.film_models import Continuity, FilmRow, Transition
from bot.db.guild_models import ReportRow
from bot.db.models import NOBODY, Generation, Placement
from bot.films.rows import fetch_film
from bot.jobs.ports import Posted
from bot.library.removal import Removal
from bot.moderation.reports import Reports
from bot.privacy.erasure import anonymize_batch, forget_film_offers, unlink_batch, unlink_films
from bot.privacy.service import Forgotten, Privacy
from tests.bot.clocks import StoppedClock
from tests.bot.erasable import ALICE, BOB, DAY, insert_delivered, insert_report
from tests.bot.privacy.test_export import mark, shown
from tests.bot.rows import insert
from tests.bot.rows import reread as reread_row

TITLE, WORDS = "a dragon's life", "the dragon wakes"
INTERNAL = {"posting_at", "take_down_at", "not_before", "attempts", "lease_owner", "lease_until"}


@pytest.fixture
def privacy(database: Database, clock: StoppedClock) -> Privacy:
    """The service with a clock that stands still."""
    return Privacy(database, clock)


async def insert_film(database: Database, clock: StoppedClock, **changes: Any) -> FilmRow:
    """Write a film of alice's that was posted."""
    now = clock()
    values: dict[str, Any] = {
        "id": "film",
        "interaction_id": 99,
        "guild_id": 1,
        "channel_id": 2,
        "user_id": ALICE,
        "locale": "de",
        "placement": Placement.THREAD,
        "title": TITLE,
        "prompts": [],
        "options": {},
        "pictures": [],
        "continuity": Continuity.CONTINUOUS,
        "created_at": now,
        "expires_at": now,
        "accepted_at": now,
        "delivered_at": now,
        "card_id": 10,
        "result_id": 12,
        "result_channel_id": 11,
        "not_before": now,
    }
    row = FilmRow(**{**values, **changes})
    await database.write(lambda session: session.add(row))
    return row


async def reread(database: Database) -> FilmRow:
    row = await database.read(lambda session: session.get(FilmRow, "film"))
    assert row is not None, "the film is gone"
    return row


@pytest.mark.both_engines
async def test_everything_that_a_row_says_about_the_film_is_exported(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    columns = inspect(FilmRow).columns
    marks = {column.key: mark(column, number) for number, column in enumerate(columns)}
    marks = {key: value for key, value in marks.items() if value is not None} | {"user_id": ALICE}
    lists = {"prompts": [WORDS], "pictures": [{"url": "https://cdn.discordapp.com/cat.png"}]}
    await insert_film(
        database,
        clock,
        **marks,
        **lists,
        options={"duration": 4},
        lost_shots=[3],
        has_image=True,
        has_references=True,
        transition=Transition.CROSSFADE,
    )
    text = json.dumps(await privacy.export(ALICE))
    assert {key for key, value in marks.items() if shown(value) in text} == marks.keys() - INTERNAL
    flags = ('"has_image": true', '"has_references": true')
    for word in (WORDS, "cat.png", '"continuous"', '"crossfade"', '"thread"', '"lost_shots": [3]', *flags):
        assert word in text
    assert (await privacy.export(BOB))["films"] == []


async def test_a_film_is_forgotten_with_the_last_of_its_shots(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    await insert_film(database, clock)
    await insert_delivered(database, id="one", film_id="film", shot=1)
    await insert(database, id="two", user_id=ALICE, film_id="film", shot=2, card_id=10)
    assert await privacy.forget(ALICE) == Forgotten(now=1, later=1)
    assert (await reread(database)).title == TITLE, "a shot that is being made has its words"
    await insert_delivered(database, id="three", user_id=BOB)
    await _deliver(database, clock, "two")
    await privacy.forget(ALICE)
    row = await reread(database)
    assert (row.title, row.locale, row.erased_at) == ("", None, clock())
    assert (row.card_id, row.result_id, row.result_channel_id) == (None, None, None)
    assert row.user_id == ALICE, "a limit still counts its shots"


@pytest.mark.both_engines
async def test_the_shots_of_a_film_that_is_being_made_are_there_until_it_is_posted(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    await insert_film(database, clock, delivered_at=None, result_id=None)
    await insert_delivered(database, id="one", film_id="film", shot=1)
    await insert(database, id="two", user_id=ALICE, film_id="film", shot=2)
    assert await privacy.forget(ALICE) == Forgotten(now=0, later=2)
    film = await database.read(lambda session: fetch_film(session, "film"))
    assert film is not None
    assert film.names == ("one",), "it isn't joined with what comes next"
    await _deliver(database, clock, "two")
    posted = update(FilmRow).values(delivered_at=clock())
    await database.write(lambda session: session.execute(posted))
    assert await privacy.forget(ALICE) == Forgotten(now=2, later=0)
    assert (await reread(database)).title == ""


async def test_the_links_stay_while_moderators_have_to_decide_about_a_shot(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    await insert_film(database, clock)
    shot = await insert_delivered(database, film_id="film", shot=1, card_id=10)
    await insert_report(database, shot)
    await privacy.forget(ALICE)
    row = await reread(database)
    assert (row.title, row.card_id) == ("", 10)


async def test_the_links_to_a_film_and_its_shots_stay_while_moderators_have_to_decide_about_it(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    film = await insert_film(database, clock)
    shot = await insert_delivered(database, film_id="film", shot=1, card_id=10)
    report = await insert_report(database, shot, generation_id=film.id)
    await privacy.forget(ALICE)
    assert ((await reread(database)).card_id, (await reread_row(database, shot.id)).result_id) == (10, 12)
    decided = update(ReportRow).where(ReportRow.id == report.id).values(dismissed_by=BOB)
    await database.write(lambda session: session.execute(decided))
    await database.write(unlink_batch)
    await database.write(unlink_films)
    assert ((await reread(database)).card_id, (await reread_row(database, shot.id)).result_id) == (None, None)


@pytest.mark.both_engines
async def test_where_a_forgotten_film_was_seen_is_kept_until_moderators_have_decided_about_it(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    film = await insert_film(database, clock)
    await insert_delivered(database, film_id="film", shot=1, card_id=10)
    await privacy.forget(ALICE)
    report = await Reports(database, clock).report(1, film.id, BOB, "not nice", Posted(12, 11))
    await database.write(unlink_batch)
    await database.write(unlink_films)
    row = await reread(database)
    assert (row.result_id, row.result_channel_id) == (12, 11), "moderators could not delete it"
    decided = update(ReportRow).where(ReportRow.id == report.id).values(dismissed_by=BOB)
    await database.write(lambda session: session.execute(decided))
    await database.write(unlink_films)
    assert (await reread(database)).result_id is None


@pytest.mark.both_engines
async def test_once_no_limit_counts_it_the_film_is_nobodys(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    await insert_film(database, clock)
    await insert_delivered(database, film_id="film", shot=1, created_at=clock() - LONGEST_WINDOW - DAY)
    await privacy.forget(ALICE)
    await database.write(lambda session: anonymize_batch(session, clock()))
    row = await reread(database)
    assert (row.user_id, row.channel_id) == (NOBODY, NOBODY)
    assert row.interaction_id < 0


@pytest.mark.both_engines
async def test_an_offer_goes_when_its_time_is_over_or_its_member_asks(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    waiting = {"accepted_at": None, "delivered_at": None, "prompts": [WORDS]}
    await insert_film(database, clock, **waiting)
    await insert_film(database, clock, id="mine", interaction_id=98, user_id=BOB, **waiting)
    assert await privacy.forget(ALICE) == Forgotten(now=1, later=0)
    assert (
        await database.write(lambda session: forget_film_offers(session, FilmRow.expires_at <= clock())) == 1
    )
    assert (await privacy.export(BOB))["films"] == []


async def _deliver(database: Database, clock: StoppedClock, generation_id: str) -> None:
    await database.write(
        lambda session: session.execute(
            update(Generation).where(Generation.id == generation_id).values(delivered_at=clock())
        )
    )


async def test_the_links_to_the_shots_of_a_film_that_is_deleted_outlive_the_words_until_they_are_gone(
    privacy: Privacy, database: Database, clock: StoppedClock
) -> None:
    await insert_film(database, clock, removed_at=clock(), take_down_at=clock())
    shot = await insert_delivered(database, film_id="film", removed_at=clock())
    await privacy.forget(ALICE)
    await database.write(unlink_batch)
    assert (await reread_row(database, shot.id)).result_id == shot.result_id
    await Removal(database, clock).finish(await reread(database))
    await database.write(unlink_batch)
    assert (await reread_row(database, shot.id)).result_id is None
