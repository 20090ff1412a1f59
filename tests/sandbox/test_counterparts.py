"""Programs that others wrote for the real provider make a video at `python -m sandbox`, as it is served.

Each is installed from the package index into a place of its own. The two know nothing of this project, so
where they fail, the fake is wrong, and what the bot learnt from it may be too.
"""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.media.files import probe
from bot.provider.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
INSTALL_SECONDS, SECONDS = 400.0, 150.0
# What pip says where it cannot ask the index, or the index does not have the package at all.
UNREACHABLE = re.compile(
    r"from versions: none|NewConnectionError|ConnectTimeoutError|ProxyError|Max retries exceeded"
)


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A package; `script` gets the address, the key, and the path for the video."""

    requirements: tuple[str, ...]
    script: str


COUNTERPARTS = {
    "the provider's SDK": Counterpart(
        ("aimlapi-sdk-python==2.24.0rc1", "httpx==0.28.1", "pydantic==2.12.5"),
        """
import sys
from aimlapi import AIMLAPI

address, key, target = sys.argv[1:]
client = AIMLAPI(api_key=key, base_url=f"{address}/v1")
seen = []
made = client.videos.generate_with_polling(
    model="google/veo3",
    prompt="A fox in the snow",
    aspect_ratio="9:16",
    duration=4,
    seed=7,
    enhance_prompt=False,
    poll_interval=0.5,
    poll_timeout=120,
    status_callback=lambda task: seen.append(task["status"]),
    return_bytes=True,
)
open(target, "wb").write(made)
print(*seen)
print(*(model.id for model in client.models.list()))
""",
    ),
    "LangChain": Counterpart(
        ("langchain-aimlapi==0.1.3", "langchain-core==0.3.83", "langchain-openai==0.3.35"),
        """
import sys
import httpx
from langchain_aimlapi.video_models import AimlapiVideoModel

address, key, target = sys.argv[1:]
model = AimlapiVideoModel(model="google/veo3", api_key=key, base_url=f"{address}/v2", timeout=60)
[link] = model.generate_videos("A fox in the snow", poll_interval=0.5, timeout=120)
open(target, "wb").write(httpx.get(link).content)
""",
    ),
}


async def run(*command: str | Path, seconds: float = SECONDS) -> tuple[int, str]:
    """Return the exit code of a program that finds nothing of this project, and what it wrote."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        env=environment,
        cwd="/",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        pytest.fail(f"no end of {command[0]} within {seconds:g} s")
    return process.returncode or 0, output.decode()


async def install(requirements: tuple[str, ...], folder: Path) -> Path:
    """Return the Python of a new environment with these packages."""
    code, said = await run(sys.executable, "-m", "venv", folder)
    assert code == 0, said
    python = folder / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1")
    code, said = await run(*pip, "--only-binary", ":all:", *requirements, seconds=INSTALL_SECONDS)
    if code and UNREACHABLE.search(said):
        pytest.skip(f"the package index cannot be reached: {said.splitlines()[-1]}")
    assert code == 0, said
    return python


async def serve() -> tuple[asyncio.subprocess.Process, str]:
    """Start the fake alone; return also its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "--key", "abc", "--seconds", "1"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    return process, (await process.stdout.readline()).decode().split()[0]


@pytest.mark.nightly
@pytest.mark.timeout(INSTALL_SECONDS + 2 * SECONDS)
@pytest.mark.parametrize("name", COUNTERPARTS)
async def test_a_video_is_made_by_a_program_that_others_wrote(name: str, tmp_path: Path) -> None:
    counterpart = COUNTERPARTS[name]
    python = await install(counterpart.requirements, tmp_path / "venv")
    server, address = await serve()
    try:
        video = tmp_path / "veo.mp4"
        code, said = await run(python, "-I", "-c", counterpart.script, address, "abc", video)
    finally:
        server.terminate()
        await server.communicate()
    assert code == 0, said
    clip = await probe(video)
    assert clip.seconds > 3.9, f"no whole video came: {clip}"
    if counterpart is COUNTERPARTS["the provider's SDK"]:
        statuses, models = said.splitlines()[-2:]
        assert statuses.split()[-1] == "completed", said
        assert {model.provider_name for model in CATALOGUE} == {*models.split()}, (
            "the list of models reads otherwise"
        )
