"""The options that Discord shows are those of the catalogue."""

import inspect

from bot.provider.catalogue import CATALOGUE
from cogs.veo.cog import VeoCog
from cogs.veo.options import FILES, OPTIONS, choices, descriptions


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
        "reference_1": "A reference image: who or what to show; not together with the images above",
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
