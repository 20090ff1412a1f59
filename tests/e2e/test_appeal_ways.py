"""Ask a moderator, whatever the refused request came from; and where the moderators' channel moves."""

import pytest
import simcord

from sandbox.world import World
from tests.e2e.driver import ask, ask_for_video, shown, the_result
from tests.e2e.filming import finished, make_film, write
from tests.e2e.quoting import as_shown, prices_known, send
from tests.e2e.reporting import buttons, choose_moderators_channel, click, mona_of, open_moderators_channel
from tests.e2e.test_appeals import ALLOW, BUTTON, DECLINE, LIFT, WHY, WORD, the_appeal
from tests.e2e.test_film_redo import redo_form
from tests.e2e.videos import newest, question

FORBIDDEN = f"a {WORD} lands"
NEW_WORDS = {"prompt": FORBIDDEN}


async def a_video(world: World) -> simcord.ChannelHandle:
    """Let alice have a video, and forbid a word of her next request; return the moderators' channel."""
    moderators_channel = await open_moderators_channel(world)
    await ask_for_video(world, prompt="a red fox")
    await world.app.services.moderation.add_word(mona_of(world), WORD)
    return moderators_channel


async def from_form(world: World, label: str) -> simcord.ResponseMessage:
    """Let alice ask from the form of a button under her video; return the answer."""
    form = await world.alice.click(the_result(world), label=label)
    return shown(await send(world, form, prompt=FORBIDDEN))


async def allowed(
    world: World, moderators_channel: simcord.ChannelHandle, refusal: simcord.ResponseMessage
) -> None:
    """Let alice ask a moderator about a refusal, and a moderator allow it once."""
    assert buttons(refusal.message) == [BUTTON], refusal.content
    form = await world.alice.click(refusal.message, label=BUTTON)
    await world.alice.submit_modal(form, {"why": WHY})
    assert await click(world.mona, await the_appeal(moderators_channel), ALLOW) == []


@pytest.mark.nightly(daily=["Remix"])
@pytest.mark.parametrize("label", ["Remix", "Continue"])
async def test_what_a_form_asked_for_can_be_allowed_and_sent_again(world: World, label: str) -> None:
    moderators_channel = await a_video(world)
    refusal = await from_form(world, label)
    assert f"“{WORD}”" in refusal.content
    await allowed(world, moderators_channel, refusal)
    await from_form(world, label)
    assert (await newest(world, 2)).prompt == FORBIDDEN


@pytest.mark.nightly
async def test_a_re_roll_passes_a_block_once_whatever_its_seed(world: World) -> None:
    moderators_channel = await a_video(world)
    await world.app.services.moderation.block(mona_of(world), world.alice.id, None, "spam")
    result = the_result(world)
    await allowed(world, moderators_channel, shown(await world.alice.click(result, label="Re-roll")))
    await world.alice.click(result, label="Re-roll")
    assert (await newest(world, 2)).prompt == "a red fox"
    assert "You're blocked" in shown(await ask(world, prompt="a red fox")).content


@pytest.mark.nightly
async def test_an_open_appeal_is_shown_again_where_the_moderators_are_now(world: World) -> None:
    moderators_channel = await a_video(world)
    refusal = await from_form(world, "Remix")
    form = await world.alice.click(refusal.message, label=BUTTON)
    await world.alice.submit_modal(form, {"why": WHY})
    await the_appeal(moderators_channel)
    other = world.guild.create_text_channel("mods")
    await choose_moderators_channel(world, other)
    message = await the_appeal(other)
    assert buttons(message) == [ALLOW, LIFT, DECLINE]
    [first] = [message for message in moderators_channel.history() if message.content.startswith("➡️")]
    assert (first.content, buttons(first)) == (f"➡️ Moved to <#{other.id}>.", [])
    assert await click(world.mona, message, ALLOW) == []


async def test_a_shot_with_a_blocked_word_is_asked_about_and_passes_in_one_film(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await prices_known(world)
    await world.app.services.moderation.add_word(mona_of(world), WORD)
    shots = ("a cat sleeps", f"the {WORD} wakes")
    refused = shown(await write(world, *shots, continuity="cuts"))
    assert refused.content.startswith("Shot 2: Your prompt contains something this server doesn't allow")
    await allowed(world, moderators_channel, refused)
    alone = shown(await ask(world, prompt=shots[1], duration=4)).content
    assert alone.startswith("Your prompt contains"), "it was let pass in a film"
    film = await make_film(world, *shots, continuity="cuts")
    assert [shot.prompt for shot in film.shots] == [*shots]
    again = shown(await write(world, *shots, continuity="cuts"))
    assert again.content.startswith("Shot 2: "), "it passes once"


@pytest.mark.nightly
async def test_a_film_whose_title_has_a_blocked_word_is_asked_about_and_passes_once(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await prices_known(world)
    await world.app.services.moderation.add_word(mona_of(world), WORD)
    shots, options = ("a cat sleeps", "the cat wakes"), {"title": f"The {WORD}", "continuity": "cuts"}
    refused = shown(await write(world, *shots, **options))
    assert refused.content.startswith("This film's title contains something this server doesn't allow")
    await allowed(world, moderators_channel, refused)
    assert f"\n> The {WORD} {' '.join(shots)}\n" in (await the_appeal(moderators_channel)).content
    film = await make_film(world, *shots, **options)
    assert film.row.title == options["title"]
    again = shown(await write(world, *shots, **options))
    assert again.content.startswith("This film's title"), "it passes once"


@pytest.mark.nightly
async def test_a_redone_shot_with_a_blocked_word_passes_once_a_moderator_allows_it(world: World) -> None:
    moderators_channel = await open_moderators_channel(world)
    await finished(world, await make_film(world, "a cat", "a dog", continuity="cuts"))
    await world.app.services.moderation.add_word(mona_of(world), WORD)
    await allowed(
        world, moderators_channel, shown(await world.alice.submit_modal(await redo_form(world, 2), NEW_WORDS))
    )
    offer = question(await world.alice.submit_modal(await redo_form(world, 2), NEW_WORDS))
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    assert (await newest(world, 3)).prompt == FORBIDDEN
