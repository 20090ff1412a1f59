"""The provider's own example scripts work against the fake, unchanged but for its address and key."""

import asyncio
import importlib.util
import os
import re
import sys
from pathlib import Path

import pytest

from sandbox.provider import QUICK, Provider

SCRIPT = re.compile(r"```python\n(.*?)```", re.DOTALL)
FOLDER = Path(__file__).parent / "seed_scripts"
DOCUMENTS = ("veo3-text-to-video.md", "veo-3.0-fast-text-to-video.md")


def find_document(name: str) -> Path:
    for parent in Path(__file__).parents:
        path = parent / "shared" / "seeds" / name
        if path.is_file():
            return path
    pytest.skip(f"the provider's document {name} is not beside this repository")


def python_path() -> str:
    folders = [FOLDER / "haste"]
    if importlib.util.find_spec("requests") is None:
        folders.append(FOLDER / "stand_in")
    return os.pathsep.join(str(folder) for folder in folders)


async def run(script: str) -> str:
    environment = {**os.environ, "PYTHONPATH": python_path(), "PYTHONWARNINGS": "error"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_an_example_script_gets_its_video(name: str, files: Path) -> None:
    scripts = SCRIPT.findall(find_document(name).read_text(encoding="utf-8"))
    assert len(scripts) == 1, "the document holds another number of Python examples than expected"

    async with Provider(generation_seconds=0.2, render=QUICK, files=files) as provider:
        script = scripts[0].replace("https://api.aimlapi.com", provider.url)
        output = await run(script.replace("<YOUR_AIMLAPI_KEY>", provider.key))

        assert "Checking again" in output, "the script never had to wait"
        assert "Processing complete" in output, output
        assert "'status': 'completed'" in output, output
        assert re.search(rf"'url': '{provider.url}/cdn/\w+\.mp4'", output), output
        assert provider.count("create") == 1
