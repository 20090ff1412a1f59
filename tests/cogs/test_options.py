"""The options that Discord shows are those of the catalogue."""

import inspect

from bot.veo.catalogue import CATALOGUE
from cogs.ui.options import OPTIONS, choices, descriptions
from cogs.veo import VeoCog


def test_every_option_of_every_model_is_there_once() -> None:
    assert set(OPTIONS) == {option.name for model in CATALOGUE for option in model.options}


def test_models_that_share_an_option_agree_about_it() -> None:
    for model in CATALOGUE:
        for option in model.options:
            assert OPTIONS[option.name] == option, f"{model.label} has another `{option.name}`"


def test_the_command_takes_exactly_these_options() -> None:
    parameters = list(inspect.signature(VeoCog.veo.callback).parameters)
    assert parameters == ["self", "interaction", "prompt", "model", *OPTIONS]


def test_the_defaults_are_said() -> None:
    assert descriptions() == {
        "duration": "Seconds of video (default: 8)",
        "aspect_ratio": "Wide or upright picture (default: 16:9)",
        "resolution": "Height of the picture (default: 720P)",
        "negative_prompt": "What the video should not show",
        "seed": "The same seed and prompt give a similar video",
        "enhance_prompt": "Let the provider's AI rewrite the prompt in more detail (default: yes)",
        "generate_audio": "Make sound too (default: yes)",
    }


def test_only_options_with_fixed_values_offer_choices() -> None:
    offered = {name: [choice.value for choice in values] for name, values in choices().items()}
    assert offered == {
        "model": [model.id for model in CATALOGUE],
        "duration": [4, 6, 8],
        "aspect_ratio": ["16:9", "9:16"],
        "resolution": ["720P", "1080P"],
    }
