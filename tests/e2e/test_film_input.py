"""What makes no film is refused in words before anything is spent, and the words are given back."""

import pytest
from sqlalchemy import update

from bot.admission.check_request import Requester
from bot.db.database import open_database
from bot.db.film_models import FilmRow
from bot.db.models import Placement
from bot.films.script import MAX_SHOTS
from bot.requests.confirmation import UnknownQuoteError
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import case, rows, shown
from tests.e2e.filming import SHOTS, film_posts, finished, latest, make_film, offered, open_form, write
from tests.e2e.limiting import quota
from tests.e2e.moderating import admin
from tests.e2e.quoting import as_shown, now_shown
from tests.e2e.spoken import id_of
from tests.e2e.videos import private, question

FREE = "This didn't count toward your limit."


async def test_what_makes_no_film_is_refused_and_named_by_its_number(world: World) -> None:
    await admin(world, "words add", word="zebra")
    for shots, words in (
        (["a dragon"] * (MAX_SHOTS + 1), "A film can have up to 8 shots, and you wrote 9 lines."),
        ([" ", ""], "A film needs at least one shot. Write one shot per line."),
        (["a dragon", "x" * 3000], "Shot 2: The prompt has 3,000 characters"),
        (["a dragon", "", "a zebra"], "Shot 2: Your prompt contains something this server doesn't allow"),
    ):
        with case(words):
            said = shown(await write(world, *shots))
            assert said.ephemeral
            assert said.content.startswith(words), said.content
            assert said.content.endswith(FREE)
            assert said.message.embeds[0].description == "\n\n".join(("Dragons", "\n".join(shots)))
    nothing = shown(await write(world, " ", title=" "))
    assert nothing.message.embeds == [], "there are no words to copy"
    assert await rows(world) == []
    assert world.provider.count("create") == 0


async def test_words_that_are_too_long_for_an_embed_are_given_back_in_a_file(world: World) -> None:
    await admin(world, "words add", word="zebra")
    shots = ("a fox " + "_" * 1900, "a dog " + "_" * 1900, "a zebra")
    said = shown(await write(world, *shots))
    (file,) = said.message.attachments
    assert (await file.read()).decode() == "\n\n".join(("Dragons", "\n".join(shots)))


async def test_a_forbidden_word_in_the_title_is_refused_too(world: World) -> None:
    await admin(world, "words add", word="zebra")
    said = shown(await write(world, *SHOTS, title="A zebra's life"))
    refusal = "This film's title contains something this server doesn't allow: “zebra”. Choose another title."
    assert now_shown(world, said.message) == f"{refusal} {FREE}"
    assert await rows(world) == []


@pytest.mark.nightly
async def test_a_model_that_takes_no_image_is_no_model_for_shots_that_follow_on_each_other(
    open_world: OpenWorld,
) -> None:
    async with open_world(models="google/veo3") as world:
        said = shown(await write(world, *SHOTS)).content
        assert said == f"None of my models can make a video from 1 image. {FREE}"
        question(await write(world, *SHOTS, continuity="cuts"))


async def test_a_film_longer_than_the_queue_takes_is_told_how_many_shots_fit(open_world: OpenWorld) -> None:
    async with open_world(max_waiting=2) as world:
        said = shown(await write(world, *SHOTS)).content
        fits = "You can have 2 more videos in the queue here right now, and each shot counts as one."
        assert said == f"{fits} Make the film shorter. {FREE}"
        assert await rows(world) == []


@pytest.mark.nightly
async def test_a_film_longer_than_the_limit_is_refused_whole_and_told_how_many_shots_fit(
    world: World,
) -> None:
    await quota(world, "set", videos="2")
    said = shown(await write(world, *SHOTS)).content
    assert said == (
        "Your limit leaves you 2 videos right now, and each shot counts as one. Make the film shorter. "
        f"{FREE}"
    )
    assert await rows(world) == []
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    assert len(film.shots) == 2
    assert "You've used" in shown(await write(world, SHOTS[0])).content


async def test_a_changed_price_is_shown_before_it_is_spent(world: World, database_url: str) -> None:
    offer = await offered(world, *SHOTS[:2], continuity="cuts")
    async with open_database(database_url) as database:
        await database.write(lambda session: session.execute(update(FilmRow).values(price=1_000_000.0)))
    await world.alice.click(as_shown(world, offer), label="Make the film")
    assert await rows(world) == [], "more was spent than the member was told"
    assert now_shown(world, offer).startswith("⚠️ **The price has changed since you saw it.**")
    await world.alice.click(as_shown(world, offer), label="Make the film")
    assert sum(row.estimated_credits or 0 for row in await rows(world)) == 2 * 4_160_000


async def test_an_offer_whose_change_was_lost_is_shown_at_the_next_click(
    world: World, database_url: str
) -> None:
    offer = await offered(world, *SHOTS[:2], continuity="cuts")
    async with open_database(database_url) as database:
        await database.write(lambda session: session.execute(update(FilmRow).values(revision=2)))
    said = private(await world.alice.click(as_shown(world, offer), label="Make the film"))
    assert said.startswith("This offer has changed. Read it again, then click once more.")
    assert await rows(world) == []
    await world.alice.click(as_shown(world, offer), label="Make the film")
    assert len(await rows(world)) == 2


async def test_a_limit_that_shrank_since_the_offer_refuses_the_film_whole(world: World) -> None:
    offer = await offered(world)
    await quota(world, "set", videos="1")
    said = private(await world.alice.click(as_shown(world, offer), label="Make the film"))
    assert said.startswith("Your limit leaves you 1 video right now")
    assert await rows(world) == []
    assert world.provider.count("create") == 0


async def test_a_budget_that_covers_only_some_shots_refuses_the_film_whole(world: World) -> None:
    offer = await offered(world, SHOTS[0])
    price = now_shown(world, offer).split("about **$")[1].split(" ")[0]
    await quota(world, "budget", day=f"${float(price) * 2.5:.2f}")
    said = shown(await write(world, *SHOTS)).content
    assert said.startswith("This server's video budget has money for 2 shots right now."), said
    assert await rows(world) == []


async def test_an_offer_that_is_another_members_is_not_theirs_to_make(world: World) -> None:
    offer = await offered(world)
    film_id = id_of(offer, ":film-yes:").split(":")[2]
    mona = Requester(1, world.guild.id, world.channel.id, world.mona.id, Placement.THREAD)
    with pytest.raises(UnknownQuoteError):
        await world.app.services.films.confirm(mona, film_id, 1)
    with pytest.raises(UnknownQuoteError):
        await world.app.services.films.drop(mona, film_id)
    assert await rows(world) == []


async def test_the_form_opens_with_two_fields(world: World) -> None:
    form = await open_form(world)
    assert form.modal is not None
    names = [label["component"]["custom_id"] for label in form.modal["components"]]
    assert names == ["title", "shots"]


@pytest.mark.nightly
async def test_words_of_members_ping_nobody(world: World) -> None:
    await finished(world, await make_film(world, "@everyone dances", title="<@1> **@here**"))
    (post,) = film_posts(world)
    assert [user.id for user in post.mentions] == [world.alice.id]
    assert not post.mention_everyone
    assert (await latest(world)).row.title
