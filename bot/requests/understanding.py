"""The video that a member's options, words and images describe. Pure."""

from collections.abc import Container, Sequence

from bot.errors import BadRequestError
from bot.i18n import _
from bot.media.frame_links import whole_video
from bot.media.images import ensure_large_enough, ensure_usable
from bot.provider.catalogue import InvalidOptionError, Model, VideoRequest, build_request
from bot.provider.choosing import choose_model, extenders_of
from bot.requests.spec import RequestSpec


def understand(spec: RequestSpec, models: Sequence[Model], gone: Container[str] = ()) -> VideoRequest:
    """Return the video that is wished for, by one of `models`; `gone`: those that are nobody's default now.

    Raises:
        BadRequestError: the options or the images do not make one.
    """
    try:
        model = _extender(spec, models) or choose_model(models, spec.model, spec.kind, gone)
        video = build_request(model.id, spec.prompt, spec.options)
    except InvalidOptionError as error:
        raise BadRequestError(f"{error} " + _("This didn't count toward your limit.")) from error
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
