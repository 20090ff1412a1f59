"""Films whose shots are made from reference images: who is in it."""

from typing import Any

from sqlalchemy import update

from bot.db.database import open_database
from bot.db.models import Generation
from bot.media.images import data_uri_of
from sandbox.world import World
from tests.bot.drawn import draw
from tests.e2e.driver import assert_refused, case, rows
from tests.e2e.filming import MAKE, SHOTS, film_posts, finished, latest, offered, open_form
from tests.e2e.quoting import as_shown, now_shown, prices_known
from tests.e2e.reporting import buttons
from tests.e2e.test_continue import bodies
from tests.e2e.test_film_redo import WORDS, redo_form, redo_offer, redone
from tests.e2e.test_references import CAT, DOG, MODEL
from tests.e2e.videos import filled_in, message_of, options_of, private, question

CAST: dict[str, Any] = {"continuity": "cuts", "duration": 8, "reference_1": CAT, "reference_2": DOG}
NO_LIMIT = "This didn't count toward your limit."


async def test_each_shot_is_made_from_the_references_also_when_it_is_redone_or_the_film_remixed(
    world: World, database_url: str
) -> None:
    offer = await offered(world, *SHOTS[:2], **CAST)
    assert "Your 2 reference images are used for each shot." in now_shown(world, offer)
    await world.restart()
    await prices_known(world)
    await world.alice.click(as_shown(world, offer), label=MAKE)
    film = await finished(world, await latest(world))
    uris = [data_uri_of(CAT[1]), data_uri_of(DOG[1])]
    assert {body["prompt"] for body in bodies(world)} == set(SHOTS[:2])
    assert [(body["model"], body["image_urls"]) for body in bodies(world)] == [(MODEL, uris)] * 2
    again = await redo_offer(world, 2)
    await world.alice.click(as_shown(world, again), label=buttons(again)[0])
    await redone(world, film)
    assert (bodies(world)[2]["prompt"], bodies(world)[2]["image_urls"]) == (WORDS, uris)
    (post,) = film_posts(world)
    form = await world.alice.click(post, label="Remix")
    assert (options_of(form)["model"], options_of(form)["duration"]) == ([MODEL], ["8"])
    as_opened = filled_in(form)
    sent = {name: [as_opened[name]] for name in ("model", "duration", "picture")}
    remixed = question(await world.alice.submit_modal(form, {"title": "Again", "shots": SHOTS[2], **sent}))
    assert "Your 2 reference images are used for each shot." in now_shown(world, remixed)
    async with open_database(database_url) as database:
        gone = update(Generation).values(picture_urls=None)
        await database.write(lambda session: session.execute(gone))
    kept = await redo_form(world, 1)
    said = private(await world.alice.submit_modal(kept, {"prompt": WORDS}))
    assert said.startswith("This film was made from reference images that I no longer have, so I can't redo")
    said = private(await world.alice.click(message_of(world, film.row.card_id), label="Remix"))
    assert said.startswith("This film was made from reference images that I no longer have.")


async def test_what_does_not_go_with_references_is_refused_before_the_form(world: World) -> None:
    for options, words in (
        ({**CAST, "image": DOG}, "A film can't have reference images and an `image` too."),
        ({**CAST, "continuity": "continuous"}, "With reference images, each shot has to stand on its own."),
    ):
        with case(words):
            await assert_refused(world, await open_form(world, **options), words, NO_LIMIT)
    assert world.cdn.asked == [], "something was fetched all the same"


async def test_what_the_model_does_not_take_is_refused_with_the_words_given_back(world: World) -> None:
    small = ("small.png", draw(size=(1280, 719)))
    for options, words in (
        ({**CAST, "duration": 4}, "Here, `duration` must be 8."),
        (
            {**CAST, "model": "google/veo-3.1-t2v-fast"},
            "Veo 3.1 Fast can't make a video from reference",
        ),
        ({**CAST, "reference_1": small}, "“small.png” is 1,280 × 719 pixels, and Veo 3.1 needs at least 720"),
    ):
        with case(words):
            form = await open_form(world, **options)
            said = private(await world.alice.submit_modal(form, {"title": "x", "shots": SHOTS[0]}))
            assert said.startswith(words), said
            assert said.endswith(NO_LIMIT)
    assert await rows(world) == []
