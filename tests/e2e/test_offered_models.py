"""MODELS orders and restricts what may be asked for; what was accepted before goes on."""

import pytest

from bot.db.models import Status
from bot.provider.choosing import extenders_of, parse_models
from sandbox.world import World
from tests.bot.drawn import draw
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import ask, ask_and_hold, ask_for_video, assert_refused, case, the_result
from tests.e2e.moderating import admin
from tests.e2e.quoting import prices_known
from tests.e2e.videos import options_of

MODELS = "Veo 3.1 Fast, google/veo-3.1-t2v"


@pytest.mark.nightly
async def test_everything_that_offers_or_takes_models_obeys_the_setting(open_world: OpenWorld) -> None:
    async with open_world(models=MODELS) as world:
        await prices_known(world, "google/veo-3.1-t2v")
        choices = await world.alice.autocomplete(world.channel, "veo", "model", "")
        assert [choice["value"] for choice in choices] == ["google/veo-3.1-t2v-fast", "google/veo-3.1-t2v"]
        labels = [
            choice["value"]
            for choice in await world.mona.autocomplete(world.channel, "veo-admin settings", "models", "")
        ]
        assert labels == [
            "all",
            *("Veo 3.1 Fast", "Veo 3.1 Fast from an image", "Veo 3.1 Fast from two images", "Veo 3.1"),
        ]
        assert "Available: Veo 3.1 Fast, " in await admin(world, "settings", models="Veo 3")
        refused = await ask(world, model="google/veo3")
        await assert_refused(
            world, refused, "“Veo 3” isn't a model that I can use. Choose Veo 3.1 Fast or Veo 3.1."
        )
        assert (await ask_for_video(world)).model == "google/veo-3.1-t2v-fast", "the first one is the default"
        remix = await world.alice.click(the_result(world), label="Remix")
        assert options_of(remix)["model"] == ["google/veo-3.1-t2v-fast", "google/veo-3.1-t2v"]
        asked = {
            name
            for call in world.provider.calls
            if call.kind == "models"
            for name in call.query["id"].split(",")
        }
        offered = parse_models(MODELS)
        assert asked == {model.id for model in (*offered, *extenders_of(offered))}, (
            "other prices were fetched"
        )


@pytest.mark.nightly
async def test_what_takes_other_images_only_is_offered_where_such_can_be_given(open_world: OpenWorld) -> None:
    frames, references = "google/veo-3.1-first-last-image-to-video", "google/veo-3.1-reference-to-video"
    models = f"{references}, {frames}-fast, Veo 3, veo-3.1-lite-generate-001"
    async with open_world(models=models) as world:
        await prices_known(world, "google/veo3")
        suggested = {
            command: [
                choice["value"]
                for choice in await world.alice.autocomplete(world.channel, command, "model", "")
            ]
            for command in ("veo", "film")
        }
        able = ["google/veo3", "veo-3.1-lite-generate-001"]
        assert suggested == {"veo": [references, f"{frames}-fast", *able], "film": able}
        said = await world.mona.send(world.channel, "a dragon", attachments=[("cat.png", draw())])
        for menu in ("Make a video of this", "Animate this image"):
            with case(menu):
                form = await world.alice.context_menu(world.channel, menu, said)
                assert options_of(form)["model"] == able
        lines = [
            choice["name"]
            for choice in await world.alice.autocomplete(world.channel, "film", "model", "lite")
        ]
        assert [line.rpartition(" · ")[2] for line in lines] == ["text or one image"]


@pytest.mark.nightly
async def test_options_that_no_offered_model_has_are_not_shown(open_world: OpenWorld) -> None:
    async with open_world(models="Veo 3") as world:
        shown = {command: names_of_options(world, command) for command in ("veo", "film")}
        assert {"auto_fix", "last_image", "reference_1", "reference_3"} & shown["veo"] == set()
        assert {"image", "seed", "duration"} <= shown["veo"]
        assert (await ask_for_video(world)).model == "google/veo3"
        await world.restart(models="google/veo-3.1-t2v")
        shown = {command: names_of_options(world, command) for command in ("veo", "film")}
        assert {"image", "last_image"} & (shown["veo"] | shown["film"]) == set()
        assert "auto_fix" in shown["veo"]
        await world.restart(models="google/veo-3.1-reference-to-video")
        assert names_of_options(world, "veo") >= {"reference_1", "reference_2", "reference_3"}


def names_of_options(world: World, command: str) -> set[str]:
    """Return the options of a command that Discord is told of."""
    tree = world.app.bot.tree
    found = tree.get_command(command)
    assert found is not None
    return {option["name"] for option in found.to_dict(tree)["options"]}


async def test_a_request_in_the_queue_goes_on_though_its_model_is_not_offered_any_more(
    open_world: OpenWorld,
) -> None:
    async with open_world(max_running=1) as world:
        await ask_and_hold(world, model="veo 3")
        await ask(world, model="veo 3 fast")
        waiting = await world.wait_for(lambda row: row.status is Status.QUEUED)
        await world.restart(models=MODELS)
        world.provider.release()
        assert (await world.wait_for_delivery(generation_id=waiting.id)).status is Status.SUCCEEDED
