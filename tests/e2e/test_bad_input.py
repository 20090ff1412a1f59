"""Requests that cannot be served: each gets a clear answer for the member alone, and nothing happens."""

import re
from typing import Any

import pytest

from bot.provider.catalogue import PROMPT_MAX_LENGTH
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import PROMPT, ask, ask_for_video, assert_refused, case, rows, send_unchecked, shown

INVISIBLE = "\u200b\u200c\u200d\u202e\u2066\ufeff\u00ad"

BAD_VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "a prompt without any character": ({"prompt": ""}, ""),
    "a prompt as a number": ({"prompt": 5}, ""),
    "a prompt as truth": ({"prompt": True}, ""),
    "a prompt as a broken number": ({"prompt": 4.5}, ""),
    "a long prompt": (
        {"prompt": "x" * (PROMPT_MAX_LENGTH + 1)},
        "The prompt has 2,001 characters; the maximum is 2,000.",
    ),
    "a length that is not offered": ({"duration": 5}, "`duration` must be one of: 4, 6, 8."),
    "a length as text": ({"duration": "8"}, "`duration` must be a whole number."),
    "a length as truth": ({"duration": True}, "`duration` must be a whole number."),
    "a broken length": ({"duration": 4.5}, "`duration` must be a whole number."),
    "an image shape that is not offered": (
        {"aspect_ratio": "1:1"},
        "`aspect_ratio` must be one of: 16:9, 9:16.",
    ),
    "an image shape as a number": ({"aspect_ratio": 169}, "`aspect_ratio` must be text."),
    "a resolution that is not offered": ({"resolution": "4K"}, "`resolution` must be one of: 720P, 1080P."),
    "sound as text": ({"generate_audio": "maybe"}, "`generate_audio` must be yes or no."),
    "enhancing as a number": ({"enhance_prompt": 1}, "`enhance_prompt` must be yes or no."),
    "an unknown model": (
        {"model": "google/veo2"},
        "“google/veo2” isn't a model that I can use. Choose Veo 3, Veo 3 Fast, "
        "Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview.",
    ),
    "a negative seed": ({"seed": -1}, "`seed` must be from 0 to 4,294,967,295."),
    "a huge seed": ({"seed": 2**32}, "`seed` must be from 0 to 4,294,967,295."),
    "a seed as text": ({"seed": "7"}, "`seed` must be a whole number."),
    "an invisible negative prompt": ({"negative_prompt": INVISIBLE}, "The negative prompt is empty."),
    "a long negative prompt": (
        {"negative_prompt": "x" * 1001},
        "The negative prompt has 1,001 characters; the maximum is 1,000.",
    ),
}


# Fillers, the empty Braille pattern, a tag, and marks without anything to stand on.
DRAWN_AS_NOTHING = [
    "\u3164",
    "\u2800",
    "\u115f",
    "\uffa0",
    "\u034f",
    "\ufe0f",
    "\U000e0041",
    "\u0301",
    "\u20dd",
]


async def test_an_empty_prompt_is_refused(world: World) -> None:
    for prompt in ("   ", "\n\t \r\n", INVISIBLE, f" {INVISIBLE} ", *(char * 3 for char in DRAWN_AS_NOTHING)):
        answer = await ask(world, prompt=prompt)
        assert "The prompt is empty." in shown(answer).content, f"{prompt!a} was taken for a prompt"
        await assert_refused(world, answer, "This didn't count toward your limit.")


async def test_values_from_a_modified_client_are_refused(world: World) -> None:
    for name, (options, words) in BAD_VALUES.items():
        with case(name):
            answer = await send_unchecked(world, **{"prompt": PROMPT, **options})
            await assert_refused(world, answer, words, "This didn't count toward your limit.")
    answer = await send_unchecked(world, duration=4)  # as by a command of another version
    await assert_refused(world, answer, "This command has changed.", "This didn't count toward your limit.")


async def test_the_daily_limit_is_kept_and_says_when_the_next_place_frees(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        generation = await ask_for_video(world)
        answer = await ask(world)
        frees_at = int(generation.created_at.timestamp()) + 24 * 3600
        assert shown(answer).ephemeral
        assert shown(answer).content == (
            f"You've used your 1 video for the last 24 hours. You can request another one "
            f"<t:{frees_at}:R>. This didn't count toward your limit."
        )
        assert len(await rows(world)) == 1
        assert world.provider.count("create") == 1
        assert not shown(await world.mona.slash(world.channel, "veo", prompt=PROMPT)).ephemeral, (
            "one member's limit stopped another member"
        )


@pytest.mark.nightly
async def test_a_limit_of_zero_says_that_videos_are_off(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=0) as world:
        await assert_refused(world, await ask(world), "/veo is turned off for members of this server.")


@pytest.mark.nightly
async def test_a_refusal_holds_nothing_but_the_sentence(world: World) -> None:
    answer = await ask(world, prompt="   ")
    assert shown(answer).embeds == []
    assert re.fullmatch(r"[^`]*", shown(answer).content), "a refusal looks like a fault with a reference"
