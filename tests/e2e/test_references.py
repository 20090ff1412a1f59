"""A member shows who or what is to be in the video, by one to three images."""

from typing import Any

import pytest

from bot.media.images import data_uri_of
from bot.provider import catalogue
from cogs.veo import request_form
from sandbox.world import World
from tests.bot.drawn import BLUE, draw
from tests.e2e.driver import PROMPT, ask, ask_for_video, assert_refused, card_of, case, shown, the_result
from tests.e2e.quoting import BUTTONS, as_shown, ask_first, generate, offered, prices_known, send
from tests.e2e.videos import newest, options_of

MODEL = "google/veo-3.1-reference-to-video"
CAT, DOG = ("cat.png", draw()), ("dog.jpg", draw("JPEG", colour=BLUE))
HAT = ("hat.webp", draw("WEBP", size=(720, 1280)))
THREE: dict[str, Any] = {"reference_1": CAT, "reference_2": DOG, "reference_3": HAT}


def sent(world: World) -> list[Any]:
    """Return what the provider was sent, the oldest first."""
    return [call.json for call in world.provider.calls if call.kind == "create"]


def body_with(*images: tuple[str, bytes]) -> dict[str, Any]:
    """Return what it's to be sent for these."""
    uris = [data_uri_of(content) for _, content in images]
    return {"model": MODEL, "prompt": PROMPT, "duration": 8, "image_urls": uris}


@pytest.mark.nightly
async def test_one_reference_arrives_at_the_provider(world: World) -> None:
    generation = await ask_for_video(world, reference_1=CAT, duration=8)
    assert sent(world) == [body_with(CAT)]
    assert generation.model == MODEL
    assert card_of(world, generation).splitlines()[:2] == [
        f"<@{world.alice.id}> requested a video from reference images",
        "**Veo 3.1** · 8 seconds · 1080p · sound",
    ]
    [attachment] = the_result(world).attachments
    assert attachment.description == f"Video made from reference images and the prompt: {PROMPT}"


@pytest.mark.nightly
async def test_three_references_arrive_in_their_order(world: World) -> None:
    await ask_for_video(world, **dict(reversed(THREE.items())), duration=8)
    assert sent(world) == [body_with(CAT, DOG, HAT)]


NO_MODEL = "None of my models can make a video from reference images. This didn't count toward your limit."
EIGHT = {"duration": 8, "reference_1": CAT}
REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {**EIGHT, "image": DOG},
        "A video can't have reference images and an `image` or `last_image` too. Use one or the other. "
        "This didn't count toward your limit.",
    ),
    ({**EIGHT, "last_image": DOG}, "A video can't have reference images and an `image` or `last_image` too."),
    ({"reference_1": CAT, "duration": 4}, "Here, `duration` must be 8. This didn't count"),
    ({**EIGHT, "aspect_ratio": "9:16"}, "Veo 3.1 from reference images has no option `aspect_ratio`."),
    (
        {**EIGHT, "model": "google/veo-3.1-t2v-fast"},
        "Veo 3.1 Fast can't make a video from reference images. Choose Veo 3.1.",
    ),
    ({**EIGHT, "reference_2": ("x.gif", draw("GIF"))}, "PNG, JPEG and WebP"),
    (
        {**EIGHT, "reference_3": ("small.png", draw(size=(1280, 719)))},
        "“small.png” is 1,280 × 719 pixels, and Veo 3.1 needs at least 720 on each side.",
    ),
    (
        {"model": MODEL, "duration": 8},
        "Veo 3.1 from reference images needs reference images. You can also choose Veo 3, Veo 3 Fast,",
    ),
    (
        {"model": MODEL, "image": CAT},
        "Veo 3.1 from reference images takes reference images instead of an image. You can also choose Veo 3",
    ),
]


async def test_what_does_not_go_with_references_is_refused_at_once_and_privately(world: World) -> None:
    for options, words in REFUSED:
        with case(words):
            await assert_refused(world, await ask(world, **options), words)
    assert world.cdn.asked == [], "something was fetched all the same"


@pytest.mark.nightly
async def test_a_reroll_after_a_restart_is_made_from_the_same_references(world: World) -> None:
    source = await ask_for_video(world, **THREE, duration=8)
    await world.restart()
    await world.alice.click(the_result(world), label="Re-roll")
    made = await newest(world, 2)
    assert (made.source_id, made.model) == (source.id, MODEL)
    assert sent(world) == [body_with(CAT, DOG, HAT)] * 2


@pytest.mark.nightly
async def test_a_remix_offers_the_models_that_take_references(world: World) -> None:
    await ask_for_video(world, **THREE, duration=8)
    form = await world.alice.click(the_result(world), label="Remix")
    assert options_of(form)["model"] == [MODEL]
    assert options_of(form)["duration"] == ["8"]
    await send(world, form, prompt="the same cat, again")
    await newest(world, 2)
    body = {**body_with(CAT, DOG, HAT), "prompt": "the same cat, again"}
    assert sent(world)[1] == body


@pytest.mark.nightly
async def test_an_offer_keeps_them_when_it_is_changed_and_after_a_restart(world: World) -> None:
    await ask_first(world)
    offer = await offered(world, **THREE, duration=8)
    assert "**Check your video from reference images before" in offer.content
    form = await world.alice.click(offer, label="Change")
    await send(world, form, picture=["auto 720p"])
    await world.restart()
    await prices_known(world)
    await generate(world, as_shown(world, offer))
    await newest(world, 1)
    assert sent(world) == [{**body_with(CAT, DOG, HAT), "resolution": "720p"}]


async def test_references_stay_references_when_the_catalogue_loses_their_model(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = own_world
    await ask_for_video(world, **THREE, duration=8)
    await ask_first(world)
    offer = await offered(world, reference_1=CAT, duration=8)
    three = await offered(world, **THREE, duration=8)
    await world.restart(models="Veo 3, google/veo-3.1-t2v")
    left = tuple(model for model in catalogue.ALL_MODELS if model.id != MODEL)
    monkeypatch.setattr(catalogue, "ALL_MODELS", left)
    monkeypatch.setattr(request_form, "CATALOGUE", left)
    posts = [(the_result(world), ("Re-roll", "Remix")), (offer, BUTTONS[:2]), (three, BUTTONS[:2])]
    for message, labels in posts:
        for label in labels:
            with case((message.content, label)):
                answer = await world.alice.click(message, label=label)
                assert [part.content for part in (answer.followups or [shown(answer)])] == [NO_MODEL]
    assert len(sent(world)) == 1
