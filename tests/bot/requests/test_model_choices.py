"""What can be chosen as the model follows from what was entered, the server's settings, and prices."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.policy.documents import Policy
from bot.provider.catalogue import CATALOGUE, VideoRequest
from bot.provider.input_kinds import BY_IMAGES, InputKind
from bot.requests.model_choices import ModelChoice, list_choices

SEEDED = ["Veo 3", "Veo 3 Fast", "Veo 3.1", "Veo 3.1 Fast"]
ALL = [*SEEDED, "Veo 3.1 Lite", "Veo 3.1 Lite Preview"]
IDS = {"Veo 3 Fast": "google/veo-3.0-fast", "Veo 3.1": "google/veo-3.1-t2v"}
TEXT, IMAGE, FRAMES, REFERENCES = InputKind.TEXT, InputKind.IMAGE, InputKind.FRAMES, InputKind.REFERENCES
REFERENCE_MODEL = "google/veo-3.1-reference-to-video"
IMAGE_MODELS = frozenset(model.id for model in CATALOGUE if model.kind is InputKind.IMAGE)


class SecondPrices:
    """Charges by the second: fast models less, and more with sound or 1080p."""

    def __init__(self, gone: frozenset[str] = frozenset(), unknown: frozenset[str] = frozenset()) -> None:
        self.gone = gone
        self._unknown = unknown

    def quote(self, request: VideoRequest) -> float | None:
        """Return the price in credits."""
        if request.model.id in self._unknown:
            return None
        spec = request.resolved
        rate = 1 if "Fast" in request.model.family else 3
        extra = spec["generate_audio"] is True, str(spec["resolution"]).casefold() == "1080p"
        return float(int(spec["duration"]) * (rate + sum(extra)))


def choices(
    options: Mapping[str, Any] | None = None,
    given: InputKind = TEXT,
    policy: Policy | None = None,
    prices: SecondPrices | None = None,
) -> dict[str, ModelChoice]:
    found = list_choices(CATALOGUE, options or {}, given, policy or Policy(), prices or SecondPrices())
    return {choice.family: choice for choice in found}


@pytest.mark.parametrize(
    ("options", "given", "policy", "gone", "families"),
    [
        ({}, TEXT, Policy(), (), ALL),
        ({}, FRAMES, Policy(), (), ALL[2:]),
        ({}, REFERENCES, Policy(), (), ["Veo 3.1"]),
        ({}, REFERENCES, Policy(), (REFERENCE_MODEL,), []),
        ({"duration": 4}, REFERENCES, Policy(), (), []),
        ({}, TEXT, Policy(models=frozenset({REFERENCE_MODEL})), (), ["Veo 3.1"]),
        ({}, IMAGE, Policy(models=frozenset({REFERENCE_MODEL})), (), []),
        ({"seed": 7}, TEXT, Policy(), (), SEEDED),
        ({"seed": 7}, IMAGE, Policy(), (), ["Veo 3", "Veo 3 Fast"]),
        ({}, TEXT, Policy(), ("google/veo3", "google/veo-3.0-i2v"), ALL[1:]),
        ({}, IMAGE, Policy(), ("google/veo3",), ALL),
        ({}, TEXT, Policy(models=frozenset(IDS.values())), (), list(IDS)),
        ({}, IMAGE, Policy(models=frozenset(IDS.values())), (), []),
        ({"duration": 8}, TEXT, Policy(longest_duration=6), (), []),
        ({}, TEXT, Policy(longest_duration=6), (), ALL),
        ({}, TEXT, Policy(longest_duration=3), (), []),
        ({"resolution": "1080P"}, TEXT, Policy(highest_resolution="720P"), (), []),
        ({}, TEXT, Policy(highest_resolution="720P"), (), ALL),
        ({}, TEXT, Policy(words=("video",)), (), ALL),
        # Half typed, or refused in words when it is sent.
        ({"duration": 5}, TEXT, Policy(), (), ALL),
        ({"duration": "eight", "seed": None, "generate_audio": float("nan")}, TEXT, Policy(), (), ALL),
    ],
)
def test_what_cannot_make_the_video_here_is_not_offered(
    options: Mapping[str, Any], given: InputKind, policy: Policy, gone: tuple[str, ...], families: list[str]
) -> None:
    assert list(choices(options, given, policy, SecondPrices(frozenset(gone)))) == families


@pytest.mark.parametrize("gone", ["google/veo3", "google/veo-3.0-i2v"])
@pytest.mark.parametrize("given", [TEXT, IMAGE])
def test_what_lacks_a_row_for_a_later_video_is_not_offered(given: InputKind, gone: str) -> None:
    prices, kinds = SecondPrices(frozenset({gone})), (TEXT, IMAGE)
    models = [model for model in CATALOGUE if model.kind in kinds]
    found = list_choices(models, {}, given, Policy(), prices, needed=kinds)
    assert [choice.family for choice in found] == ALL[1:]


@pytest.mark.parametrize(
    ("options", "policy", "seconds", "price"),
    [
        ({}, Policy(), 8, 40),
        ({"duration": 4}, Policy(), 4, 20),
        ({"duration": 4, "generate_audio": False}, Policy(), 4, 16),
        ({"duration": 4, "resolution": "720P"}, Policy(), 4, 16),
        ({}, Policy(longest_duration=7, highest_resolution="720P"), 6, 24),
    ],
)
def test_the_price_is_that_of_the_options_entered_so_far(
    options: Mapping[str, Any], policy: Policy, seconds: int, price: float
) -> None:
    choice = choices(options, policy=policy)["Veo 3.1"]
    assert (choice.seconds, choice.price) == (seconds, price)


def test_each_says_what_it_still_takes_and_stands_for_its_family() -> None:
    text, image, frames = BY_IMAGES
    assert choices()["Veo 3.1"].kinds == (text, image, frames, REFERENCES)
    assert choices({"duration": 4})["Veo 3.1"].kinds == (text, image, frames)
    assert choices({"seed": 7})["Veo 3.1"].kinds == (text,)
    assert choices(prices=SecondPrices(IMAGE_MODELS))["Veo 3"].kinds == (text,)
    assert choices(given=FRAMES)["Veo 3.1"].id == "google/veo-3.1-t2v"
    assert choices(given=IMAGE, prices=SecondPrices(frozenset({"google/veo3"})))["Veo 3"].id == (
        "google/veo-3.0-i2v"
    )


def test_what_has_to_be_set_too_is_named() -> None:
    policy = Policy(longest_duration=7, highest_resolution="720P")
    assert choices(policy=policy)["Veo 3.1"].to_set == {"duration": 6, "resolution": "720p"}
    assert choices({"duration": 4, "resolution": "720p", "seed": 7}, policy=policy)["Veo 3.1"].to_set == {}


def test_the_cheapest_is_marked_only_where_that_is_known() -> None:
    def cheapest(**given: Any) -> list[str]:
        return [choice.family for choice in choices(**given).values() if choice.is_cheapest]

    assert cheapest() == ["Veo 3 Fast"]
    assert cheapest(options={"resolution": "720P"}) == ["Veo 3 Fast", "Veo 3.1 Fast"]
    assert cheapest(options={"resolution": "720P"}, policy=Policy(models=frozenset(IDS.values()))) == [
        "Veo 3 Fast"
    ]
    assert cheapest(policy=Policy(models=frozenset({"google/veo3"}))) == [], "there is nothing to compare"
    unknown = SecondPrices(unknown=frozenset({"google/veo3"}))
    assert cheapest(prices=unknown) == [], "the unknown one may be cheaper"
    assert choices(prices=unknown)["Veo 3"].price is None
