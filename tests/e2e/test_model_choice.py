"""Choosing the model: suggested with its price while one types, or typed by name."""

from typing import Any

from sandbox.world import World
from tests.e2e.driver import ask, assert_refused, case, rows, shown
from tests.e2e.moderating import admin
from tests.e2e.raw import TYPING, answers_in, send_raw
from tests.e2e.stage import prices_are_known

LITE, LITE_PREVIEW = "veo-3.1-lite-generate-001", "google/veo-3-1-lite-generate-preview"
FILE = 11  # Discord's number of such options


async def suggested(world: World, typed: str = "", command: str = "veo", **entered: Any) -> dict[str, str]:
    """Return the lines that alice sees while she types the model, each with the id behind it."""
    choices = await world.alice.autocomplete(world.channel, command, "model", typed, **entered)
    return {choice["name"]: choice["value"] for choice in choices}


async def with_files(world: World, *names: str) -> list[str]:
    """Return the ids that are suggested once files are entered, of which Discord tells no more than that."""
    files = [{"name": name, "type": FILE, "value": str(place)} for place, name in enumerate(names)]
    typed = {"name": "model", "type": 3, "value": "", "focused": True}
    data = {"id": "1", "name": "veo", "type": 1, "options": [*files, typed]}
    [answer] = answers_in(await send_raw(world, world.alice, TYPING, data))
    return [choice["value"] for choice in answer["data"]["choices"]]


async def test_models_are_suggested_with_the_price_of_what_was_entered(world: World) -> None:
    everything = "text, one image or two images"
    await prices_are_known(world)
    assert await suggested(world) == {
        "Veo 3 · 8 s · about $4.16 · text or one image": "google/veo3",
        "Veo 3 Fast · 8 s · about $1.56 · text or one image": "google/veo-3.0-fast",
        "Veo 3.1 · 8 s · about $4.16 · text, one image, two images or reference images": "google/veo-3.1-t2v",
        f"Veo 3.1 Fast · 8 s · about $1.56 · {everything}": "google/veo-3.1-t2v-fast",
        f"Veo 3.1 Lite · 8 s · about $0.78 · cheapest · {everything}": LITE,
        f"Veo 3.1 Lite Preview · 8 s · about $0.78 · cheapest · {everything}": LITE_PREVIEW,
    }
    assert list(await suggested(world, "veo 3.1 FA", duration=4, generate_audio=False)) == [
        f"Veo 3.1 Fast · 4 s · about $0.52 · {everything}"
    ]


async def test_images_rule_out_what_cannot_take_them(world: World) -> None:
    assert len(await with_files(world, "image")) == 6
    able = ["google/veo-3.1-t2v", "google/veo-3.1-t2v-fast", LITE, LITE_PREVIEW]
    assert await with_files(world, "image", "last_image") == able
    assert await with_files(world, "reference_2") == ["google/veo-3.1-t2v"]


async def test_a_films_models_are_suggested_whether_or_not_its_continuity_was_entered(world: World) -> None:
    first = "Veo 3 · 8 s · about $4.16 · text or one image"
    for entered in ({}, {"continuity": "continuous"}, {"continuity": "cuts"}):
        with case(entered):
            assert next(iter(await suggested(world, command="film", **entered))) == first


async def test_for_a_film_only_models_are_suggested_that_make_all_of_its_shots(world: World) -> None:
    await admin(world, "settings", models="google/veo-3.0-i2v, Veo 3 Fast, google/veo-3.0-i2v-fast")
    for entered in ({}, {"continuity": "cuts"}):
        with case(entered):
            able = await suggested(world, command="film", **entered)
            assert list(able) == ["Veo 3 Fast · 8 s · about $1.56 · text or one image"]


async def test_what_the_server_or_the_list_rules_out_is_not_suggested(world: World) -> None:
    await admin(world, "settings", models="Veo 3, Veo 3.1", longest_duration=6)
    assert list(await suggested(world)) == [
        "Veo 3 · 6 s · about $3.12 · set duration: 6 · text",
        "Veo 3.1 · 6 s · about $3.12 · set duration: 6 · text",
    ]
    assert next(iter(await suggested(world, duration=4))) == "Veo 3 · 4 s · about $2.08 · text"
    assert await suggested(world, duration=8) == {}
    assert await with_files(world, "image") == []


async def test_a_model_can_be_typed_by_its_name(world: World) -> None:
    world.provider.hold = True
    names = {"veo 3 fast": "google/veo-3.0-fast", "GOOGLE/veo-3.1-t2v": "google/veo-3.1-t2v"}
    for typed, model_id in names.items():
        with case(typed):
            await ask(world, model=typed)
            assert (await rows(world))[0].model == model_id


async def test_what_is_no_models_name_is_refused_with_those_that_can_be_chosen(world: World) -> None:
    answer = await ask(world, model="@everyone sora")
    await assert_refused(
        world,
        answer,
        "sora” isn't a model that I can use. Choose Veo 3, Veo 3 Fast, "
        "Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview.",
        "This didn't count toward your limit.",
    )
    assert "@everyone" not in shown(answer).content
