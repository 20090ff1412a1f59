"""The image: its Dockerfile is linted, its steps run in an empty folder, and what they make is started."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.dockerfile import PATH, ROOT, copied_from_context, last_words, read_steps
from tests.packaging.image import Image

pytestmark = pytest.mark.timeout(300)  # the locked packages are installed once: 20 s with a near index

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


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The built image; a quarter of a gigabyte, so it does not stay behind as `tmp_path` would."""
    with tempfile.TemporaryDirectory() as folder:
        image = Image(Path(folder))
        image.build()
        yield image


async def test_the_linter_has_nothing_to_say_about_the_dockerfile() -> None:
    linter = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).with_name("hadolint"), "--failure-threshold", "style", "--no-color", PATH),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await linter.communicate()
    assert (linter.returncode, output.decode()) == (0, "")


def test_the_build_sees_only_what_the_dockerfile_copies() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    assert rules[0] == "*", "everything must be left out first"
    named = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert named == {source for source, _ in copied_from_context(read_steps())}


def test_the_user_is_a_number_so_that_an_orchestrator_sees_it_is_not_root() -> None:
    user = last_words(read_steps(), "USER")[0]
    assert all(part.isdigit() and int(part) > 0 for part in user.split(":")), user


async def test_every_module_finds_its_packages_in_the_image(image: Image) -> None:
    assert await image.run("python", "-c", IMPORT_ALL) == (0, "")


async def test_a_container_without_settings_says_what_is_missing(image: Image) -> None:
    code, output = await image.run(*image.command)

    assert code == 2, output
    assert "DISCORD_TOKEN: is missing" in output


async def test_a_container_stops_cleanly_and_writes_only_to_the_volume(image: Image) -> None:
    before = image.files()

    async with image.started(*image.command, **NOWHERE) as bot:
        assert bot.stdout
        said: list[str] = []
        while not said or "Discord cannot be reached yet" not in said[-1]:
            said.append((await bot.stdout.readline()).decode())
            assert said[-1], f"the bot ended too early: {said}"
        bot.send_signal(signal.Signals[last_words(image.steps, "STOPSIGNAL")[0]])
        rest, _ = await bot.communicate()

    assert bot.returncode == 0, rest.decode()
    assert (image.data / "veo.db").is_file(), "the database is not in the volume"
    assert image.files() == before, "something was written outside the volume"
