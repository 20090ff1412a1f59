"""Adds one row to the catalogue, as a change of the source would, and prints as JSON what follows from it.

It has to be the first that touches the catalogue, so it is a program of its own: `python -m` with the row's
kind and a folder.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from bot.provider import catalogue

FAMILY, MODEL_ID = "Veo 9", "google/veo-9"


def add_row(kind: str) -> None:
    """Add the row; nothing else in this file changes anything."""
    row = catalogue.Model(MODEL_ID, FAMILY, catalogue.InputKind(kind), "One more row", catalogue.VEO_3_1)
    catalogue.CATALOGUE = (*catalogue.CATALOGUE, row)  # pyright: ignore[reportConstantRedefinition]: the change
    # What the source makes of it.
    catalogue.ALL_MODELS = (*catalogue.CATALOGUE, *catalogue.EXTENDERS)  # pyright: ignore[reportConstantRedefinition]


async def observe(folder: Path) -> dict[str, Any]:
    """Return what the rest of the program makes of it."""
    import aiohttp  # noqa: PLC0415 after the row was added, as all that follows

    from cogs.moderation.setting_parsers import complete_models  # noqa: PLC0415
    from docs.tables import models_table  # noqa: PLC0415
    from sandbox.provider import QUICK, Provider  # noqa: PLC0415
    from sandbox.world import World, sandbox_settings, wait_until  # noqa: PLC0415
    from tests.bot.drawn import draw  # noqa: PLC0415
    from tests.e2e.driver import QUICK_TIMING, card_of  # noqa: PLC0415

    async with Provider(render=QUICK, generation_seconds=0.02) as provider:
        settings = sandbox_settings(provider, folder)
        async with World(provider, settings, QUICK_TIMING, is_dated_now=True) as world:

            async def is_priced() -> bool | None:
                return True if provider.count("models") else None

            await wait_until(is_priced, seconds=120)
            given = {"image": ("cat.png", draw())} if "image" in sys.argv[1] else {}
            await world.alice.slash(
                world.channel, "veo", prompt="a dragon", duration=4, model=MODEL_ID, **given
            )
            generation = await world.wait_for_delivery()
            choices = await world.alice.autocomplete(world.channel, "veo", "model", "", duration=4)
            headers = {"Authorization": f"Bearer {provider.key}"}
            url, body = f"{provider.url}/v2/video/generations", {"model": "google/veo-10"}
            async with (
                aiohttp.ClientSession() as session,
                session.post(url, json=body, headers=headers) as response,
            ):
                refusal = (await response.json())["message"]
            return {
                "choices": {choice["value"]: choice["name"] for choice in choices},
                "row": [generation.status.value, generation.model],
                "price": generation.estimated_credits,
                "cost": generation.credits_used,
                "card": card_of(world, generation).splitlines()[1],
                "refusal": refusal,
                "moderators": [choice.value for choice in complete_models(FAMILY, catalogue.CATALOGUE)],
                "readme": [line for line in models_table().splitlines() if MODEL_ID in line],
            }


if __name__ == "__main__":
    add_row(sys.argv[1])
    print(json.dumps(asyncio.run(observe(Path(sys.argv[2])))), file=sys.stderr)  # noqa: T201 its answer
