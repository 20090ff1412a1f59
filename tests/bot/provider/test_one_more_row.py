"""Adding a model is adding one row: commands, prices, cards, the documents and the sandbox follow."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from bot.provider.catalogue import CATALOGUE
from bot.provider.input_kinds import InputKind

ROOT = Path(__file__).parents[3]
SOURCES = {InputKind.TEXT: "the prompt alone", InputKind.IMAGE: "an image"}
SIDES = {InputKind.TEXT: "", InputKind.IMAGE: "64"}


@pytest.mark.nightly(daily=[InputKind.IMAGE.value])
@pytest.mark.parametrize("kind", SOURCES)
async def test_adding_a_model_is_adding_one_row(tmp_path: Path, kind: InputKind) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bot.provider.one_more_row", kind.value, str(tmp_path / "data")),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, output = await process.communicate()
    assert process.returncode == 0, output.decode()
    seen = json.loads(output.decode().splitlines()[-1])
    label = f"Veo 9 {kind.source}".rstrip()

    assert seen["choices"]["google/veo-9"].startswith("Veo 9 · 4 s · about $"), "members cannot choose it"
    assert set(seen["choices"]) < {"google/veo-9", *(model.id for model in CATALOGUE)}
    assert seen["row"] == ["succeeded", "google/veo-9"]
    assert seen["price"] == seen["cost"] > 0, "its price was not asked for"
    assert seen["card"].startswith("**Veo 9** · 4 seconds · "), "the card does not know it"
    assert '"google/veo-9"' in seen["refusal"], "the provider's fake does not know it"
    assert seen["moderators"] == [label], "moderators cannot allow it"
    assert seen["readme"] == [
        f"| `google/veo-9` | Veo 9 | {SOURCES[kind]} | {SIDES[kind]} | One more row |  |"
    ]
