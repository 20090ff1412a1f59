"""Members choose a family; which of its models makes the video follows from the images they give."""

import pytest

from bot.failures import FailureKind
from bot.provider.catalogue import (
    CATALOGUE,
    InputKind,
    InvalidOptionError,
    Model,
    build_request,
)
from bot.provider.choosing import choose_model, family_heads, find_model, parse_models
from tests.bot.rows import PROMPT

TEXT, IMAGE = InputKind.TEXT, InputKind.IMAGE

every_model = pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.id)


def test_members_choose_from_the_families() -> None:
    assert [model.label for model in family_heads(CATALOGUE)] == [
        "Veo 3",
        "Veo 3 Fast",
        "Veo 3.1",
        "Veo 3.1 Fast",
        "Veo 3.1 Lite",
        "Veo 3.1 Lite Preview",
    ]
    assert {model.kind for model in family_heads(CATALOGUE)} == {TEXT}


@pytest.mark.parametrize("model", family_heads(CATALOGUE), ids=lambda model: model.family)
@pytest.mark.parametrize("kind", [TEXT, IMAGE])
def test_with_an_image_it_is_the_image_model_of_the_same_family(model: Model, kind: InputKind) -> None:
    chosen = choose_model(CATALOGUE, model.id, len(kind.image_fields))
    assert (chosen.family, chosen.kind) == (model.family, kind)


@pytest.mark.parametrize(
    ("model_id", "images", "expected"),
    [
        (None, 0, "google/veo3"),
        (None, 1, "google/veo-3.0-i2v"),
        (None, 2, "google/veo-3.1-first-last-image-to-video"),
        ("google/veo-3.1-t2v", 2, "google/veo-3.1-first-last-image-to-video"),
        ("google/veo-3.1-t2v-fast", 2, "google/veo-3.1-first-last-image-to-video-fast"),
        ("google/veo-3.0-i2v-fast", 1, "google/veo-3.0-i2v-fast"),
    ],
)
def test_the_model_follows_from_the_family_and_the_images(
    model_id: str | None, images: int, expected: str
) -> None:
    assert choose_model(CATALOGUE, model_id, images).id == expected


@pytest.mark.parametrize(
    ("model_id", "images", "sentence"),
    [
        (
            "google/veo3",
            2,
            "Veo 3 can't make a video from two images. "
            "Choose Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview.",
        ),
        (
            "google/veo-3.0-fast",
            2,
            "Veo 3 Fast can't make a video from two images. "
            "Choose Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview.",
        ),
        ("google/veo-3.0-i2v", 0, "Veo 3 from an image needs an image."),
        ("google/veo-3.1-first-last-image-to-video", 1, "Veo 3.1 from two images needs two images."),
        ("google/veo3", 3, "No model makes a video from 3 images."),
        (
            "google/veo2",
            2,
            "“google/veo2” isn't a model that I can use. Choose Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite "
            "or Veo 3.1 Lite Preview.",
        ),
    ],
)
def test_what_a_family_cannot_do_is_refused_in_a_sentence(model_id: str, images: int, sentence: str) -> None:
    with pytest.raises(InvalidOptionError) as refusal:
        choose_model(CATALOGUE, model_id, images)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("veo 3.1 FAST", "google/veo-3.1-t2v-fast"),
        (" Veo 3 ", "google/veo3"),
        ("GOOGLE/veo-3.0-i2v", "google/veo-3.0-i2v"),
        ("Veo 3 from an image", "google/veo-3.0-i2v"),
        ("Veo 3.1 · 8 s · about $4.16 · text", "google/veo-3.1-t2v"),
        ("Veo", None),
        ("", None),
        ("google/", None),
    ],
)
def test_a_model_is_found_by_what_people_call_it(name: str, model_id: str | None) -> None:
    found = find_model(CATALOGUE, name)
    assert (found and found.id) == model_id


def test_an_id_means_its_row_wherever_that_stands() -> None:
    some = parse_models("veo-3.1-lite-generate-001#frames, Veo 3.1 Lite")
    for model in some:
        assert find_model(some, model.id) is model


def test_the_providers_name_means_all_its_rows_to_an_operator() -> None:
    assert len(parse_models("veo-3.1-lite-generate-001")) == 3


def test_a_family_stands_for_its_row_with_the_fewest_images_and_comes_as_its_first_row_does() -> None:
    some = parse_models("google/veo-3.1-i2v, Veo 3.1 Fast, Veo 3.1")
    assert [model.id for model in family_heads(some)] == ["google/veo-3.1-t2v", "google/veo-3.1-t2v-fast"]
    assert choose_model(some, "veo 3.1", 1).id == "google/veo-3.1-i2v"
    assert choose_model(some, None, 0).id == "google/veo-3.1-t2v-fast", "the first that can"


@pytest.mark.parametrize(
    ("models", "name", "images", "sentence"),
    [
        ("Veo 3", "google/veo-3.1-t2v", 0, "“Veo 3.1” isn't a model that I can use. Choose Veo 3."),
        ("Veo 3", None, 2, "No model makes a video from 2 images."),
        (
            "google/veo-3.0-i2v",
            None,
            0,
            "I have no model that makes a video from text alone. Add an `image`.",
        ),
        ("google/veo3, Veo 3.1", "veo 3", 1, "Veo 3 can't make a video from an image. Choose Veo 3.1."),
    ],
)
def test_what_the_operator_does_not_offer_is_refused(
    models: str, name: str | None, images: int, sentence: str
) -> None:
    with pytest.raises(InvalidOptionError) as refusal:
        choose_model(parse_models(models), name, images)
    assert str(refusal.value) == sentence


def test_what_no_model_is_called_is_answered_with_what_can_make_the_video() -> None:
    with pytest.raises(InvalidOptionError) as refusal:
        choose_model(CATALOGUE, "*sora*", 0, {"google/veo3"})
    assert str(refusal.value) == (
        r"“\*sora\*” isn't a model that I can use. Choose Veo 3 Fast, "
        "Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview."
    )


@pytest.mark.parametrize("name", ["auto_fix", "enhance_prompt", "negative_prompt", "seed"])
def test_what_a_model_lacks_is_refused_by_name(name: str) -> None:
    value = {"seed": 1, "enhance_prompt": True, "auto_fix": False}.get(name, "rain")
    with pytest.raises(InvalidOptionError, match=f"^Veo 3\\.1 from an image has no option `{name}`\\.$"):
        build_request("google/veo-3.1-i2v", PROMPT, {name: value})


def test_images_are_sent_in_the_fields_of_the_model() -> None:
    request = build_request("google/veo-3.1-first-last-image-to-video", PROMPT, {"duration": 4})
    assert request.with_images(["a", "b"]).body == {
        "model": "google/veo-3.1-first-last-image-to-video",
        "prompt": PROMPT,
        "duration": 4,
        "image_url": "a",
        "last_image_url": "b",
    }


@pytest.mark.parametrize(
    ("images", "row"),
    [
        ((), "veo-3.1-lite-generate-001"),
        (("a",), "veo-3.1-lite-generate-001#image"),
        (("a", "b"), "veo-3.1-lite-generate-001#frames"),
    ],
)
def test_a_model_that_takes_several_kinds_is_sent_under_its_one_name(
    images: tuple[str, ...], row: str
) -> None:
    request = build_request(choose_model(CATALOGUE, "veo-3.1-lite-generate-001", len(images)).id, PROMPT, {})
    assert request.model.id == row
    assert request.with_images(images).body == {
        "model": "veo-3.1-lite-generate-001",
        "prompt": PROMPT,
        **dict(zip(("image_url", "last_image_url"), images, strict=False)),
    }


def test_two_images_may_leave_one_length() -> None:
    row = choose_model(CATALOGUE, "google/veo-3-1-lite-generate-preview", 2).id
    with pytest.raises(InvalidOptionError, match=r"^Here, `duration` must be 8\.$"):
        build_request(row, PROMPT, {"duration": 4})
    assert build_request(row, PROMPT, {}).resolved["duration"] == 8


@every_model
@pytest.mark.parametrize("count", range(4))
def test_a_request_without_the_images_of_its_model_cannot_be_sent(model: Model, count: int) -> None:
    request = build_request(model.id, PROMPT, {})
    if count == len(model.kind.image_fields):
        assert request.with_images(["x"] * count).images == ("x",) * count
    else:
        with pytest.raises(InvalidOptionError):
            request.with_images(["x"] * count)
    if model.kind.image_fields:
        with pytest.raises(ValueError, match="zip"):
            _ = request.body


def test_a_request_does_not_show_its_images() -> None:
    request = build_request("google/veo-3.0-i2v", PROMPT, {})
    assert "secret" not in repr(request.with_images(["secret"]))


def test_the_advice_about_small_images_holds_for_every_model() -> None:
    needed = {side for model in CATALOGUE for side in model.sides(2)}
    assert f"at least {max(needed)} pixels" in FailureKind.IMAGE_SMALL.advice
