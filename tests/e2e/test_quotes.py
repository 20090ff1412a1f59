"""The price before the spending: where the server wants it, every way to ask leads to an offer."""

import pytest
import simcord

from bot.db.models import Placement
from sandbox.world import World
from tests.bot.drawn import draw
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import (
    PROMPT,
    ask,
    ask_for_video,
    assert_card_leads_to,
    card_of,
    case,
    rows,
    shown,
    the_result,
    threads,
)
from tests.e2e.moderating import admin
from tests.e2e.quoting import (
    BUTTONS,
    CANCEL,
    CHANGE,
    GENERATE,
    as_shown,
    ask_first,
    buttons_kept,
    buttons_now,
    generate,
    links_now,
    now_shown,
    offer_in,
    offered,
    offers_of,
    send,
)
from tests.e2e.videos import filled_in, message_of, newest, options_of, private

CAT, DOG = ("cat.png", draw()), ("dog.png", draw())
MAKE, ANIMATE = "Make a video of this", "Animate this image"


async def by_command(world: World) -> simcord.InteractionResult:
    return await ask(world)


async def by_menu(world: World) -> simcord.InteractionResult:
    message = await world.mona.send(world.channel, PROMPT)
    form = await world.alice.context_menu(world.channel, MAKE, message)
    return await world.alice.submit_modal(form, {"prompt": PROMPT, "duration": ["4"]})


async def by_image(world: World) -> simcord.InteractionResult:
    message = await world.mona.send(world.channel, PROMPT, attachments=[CAT])
    form = await world.alice.context_menu(world.channel, ANIMATE, message)
    return await world.alice.submit_modal(form, {"prompt": PROMPT, "duration": ["4"]})


async def by_reroll(world: World) -> simcord.InteractionResult:
    return await world.alice.click(the_result(world), label="Re-roll")


async def by_remix(world: World) -> simcord.InteractionResult:
    form = await world.alice.click(the_result(world), label="Remix")
    return await send(world, form)


async def by_trying_again(world: World) -> simcord.InteractionResult:
    return await world.alice.click(the_result(world), label="Try again")


async def by_history(world: World) -> simcord.InteractionResult:
    history = await world.alice.slash(world.channel, "videos")
    return await world.alice.click(shown(history).message, label="Re-roll")


WAYS = {
    "/veo": by_command,
    MAKE: by_menu,
    ANIMATE: by_image,
    "Re-roll": by_reroll,
    "Remix": by_remix,
    "Try again": by_trying_again,
    "/videos": by_history,
}
ON_A_VIDEO = {"Re-roll", "Remix", "/videos"}


@pytest.mark.nightly
@pytest.mark.parametrize("way", WAYS)
async def test_every_way_leads_to_an_offer_where_it_is_wanted(world: World, way: str) -> None:
    if way in ON_A_VIDEO:
        await ask_for_video(world)
    if way == "Try again":
        await ask_for_video(world, prompt="[fail] a dragon")
        world.provider.faults.clear()
    before = len(await rows(world))
    await ask_first(world)
    offer = offer_in(await WAYS[way](world))
    assert len(await rows(world)) == before, "it was asked for at once"
    prompt = (await offers_of(world))[0]["prompt"]
    assert f"> {prompt}".replace("[", "\\[").replace("]", "\\]") in offer.content
    assert (await generate(world, offer)).user_id == world.alice.id
    await newest(world, before + 1)


@pytest.mark.nightly
async def test_no_way_leads_to_an_offer_where_none_is_wanted(world: World) -> None:
    await ask_first(world)
    await ask_first(world, is_on=False)
    for way, go in WAYS.items():
        world.found_server()
        if way in ON_A_VIDEO:
            await ask_for_video(world)
        if way == "Try again":
            await ask_for_video(world, prompt="[fail] a dragon")
        before = len(await rows(world))
        with case(way):
            assert not shown(await go(world)).ephemeral
            assert (await rows(world))[0].user_id == world.alice.id
            await newest(world, before + 1)


async def test_an_offer_says_all_that_one_wants_to_know(open_world: OpenWorld) -> None:
    async with open_world(timing={"deadline": 1000}) as world:
        await ask_first(world)
        offer = await offered(world, negative_prompt="rain", aspect_ratio="9:16", generate_audio=False)
        [quote_row] = await offers_of(world)
    lines = offer.content.splitlines()
    end = lines.pop()
    wait = lines.pop(-2)
    assert lines == [
        "🧾 **Check your video before you spend anything:**",
        "**Veo 3** · 4 seconds · 9:16 · 720P · prompt enhanced · no sound",
        "Without: rain",
        "💰 Price: about **$1.04 (2,080,000 credits)**, from the video service's price list.",
        "🎬 Your limit: 49 more videos after this one (the limit is 50 videos in 24 hours).",
        f"> {PROMPT}",
    ]
    assert wait.startswith("⏳ Wait: about ")
    assert wait.endswith(", based on earlier videos.")
    assert end.startswith("-# Nothing counts until you click **Generate**. This offer expires <t:")
    assert quote_row["price_credits"] == 2_080_000


@pytest.mark.nightly
async def test_generate_makes_the_video_as_veo_does(world: World) -> None:
    await ask_first(world)
    offer = await offered(world, seed=7)
    accepted = await generate(world, offer)
    generation = await newest(world, 1)
    assert (generation.options, generation.placement) == ({"duration": 4, "seed": 7}, Placement.THREAD)
    card = message_of(world, generation.card_id)
    assert card.channel.id == world.channel.id
    assert "✅ **Ready.**" in card_of(world, generation)
    assert the_result(world).channel.id == threads(world)[0].id == card.id
    assert_card_leads_to(world, generation, the_result(world))
    assert now_shown(world, offer).splitlines() == [
        "✅ **Requested.**",
        f"-# ID {accepted.id}",
    ]
    assert links_now(world, offer) == {"Show the card": card.jump_url}


async def test_a_second_click_makes_no_second_video(world: World) -> None:
    await ask_first(world)
    offer = await offered(world)
    with buttons_kept(world, offer):
        await generate(world, offer)
    answer = await world.alice.click(offer, label=GENERATE)
    assert "Your second click didn't count" in private(answer)
    await newest(world, 1)
    assert world.provider.count("create") == 1


@pytest.mark.nightly
async def test_a_restart_changes_nothing(world: World) -> None:
    await ask_first(world)
    offer = await offered(world)
    await world.restart()
    await generate(world, offer)
    await newest(world, 1)


async def test_cancel_forgets_it(world: World) -> None:
    await ask_first(world)
    offer = await offered(world)
    await world.alice.click(offer, label=CANCEL)
    assert now_shown(world, offer) == "🚫 **Cancelled.** This didn't count toward your limit."
    assert buttons_now(world, offer) == []
    assert (await offers_of(world), await rows(world)) == ([], [])


async def test_change_is_filled_in_and_shows_the_new_price_in_place(world: World) -> None:
    await ask_first(world)
    offer = await offered(world, negative_prompt="rain", aspect_ratio="9:16", seed=7)
    form = await world.alice.click(offer, label=CHANGE)
    assert filled_in(form) == {
        "prompt": PROMPT,
        "negative_prompt": "rain",
        "model": "google/veo3",
        "duration": "4",
        "picture": "9:16 720P",
    }
    await send(world, form, prompt="a green dragon", model=["google/veo-3.0-fast"])
    assert await rows(world) == [], "a change is no request"
    text = now_shown(world, offer)
    assert "**Veo 3 Fast** · 4 seconds · 9:16" in text
    assert "about **$0.78 (1,560,000 credits)**" in text
    assert "> a green dragon" in text
    assert buttons_now(world, offer) == BUTTONS
    made = await generate(world, as_shown(world, offer))
    assert (made.prompt, made.model, made.options["seed"]) == ("a green dragon", "google/veo-3.0-fast", 7)


async def test_a_refused_change_gives_the_words_back_and_leaves_the_offer(world: World) -> None:
    await ask_first(world)
    await admin(world, "words add", word="fog")
    offer = await offered(world)
    form = await world.alice.click(offer, label=CHANGE)
    answer = await send(world, form, prompt="a dragon in fog")
    assert "“fog”" in private(answer)
    assert shown(answer).embeds[0].description == "a dragon in fog"
    assert f"> {PROMPT}" in now_shown(world, offer)
    await generate(world, offer)


@pytest.mark.nightly
async def test_an_image_can_be_offered_and_changed(world: World) -> None:
    await ask_first(world)
    offer = await offered(world, image=CAT)
    assert offer.content.startswith("🧾 **Check your video from an image before you spend anything:**")
    form = await world.alice.click(offer, label=CHANGE)
    assert options_of(form)["model"] == [
        "google/veo-3.0-i2v",
        "google/veo-3.0-i2v-fast",
        "google/veo-3.1-i2v",
        "google/veo-3.1-i2v-fast",
        "veo-3.1-lite-generate-001#image",
        "google/veo-3-1-lite-generate-preview#image",
    ]
    assert filled_in(form)["picture"] == "auto 720P"
    await send(world, form, model=["veo-3.1-lite-generate-001#image"], picture=["9:16 1080P"])
    made = await generate(world, as_shown(world, offer))
    assert (made.model, made.options["aspect_ratio"]) == ("veo-3.1-lite-generate-001#image", "9:16")
    await newest(world, 1)
    assert the_result(world).attachments


@pytest.mark.nightly
async def test_two_images_can_be_offered(world: World) -> None:
    await ask_first(world)
    offer = await offered(world, image=CAT, last_image=DOG)
    assert "your video from two images" in offer.content
    await generate(world, offer)
    assert (await newest(world, 1)).model == "google/veo-3.1-first-last-image-to-video"


@pytest.mark.nightly
async def test_a_refusal_comes_at_once_and_without_an_offer(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        await ask_for_video(world)
        await ask_first(world)
        text = private(await ask(world))
        assert "You've used your 1 video" in text
        assert await offers_of(world) == []


async def test_a_rule_that_changed_meanwhile_is_told_at_the_click(world: World) -> None:
    await ask_first(world)
    offer = await offered(world)
    await admin(world, "pause", reason="lunch")
    answer = await world.alice.click(offer, label=GENERATE)
    assert "lunch" in private(answer)
    assert private(answer).endswith("This didn't count toward your limit.")
    assert await rows(world) == []
    await admin(world, "resume")
    await generate(world, offer)


async def test_the_switch_is_in_the_trail(world: World) -> None:
    await ask_first(world)
    await ask_first(world, is_on=False)
    await admin(world, "settings", ask_first=True, longest_duration=6)
    await admin(world, "settings", reset="ask_first")
    log = await admin(world, "log")
    assert "changed settings: Members confirm the price: no → yes." in log
    assert "changed settings: Members confirm the price: yes → no." in log
    assert not shown(await ask(world)).ephemeral
