"""What is offered in place of a model that is gone: the next one that makes the same video here."""

from collections.abc import Mapping

import pytest

from bot.failures import FailureKind
from bot.policy.documents import Policy
from bot.provider.catalogue import CATALOGUE, OptionValue, get_model
from bot.provider.choosing import parse_models
from bot.provider.input_kinds import InputKind
from bot.requests.successors import find_successor, has_others
from tests.bot.prices import FixedPrices
from tests.bot.rows import new_row

SMALL = Policy(highest_resolution="720P")
TWO = Policy(models=frozenset({"google/veo3", "google/veo-3.1-t2v"}))


@pytest.mark.parametrize(
    ("models", "gone", "options", "policy", "others_gone", "expected"),
    [
        ("", "google/veo3", {}, Policy(), (), "google/veo-3.0-fast"),
        ("", "google/veo3", {}, Policy(), ("google/veo-3.0-fast",), "google/veo-3.1-t2v"),
        ("", "google/veo-3.1-t2v-fast", {}, Policy(), (), "veo-3.1-lite-generate-001"),
        ("", "google/veo-3-1-lite-generate-preview", {}, Policy(), (), "google/veo3"),
        # Veo 3.1 wants larger images than Veo 3 did.
        ("", "google/veo-3.0-i2v-fast", {}, Policy(), ("google/veo-3.0-i2v",), None),
        ("", "google/veo-3.0-i2v", {"seed": 7}, Policy(), (), "google/veo-3.0-i2v-fast"),
        ("", "google/veo-3.0-i2v-fast", {"seed": 7}, Policy(), ("google/veo-3.0-i2v",), None),
        ("", "google/veo3", {}, TWO, (), "google/veo-3.1-t2v"),
        ("", "google/veo3", {"resolution": "720P"}, SMALL, (), "google/veo-3.0-fast"),
        ("", "google/veo-3.0-fast", {}, SMALL, (), "veo-3.1-lite-generate-001"),
        ("Veo 3.1", "google/veo3", {}, Policy(), (), "google/veo-3.1-t2v"),
        ("Veo 3.1, Veo 3 Fast", "google/veo-3.1-t2v", {}, Policy(), (), "google/veo-3.0-fast"),
        ("Veo 3.1", "google/veo-3.1-t2v", {}, Policy(), (), None),
    ],
)
def test_it_is_the_next_one_that_takes_the_same(
    models: str,
    gone: str,
    options: Mapping[str, OptionValue],
    policy: Policy,
    others_gone: tuple[str, ...],
    expected: str | None,
) -> None:
    model, prices = get_model(gone), FixedPrices(5)
    assert model is not None
    prices.gone = frozenset(others_gone)
    found = find_successor(parse_models(models), model, options, policy, prices)
    assert (found and found.model.id) == expected
    assert found is None or found.price == 5


def test_every_model_has_one_but_that_which_alone_takes_references() -> None:
    for model in CATALOGUE:
        found = find_successor(CATALOGUE, model, {}, Policy(), FixedPrices(None))
        if model.kind is InputKind.REFERENCES:
            assert found is None
            continue
        assert found is not None, model.id
        assert (found.model.kind, found.price) == (model.kind, None)


@pytest.mark.parametrize(
    ("model", "others_gone", "kind", "expected"),
    [
        ("google/veo3", (), FailureKind.MODEL_GONE, True),
        ("google/veo-3.1-reference-to-video", (), FailureKind.MODEL_GONE, False),
        ("google/veo3-1-extend-video", (), FailureKind.MODEL_GONE, True),
        ("google/veo3-1-extend-video", ("google/veo3-1-fast-extend-video",), FailureKind.MODEL_GONE, False),
        # Veo 3 takes images of any size.
        ("google/veo-3.1-i2v", (), FailureKind.IMAGE_SMALL, True),
        (
            "google/veo-3.1-i2v",
            ("google/veo-3.0-i2v", "google/veo-3.0-i2v-fast"),
            FailureKind.IMAGE_SMALL,
            False,
        ),
        ("veo-3.1-lite-generate-001#frames", (), FailureKind.IMAGE_SMALL, True),
        ("google/veo-3.1-first-last-image-to-video", (), FailureKind.IMAGE_SMALL, False),
        ("google/veo-3.1-reference-to-video", (), FailureKind.IMAGE_SMALL, False),
    ],
)
def test_another_model_could_make_the_video_where_it_takes_the_same_images(
    model: str, others_gone: tuple[str, ...], kind: FailureKind, *, expected: bool
) -> None:
    row = new_row(model=model, failure_kind=kind)
    assert has_others(CATALOGUE, row, frozenset(others_gone)) is expected


def test_a_films_shot_whose_image_is_too_small_has_no_other_model() -> None:
    shot = new_row(model="google/veo-3.1-i2v", failure_kind=FailureKind.IMAGE_SMALL, film_id="f" * 16, shot=1)
    assert not has_others(CATALOGUE, shot, ())
