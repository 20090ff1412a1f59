"""The models that can be asked for, and the options each one takes.

One table: the /veo command, validation, the client, the sandbox's server and the documents read it.
A model is a row, never an `if`. Adding one is adding a `Model` to `CATALOGUE`. What the members choose is
a family, by its first row; which row of it makes the video follows from the images they give.

Source: the schemas in the provider's documents "Veo 3 (Text-to-Video)" and "Veo 3 Fast (Text-to-Video)",
"Create a video generation task and send it to the server", and those of the other models in the provider's
API reference ("Video Models", "Google").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from bot.i18n import N_, _, ngettext
from bot.provider.input_kinds import LABELS, MAX_REFERENCES, InputKind
from bot.provider.options import InvalidOptionError, Option, OptionValue, checked_text, words_in

PROMPT_MAX_LENGTH = 2000  # characters; one Discord message holds no more
_KIND_MARK = "#"  # in no name of the provider's


@dataclass(frozen=True, slots=True)
class Model:
    """One model, as far as it makes videos from one kind of input.

    Attributes:
        id: the row's own name, which is written down: the provider's name of the model, and where that takes
            several kinds of input, `#` and the kind for all rows but the first.
        family: our name for all that differ in their `kind` only.
        description: what it is good for, in English.
        min_sides: pixels that its images need on their shorter side, in their order; missing: the schema
            asks for none.
    """

    id: str
    family: str
    kind: InputKind
    description: str
    options: tuple[Option, ...]
    min_sides: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """Our name for the row."""
        return _(LABELS[self.kind], family=self.family)

    @property
    def provider_name(self) -> str:
        """The provider's name of the model."""
        return provider_name_of(self.id)

    def sides(self, count: int) -> tuple[int, ...]:
        """Return how many pixels each of `count` images needs on its shorter side; 0: any."""
        return (*self.min_sides, *[0] * count)[:count]

    def option(self, name: str) -> Option | None:
        """Return the option called `name`, or None where the model has none."""
        return next((option for option in self.options if option.name == name), None)


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """A checked request: what is sent to the provider, and nothing else.

    `options` holds only what the member chose, spelled as the provider spells it; `images` the images, or
    the video, as links or data URIs, in the order of `InputKind.fields`, references as they were given;
    nothing until it is sent.
    """

    model: Model
    prompt: str
    options: Mapping[str, OptionValue]
    images: tuple[str, ...] = field(default=(), repr=False)  # millions of characters, and nobody's business

    def with_images(self, images: Sequence[str]) -> Self:
        """Return the request with its images.

        Raises:
            InvalidOptionError: its model is not made for so many.
        """
        if len(images) not in self.model.kind.counts:
            raise InvalidOptionError(
                ngettext(
                    "{model} can't use {count} image.",
                    "{model} can't use {count} images.",
                    len(images),
                    model=self.model.label,
                )
            )
        return replace(self, images=tuple(images))

    @property
    def private(self) -> tuple[str, ...]:
        """A member's own words, which nobody else may read."""
        return words_in(self.prompt, self.options)

    @property
    def body(self) -> dict[str, OptionValue | list[str]]:
        """The JSON body of the create call.

        Raises:
            ValueError: it has not the images that its model needs.
        """
        files = self.model.kind.placed(self.images)
        return {"model": self.model.provider_name, "prompt": self.prompt, **self.options, **files}

    @property
    def resolved(self) -> dict[str, OptionValue]:
        """The options that the video is really made with: the choices, then the model's defaults."""
        return {
            option.name: value
            for option in self.model.options
            if (value := self.options.get(option.name, option.default)) is not None
        }


DURATION = Option("duration", int, N_("Length of the video in seconds"), choices=(4, 6, 8), default=8)
ONLY_8 = replace(DURATION, choices=(8,))
# The schema names no default for the ratio; 16:9 is what its examples come back with (1280x720).
ASPECT_RATIO = Option(
    "aspect_ratio", str, N_("Landscape or portrait"), choices=("16:9", "9:16"), default="16:9"
)
# With an image no document says what the ratio is, so nothing is claimed about it.
IMAGE_RATIO = replace(ASPECT_RATIO, default=None)
RESOLUTION = Option(
    "resolution", str, N_("Resolution of the video"), choices=("720P", "1080P"), default="720P"
)
RESOLUTION_3_1 = replace(RESOLUTION, choices=("720p", "1080p"), default="1080p")
NEGATIVE_PROMPT = Option("negative_prompt", str, N_("What the video should not show"))
SEED = Option("seed", int, N_("Reuse a seed and a prompt to get a similar video"))
ENHANCE_PROMPT = Option(
    "enhance_prompt",
    bool,
    N_("Let the video service's AI rewrite your prompt in more detail"),
    default=True,
    words=(N_("prompt enhanced"), N_("prompt as written")),
)
AUTO_FIX = Option(
    "auto_fix",
    bool,
    N_("Let the video service rewrite a prompt that it would reject"),
    default=True,
    words=(N_("auto-fix"), N_("no auto-fix")),
)
GENERATE_AUDIO = Option(
    "generate_audio", bool, N_("Add sound"), default=True, words=(N_("sound"), N_("no sound"))
)

_WORDING = (NEGATIVE_PROMPT, SEED, ENHANCE_PROMPT, GENERATE_AUDIO)
VEO_3 = (DURATION, ASPECT_RATIO, RESOLUTION, *_WORDING)
VEO_3_IMAGE = (DURATION, IMAGE_RATIO, RESOLUTION, *_WORDING)
VEO_3_1 = (DURATION, ASPECT_RATIO, RESOLUTION_3_1, *_WORDING, AUTO_FIX)
VEO_3_1_IMAGE = (DURATION, IMAGE_RATIO, RESOLUTION_3_1, GENERATE_AUDIO)
VEO_3_1_REFERENCES = (ONLY_8, RESOLUTION_3_1, GENERATE_AUDIO)

# "Should be 720p or higher resolution"; of resolutions the schemas say that the number is the shorter side.
# What is asked of the first image is not asked of the last one.
FIRST_720 = (720,)
BOTH_720 = (720, 720)
ALL_720 = (720,) * MAX_REFERENCES

# Of the two that are called lite, each takes no image, one or two under one name.
LITE = (DURATION, ASPECT_RATIO, RESOLUTION, GENERATE_AUDIO)
LITE_IMAGE = (DURATION, IMAGE_RATIO, RESOLUTION, GENERATE_AUDIO)
LITE_PREVIEW = (DURATION, ASPECT_RATIO, RESOLUTION_3_1, GENERATE_AUDIO)
LITE_PREVIEW_FRAMES = (ONLY_8, IMAGE_RATIO, RESOLUTION_3_1, GENERATE_AUDIO)

_BEST, _QUICK = N_("Best image and sound quality"), N_("Quicker and cheaper")
_NEWER, _NEWER_QUICK = N_("Newer; can go from one image to another"), N_("Newer, quicker and cheaper")
_ALIKE = N_("Keeps people and things from your images recognizable")
_LIGHTER, _EARLY = N_("A lighter version"), N_("An early version of Lite")
_FRAMES = "veo-3.1-first-last-image-to-video"
_LITE, _LITE_PREVIEW = "veo-3.1-lite-generate-001", "google/veo-3-1-lite-generate-preview"


def _lite(
    provider_name: str, family: str, description: str, options: Sequence[tuple[Option, ...]]
) -> list[Model]:
    """Return the rows of a model that takes no image, one or two under one name."""
    kinds = (InputKind.TEXT, InputKind.IMAGE, InputKind.FRAMES)
    return [
        Model(
            provider_name if kind is InputKind.TEXT else f"{provider_name}{_KIND_MARK}{kind.name.lower()}",
            family,
            kind,
            description,
            row,
            BOTH_720,
        )
        for kind, row in zip(kinds, options, strict=True)
    ]


# Of each family the first row is what members choose.
CATALOGUE: tuple[Model, ...] = (
    Model("google/veo3", "Veo 3", InputKind.TEXT, _BEST, VEO_3),
    Model("google/veo-3.0-fast", "Veo 3 Fast", InputKind.TEXT, _QUICK, VEO_3),
    Model("google/veo-3.1-t2v", "Veo 3.1", InputKind.TEXT, _NEWER, VEO_3_1),
    Model("google/veo-3.1-t2v-fast", "Veo 3.1 Fast", InputKind.TEXT, _NEWER_QUICK, VEO_3_1),
    Model("google/veo-3.0-i2v", "Veo 3", InputKind.IMAGE, _BEST, VEO_3_IMAGE),
    Model("google/veo-3.0-i2v-fast", "Veo 3 Fast", InputKind.IMAGE, _QUICK, VEO_3_IMAGE),
    Model("google/veo-3.1-i2v", "Veo 3.1", InputKind.IMAGE, _NEWER, VEO_3_1_IMAGE, FIRST_720),
    Model("google/veo-3.1-i2v-fast", "Veo 3.1 Fast", InputKind.IMAGE, _NEWER_QUICK, VEO_3_1_IMAGE, FIRST_720),
    Model(f"google/{_FRAMES}", "Veo 3.1", InputKind.FRAMES, _NEWER, VEO_3_1_IMAGE, FIRST_720),
    Model(f"google/{_FRAMES}-fast", "Veo 3.1 Fast", InputKind.FRAMES, _NEWER_QUICK, VEO_3_1_IMAGE, FIRST_720),
    Model(
        "google/veo-3.1-reference-to-video",
        "Veo 3.1",
        InputKind.REFERENCES,
        _ALIKE,
        VEO_3_1_REFERENCES,
        ALL_720,
    ),
    *_lite(_LITE, "Veo 3.1 Lite", _LIGHTER, (LITE, LITE_IMAGE, LITE_IMAGE)),
    *_lite(
        _LITE_PREVIEW,
        "Veo 3.1 Lite Preview",
        _EARLY,
        (LITE_PREVIEW, VEO_3_1_IMAGE, LITE_PREVIEW_FRAMES),
    ),
)


# The ids of all rows that take references, or took them. A row that goes leaves its id here: what was written
# down with it says by that alone what its images are.
_TOOK_REFERENCES: frozenset[str] = frozenset()
REFERENCE_MODELS = _TOOK_REFERENCES | {model.id for model in CATALOGUE if model.kind is InputKind.REFERENCES}

# What extends a video: chosen by a button, so it's no row of what members choose from. A family that the bot
# offers has its row here, too.
_DURATION_7 = replace(DURATION, choices=(7,), default=7)
_AS_BEFORE = replace(ASPECT_RATIO, choices=("auto", "16:9", "9:16"), default="auto")
_RESOLUTION_720 = replace(RESOLUTION, choices=("720p",), default="720p")
_EXTEND = (_DURATION_7, _AS_BEFORE, _RESOLUTION_720, GENERATE_AUDIO, replace(AUTO_FIX, default=False))
EXTENDERS: tuple[Model, ...] = (
    Model("google/veo3-1-extend-video", "Veo 3.1", InputKind.VIDEO, _NEWER, _EXTEND),
    Model("google/veo3-1-fast-extend-video", "Veo 3.1 Fast", InputKind.VIDEO, _NEWER_QUICK, _EXTEND),
)
ALL_MODELS: tuple[Model, ...] = (*CATALOGUE, *EXTENDERS)


def provider_name_of(model_id: str) -> str:
    """Return the provider's name of a row's model, whether or not the row is still in the catalogue."""
    return model_id.partition(_KIND_MARK)[0]


def same_model(model_id: str) -> tuple[str, ...]:
    """Return the ids of all rows that the provider knows by one name, the given one included."""
    name = provider_name_of(model_id)
    return tuple({model_id, *(model.id for model in ALL_MODELS if model.provider_name == name)})


def get_model(model_id: str) -> Model | None:
    """Return the row with the id `model_id`, or None when it is not in the catalogue."""
    return next((model for model in ALL_MODELS if model.id == model_id), None)


def resolution_rank(resolution: object) -> int:
    """Return a number by which resolutions, however a model spells them, can be compared: the lines."""
    digits = "".join(char for char in str(resolution) if char.isdecimal())
    return int(digits) if digits else 0


def build_request(model_id: str, prompt: str, options: Mapping[str, OptionValue | None]) -> VideoRequest:
    """Check a member's options against the catalogue; options that are None were not chosen.

    Raises:
        InvalidOptionError: the model is unknown, the prompt is empty or too long, or an option
            is not allowed.
    """
    model = _known_model(model_id)
    chosen: dict[str, OptionValue] = {}
    for name, value in options.items():
        if value is None:
            continue
        option = model.option(name)
        if option is None:
            raise InvalidOptionError(_("{model} has no option `{option}`.", model=model.label, option=name))
        chosen[name] = option.parse(value)
    return VideoRequest(model, checked_text(prompt, "prompt", PROMPT_MAX_LENGTH), chosen)


def _known_model(model_id: str) -> Model:
    model = get_model(model_id)
    if model is None:
        raise InvalidOptionError(_("That model is no longer available. Choose another one."))
    return model
