"""The fields of the Remix form: filled in, within Discord's bounds, and read back unchanged."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.media.images import ImageInput
from bot.provider.catalogue import CATALOGUE, Model, OptionValue, build_request
from bot.provider.choosing import family_heads, kind_for, models_for
from bot.provider.input_kinds import InputKind
from bot.requests.spec import RequestSpec
from cogs.veo.request_form import RemixInputs

words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)
models = st.sampled_from([model.id for model in family_heads(CATALOGUE) if model.option("seed")])
options = st.fixed_dictionaries(
    {},
    optional={
        "duration": st.sampled_from([4, 6, 8]),
        "aspect_ratio": st.sampled_from(["16:9", "9:16"]),
        "resolution": st.sampled_from(["720P", "1080P"]),
        "negative_prompt": words,
        "seed": st.integers(0, 2**32 - 1),
        "enhance_prompt": st.booleans(),
        "generate_audio": st.booleans(),
    },
)


def as_spelled(model_id: str, chosen: dict[str, OptionValue]) -> dict[str, OptionValue]:
    """Return the options as a model's row spells them: that is how they are written down."""
    return dict(build_request(model_id, "a dragon", chosen).options)


def takes(model: Model, name: str, value: OptionValue) -> bool:
    option = model.option(name)
    return option is not None and (not option.choices or value in option.choices or name == "resolution")


def fields(inputs: RemixInputs) -> dict[str, Any]:
    """Return the fields as Discord gets them."""
    found = [label.to_component_dict() for label in inputs.labels]
    return {label["component"]["custom_id"]: label["component"] for label in found}


def send(inputs: RemixInputs, **changes: str) -> RequestSpec:
    """Send the form as it opened, with `changes`, as discord.py fills it in."""
    for label in inputs.labels:
        field: Any = label.component
        sent = fields(inputs)[field.custom_id]
        default = [option["value"] for option in sent.get("options", []) if option.get("default")]
        chosen = changes.get(field.custom_id, default[0] if default else sent.get("value", ""))
        if "options" in sent:
            field._values = [chosen]
        else:
            field._value = chosen
    return inputs.read()


@given(model=models, prompt=words, chosen=options)
def test_a_form_that_is_sent_as_it_opened_changes_nothing(
    model: str, prompt: str, chosen: dict[str, OptionValue]
) -> None:
    spec = RequestSpec(model, prompt, as_spelled(model, chosen))
    assert send(RemixInputs(CATALOGUE, spec)) == spec


@given(model=st.sampled_from(CATALOGUE), prompt=words, chosen=options)
def test_images_stay_as_they_were(model: Model, prompt: str, chosen: dict[str, OptionValue]) -> None:
    images = tuple(ImageInput.checked(field) for field in model.kind.image_fields)
    has_references = model.kind is InputKind.REFERENCES
    able = {name: value for name, value in chosen.items() if takes(model, name, value)}
    spec = RequestSpec(model.id, prompt, as_spelled(model.id, able), images, has_references=has_references)
    inputs = RemixInputs(CATALOGUE, spec)
    assert send(inputs) == spec
    assert ("image" in (inputs.labels[-1].description or "")) is bool(images)


@given(model=models, images=st.integers(0, 2), prompt=words, chosen=options)
def test_discord_takes_the_form(model: str, images: int, prompt: str, chosen: dict[str, OptionValue]) -> None:
    given_ones = (ImageInput.checked("https://cdn.example/cat.png"),) * images
    model = model if not images else models_for(CATALOGUE, kind_for(images))[0].id
    inputs = RemixInputs(CATALOGUE, RequestSpec(model, prompt, chosen, given_ones))
    assert len(inputs.labels) <= 5
    for label in inputs.labels:
        assert len(label.text) <= 45
        assert len(label.description or "") <= 100
    for field in fields(inputs).values():
        chosen_ones = [option for option in field.get("options", []) if option.get("default")]
        assert "options" not in field or (field["options"] and len(chosen_ones) == 1)
        assert len(field.get("options", [])) <= 25
        assert len(field.get("value") or "") <= field.get("max_length", 4000) <= 4000


@given(model=models, other=models, chosen=options)
def test_what_is_chosen_can_be_asked_for(model: str, other: str, chosen: dict[str, OptionValue]) -> None:
    inputs = RemixInputs(CATALOGUE, RequestSpec(model, "a dragon", chosen))
    spec = send(inputs, model=other, duration="6", picture="9:16 720P", negative_prompt=" ")
    request = build_request(other, spec.prompt, spec.options)
    assert spec.model == other
    resolved = request.resolved
    height = str(resolved["resolution"]).upper()
    assert (resolved["duration"], resolved["aspect_ratio"], height) == (6, "9:16", "720P")
    assert "negative_prompt" not in spec.options
    for name in ("seed", "enhance_prompt", "generate_audio"):
        assert spec.options.get(name) == chosen.get(name), f"{name} is not shown, so it stays"


def test_the_longest_words_fit() -> None:
    inputs = RemixInputs(CATALOGUE, RequestSpec("google/veo3", "x" * 3000, {"negative_prompt": "y" * 3000}))
    assert len(fields(inputs)["prompt"]["value"]) == 2000
    assert len(fields(inputs)["negative_prompt"]["value"]) == 1000


def test_a_model_that_is_not_offered_any_more_gives_way_to_the_first() -> None:
    spec = send(
        RemixInputs(CATALOGUE, RequestSpec("gone/model", "a dragon", {"duration": 4, "mood": "dark"}))
    )
    assert spec == RequestSpec("google/veo3", "a dragon", {"duration": 4})


def test_heights_that_differ_in_spelling_only_are_one_choice() -> None:
    inputs = RemixInputs(CATALOGUE, RequestSpec("google/veo-3.1-t2v", "a dragon", {}))
    images = [option["label"] for option in fields(inputs)["picture"]["options"]]
    assert images == ["16:9 720P", "16:9 1080P", "9:16 720P", "9:16 1080P"]
    assert send(inputs, model="google/veo3").options == {"resolution": "1080P"}, "what it was made with stays"


def test_what_no_model_of_the_form_has_is_no_field() -> None:
    def names(model_id: str, *, has_references: bool = False, images: int = 0) -> list[str]:
        given_ones = (ImageInput.checked("https://cdn.example/cat.png"),) * images
        spec = RequestSpec(model_id, "a dragon", {}, given_ones, has_references=has_references)
        return [*fields(RemixInputs(CATALOGUE, spec))]

    everything = ["prompt", "negative_prompt", "model", "duration", "picture"]
    assert names("google/veo3") == everything
    references = names("google/veo-3.1-reference-to-video", has_references=True, images=3)
    assert references == [name for name in everything if name != "negative_prompt"]
