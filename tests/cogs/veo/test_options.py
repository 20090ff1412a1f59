"""The options that Discord shows are those of the catalogue."""

import inspect
from dataclasses import replace

from bot.i18n import locale_used
from bot.money import to_credits
from bot.provider.catalogue import CATALOGUE
from bot.requests.model_choices import ModelChoice
from cogs.veo.cog import VeoCog
from cogs.veo.options import FILES, NAME_MAX_LENGTH, OPTIONS, choices, descriptions, fits, model_text

FAST = tuple(model for model in CATALOGUE if model.family == "Veo 3.1 Fast")
CHOICE = ModelChoice(FAST, 8, to_credits(0.8), is_cheapest=True)


def test_every_option_of_every_model_is_there_once() -> None:
    assert set(OPTIONS) == {option.name for model in CATALOGUE for option in model.options}


def test_models_that_share_an_option_agree_about_all_but_spelling_and_default() -> None:
    for model in CATALOGUE:
        for option in model.options:
            shown = OPTIONS[option.name]
            assert (option.type, option.description) == (shown.type, shown.description)
            assert {shown.spelled(choice) for choice in option.choices} <= {*shown.choices}, (
                f"Discord doesn't offer all of `{option.name}` for {model.label}"
            )
            bounds = (option.minimum, option.maximum, option.max_length)
            assert bounds == (shown.minimum, shown.maximum, shown.max_length)


def test_the_command_takes_exactly_these_options() -> None:
    parameters = list(inspect.signature(VeoCog.veo.callback).parameters)
    assert parameters == ["self", "interaction", "prompt", "model", *FILES, *OPTIONS]


def test_the_defaults_are_said() -> None:
    assert descriptions() == {
        "prompt": "Describe the video",
        "model": "Which model makes it",
        "image": "An image to start from: PNG, JPEG or WebP, up to 8 MiB",
        "last_image": "An image to end with; needs the first image too",
        "reference_1": "A reference image: who or what to show; not together with an image to start from",
        "reference_2": "Another reference image",
        "reference_3": "Another reference image",
        "duration": "Length of the video in seconds (default: 8)",
        "aspect_ratio": "Landscape or portrait (default: 16:9 or the video service's choice, by model)",
        "resolution": "Resolution of the video (default: 720P or 1080p, by model)",
        "negative_prompt": "What the video should not show",
        "seed": "Reuse a seed and a prompt to get a similar video",
        "enhance_prompt": "Let the video service's AI rewrite your prompt in more detail (default: yes)",
        "generate_audio": "Add sound (default: yes)",
        "auto_fix": "Let the video service rewrite a prompt that it would reject (default: yes)",
    }


def test_only_options_with_fixed_values_offer_choices() -> None:
    offered = {name: [choice.value for choice in values] for name, values in choices().items()}
    assert offered == {
        "duration": [4, 6, 8],
        "aspect_ratio": ["16:9", "9:16"],
        "resolution": ["720P", "1080P"],
    }


def test_it_says_the_length_the_price_and_what_it_takes() -> None:
    assert model_text(CHOICE) == (
        "Veo 3.1 Fast · 8 s · about $0.80 · cheapest · text, one image or two images"
    )
    dear = ModelChoice(FAST[:1], 4, to_credits(1234.5))
    assert model_text(dear) == "Veo 3.1 Fast · 4 s · about $1,234.50 · text"
    short = ModelChoice(FAST[:1], 4, to_credits(0.4), {"duration": 4, "resolution": "720p"})
    assert model_text(short) == "Veo 3.1 Fast · 4 s · about $0.40 · set duration: 4, resolution: 720p · text"
    with locale_used("de"):
        assert model_text(dear) == "Veo 3.1 Fast · 4 s · etwa 1.234,50\xa0$ · Text"


def test_what_is_not_known_is_not_said() -> None:
    assert model_text(ModelChoice(FAST[1:2], None, None)) == "Veo 3.1 Fast · one image"


def test_it_always_fits_into_what_discord_shows() -> None:
    for length in range(1, 200):
        family = "V" * length
        text = model_text(replace(CHOICE, models=tuple(replace(model, family=family) for model in FAST)))
        assert text.startswith(family[:NAME_MAX_LENGTH])
        assert len(text) <= NAME_MAX_LENGTH
        assert not text.endswith(" · ")


def test_it_is_found_by_a_part_of_what_it_is_called() -> None:
    for typed in ("", "veo 3.1 F", "FAST", " t2v-fast", "from two im", model_text(CHOICE)):
        assert fits(CHOICE, typed), typed
    for typed in ("Veo 3 Fast", "google/veo3", "8 s", "sora"):
        assert not fits(CHOICE, typed), typed
