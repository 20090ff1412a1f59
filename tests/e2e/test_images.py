"""A member gives an image with /veo: what comes, what is said, what is refused."""

import base64
import os
import sqlite3
import time
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import make_url

from bot.db.models import Status
from bot.media.images import data_uri_of
from sandbox.provider import Fault
from sandbox.world import World
from tests.bot.drawn import BLUE, HTML, SVG, draw, png_bomb
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import (
    PROMPT,
    ask,
    ask_and_hold,
    ask_for_video,
    ask_in_vain,
    assert_card_leads_to,
    assert_refused,
    card_of,
    case,
    eventually,
    results,
    rows,
    shown,
    the_result,
    threads,
)

SMALL = ("small.png", draw(size=(1280, 719)))
CAT, DOG = ("cat.png", draw()), ("dog.jpg", draw("JPEG", colour=BLUE))


def create_bodies(world: World) -> list[Any]:
    return [call.json for call in world.provider.calls if call.kind == "create"]


def create_body(world: World) -> Any:
    return create_bodies(world)[0]


def images_on_disk(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "pictures").iterdir())


async def test_a_video_of_an_image_arrives_in_the_thread(world: World, data_dir: Path) -> None:
    generation = await ask_for_video(world, image=CAT)
    assert create_body(world) == {
        "model": "google/veo-3.0-i2v",
        "prompt": PROMPT,
        "duration": 4,
        "image_url": data_uri_of(CAT[1]),
    }
    message = the_result(world)
    assert_card_leads_to(world, generation, message)
    assert message.channel.id == threads(world)[0].id == generation.card_id
    assert message.attachments[0].description == f"Video made from an image and the prompt: {PROMPT}"
    card = card_of(world, generation).splitlines()
    assert card[0] == f"<@{world.alice.id}> requested a video from an image"
    assert card[1] == "**Veo 3** · 4 seconds · 720P · prompt enhanced · sound"
    assert generation.credits_used == generation.estimated_credits == 4 * 1_040_000
    assert images_on_disk(data_dir) == [], "the image was kept"


@pytest.mark.nightly
async def test_two_images_are_the_beginning_and_the_end(world: World) -> None:
    generation = await ask_for_video(
        world, model="google/veo-3.1-t2v-fast", image=CAT, last_image=DOG, resolution="720P"
    )
    assert generation.model == "google/veo-3.1-first-last-image-to-video-fast"
    assert create_body(world) == {
        "model": generation.model,
        "prompt": PROMPT,
        "duration": 4,
        "resolution": "720p",
        "image_url": data_uri_of(CAT[1]),
        "last_image_url": data_uri_of(DOG[1]),
    }
    assert card_of(world, generation).splitlines()[:2] == [
        f"<@{world.alice.id}> requested a video from two images",
        "**Veo 3.1 Fast** · 4 seconds · 720p · sound",
    ]


FAMILIES: list[tuple[dict[str, Any], str]] = [
    ({"image": CAT}, "google/veo-3.0-i2v"),
    ({"image": CAT, "model": "google/veo3"}, "google/veo-3.0-i2v"),
    ({"image": CAT, "model": "google/veo-3.0-fast"}, "google/veo-3.0-i2v-fast"),
    ({"image": CAT, "model": "google/veo-3.1-t2v"}, "google/veo-3.1-i2v"),
    ({"image": CAT, "model": "google/veo-3.1-t2v-fast"}, "google/veo-3.1-i2v-fast"),
    ({"image": CAT, "last_image": DOG}, "google/veo-3.1-first-last-image-to-video"),
]


@pytest.mark.nightly
async def test_the_model_is_chosen_by_the_family_and_the_images(world: World) -> None:
    for number, (options, model) in enumerate(FAMILIES):
        with case(model):
            await ask_for_video(world, **options)
            assert create_bodies(world)[number]["model"] == model
            assert (await rows(world))[0].model == model, "after a restart it would be another one"


@pytest.mark.nightly
async def test_every_kind_is_sent_as_what_it_is_and_not_as_what_its_name_says(world: World) -> None:
    jpeg = draw("JPEG")
    named = [("a.png", draw()), ("b.jpg", jpeg), ("c.webp", draw("WEBP")), ("really.png", jpeg)]
    for number, (name, content) in enumerate(named):
        with case(name):
            await ask_for_video(world, image=(name, content))
            assert create_bodies(world)[number]["image_url"] == data_uri_of(content)
    assert data_uri_of(jpeg).startswith("data:image/jpeg;")


async def test_where_a_photo_was_taken_is_not_sent(world: World) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6  # to be turned
    tags.get_ifd(0x8825)[0x1D] = "52.516275"  # GPS
    photo = draw("JPEG", exif=tags.tobytes())
    await ask_for_video(world, image=("cat.jpg", photo))
    sent = base64.b64decode(create_body(world)["image_url"].partition(",")[2])
    assert b"52.516275" in photo
    assert b"Exif" not in sent
    assert Image.open(BytesIO(sent)).size == (720, 1280)


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"image": ("cat.gif", draw("GIF"))},
        ["PNG, JPEG and WebP", "cat.gif", "This didn't count toward your limit."],
    ),
    ({"image": ("cat.svg", SVG)}, ["PNG, JPEG and WebP", "cat.svg"]),
    ({"image": ("page.html", HTML)}, ["PNG, JPEG and WebP", "page.html"]),
    ({"image": ("cat.mp4", b"\0" * 99)}, ["PNG, JPEG and WebP"]),
    ({"image": ("cat", draw())}, ["PNG, JPEG and WebP"]),
    ({"image": ("cat.png", b"")}, ["“cat.png” is empty"]),
    ({"image": ("cat.png", draw() + b"\0" * 9 * 2**20)}, ["“cat.png” is 9.0 MiB", "up to 8 MiB"]),
    ({"image": CAT, "last_image": ("x.gif", b"GIF")}, ["PNG, JPEG and WebP", "x.gif"]),
    ({"last_image": CAT}, ["`last_image` needs an `image`"]),
    (
        {"image": CAT, "last_image": DOG, "model": "google/veo3"},
        [
            "Veo 3 can't make a video from two images. "
            "Choose Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview."
        ],
    ),
    (
        {"image": ("cat.png", draw(size=(10, 80)))},
        ["“cat.png” is 10 × 80 pixels, and Veo 3 needs at least 64 on each side."],
    ),
    (
        {"image": SMALL, "model": "google/veo-3.1-t2v"},
        [
            "“small.png” is 1,280 × 719 pixels, and Veo 3.1 needs at least 720 on each side. "
            "Use a larger image. This didn't count toward your limit."
        ],
    ),
    ({"image": SMALL, "last_image": DOG}, ["“small.png” is 1,280 × 719 pixels, and Veo 3.1 needs"]),
    (
        {"image": CAT, "seed": 1, "model": "google/veo-3.1-t2v"},
        ["Veo 3.1 from an image has no option `seed`."],
    ),
]


async def test_what_cannot_be_made_is_refused_at_once_and_privately(world: World) -> None:
    for options, words in REFUSED:
        with case(words):
            await assert_refused(world, await ask(world, **options), *words)
    assert world.cdn.asked == [], "something was fetched all the same"


LIES: list[tuple[bytes, str]] = [
    (HTML, "That file isn't a PNG, JPEG or WebP image, or it's damaged."),
    (draw()[:300], "That file isn't a PNG, JPEG or WebP image, or it's damaged."),
    (png_bomb(12_000, 12_000), "The image is too large or too small."),
]


@pytest.mark.nightly
async def test_a_file_that_is_not_what_its_name_says_is_told_in_the_thread(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        for number, (content, sentence) in enumerate(LIES):
            world.found_server()
            with case((number, sentence)):
                generation = await ask_for_video(world, image=("cat.png", content))
                assert generation.status is Status.FAILED
                text = the_result(world).content
                assert text.startswith(f"❌ <@{world.alice.id}> I couldn't get you this video. {sentence}\n")
                assert "This didn't count toward your limit." in text
                assert sentence in card_of(world, generation)
        assert world.provider.count("create") == 0
        await ask_for_video(world)  # the limit has a place left


async def test_a_link_that_died_is_told(world: World) -> None:
    world.cdn.refusal = 404
    generation = await ask_for_video(world, image=CAT)
    assert "I couldn't get the image from Discord." in the_result(world).content
    assert (generation.status, world.provider.count("create")) == (Status.FAILED, 0)


@pytest.mark.nightly
async def test_the_image_is_fetched_at_once_however_long_the_queue_is(
    open_world: OpenWorld, data_dir: Path
) -> None:
    async with open_world(max_running=1) as world:
        await ask_and_hold(world)
        await ask(world, image=CAT)
        await eventually("the image is here", lambda: len(images_on_disk(data_dir)) == 1)
        world.cdn.refusal = 404
        await world.restart()
        world.provider.release()
        await eventually("two videos", lambda: len(results(world)) == 2)
        assert len(world.cdn.asked) == 1, "it was fetched again"


@pytest.mark.nightly
async def test_after_a_restart_an_image_that_was_not_fetched_yet_is_fetched(world: World) -> None:
    world.cdn.refusal = 503
    await ask(world, image=CAT)
    await eventually("a fetch", lambda: bool(world.cdn.asked))
    await world.restart()
    world.cdn.refusal = None
    generation = await world.wait_for_delivery()
    assert (generation.status, world.provider.count("create")) == (Status.SUCCEEDED, 1)


async def test_after_a_restart_no_second_video_is_ordered(world: World) -> None:
    world.provider.faults.add("create", Fault.hang(accepted=True))
    await ask(world, image=CAT)
    await world.provider.called("create")
    await world.wait_for(lambda row: row.status is Status.SUBMITTING)
    await world.restart()
    world.provider.faults.clear()
    generation = await world.wait_for_delivery()
    assert (generation.status, world.provider.count("create")) == (Status.SUCCEEDED, 1)
    assert the_result(world).attachments


@pytest.mark.nightly
async def test_images_of_a_request_that_nobody_knows_any_more_are_thrown_away(
    world: World, data_dir: Path
) -> None:
    left = data_dir / "pictures" / "0123456789abcdef-0"
    left.write_bytes(CAT[1])
    long_ago = time.time() - 2 * 3600  # a younger one may be another process's work
    os.utime(left, (long_ago, long_ago))
    await world.restart()
    await eventually("the image is gone", lambda: not images_on_disk(data_dir))


async def test_of_an_image_only_its_link_is_in_the_database(world: World, database_url: str) -> None:
    await ask_for_video(world, image=CAT)
    with closing(sqlite3.connect(make_url(database_url).database or "")) as database:
        text = "\n".join(database.iterdump())
    assert "base64" not in text
    assert text.count("cat.png") == 1, "Re-roll could not find it"


async def test_a_card_says_that_the_image_waits_too(world: World) -> None:
    answer = await ask_in_vain(world, image=CAT)
    assert "from an image" in shown(answer).content
    assert "⏳ **In the queue.**" in shown(answer).content
