"""The models that can be asked for, and the options each one takes.

One table: the /veo command, validation, the client, the sandbox's server and the README read it.
A model is a row, never an `if`. Adding one is adding a `Model` to `CATALOGUE`.

Source: the schemas in the provider's documents "Veo 3 (Text-to-Video)" and
"Veo 3 Fast (Text-to-Video)", "Create a video generation task and send it to the server".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.text import clean

OptionValue = bool | int | str

TYPE_NAMES: dict[type, str] = {bool: "yes or no", int: "a whole number", str: "text"}

PROMPT_MAX_LENGTH = 2000  # characters; one Discord message holds no more
NEGATIVE_PROMPT_MAX_LENGTH = 1000  # characters
SEED_MAX = 2**32 - 1  # Veo's seed is an unsigned 32-bit number


class InvalidOptionError(ValueError):
    """A request that the catalogue does not allow; `str()` is a sentence for the member."""


class Kind(StrEnum):
    """What a model makes a video from."""

    TEXT = "text-to-video"


@dataclass(frozen=True, slots=True)
class Option:
    """One field of a model's request body.

    Attributes:
        name: the field's name on the wire and in the command.
        type: bool, int or str.
        description: shown beside the option in Discord; at most 100 characters.
        choices: the only allowed values, spelled as the provider spells them; empty: any.
        default: what the provider uses when the field is not sent; None: it decides by itself.
        minimum, maximum: bounds of an int without choices.
        max_length: characters of a str without choices.
    """

    name: str
    type: type[OptionValue]
    description: str
    choices: tuple[int | str, ...] = ()
    default: OptionValue | None = None
    minimum: int = 0
    maximum: int = SEED_MAX
    max_length: int = NEGATIVE_PROMPT_MAX_LENGTH

    def parse(self, value: object) -> OptionValue:
        """Return `value` as the provider spells it.

        Raises:
            InvalidOptionError: it is of the wrong type or outside the choices or bounds.
        """
        if type(value) is not self.type:
            raise InvalidOptionError(f"`{self.name}` must be {TYPE_NAMES[self.type]}.")
        if self.choices:
            return self._choose(value)
        match value:
            case bool():
                return value
            case int() if not self.minimum <= value <= self.maximum:
                raise InvalidOptionError(f"`{self.name}` must be from {self.minimum:,} to {self.maximum:,}.")
            case str():
                return _checked_text(value, self.name, self.max_length)
            case _:
                return value

    def _choose(self, value: object) -> OptionValue:
        for choice in self.choices:
            if choice == value or (isinstance(value, str) and str(choice).casefold() == value.casefold()):
                return choice
        allowed = ", ".join(str(choice) for choice in self.choices)
        raise InvalidOptionError(f"`{self.name}` must be one of: {allowed}.")


@dataclass(frozen=True, slots=True)
class Model:
    """One model: `id` is the provider's name, `label` ours."""

    id: str
    label: str
    kind: Kind
    description: str
    options: tuple[Option, ...]

    def option(self, name: str) -> Option | None:
        """Return the option called `name`, or None where the model has none."""
        return next((option for option in self.options if option.name == name), None)


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """A checked request: what is sent to the provider, and nothing else.

    `options` holds only what the member chose, spelled as the provider spells it.
    """

    model: Model
    prompt: str
    options: Mapping[str, OptionValue]

    @property
    def body(self) -> dict[str, OptionValue]:
        """The JSON body of the create call."""
        return {"model": self.model.id, "prompt": self.prompt, **self.options}

    @property
    def resolved(self) -> dict[str, OptionValue]:
        """What the video will really be made with: the choices, then the model's defaults."""
        return {
            option.name: value
            for option in self.model.options
            if (value := self.options.get(option.name, option.default)) is not None
        }


DURATION = Option("duration", int, "Seconds of video", choices=(4, 6, 8), default=8)
# The schema names no default for the ratio; 16:9 is what its examples come back with (1280x720).
ASPECT_RATIO = Option(
    "aspect_ratio", str, "Wide or upright picture", choices=("16:9", "9:16"), default="16:9"
)
RESOLUTION = Option("resolution", str, "Height of the picture", choices=("720P", "1080P"), default="720P")
NEGATIVE_PROMPT = Option("negative_prompt", str, "What the video should not show")
SEED = Option("seed", int, "The same seed and prompt give a similar video")
ENHANCE_PROMPT = Option(
    "enhance_prompt", bool, "Let the provider's AI rewrite the prompt in more detail", default=True
)
GENERATE_AUDIO = Option("generate_audio", bool, "Make sound too", default=True)

VEO_3_OPTIONS = (
    DURATION,
    ASPECT_RATIO,
    RESOLUTION,
    NEGATIVE_PROMPT,
    SEED,
    ENHANCE_PROMPT,
    GENERATE_AUDIO,
)

CATALOGUE: tuple[Model, ...] = (
    Model(
        id="google/veo3",
        label="Veo 3",
        kind=Kind.TEXT,
        description="Best picture and sound",
        options=VEO_3_OPTIONS,
    ),
    Model(
        id="google/veo-3.0-fast",
        label="Veo 3 Fast",
        kind=Kind.TEXT,
        description="Quicker and cheaper",
        options=VEO_3_OPTIONS,
    ),
)

DEFAULT_MODEL = CATALOGUE[0]


def get_model(model_id: str) -> Model | None:
    """Return the model with the provider's name `model_id`, or None when it is not in the catalogue."""
    return next((model for model in CATALOGUE if model.id == model_id), None)


def resolution_rank(resolution: object) -> int:
    """Return a number by which resolutions, however a model spells them, can be compared: the lines."""
    digits = "".join(char for char in str(resolution) if char.isdecimal())
    return int(digits) if digits else 0


def build_request(model_id: str, prompt: str, options: Mapping[str, OptionValue | None]) -> VideoRequest:
    """Check a member's wishes against the catalogue; options that are None were not chosen.

    Raises:
        InvalidOptionError: the model is unknown, the prompt is empty or too long, or an option
            is not allowed.
    """
    model = get_model(model_id)
    if model is None:
        raise InvalidOptionError("That model is not offered any more. Please choose another one.")
    chosen: dict[str, OptionValue] = {}
    for name, value in options.items():
        if value is None:
            continue
        option = model.option(name)
        if option is None:
            raise InvalidOptionError(f"{model.label} has no option `{name}`.")
        chosen[name] = option.parse(value)
    return VideoRequest(model, _checked_text(prompt, "prompt", PROMPT_MAX_LENGTH), chosen)


def _checked_text(text: object, name: str, max_length: int) -> str:
    if not isinstance(text, str):
        raise InvalidOptionError(f"`{name}` must be {TYPE_NAMES[str]}.")
    cleaned, shown_name = clean(text), name.replace("_", " ")
    if not cleaned:
        raise InvalidOptionError(f"The {shown_name} is empty. Please write what you mean in words.")
    if len(cleaned) > max_length:
        raise InvalidOptionError(
            f"The {shown_name} has {len(cleaned):,} characters; at most {max_length:,} are possible."
        )
    return cleaned
