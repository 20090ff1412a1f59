"""What a redone shot is made from on both databases: by which model, and from which beginning."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from bot.admission.check_request import Admission
from bot.admission.denials import BudgetReachedError, RefusedError
from bot.db.database import Database
from bot.db.models import Generation, Status
from bot.failures import FailureKind
from bot.films.redoing import Redoing
from bot.films.rows import Film
from bot.films.service import Films
from bot.media.image_links import frame_link
from bot.policy.documents import Period
from bot.provider.catalogue import CATALOGUE
from bot.requests.source_videos import record_frameless
from cogs.films.redo_offer import render_redo
from tests.bot.clocks import StoppedClock
from tests.bot.films.test_films import IMAGE, accept, desk, end, film_queue, films, found, spec
from tests.bot.films.test_redoing import clicked, note_post, offered, posted, redoing, redone
from tests.bot.quoting import MODERATOR, PRICE, Desk
from tests.bot.rows import new_requester

__all__ = ["desk", "films", "redoing"]

TEXT, FRAME = "google/veo3", "google/veo-3.0-i2v"
TEXT_FAST, FRAME_FAST = "google/veo-3.0-fast", "google/veo-3.0-i2v-fast"


async def made(films: Films, database: Database, clock: StoppedClock, failed: int, image: str = "") -> Film:
    """Return a film of three shots that was posted without one of them."""
    film = await accept(films, 3, image=image)
    await films.attach_card(film.row.id, 10)
    for shot in film.shots:
        status = Status.FAILED if shot.shot == failed else Status.SUCCEEDED
        await end(database, clock, shot, status, awaits_id=None)
    await note_post(film_queue(database, clock), await found(films, film), 99, clock)
    return await found(films, film)


async def released(
    films: Films, film: Film, number: int, database: Database, clock: StoppedClock
) -> Generation:
    """Return a shot once all may begin whose wait is over."""
    await film_queue(database, clock).release_shots()
    return (await found(films, film)).shots[number - 1]


@pytest.mark.parametrize(
    ("gone", "number", "models"),
    [
        (FRAME, 2, [FRAME_FAST, FRAME_FAST]),
        (FRAME, 1, [TEXT_FAST, FRAME_FAST]),
        (TEXT, 1, [TEXT_FAST, FRAME_FAST]),
        (TEXT, 2, [FRAME, FRAME]),
    ],
)
@pytest.mark.parametrize("missing", ["gone", "not offered", "not allowed"])
async def test_where_half_of_its_model_is_missing_another_makes_all_redone_shots(
    films: Films,
    redoing: Redoing,
    desk: Desk,
    database: Database,
    clock: StoppedClock,
    gone: str,
    number: int,
    models: list[str],
    missing: str,
) -> None:
    film = await posted(films, database, clock, count=number + 1)
    others = [model for model in CATALOGUE if model.id != gone]
    if missing == "gone":
        desk.prices.gone = frozenset({gone})
    elif missing == "not allowed":
        allowed = frozenset(model.id for model in others)
        await desk.moderation.change_settings(MODERATOR, {"models": allowed})
    else:
        redoing = Redoing(
            database,
            admission=Admission(desk.prices, daily_limit=5, models=others),
            queue_estimate=desk.queue_estimate,
            work=asyncio.Event(),
            stopping=asyncio.Event(),
            clock=clock,
        )
    quote = await offered(redoing, film, number)
    assert (quote.redo.models, quote.refusal) == (models, None)
    assert isinstance(await clicked(redoing, quote), Film)


async def test_a_model_that_ended_a_shot_as_gone_comes_last_though_the_list_still_has_it(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await made(films, database, clock, failed=2)
    change = update(Generation).where(Generation.status == Status.FAILED)
    await database.write(
        lambda session: session.execute(change.values(model=FRAME, failure_kind=FailureKind.MODEL_GONE))
    )
    assert (await offered(redoing, film, 2)).redo.models == [FRAME_FAST, FRAME_FAST]
    assert films.remix(await found(films, film)).model is None
    await desk.moderation.change_settings(MODERATOR, {"models": frozenset({TEXT, FRAME})})
    again = await redoing.offer(new_requester(), film.row.id, 2, "new words")
    assert again.redo.models == [FRAME, FRAME], "it may be back, and no other is allowed"


async def test_where_no_model_makes_the_later_shots_too_the_shot_alone_is_offered(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    desk.prices.gone = frozenset(model.id for model in CATALOGUE if "i2v" in model.id or "#" in model.id)
    quote = await offered(redoing, film, 1)
    assert (quote.redo.models, quote.redo.last) == ([TEXT], 1)
    assert "can't redo them from shot 2 on: " in render_redo(quote, [])
    assert isinstance(await clicked(redoing, quote), Film)


async def test_a_shot_behind_one_that_failed_is_redone_from_the_frame_that_there_is(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await made(films, database, clock, failed=2)
    await redone(redoing, film, 3)
    third = await released(films, film, 3, database, clock)
    assert (third.status, third.picture_urls) == (Status.PREPARING, [frame_link(film.shots[0].id)])


async def test_behind_a_first_shot_that_failed_the_next_is_redone_from_the_films_image(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await made(films, database, clock, failed=1, image=IMAGE)
    await redone(redoing, film, 2)
    second = await released(films, film, 2, database, clock)
    assert (second.status, second.model, second.picture_urls) == (Status.PREPARING, FRAME, [IMAGE])


async def test_behind_a_first_shot_that_failed_the_next_is_offered_and_redone_from_its_words(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await made(films, database, clock, failed=1)
    quote = await offered(redoing, film, 2)
    assert (quote.redo.models, quote.redo.prices) == ([TEXT, FRAME], [PRICE, PRICE])
    assert isinstance(await clicked(redoing, quote, last=3), Film)
    second = await released(films, film, 2, database, clock)
    assert (second.status, second.model, second.picture_urls) == (Status.QUEUED, TEXT, None)
    await end(database, clock, second, Status.SUCCEEDED)
    third = await released(films, film, 3, database, clock)
    assert third.picture_urls == [frame_link(second.id)]


async def test_behind_a_shot_that_failed_one_waits_for_the_new_take_that_it_begins_with(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await made(films, database, clock, failed=1)
    await end(database, clock, film.shots[1], Status.FAILED)
    first = (await redone(redoing, await found(films, film), 1)).shots[0]
    quote = await redoing.offer(new_requester(interaction_id=7), film.row.id, 3, "x")
    assert isinstance(await clicked(redoing, quote), Film)
    assert (await released(films, film, 3, database, clock)).awaits_id == first.id


async def test_a_redone_shot_whose_frame_is_lost_ends_free_and_is_not_made_from_words(
    films: Films, redoing: Redoing, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    await redone(redoing, film, 2, last=3)
    second = await released(films, film, 2, database, clock)
    await database.write(lambda session: record_frameless(session, film.row.id, film.shots[0].id))
    again = update(Generation).where(Generation.id == second.id).values(awaits_id=second.continues_id)
    await database.write(lambda session: session.execute(again))
    await released(films, film, 2, database, clock)
    ended = [take for take in (await found(films, film)).takes if take.source_id is not None]
    assert [(take.status, take.failure_kind, take.model, take.submitted_at) for take in ended] == [
        (Status.FAILED, FailureKind.FRAME_GONE, FRAME, None)
    ] * 2
    for take in ended:
        await end(database, clock, take, Status.FAILED)
    await note_post(film_queue(database, clock), await found(films, film), 100, clock)
    quote = await redoing.offer(new_requester(interaction_id=7), film.row.id, 2, "x")
    assert quote.redo.models[0] == TEXT, "it would be made from words alone, and its member is shown that"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"longest_duration": 6}, "up to 6 seconds long. Use `/film` to make a new one. This didn't count"),
        ({"highest_resolution": "720P"}, "can be up to 720P. Use `/film` to make a new one. This didn't"),
        (
            {"models": frozenset({TEXT_FAST})},
            "isn't allowed on this server, and none of the allowed models",
        ),
    ],
)
async def test_a_refused_redo_advises_nothing_that_its_form_has_no_field_for(
    films: Films,
    redoing: Redoing,
    desk: Desk,
    database: Database,
    clock: StoppedClock,
    rule: dict[str, Any],
    said: str,
) -> None:
    asked = replace(spec(2), options={"duration": 8, "resolution": "1080P"})
    quote = await films.offer(new_requester(), asked)
    film = await films.confirm(new_requester(), quote.row.id, quote.row.revision)
    assert isinstance(film, Film)
    for shot in film.shots:
        await end(database, clock, shot, Status.SUCCEEDED)
    await note_post(film_queue(database, clock), await found(films, film), 99, clock)
    await desk.moderation.change_settings(MODERATOR, rule)
    with pytest.raises(RefusedError) as refusal:
        await offered(redoing, film, 2)
    assert said in str(refusal.value)


async def test_a_redo_that_is_too_dear_is_not_told_of_shorter_ones_or_other_models(
    films: Films, redoing: Redoing, desk: Desk, database: Database, clock: StoppedClock
) -> None:
    film = await posted(films, database, clock)
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: 3.5 * PRICE})
    with pytest.raises(BudgetReachedError, match=r"The budget resets <t:\d+:R>\. This didn't count"):
        await offered(redoing, film, 2)
    await desk.rules.set_budgets(MODERATOR, {Period.DAY: 4.5 * PRICE})
    said = render_redo(await offered(redoing, film, 2), [])
    assert "can't redo them from shot 3 on: This server's video budget" in said
    assert "may still fit" not in said
