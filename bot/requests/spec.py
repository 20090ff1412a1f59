"""A member's request, on its way from the command to the row, and the video that it describes. Pure."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import BadRequestError, uncounted
from bot.i18n import _
from bot.media.image_links import whole_video
from bot.media.images import ImageInput, ensure_large_enough, ensure_usable
from bot.provider.catalogue import (
    REFERENCE_MODELS,
    InvalidOptionError,
    Model,
    OptionValue,
    VideoRequest,
    build_request,
)
from bot.provider.choosing import choose_model, extenders_of, kind_for
from bot.provider.input_kinds import InputKind


@dataclass(frozen=True, slots=True)
class Shot:
    """A request's place in a film.

    Attributes:
        number: from 1 on.
        awaits_id: the shot whose end it waits for, since it begins with that one's last frame; None: none.
    """

    film_id: str
    number: int
    awaits_id: str | None = None


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """The parameters of a video, as `GenerationService.request` takes them.

    Attributes:
        model: None: not chosen.
        options: those that are None were not chosen.
        source_id: the generation that it repeats or continues.
        continues_id: the generation whose last frame is its first image; a repeat has it from its source.
        shot: its place in a film, if it's a part of one.
        has_references: its images show who or what is to be in the video, not its beginning and end.
    """

    model: str | None
    prompt: str
    options: Mapping[str, OptionValue | None]
    images: tuple[ImageInput, ...] = ()
    source_id: str | None = None
    continues_id: str | None = None
    shot: Shot | None = None
    has_references: bool = False

    @property
    def kind(self) -> InputKind:
        """The kind of input that the video is made from.

        Raises:
            InvalidOptionError: no video is made from so many images.
        """
        return InputKind.REFERENCES if self.has_references else kind_for(len(self.images))

    @property
    def made_from(self) -> Sequence[object]:
        """The marks of its images when it's sent again: each upload has another link at Discord."""
        if self.continues_id is not None:
            return [self.continues_id]
        return [
            image.url.partition("?")[0]
            if image.size is None
            else [image.content_type, image.size, image.width, image.height]
            for image in self.images
        ]


def takes_references(model_id: str) -> bool:
    """Whether the images of a request for a model are references, even if the catalogue has it no more."""
    return model_id in REFERENCE_MODELS


def understand(spec: RequestSpec, models: Sequence[Model], gone: Container[str] = ()) -> VideoRequest:
    """Return the video that is wished for, by one of `models`; `gone`: those that are nobody's default now.

    Raises:
        BadRequestError: the options or the images do not make one.
    """
    try:
        model = _extender(spec, models) or choose_model(models, spec.model, spec.kind, gone)
        video = build_request(model.id, spec.prompt, spec.options)
    except InvalidOptionError as error:
        raise BadRequestError(uncounted(str(error))) from error
    for image, side in zip(spec.images, model.sides(len(spec.images)), strict=True):
        ensure_usable(image)
        ensure_large_enough(image, side, model.family)
    return video


def _extender(spec: RequestSpec, models: Sequence[Model]) -> Model | None:
    """Return what extends the video that the spec is about; None: it's about no video.

    Raises:
        InvalidOptionError: the bot doesn't offer the model, or it makes videos from something else.
    """
    if not any(whole_video(image.url) for image in spec.images):
        return None
    found = next((model for model in extenders_of(models) if model.id == spec.model), None)
    if found is None:
        raise InvalidOptionError(_("That model can't extend a video. Use *Extend* under the video."))
    return found
