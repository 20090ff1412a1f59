"""Late shots of a film: the film is joined again with them, and nothing is paid twice."""

import pytest

from bot.db.models import Status
from bot.films.rows import Film
from sandbox.world import World, wait_until
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import eventually, rows
from tests.e2e.filming import SECONDS, SHOTS, film_posts, finished, make_film
from tests.e2e.videos import message_of

# Gives up soon, and still asks for the video.
IMPATIENT = {"deadline": 3, "late_wait": 0.2}


async def film_with(world: World, film: Film, shots: int) -> Film:
    """Return the film once a message shows so many shots, and nothing is left to do."""

    async def look() -> Film | None:
        found = await world.app.services.films.find(film.row.id)
        if found is None or len(found.row.joined_shots or ()) != shots:
            return None
        return found if found.row.delivered_at is not None else None

    return await wait_until(look, seconds=SECONDS)


@pytest.mark.nightly
async def test_a_film_whose_shots_all_come_late_is_joined_then(open_world: OpenWorld) -> None:
    async with open_world(timing=IMPATIENT) as world:
        world.provider.hold = True
        film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
        card = message_of(world, film.row.card_id)
        assert "⏳ **No film yet.** I'll join the shots that are finished after all." in card.content
        assert card.content.count("❌ no video yet. If it still comes, it counts.") == 2
        assert film_posts(world) == []
        world.provider.release()
        film = await film_with(world, film, shots=2)
        (post,) = film_posts(world)
        assert "is missing" not in post.content
        assert "✅ **Done:** the shots are joined." in message_of(world, film.row.card_id).content
        assert world.provider.count("create") == 2
        assert [row.status for row in await rows(world)] == [Status.SUCCEEDED] * 2


@pytest.mark.nightly
async def test_a_film_that_was_posted_without_a_late_shot_is_posted_again_with_it(
    open_world: OpenWorld,
) -> None:
    # Long enough for the first shot on a machine that has other work.
    async with open_world(timing={**IMPATIENT, "deadline": 10}) as world:
        film = await make_film(world, *SHOTS[:2])
        first = film.shots[0].id
        await world.wait_for(lambda row: row.delivered_at is not None, generation_id=first, seconds=SECONDS)
        world.provider.hold = True
        before = await finished(world, film)
        (post,) = film_posts(world)
        assert "Shot 2 is missing." in post.content
        world.provider.release()
        film = await film_with(world, film, shots=2)
        (again,) = film_posts(world)
        assert again.id == film.row.result_id
        assert "is missing" not in again.content
        old = message_of(world, before.row.result_id)
        assert old.attachments == []
        assert "[The new film](https://" in old.content
        assert "redone" not in old.content, "no shot was"
        assert world.provider.count("create") == 2


async def test_a_film_whose_shots_never_come_says_so_in_the_end(open_world: OpenWorld) -> None:
    async with open_world(timing={**IMPATIENT, "deadline": 1, "late_window": 3}) as world:
        world.provider.hold = True
        film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))

        def card() -> str:
            return message_of(world, film.row.card_id).content

        assert "⏳ **No film yet.**" in card()
        await eventually("the card has its end", lambda: "❌ **No film.** None of its shots could" in card())
        assert card().count("❌ no video. It didn't count.") == 2
        world.provider.release()
