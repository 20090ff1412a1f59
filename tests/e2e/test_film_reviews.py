"""Moderators look at a film before any of its shots is sent: one decision for all of them."""

import pytest

from bot.db.models import Status
from sandbox.world import World
from tests.bot.drawn import draw
from tests.e2e.driver import card_message_of, card_of, eventually, results, rows
from tests.e2e.filming import MAKE, SHOTS, film_posts, finished, latest, make_film, offered
from tests.e2e.quoting import as_shown
from tests.e2e.reporting import buttons, click
from tests.e2e.reviewing import APPROVE, DECLINE, decline, open_reviewing, reviews_in, the_review
from tests.e2e.test_film_redo import WORDS, redo_offer, settled
from tests.e2e.test_privacy import delete
from tests.e2e.test_references import CAT, DOG

TWO = SHOTS[:2]


@pytest.fixture(autouse=True)
def the_loops_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for due rows, and for what is over, often."""
    monkeypatch.setattr("bot.moderation.outbox_relay.LOOK_INTERVAL", 0.05)
    monkeypatch.setattr("bot.moderation.reviews.LOOK_INTERVAL", 0.05)


@pytest.mark.nightly
async def test_one_approval_lets_all_shots_be_made(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    offer = await offered(world, *TWO)
    assert "👀 A moderator reviews it before it's sent." in offer.content
    await world.alice.click(as_shown(world, offer), label=MAKE)
    film = await latest(world)
    message = await the_review(moderators_channel)
    assert message.content.startswith("👀 **A film of 2 shots is waiting for your approval**")
    for words in ("> Dragons", *(f"> **{number}** {prompt}" for number, prompt in enumerate(TWO, start=1))):
        assert words in message.content
    assert buttons(message) == [APPROVE, DECLINE]
    card = card_of(world, film.shots[0])
    assert "👀 **Waiting for a moderator's approval.**" in card
    assert card.count("👀 waiting for approval") == len(TWO)
    assert await click(world.mona, message, APPROVE) == []
    made = await finished(world, film)
    assert [shot.status for shot in made.shots] == [Status.SUCCEEDED] * 2
    assert len(film_posts(world)) == 1
    assert len(reviews_in(moderators_channel)) == 1


@pytest.mark.nightly
async def test_a_declined_film_ends_free_and_is_told_once(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    film = await make_film(world, *SHOTS)
    await decline(world.mona, await the_review(moderators_channel), "too many dragons")
    ended = await finished(world, film)
    [told] = results(world)
    assert "I couldn't get you this film. A moderator declined this request." in told.content
    assert "They say: “too many dragons”" in told.content
    card = card_of(world, ended.shots[0])
    assert "❌ **No film.** A moderator declined this request. This didn't count toward your limit." in card
    assert world.provider.count("create") == 0
    assert {row.status for row in await rows(world)} == {Status.FAILED}


@pytest.mark.nightly
async def test_a_film_is_cancelled_while_it_waits(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    film = await make_film(world, *TWO)
    await the_review(moderators_channel)
    await world.alice.click(card_message_of(world, film.shots[0]), label="Cancel the film")
    ended = await finished(world, film)
    assert "🚫 **Cancelled.**" in card_of(world, ended.shots[0])


async def test_a_shot_that_is_redone_waits_and_a_film_whose_new_shot_is_declined_stays(world: World) -> None:
    film = await finished(world, await make_film(world, *TWO))
    moderators_channel = await open_reviewing(world)
    offer = await redo_offer(world, 1)
    assert "👀 A moderator reviews it before it's sent." in offer.content
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[1])
    message = await the_review(moderators_channel)
    assert message.content.startswith("👀 **2 new shots of a film are waiting for your approval**")
    assert f"> **1** {WORDS}" in message.content
    assert "👀 **Waiting for a moderator's approval.**" in card_of(world, film.shots[0])
    await decline(world.mona, message, "no")
    after = await settled(world, film, len(TWO) * 2)
    assert "✅ **Done:** the shots are joined." in card_of(world, film.shots[0])
    assert after.row.result_id == film.row.result_id
    [told] = [one for one in results(world) if one.content.startswith("❌")]
    assert "I couldn't get you shot 1 of your film. A moderator declined this request." in told.content
    assert world.provider.count("create") == len(TWO)


@pytest.mark.nightly
async def test_a_long_film_with_images_is_shown_with_all_of_its_words(world: World) -> None:
    moderators_channel = await open_reviewing(world)
    shots = [f"shot {number} " + "of a red fox that runs through very deep snow " * 3 for number in range(8)]
    cast = {"reference_1": CAT, "reference_2": DOG, "reference_3": ("bird.png", draw())}
    offer = await offered(world, *shots, continuity="cuts", duration=8, **cast)
    await world.alice.click(as_shown(world, offer), label=MAKE)
    message = await the_review(moderators_channel)
    words = "".join(embed.description or "" for embed in message.embeds)
    assert all(shot.strip() in words for shot in shots)
    assert sum(embed.image.url is not None for embed in message.embeds) == len(cast)


async def test_a_film_with_more_words_than_embeds_take_is_shown_whole_in_a_file_until_they_are_deleted(
    world: World,
) -> None:
    moderators_channel = await open_reviewing(world)
    shots = [f"shot {number} " + "**__~~ " * 65 + f"END-{number}" for number in range(8)]
    film = await make_film(world, *shots, continuity="cuts")
    message = await the_review(moderators_channel)
    assert "📎 All of it is in the attached file." in message.content
    [file] = message.attachments
    words = (await file.read()).decode()
    assert words.startswith("Dragons\n\nShot 1\nshot 0 **__~~ **__~~")
    assert all(shot in words for shot in shots)
    await decline(world.mona, message, "no")
    [message] = reviews_in(moderators_channel)
    assert "**Declined**" in message.content
    assert len(message.attachments) == 1, "an edit took the file away"
    await finished(world, film)
    await delete(world, world.alice)
    await eventually("the words are gone", lambda: not reviews_in(moderators_channel)[0].attachments)
