"""Remix of a film: its form again with everything filled in, and a film of the person who sends it."""

from typing import Any

import pytest
from sqlalchemy import update

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.film_models import Continuity, FilmRow
from sandbox.world import World
from tests.e2e.driver import change_rows, rows
from tests.e2e.filming import MAKE, SHOTS, film_posts, finished, latest, make_film
from tests.e2e.limiting import quota
from tests.e2e.quoting import as_shown, now_shown
from tests.e2e.reporting import add_bob, buttons
from tests.e2e.test_continue import bodies
from tests.e2e.videos import filled_in, message_of, options_of, private, question

OPTIONS = {"continuity": "cuts", "aspect_ratio": "9:16", "generate_audio": False}
CHANGED: dict[str, Any] = {
    "title": "Wyverns",
    "shots": f"{SHOTS[0]}\na wyvern lands",
    "model": ["google/veo-3.0-fast"],
    "duration": ["6"],
    "picture": ["9:16 720P"],
}


@pytest.mark.nightly
async def test_a_film_is_remixed_by_its_member_and_moderators_each_at_their_own_cost(
    world: World, database_url: str
) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], **OPTIONS))
    (post,) = film_posts(world)
    assert buttons(post) == ["Redo a shot", "Remix", "Delete", "Report"]
    assert "Remix" in buttons(message_of(world, film.row.card_id))
    said = private(await add_bob(world).click(post, label="Remix"))
    assert said.startswith("Only the member who requested this film or a moderator can do that.")
    form = await world.mona.click(post, label="Remix")
    assert filled_in(form) == {
        "title": "Dragons",
        "shots": "\n".join(SHOTS[:2]),
        "model": "google/veo3",
        "duration": "4",
        "picture": "9:16 720P",
    }
    offer = question(await world.mona.submit_modal(form, CHANGED))
    assert "Check your film of 2 shots before you spend anything" in now_shown(world, offer)
    assert len(await rows(world)) == 2, "it was requested before the click"
    world.provider.hold = True
    await world.mona.click(as_shown(world, offer), label=MAKE)
    await world.provider.called("create", 4)
    remixed = await latest(world)
    assert (remixed.row.user_id, remixed.row.title) == (world.mona.id, "Wyverns")
    assert remixed.row.continuity is Continuity.CUTS
    assert [body["prompt"] for body in bodies(world)[2:]] == [SHOTS[0], "a wyvern lands"]
    for body in bodies(world)[2:]:
        assert (body["model"], body["duration"]) == ("google/veo-3.0-fast", 6)
        assert (body["aspect_ratio"], body["generate_audio"]) == ("9:16", False)
    await quota(world, "set", videos="2")
    form = await world.alice.click(message_of(world, film.row.card_id), label="Remix")
    said = private(await world.alice.submit_modal(form, CHANGED))
    assert said.startswith("You've used your 2 videos"), "her limit was another's"
    await change_rows(database_url, prompt="", erased_at=utc_now())
    async with open_database(database_url) as database:
        gone = update(FilmRow).values(title="", erased_at=utc_now())
        await database.write(lambda session: session.execute(gone))
    said = private(await world.alice.click(post, label="Remix"))
    assert said.startswith("The prompts of this film were deleted, so I can't use them again.")


async def test_a_remix_of_shots_that_follow_on_each_other_offers_the_models_that_take_frames(
    world: World,
) -> None:
    world.provider.hold = True
    film = await make_film(world, *SHOTS[:2])
    await world.provider.called("create")
    await world.alice.click(message_of(world, (await latest(world)).row.card_id), label="Cancel the film")
    world.provider.release()
    film = await finished(world, film)
    assert film_posts(world) == []
    form = await world.alice.click(message_of(world, film.row.card_id), label="Remix")
    assert options_of(form)["model"][:3] == ["google/veo3", "google/veo-3.0-fast", "google/veo-3.1-t2v"]
    sent = {"title": "Again", "shots": SHOTS[0], "model": ["google/veo-3.1-t2v"], "duration": ["4"]}
    offer = question(await world.alice.submit_modal(form, {**sent, "picture": ["16:9 1080P"]}))
    assert "**Veo 3.1**" in now_shown(world, offer)
