"""What reaches the provider: what the member chose, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from bot.media.files import probe
from sandbox.world import World
from tests.e2e.driver import (
    PROMPT,
    ask_and_hold,
    ask_for_video,
    ask_in_vain,
    card_of,
    rows,
    shown,
    the_result,
)

EVERYTHING: dict[str, Any] = {
    "model": "google/veo-3.0-fast",
    "duration": 6,
    "aspect_ratio": "9:16",
    "resolution": "1080P",
    "negative_prompt": "no_rain **please**",
    "seed": 4_294_967_295,
    "enhance_prompt": False,
    "generate_audio": False,
}


def create_body(world: World) -> object:
    return next(call.json for call in world.provider.calls if call.kind == "create")


async def test_what_was_not_chosen_is_not_sent(world: World) -> None:
    await ask_in_vain(world)
    assert create_body(world) == {"model": "google/veo3", "prompt": PROMPT}


async def test_the_card_shows_the_defaults_that_were_not_sent(world: World) -> None:
    result = await ask_in_vain(world)
    assert "**Veo 3** · 8 seconds · 16:9 · 720P · prompt enhanced · sound" in shown(result).content


async def test_members_can_keep_their_own_words(world: World) -> None:
    choices: dict[str, Any] = {"model": "google/veo-3.1-t2v", "auto_fix": False}
    result = await ask_in_vain(world, **choices)
    assert create_body(world) == {**choices, "prompt": PROMPT}
    assert "· prompt enhanced · sound · no auto-fix" in shown(result).content


@pytest.mark.parametrize(("name", "value"), EVERYTHING.items(), ids=EVERYTHING)
async def test_each_option_is_sent_as_it_was_chosen(world: World, name: str, value: object) -> None:
    await ask_in_vain(world, **{name: value})
    assert create_body(world) == {"model": "google/veo3", "prompt": PROMPT, name: value}


@pytest.mark.nightly
async def test_every_option_chosen_at_once_makes_that_video(world: World, tmp_path: Path) -> None:
    generation = await ask_for_video(world, **EVERYTHING)
    assert create_body(world) == {"prompt": PROMPT, **EVERYTHING}
    card = card_of(world, generation)
    assert (
        "**Veo 3 Fast** · 6 seconds · 9:16 · 1080P · seed 4294967295 · prompt as written · no "
        "sound\nWithout: no\\_rain \\*\\*please\\*\\*\n"
    ) in card, "the card does not show what was chosen"
    path = tmp_path / "posted.mp4"
    path.write_bytes(await the_result(world).attachments[0].read())
    clip = await probe(path)
    assert (clip.width, clip.height, clip.has_sound) == (1080, 1920, False)
    assert clip.seconds == pytest.approx(6, abs=0.3)


async def test_the_provider_is_told_our_own_number(world: World) -> None:
    generation = await ask_and_hold(world)
    [call] = [call for call in world.provider.calls if call.kind == "create"]
    assert call.headers["x-client-request-id"] == generation.id


async def test_the_prompt_is_sent_without_hidden_characters(world: World) -> None:
    await world.alice.slash(world.channel, "veo", prompt="  a\u202e red\u200b dragon\x07 \n by night  ")
    await world.provider.called("create")
    assert create_body(world) == {"model": "google/veo3", "prompt": "a red dragon \n by night"}
    assert (await rows(world))[0].prompt == "a red dragon \n by night"
