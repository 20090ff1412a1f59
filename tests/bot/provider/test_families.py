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
from bot.provider.choosing import choose_model, family_heads, find_model, kind_for, parse_models
from tests.bot.rows import PROMPT

TEXT, IMAGE, FRAMES, REFERENCES = InputKind.TEXT, InputKind.IMAGE, InputKind.FRAMES, InputKind.REFERENCES
ALSO = "You can also choose Veo 3, Veo 3 Fast, Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview."

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
    chosen = choose_model(CATALOGUE, model.id, kind)
    assert (chosen.family, chosen.kind) == (model.family, kind)


@pytest.mark.parametrize(
    ("model_id", "kind", "expected"),
    [
        (None, TEXT, "google/veo3"),
        (None, IMAGE, "google/veo-3.0-i2v"),
        (None, FRAMES, "google/veo-3.1-first-last-image-to-video"),
        (None, REFERENCES, "google/veo-3.1-reference-to-video"),
        ("google/veo-3.1-t2v", REFERENCES, "google/veo-3.1-reference-to-video"),
        ("google/veo-3.1-i2v", REFERENCES, "google/veo-3.1-reference-to-video"),
        ("google/veo-3.1-t2v", FRAMES, "google/veo-3.1-first-last-image-to-video"),
        ("google/veo-3.1-t2v-fast", FRAMES, "google/veo-3.1-first-last-image-to-video-fast"),
        ("google/veo-3.0-i2v-fast", IMAGE, "google/veo-3.0-i2v-fast"),
    ],
)
def test_the_model_follows_from_the_family_and_the_images(
    model_id: str | None, kind: InputKind, expected: str
) -> None:
    assert choose_model(CATALOGUE, model_id, kind).id == expected


@pytest.mark.parametrize(
    ("gone", "kind", "expected"),
    [
        ({"google/veo3"}, TEXT, "google/veo-3.0-fast"),
        ({"google/veo-3.0-i2v", "google/veo-3.0-i2v-fast"}, IMAGE, "google/veo-3.1-i2v"),
        ({model.id for model in CATALOGUE}, TEXT, "google/veo3"),  # so that it's refused in words
    ],
)
def test_without_a_choice_it_is_the_next_one_that_lives(
    gone: set[str], kind: InputKind, expected: str
) -> None:
    assert choose_model(CATALOGUE, None, kind, gone).id == expected


@pytest.mark.parametrize(
    ("model_id", "kind", "sentence"),
    [
        (
            "google/veo3",
            FRAMES,
            "Veo 3 can't make a video from two images. "
            "Choose Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview.",
        ),
        (
            "google/veo-3.0-fast",
            FRAMES,
            "Veo 3 Fast can't make a video from two images. "
            "Choose Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview.",
        ),
        ("google/veo-3.0-i2v", TEXT, f"Veo 3 from an image needs an image. {ALSO}"),
        (
            "google/veo-3.1-first-last-image-to-video",
            IMAGE,
            f"Veo 3.1 from two images needs two images. {ALSO}",
        ),
        (
            "google/veo-3.1-reference-to-video",
            TEXT,
            f"Veo 3.1 from reference images needs reference images. {ALSO}",
        ),
        (
            "google/veo-3.1-reference-to-video",
            IMAGE,
            f"Veo 3.1 from reference images takes reference images instead of an image. {ALSO}",
        ),
        (
            "Veo 3.1 from reference images",
            FRAMES,
            "Veo 3.1 from reference images takes reference images instead of an image. You can also choose "
            "Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite or Veo 3.1 Lite Preview.",
        ),
        (
            "google/veo3",
            REFERENCES,
            "Veo 3 can't make a video from reference images. Choose Veo 3.1.",
        ),
        (
            "google/veo2",
            FRAMES,
            "“google/veo2” isn't a model that I can use. Choose Veo 3.1, Veo 3.1 Fast, Veo 3.1 Lite "
            "or Veo 3.1 Lite Preview.",
        ),
    ],
)
def test_what_a_family_cannot_do_is_refused_in_a_sentence(
    model_id: str, kind: InputKind, sentence: str
) -> None:
    with pytest.raises(InvalidOptionError) as refusal:
        choose_model(CATALOGUE, model_id, kind)
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
    assert choose_model(some, "veo 3.1", IMAGE).id == "google/veo-3.1-i2v"
    assert choose_model(some, None, TEXT).id == "google/veo-3.1-t2v-fast", "the first that can"


@pytest.mark.parametrize(
    ("models", "name", "kind", "sentence"),
    [
        ("Veo 3", "google/veo-3.1-t2v", TEXT, "“Veo 3.1” isn't a model that I can use. Choose Veo 3."),
        ("Veo 3", None, FRAMES, "No model makes a video from 2 images."),
        ("Veo 3", None, REFERENCES, "I have no model that makes a video from reference images."),
        (
            "google/veo-3.0-i2v",
            None,
            TEXT,
            "I have no model that makes a video from text alone, only from an image.",
        ),
        (
            "google/veo-3.1-reference-to-video, google/veo-3.1-first-last-image-to-video",
            None,
            TEXT,
            "I have no model that makes a video from text alone, only from two images or "
            "from reference images.",
        ),
        ("google/veo3, Veo 3.1", "veo 3", IMAGE, "Veo 3 can't make a video from an image. Choose Veo 3.1."),
    ],
)
def test_what_the_operator_does_not_offer_is_refused(
    models: str, name: str | None, kind: InputKind, sentence: str
) -> None:
    with pytest.raises(InvalidOptionError) as refusal:
        choose_model(parse_models(models), name, kind)
    assert str(refusal.value) == sentence


def test_what_a_family_cannot_make_is_answered_with_those_that_can_and_are_not_gone() -> None:
    gone = {model.id for model in CATALOGUE if model.family == "Veo 3.1"}
    with pytest.raises(InvalidOptionError, match=r"Choose Veo 3\.1 Fast, Veo 3\.1 Lite or Veo"):
        choose_model(CATALOGUE, "Veo 3", FRAMES, gone)


def test_what_no_model_is_called_is_answered_with_what_can_make_the_video() -> None:
    with pytest.raises(InvalidOptionError) as refusal:
        choose_model(CATALOGUE, "*sora*", TEXT, {"google/veo3"})
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
    request = build_request(
        choose_model(CATALOGUE, "veo-3.1-lite-generate-001", kind_for(len(images))).id, PROMPT, {}
    )
    assert request.model.id == row
    assert request.with_images(images).body == {
        "model": "veo-3.1-lite-generate-001",
        "prompt": PROMPT,
        **dict(zip(("image_url", "last_image_url"), images, strict=False)),
    }


@pytest.mark.parametrize("references", [["a"], ["a", "b", "c"]])
def test_references_are_sent_as_a_list(references: list[str]) -> None:
    request = build_request("google/veo-3.1-reference-to-video", PROMPT, {})
    assert request.with_images(references).body == {
        "model": "google/veo-3.1-reference-to-video",
        "prompt": PROMPT,
        "image_urls": references,
    }


def test_no_more_than_two_images_are_the_beginning_and_the_end() -> None:
    with pytest.raises(InvalidOptionError, match=r"^No model makes a video from 3 images\.$"):
        kind_for(3)


def test_a_family_is_not_represented_by_what_needs_references_unless_that_is_all_of_it() -> None:
    some = parse_models("google/veo-3.1-reference-to-video, google/veo-3.1-i2v")
    assert [model.kind for model in family_heads(some)] == [IMAGE]
    assert choose_model(some, "Veo 3.1", IMAGE).kind is IMAGE


def test_two_images_may_leave_one_length() -> None:
    row = choose_model(CATALOGUE, "google/veo-3-1-lite-generate-preview", FRAMES).id
    with pytest.raises(InvalidOptionError, match=r"^Here, `duration` must be 8\.$"):
        build_request(row, PROMPT, {"duration": 4})
    assert build_request(row, PROMPT, {}).resolved["duration"] == 8


@every_model
@pytest.mark.parametrize("count", range(5))
def test_a_request_without_the_images_of_its_model_cannot_be_sent(model: Model, count: int) -> None:
    request = build_request(model.id, PROMPT, {})
    if count in model.kind.counts:
        assert request.with_images(["x"] * count).images == ("x",) * count
    else:
        with pytest.raises(InvalidOptionError):
            request.with_images(["x"] * count)
    if model.kind.image_fields:
        with pytest.raises(ValueError, match="files"):
            _ = request.body


def test_a_request_does_not_show_its_images() -> None:
    request = build_request("google/veo-3.0-i2v", PROMPT, {})
    assert "secret" not in repr(request.with_images(["secret"]))


def test_the_advice_about_small_images_holds_for_every_model() -> None:
    needed = {side for model in CATALOGUE for side in model.sides(2)}
    assert f"at least {max(needed)} pixels" in FailureKind.IMAGE_SMALL.advice
