"""The catalogue says what the provider's documents say, and checks every wish against it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.provider.catalogue import (
    CATALOGUE,
    PROMPT_MAX_LENGTH,
    InputKind,
    InvalidOptionError,
    Model,
    Option,
    build_request,
    get_model,
)
from bot.provider.options import SEED_MAX
from sandbox.schema import check_body
from tests.bot.drawn import illustrated
from tests.bot.rows import PROMPT

# What the documents leave to the provider: their examples come back wide.
OUR_DEFAULTS = {"aspect_ratio": "16:9"}
JSON_TYPES: dict[str, type] = {"string": str, "integer": int, "boolean": bool}
DOCUMENT = Path("shared", "seeds", "veo3-text-to-video.md")  # the other one only links to its schema

# name: (type, choices, default), as both documents give them.
EXPECTED_OPTIONS: dict[str, tuple[type, tuple[int | str, ...], bool | int | str | None]] = {
    "duration": (int, (4, 6, 8), 8),
    "aspect_ratio": (str, ("16:9", "9:16"), "16:9"),
    "resolution": (str, ("720P", "1080P"), "720P"),
    "negative_prompt": (str, (), None),
    "seed": (int, (), None),
    "enhance_prompt": (bool, (), True),
    "generate_audio": (bool, (), True),
}

AUTO_FIX = {"auto_fix": (bool, (), True)}
WORDS = {"negative_prompt", "seed", "enhance_prompt"}

every_model = pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.id)


def create_schema() -> dict[str, Any]:
    """Return the schema of the create call in the provider's document, if it lies beside the repository."""
    documents = (parent / DOCUMENT for parent in Path(__file__).resolve().parents)
    document = next((path for path in documents if path.is_file()), None)
    if document is None:
        pytest.skip(f"the provider's document {DOCUMENT.name} is not beside the repository")
    blocks = re.findall(r"```json\n(\{\"openapi.*?)\n```", document.read_text(encoding="utf-8"), re.DOTALL)
    posts = [post for block in blocks if (post := _post_of(json.loads(block)))]
    return posts[0]["requestBody"]["content"]["application/json"]["schema"]


def _post_of(specification: dict[str, Any]) -> dict[str, Any] | None:
    return next((path["post"] for path in specification["paths"].values() if "post" in path), None)


def test_the_catalogue_repeats_the_schema_of_the_provider() -> None:
    schema = create_schema()
    fields = schema["properties"]
    (model_id,) = fields["model"]["enum"]
    model = get_model(model_id)
    assert model is not None, f"{model_id} is not in the catalogue"
    assert sorted(schema["required"]) == ["model", "prompt"]
    names = [name for name in fields if name not in {"model", "prompt"}]
    assert [option.name for option in model.options] == names
    for option in model.options:
        field = fields[option.name]
        assert option.type is JSON_TYPES[field["type"]], option.name
        assert list(option.choices) == field.get("enum", []), option.name
        default = field.get("default", OUR_DEFAULTS.get(option.name))
        # One default of the documents is a number written as a string.
        assert str(option.default) == str(default), option.name


# id: (family, kind, spelling of the resolution and its default, and whether the words' options are there)
TEXT, IMAGE, FRAMES = InputKind.TEXT, InputKind.IMAGE, InputKind.FRAMES
OLD, NEW = (("720P", "1080P"), "720P"), (("720p", "1080p"), "1080p")
EXPECTED_MODELS: dict[str, tuple[str, InputKind, tuple[tuple[str, ...], str], bool]] = {
    "google/veo3": ("Veo 3", TEXT, OLD, True),
    "google/veo-3.0-fast": ("Veo 3 Fast", TEXT, OLD, True),
    "google/veo-3.1-t2v": ("Veo 3.1", TEXT, NEW, True),
    "google/veo-3.1-t2v-fast": ("Veo 3.1 Fast", TEXT, NEW, True),
    "google/veo-3.0-i2v": ("Veo 3", IMAGE, OLD, True),
    "google/veo-3.0-i2v-fast": ("Veo 3 Fast", IMAGE, OLD, True),
    "google/veo-3.1-i2v": ("Veo 3.1", IMAGE, NEW, False),
    "google/veo-3.1-i2v-fast": ("Veo 3.1 Fast", IMAGE, NEW, False),
    "google/veo-3.1-first-last-image-to-video": ("Veo 3.1", FRAMES, NEW, False),
    "google/veo-3.1-first-last-image-to-video-fast": ("Veo 3.1 Fast", FRAMES, NEW, False),
    "google/veo-3.1-reference-to-video": ("Veo 3.1", InputKind.REFERENCES, NEW, False),
    "veo-3.1-lite-generate-001": ("Veo 3.1 Lite", TEXT, OLD, False),
    "veo-3.1-lite-generate-001#image": ("Veo 3.1 Lite", IMAGE, OLD, False),
    "veo-3.1-lite-generate-001#frames": ("Veo 3.1 Lite", FRAMES, OLD, False),
    "google/veo-3-1-lite-generate-preview": ("Veo 3.1 Lite Preview", TEXT, NEW, False),
    "google/veo-3-1-lite-generate-preview#image": ("Veo 3.1 Lite Preview", IMAGE, NEW, False),
    "google/veo-3-1-lite-generate-preview#frames": ("Veo 3.1 Lite Preview", FRAMES, NEW, False),
}
# "When using last_image_url, the duration can only be 8s."
ONLY_8 = {"google/veo-3-1-lite-generate-preview#frames", "google/veo-3.1-reference-to-video"}


def test_the_models_are_those_of_the_documents() -> None:
    assert [model.id for model in CATALOGUE] == list(EXPECTED_MODELS)


@every_model
def test_every_model_takes_the_documented_options(model: Model) -> None:
    family, kind, (resolutions, resolution), has_words = EXPECTED_MODELS[model.id]
    assert (model.family, model.kind) == (family, kind)
    expected = {**EXPECTED_OPTIONS, "resolution": (str, resolutions, resolution)}
    if kind is not TEXT:
        expected["aspect_ratio"] = (str, ("16:9", "9:16"), None)
    if not has_words:
        expected = {name: expected[name] for name in expected.keys() - WORDS}
    if kind is InputKind.REFERENCES:
        del expected["aspect_ratio"]
    if model.id in ONLY_8:
        expected["duration"] = (int, (8,), 8)
    if model.id.startswith("google/veo-3.1-t2v"):
        expected |= AUTO_FIX
    options = {option.name: (option.type, option.choices, option.default) for option in model.options}
    assert options == expected


def test_names_of_models_are_told_apart() -> None:
    assert len({model.label for model in CATALOGUE}) == len(CATALOGUE)
    assert len({(model.family, model.kind) for model in CATALOGUE}) == len(CATALOGUE)


@every_model
def test_every_text_of_the_catalogue_fits_discord(model: Model) -> None:
    assert len(f"{model.label}: {model.description}") <= 100
    for option in model.options:
        assert 1 <= len(option.description) <= 100, option.name
        assert len(option.choices) <= 25, option.name


def test_a_prompt_alone_is_sent_alone() -> None:
    request = build_request("google/veo3", PROMPT, {})
    assert request.body == {"model": "google/veo3", "prompt": PROMPT}


def test_only_what_was_chosen_is_sent() -> None:
    chosen = {"duration": 4, "seed": None, "generate_audio": False, "negative_prompt": None}
    request = build_request("google/veo-3.0-fast", PROMPT, chosen)
    assert request.body == {
        "model": "google/veo-3.0-fast",
        "prompt": PROMPT,
        "duration": 4,
        "generate_audio": False,
    }


def test_what_was_not_chosen_is_shown_with_its_default() -> None:
    request = build_request("google/veo3", PROMPT, {"duration": 6, "enhance_prompt": False})
    assert request.resolved == {
        "duration": 6,
        "aspect_ratio": "16:9",
        "resolution": "720P",
        "enhance_prompt": False,
        "generate_audio": True,
    }


@pytest.mark.parametrize("spelling", ["1080P", "1080p"])
def test_a_choice_is_sent_as_the_provider_spells_it(spelling: str) -> None:
    assert build_request("google/veo3", PROMPT, {"resolution": spelling}).options == {"resolution": "1080P"}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"duration": True}, "`duration` must be a whole number."),
    ({"duration": "8"}, "`duration` must be a whole number."),
    ({"duration": 8.0}, "`duration` must be a whole number."),
    ({"duration": 5}, "`duration` must be one of: 4, 6, 8."),
    ({"aspect_ratio": "4:3"}, "`aspect_ratio` must be one of: 16:9, 9:16."),
    ({"aspect_ratio": 16}, "`aspect_ratio` must be text."),
    ({"resolution": "720"}, "`resolution` must be one of: 720P, 1080P."),
    ({"seed": -1}, "`seed` must be from 0 to 4,294,967,295."),
    ({"seed": SEED_MAX + 1}, "`seed` must be from 0 to 4,294,967,295."),
    ({"seed": True}, "`seed` must be a whole number."),
    ({"generate_audio": 1}, "`generate_audio` must be yes or no."),
    ({"enhance_prompt": "true"}, "`enhance_prompt` must be yes or no."),
    ({"negative_prompt": 7}, "`negative_prompt` must be text."),
    ({"negative_prompt": "\u200b"}, "The negative prompt is empty. Describe in words what to leave out."),
    (
        {"negative_prompt": "x" * 1001},
        "The negative prompt has 1,001 characters; the maximum is 1,000.",
    ),
    ({"fps": 24}, "Veo 3 has no option `fps`."),
    ({"prompt": "another"}, "Veo 3 has no option `prompt`."),
    ({"model": "google/veo2"}, "Veo 3 has no option `model`."),
]


@pytest.mark.parametrize(("options", "sentence"), WRONG, ids=str)
def test_a_wrong_option_is_refused_in_a_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidOptionError) as refusal:
        build_request("google/veo3", PROMPT, options)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("name", ["seed", "duration"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_too_long_to_be_written_out_is_refused_in_a_sentence(name: str, sign: int) -> None:
    with pytest.raises(InvalidOptionError, match=rf"^`{name}` must be"):
        build_request("google/veo3", PROMPT, {name: sign * 10**5000})


@pytest.mark.parametrize("seed", [0, 1, SEED_MAX])
def test_every_seed_of_32_bits_is_allowed(seed: int) -> None:
    assert build_request("google/veo3", PROMPT, {"seed": seed}).options == {"seed": seed}


@pytest.mark.parametrize("model", ["", "google/veo2", "GOOGLE/VEO3", "Veo 3"])
def test_an_unknown_model_is_refused(model: str) -> None:
    with pytest.raises(InvalidOptionError, match="no longer available"):
        build_request(model, PROMPT, {})


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   ",
        "\n\t\r\n",
        "\u200b\u2060\ufeff",
        "\u202e",
        "\u200d\u200c",
        "\u3164 \u2800",
        "\u034f",
        "\U000e0100",
    ],
)
def test_a_prompt_that_shows_nothing_is_refused(prompt: str) -> None:
    with pytest.raises(InvalidOptionError, match=r"^The prompt is empty\."):
        build_request("google/veo3", prompt, {})


def test_a_prompt_may_fill_one_message_and_no_more() -> None:
    assert build_request("google/veo3", "x" * PROMPT_MAX_LENGTH, {}).prompt == "x" * 2000
    with pytest.raises(InvalidOptionError, match=r"has 2,001 characters; the maximum is 2,000\.$"):
        build_request("google/veo3", "x" * 2001, {})


def test_a_prompt_is_measured_after_it_was_cleaned() -> None:
    assert build_request("google/veo3", " " * 100 + "x" * 2000 + "\u200b" * 100, {}).prompt == "x" * 2000


NAMES = [*EXPECTED_OPTIONS, "fps", "model", "prompt"]
ANY_VALUE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.integers()),
    st.sampled_from([4, 6, 8, "4", "16:9", "9:16", "720p", "1080P"]),
)
any_model = st.sampled_from([model.id for model in CATALOGUE]) | st.text()


@given(
    model=any_model,
    prompt=st.text(),
    options=st.dictionaries(st.sampled_from(NAMES) | st.text(), ANY_VALUE, max_size=4),
)
def test_whatever_is_asked_is_refused_in_a_sentence_or_accepted_by_the_provider(
    model: str, prompt: str, options: dict[str, Any]
) -> None:
    try:
        request = build_request(model, prompt, options)
    except InvalidOptionError:
        return
    check_body(json.loads(json.dumps(illustrated(request).body)))


def allowed_values(option: Option) -> st.SearchStrategy[Any]:
    if option.choices:
        return st.sampled_from(option.choices)
    if option.type is bool:
        return st.booleans()
    if option.type is int:
        return st.integers(option.minimum, option.maximum)
    return st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=option.max_length)


def allowed_options() -> Iterator[st.SearchStrategy[tuple[Model, dict[str, Any]]]]:
    for model in CATALOGUE:
        values = {option.name: st.none() | allowed_values(option) for option in model.options}
        yield st.tuples(st.just(model), st.fixed_dictionaries({}, optional=values))


@given(st.one_of(*allowed_options()))
def test_everything_the_catalogue_offers_is_accepted(wish: tuple[Model, dict[str, Any]]) -> None:
    model, options = wish
    request = build_request(model.id, PROMPT, options)
    order = check_body(json.loads(json.dumps(illustrated(request).body)))
    assert order.model is model
    assert request.options == {name: value for name, value in options.items() if value is not None}
    resolved = request.resolved
    assert resolved["duration"] == order.duration
    assert resolved["resolution"] == order.resolution
    assert resolved.get("seed") == order.seed
