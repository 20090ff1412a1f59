"""A file that a server finds too large comes smaller, and says so in one line."""

import asyncio
import re
from pathlib import Path

import pytest

from bot.db.models import Generation
from bot.media.files import Clip, probe
from bot.media.upload_sizes import MIB, usable
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import (
    accept_all,
    ask,
    assert_card_leads_to,
    bodies,
    direct_messages,
    held_with_thread,
    refuse,
    requests,
    the_result,
    threads,
)
from tests.e2e.filming import SHOTS, film_posts, finished, make_film
from tests.noise import make_large_noise, make_noise, replace_files

ENCODER_SECONDS = 120.0  # on a busy machine, where it gives way to all others
EVERYWHERE = "/channels/*/messages"
pytestmark = pytest.mark.timeout(300)
LINE = re.compile(
    r"Made smaller for this server: ([\d.]+) → ([\d.]+) MiB(, \d+p → \d+p)?\. \[Download the original\].*"
)


@pytest.fixture(scope="module")
def large_noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that is within the limit of all servers, but was not always."""
    path = make_large_noise(tmp_path_factory.mktemp("noise") / "noise.mp4")
    assert 8 * MIB < path.stat().st_size < usable(10 * MIB), "this noise tests something else"
    return path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The provider's files, of this test alone: they are replaced."""
    folder = tmp_path / "rendered"
    folder.mkdir()
    return folder


async def release(world: World, files: Path, noise: Path) -> Generation:
    """Let the provider deliver `noise` in place of what it has rendered; wait for the delivery."""
    await world.provider.rendered()
    await asyncio.to_thread(replace_files, files, noise)
    world.provider.release()
    return await world.wait_for_delivery(seconds=ENCODER_SECONDS)


async def ask_for_noise(world: World, files: Path, noise: Path) -> Generation:
    """Let alice ask for a video, which becomes `noise`."""
    world.provider.hold = True
    await ask(world)
    await world.provider.called("retrieve")
    return await release(world, files, noise)


async def attached_to(world: World, folder: Path) -> Clip:
    """Return the one result's video, looked into."""
    (attachment,) = the_result(world).attachments
    path = folder / "posted.mp4"
    path.write_bytes(await attachment.read())
    return await probe(path)


@pytest.mark.nightly
async def test_a_refused_file_comes_smaller_and_the_limit_is_remembered(
    own_world: World, files: Path, large_noise: Path, tmp_path: Path
) -> None:
    world = own_world
    refuse(world, "POST", EVERYWHERE, 40005, status=413)
    generation = await ask_for_noise(world, files, large_noise)
    message, clip = the_result(world), await attached_to(world, tmp_path)
    assert 4 * MIB < clip.size <= usable(8 * MIB)
    assert (clip.codec, clip.has_sound) == ("h264", True)
    assert message.channel.id == threads(world)[0].id
    line = LINE.fullmatch(message.content.split("\n")[-1])
    assert line, message.content
    original = await probe(large_noise)
    assert [line[1], line[2]] == [f"{size / MIB:.1f}" for size in (original.size, clip.size)]
    assert line[0].endswith(f"(<{generation.video_url}>) before the link expires.")
    assert_card_leads_to(world, generation, message)
    nonces = {body["nonce"] for body in bodies(world, "POST", "/messages")}
    assert len(nonces) == 1, "a smaller file is the same message: it must not be posted beside the other"

    await world.restart()
    posts = len(requests(world, "POST", "/messages"))
    await ask_for_noise(world, files, large_noise)
    assert len(requests(world, "POST", "/messages")) == posts + 1, "the known limit was tried again"


@pytest.mark.nightly
async def test_a_file_over_the_known_limit_is_not_tried_as_it_is(
    open_world: OpenWorld, files: Path, tmp_path: Path
) -> None:
    noise = make_noise(tmp_path / "noise.mp4")
    async with open_world(upload_limits_mib="1,2,4,8") as world:
        await ask_for_noise(world, files, noise)
        assert (await attached_to(world, tmp_path)).size <= usable(1 * MIB)
        assert len(requests(world, "POST", "/messages")) == 1
    originals = await asyncio.to_thread(lambda: list((tmp_path / "data" / "videos").rglob("*.mp4")))
    (original,) = originals
    assert original.parent.name == "originals"
    assert original.read_bytes() == noise.read_bytes()


async def test_a_film_over_the_limit_comes_smaller(
    open_world: OpenWorld, files: Path, tmp_path: Path
) -> None:
    noise = make_noise(tmp_path / "noise.mp4")
    async with open_world(upload_limits_mib="1,2,4,8") as world:
        world.provider.hold = True
        film = await make_film(world, *SHOTS[:2], continuity="cuts")
        await world.provider.called("retrieve", 2)
        await world.provider.rendered()
        await asyncio.to_thread(replace_files, files, noise)
        world.provider.release()
        film = await finished(world, film)
        (post,) = film_posts(world)
        (attachment,) = post.attachments
        assert attachment.size <= usable(1 * MIB)
        assert re.search(r"Made smaller for this server: [\d.]+ → [\d.]+ MiB\.\n", post.content)
        assert film.missing == []


@pytest.mark.nightly
async def test_a_filter_for_links_does_not_keep_the_smaller_file_away(
    open_world: OpenWorld, files: Path, tmp_path: Path
) -> None:
    noise = make_noise(tmp_path / "noise.mp4")
    async with open_world(upload_limits_mib="1,2,4,8") as world:
        refuse(world, "POST", EVERYWHERE, 240000)
        await ask_for_noise(world, files, noise)
        message = the_result(world)
        assert message.attachments
        assert message.content.split("\n")[-1].startswith("Made smaller for this server: ")
        assert "http" not in message.content, "the link is what the filter stopped"


@pytest.mark.nightly
async def test_a_direct_message_that_does_not_take_the_file_gets_a_link(
    own_world: World, files: Path, large_noise: Path
) -> None:
    world = own_world
    generation = await held_with_thread(world)
    for place in (generation.thread_id, world.channel.id):
        refuse(world, "POST", f"/channels/{place}/messages", 50013, status=403, times=None)
    direct = await world.app.bot.create_dm(await world.app.bot.fetch_user(world.alice.id))
    refuse(world, "POST", f"/channels/{direct.id}/messages", 40005, status=413)
    generation = await release(world, files, large_noise)
    [message] = direct_messages(world)
    assert message.attachments == []
    assert f"<{generation.video_url}>" in message.content

    accept_all(world)
    posts = len(requests(world, "POST", "/messages"))
    await ask_for_noise(world, files, large_noise)
    assert len(requests(world, "POST", "/messages")) == posts + 1, "it was taken for the server's limit"
    assert "Made smaller" not in bodies(world, "POST", "/messages")[-1]["content"]
