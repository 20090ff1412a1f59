"""The image: its Dockerfile's steps run in an empty folder, and what they make is started."""

import json
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.provider import QUICK, Provider
from tests.packaging.dockerfile import last_words
from tests.packaging.image import Image, why_not
from tests.wire_discord import WireDiscord
from tests.wire_discord.program import bot_environment

# The locked packages are installed once: 20 s with a near index.
pytestmark = [pytest.mark.timeout(300), pytest.mark.nightly]

NOWHERE = {
    "DISCORD_TOKEN": "invented-token",
    "AIMLAPI_KEY": "invented-key",
    "DISCORD_API_BASE": "http://127.0.0.1:1",
}

IMPORT_ALL = """
import importlib, pkgutil, bot, cogs
for package in (bot, cogs):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


# What this user can change, as a test would find it out in a container; printed as JSON.
LOOK_AROUND = """
import json, os, pathlib, sys
def is_refused(path):
    try:
        pathlib.Path(path).write_text("")
    except OSError:
        return True
    return False
app, data = os.environ["PYTHONPATH"], os.environ["DATA_DIR"]
places = [app, f"{app}/bot", f"{app}/cogs", sys.prefix, f"{sys.prefix}/bin"]
print(json.dumps({
    "user": os.getuid(),
    "refused": [is_refused(f"{place}/new") for place in places] + [is_refused(f"{app}/bot/__init__.py")],
    "data": is_refused(f"{data}/new"),
}))
"""

ALICE = 11
REQUEST = {"prompt": "A fox in the snow", "duration": 4}


def free_port() -> str:
    """Return a port for the bot's own pages: several tests may run on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The built image; a quarter of a gigabyte, so it does not stay behind as `tmp_path` would."""
    if reason := why_not():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory() as folder:
        image = Image(Path(folder))
        image.build()
        yield image


@pytest.mark.nightly
async def test_the_user_can_change_nothing_but_the_volume(image: Image) -> None:
    code, output = await image.run("python", "-c", LOOK_AROUND)

    assert code == 0, output
    user = int(last_words(image.steps, "USER")[0].split(":")[0]) if os.geteuid() == 0 else os.geteuid()
    assert json.loads(output) == {"user": user, "refused": [True] * 6, "data": False}


@pytest.mark.nightly
async def test_every_module_finds_its_packages_in_the_image(image: Image) -> None:
    assert await image.run("python", "-c", IMPORT_ALL) == (0, "")


async def test_a_container_without_settings_says_what_is_missing(image: Image) -> None:
    code, output = await image.run(*image.command)

    assert code == 2, output
    assert "DISCORD_TOKEN: is missing" in output


async def test_a_container_with_a_wrong_token_asks_discord_once_and_its_doctor_says_why(
    image: Image,
) -> None:
    async with WireDiscord() as wire, Provider(render=QUICK) as provider:
        settings = bot_environment(wire, provider, image.data, discord_token="wrong", http_port=free_port())
        code, output = await image.run(*image.command, **settings)
        asked = wire.count("GET /users/@me")
        entry = last_words(image.steps, "ENTRYPOINT")
        # As `docker compose run --rm bot doctor` does.
        doctor_code, said = await image.run(*entry, "doctor", **settings)
    assert (code, doctor_code, asked) == (2, 1, 1), f"{output}\n{said}"
    assert "DISCORD_TOKEN: Discord rejects it." in output
    assert "DISCORD_TOKEN" in said


async def test_a_container_stops_cleanly_and_writes_only_to_the_volume(image: Image) -> None:
    before = image.files()

    async with image.started(*image.command, **NOWHERE, HTTP_PORT=free_port()) as bot:
        assert bot.stdout
        said: list[str] = []
        while not said or "could not reach Discord yet" not in said[-1]:
            said.append((await bot.stdout.readline()).decode())
            assert said[-1], f"the bot ended too early: {said}"
        bot.send_signal(signal.Signals[last_words(image.steps, "STOPSIGNAL")[0]])
        rest, _ = await bot.communicate()

    assert bot.returncode == 0, rest.decode()
    assert (image.data / "veo.db").is_file(), "the database is not in the volume"
    assert image.files() == before, "something was written outside the volume"


async def test_a_container_makes_a_video(image: Image, tmp_path: Path) -> None:
    before = image.files()
    async with (
        WireDiscord() as wire,
        Provider(generation_seconds=0.1, render=QUICK, files=tmp_path) as provider,
    ):
        settings = bot_environment(wire, provider, image.data, http_port=free_port())
        async with image.started(*image.command, **settings) as bot:
            try:
                await wire.wait_for_sessions()
            except TimeoutError:
                bot.kill()
                pytest.fail((await bot.communicate())[0].decode())
            card = await (await wire.interact(ALICE, "veo", REQUEST)).answered()
            assert card
            await wire.wait_for_message(lambda message: message.id == card.id and "Ready" in message.content)
            thread = wire.thread_of(card)
            assert thread
            (result,) = wire.messages(thread.id)
            bot.send_signal(signal.SIGTERM)
            said, _ = await bot.communicate()

    assert [file.filename.endswith(".mp4") for file in result.attachments] == [True]
    assert bot.returncode == 0, said.decode()
    assert image.files() == before, "something was written outside the volume"


async def test_a_container_that_does_not_answer_is_not_well(image: Image) -> None:
    port = free_port()
    code, output = await image.run(*image.health_check, HTTP_PORT=port)
    assert code == 1, output
    assert f"no answer from 127.0.0.1, port {port}" in output
