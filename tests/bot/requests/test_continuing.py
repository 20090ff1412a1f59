"""What a video is continued with: the same family and options, as far as they go with an image."""

import asyncio
from collections.abc import Mapping
from typing import cast

import pytest

from bot.db.database import Database
from bot.db.models import Status
from bot.media.files import VideoStore
from bot.media.last_frames import LastFrames
from bot.media.whole_videos import WholeVideos
from bot.policy.documents import Policy
from bot.provider.catalogue import CATALOGUE, OptionValue, get_model
from bot.provider.choosing import parse_models
from bot.requests.continuing import Continuations, continued_spec, is_continuable, models_after
from tests.bot.requests.test_model_choices import SecondPrices
from tests.cogs.generation import NOON, generation


@pytest.mark.parametrize(
    ("model", "options", "offered", "expected", "kept"),
    [
        ("google/veo3", {}, "", "google/veo-3.0-i2v", {"aspect_ratio": "16:9"}),
        (
            "google/veo-3.0-fast",
            {"aspect_ratio": "9:16", "duration": 4, "seed": 7, "generate_audio": False},
            "",
            "google/veo-3.0-i2v-fast",
            {"aspect_ratio": "9:16", "duration": 4, "seed": 7, "generate_audio": False},
        ),
        # Of Veo 3.1, the models with an image have fewer options.
        (
            "google/veo-3.1-t2v",
            {"seed": 7, "auto_fix": False, "negative_prompt": "rain", "resolution": "720p"},
            "",
            "google/veo-3.1-i2v",
            {"aspect_ratio": "16:9", "resolution": "720p"},
        ),
        ("google/veo-3.0-i2v", {"duration": 6}, "", "google/veo-3.0-i2v", {"duration": 6}),
        # Of two images, the first one is enough.
        (
            "google/veo-3.1-first-last-image-to-video-fast",
            {"duration": 6},
            "",
            "google/veo-3.1-i2v-fast",
            {"duration": 6},
        ),
        # Another family spells the resolution its own way, and has other defaults.
        ("google/veo3", {}, "Veo 3.1", "google/veo-3.1-i2v", {"aspect_ratio": "16:9", "resolution": "720p"}),
        ("google/gone", {"duration": 6, "fps": 60}, "", "google/veo-3.0-i2v", {"duration": 6}),
        ("google/veo3", {}, "google/veo3", None, {}),
    ],
)
def test_the_family_and_the_options_stay(
    model: str,
    options: Mapping[str, OptionValue],
    offered: str,
    expected: str | None,
    kept: Mapping[str, OptionValue],
) -> None:
    source = generation(model=model, options=options)
    [*models] = models_after(source, parse_models(offered) if offered else CATALOGUE)
    spec = continued_spec(source, "it lands", next(iter(models), None))
    assert (spec.model, spec.options) == (expected, kept)
    assert (spec.prompt, len(spec.images)) == ("it lands", 1)
    assert (spec.source_id, spec.continues_id) == (source.id, source.id)


@pytest.mark.parametrize(
    ("policy", "options", "kept"),
    [
        (Policy(longest_duration=7), {}, {"duration": 6}),
        (Policy(longest_duration=4), {"duration": 6}, {"duration": 4}),
        (Policy(longest_duration=6), {"duration": 4}, {"duration": 4}),
        (Policy(longest_duration=3), {}, {}),
        (Policy(highest_resolution="720p"), {"resolution": "1080P"}, {"resolution": "720P"}),
        (Policy(highest_resolution="480p"), {"resolution": "1080P"}, {"resolution": "1080P"}),
    ],
)
def test_options_become_the_most_that_the_server_allows(
    policy: Policy, options: Mapping[str, OptionValue], kept: Mapping[str, OptionValue]
) -> None:
    source = generation(model="google/veo3", options=options)
    spec = continued_spec(source, "it lands", get_model("google/veo-3.0-i2v"), policy)
    assert spec.options == {"aspect_ratio": "16:9", **kept}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"delivered_at": None}, False),
        ({"status": Status.FAILED}, False),
        ({"removed_at": NOON}, False),
        ({"erased_at": NOON}, False),
    ],
)
def test_only_a_video_that_is_there_can_be_continued(
    changes: Mapping[str, object], *, expected: bool
) -> None:
    row = generation(**{"status": Status.SUCCEEDED, "delivered_at": NOON, **changes})
    assert is_continuable(row) is expected


async def test_models_that_are_gone_are_not_offered(database: Database) -> None:
    gone = frozenset({"google/veo-3.0-i2v", "google/veo3-1-extend-video"})
    continuations = Continuations(
        database,
        cast("VideoStore", None),
        cast("LastFrames", None),
        cast("WholeVideos", None),
        models=parse_models("Veo 3, Veo 3.1"),
        prices=SecondPrices(gone),
        stopping=asyncio.Event(),
    )
    source = generation(model="google/veo3")
    assert [model.id for model in continuations.models_after(source)] == ["google/veo-3.1-i2v"]
    assert continuations.extenders_after(source) == ()
