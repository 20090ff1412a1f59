"""Continuing a video: its last frame becomes the first image of the next one."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admission.availability import nearest_allowed
from bot.admission.check_request import Prices
from bot.db.database import Database
from bot.db.guild_models import ReportRow
from bot.db.models import Generation, is_there
from bot.errors import NotFoundError, RestartingError, UserError, uncounted
from bot.i18n import _
from bot.media.downloads import FileGoneError, MediaError
from bot.media.files import VideoStore
from bot.media.image_links import video_link
from bot.media.images import ImageInput
from bot.media.last_frames import LastFrames, NoFrameError, VideoSources
from bot.media.whole_videos import VideoTooLargeError, WholeVideos
from bot.policy.documents import Policy
from bot.policy.store import fetch_policy
from bot.provider.catalogue import InvalidOptionError, Model, OptionValue, build_request, get_model
from bot.provider.choosing import extenders_of, models_for
from bot.provider.input_kinds import InputKind
from bot.requests.spec import RequestSpec
from bot.signals import StoppingError, unless_stopping

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")

FRAME_TO_COME = ImageInput.checked("")
ANY_ALLOWED = Policy()


class CannotContinueError(UserError):
    """There is nothing that could be continued; the sentence says why."""


class Continuations:
    """Finds what a video's continuation begins with.

    Args:
        videos: who may have kept the file.
        models: those that the bot offers, in the operator's order.
        prices: also says which models are gone.
        stopping: set when the program is to stop; nothing is searched for then.
    """

    def __init__(
        self,
        database: Database,
        videos: VideoStore,
        frames: LastFrames,
        whole: WholeVideos,
        *,
        models: Sequence[Model],
        prices: Prices,
        stopping: asyncio.Event,
    ) -> None:
        self._database = database
        self._videos = videos
        self._frames = frames
        self._whole = whole
        self._models = models
        self._prices = prices
        self._stopping = stopping

    async def find(self, guild_id: int, generation_id: str) -> Generation:
        """Return a video that can be continued, as far as the database knows.

        Raises:
            NotFoundError: the server has none with this ID.
            CannotContinueError: it is not finished, or was taken down, reported or forgotten.
            DatabaseBusyError: nothing can be read now.
        """
        return await self._database.read(
            lambda session: fetch_continuable(session, guild_id, generation_id), hurried=True
        )

    async def last_frame(self, generation: Generation, attachment: str | None, model_id: str | None) -> bytes:
        """Return a video's last frame as a JPEG, large enough for the model that continues it.

        Args:
            generation: the video.
            model_id: of that model.
            attachment: Discord's address of the file in its message; None: there is none any more.

        Raises:
            CannotContinueError: the video is gone, or cannot be read.
            RestartingError: the program is stopping.
        """
        model = get_model(model_id or "")
        sources = VideoSources(attachment, self._videos.find_original(generation.id), generation.video_url)
        try:
            return await self._search(self._frames.find(sources, model.sides(1)[0] if model else 0))
        except MediaError as error:
            log.info("no last frame", generation=generation.id, reason=str(error))
            raise CannotContinueError(_sentence(error)) from error

    async def next_spec(self, generation: Generation, prompt: str, model: Model | None) -> RequestSpec:
        """Return the request for what happens next; see `continued_spec`.

        Raises:
            DatabaseBusyError: nothing can be read now.
        """
        policy = await self._database.read(
            lambda session: fetch_policy(session, generation.guild_id), hurried=True
        )
        return continued_spec(generation, prompt, model, policy)

    async def ensure_there(self, generation: Generation, attachment: str | None) -> None:
        """Check that a video can still be fetched, before it's extended; `attachment`: as for `last_frame`.

        Raises:
            CannotContinueError: the video is gone, or too large.
            RestartingError: the program is stopping.
        """
        sources = VideoSources(attachment, self._videos.find_original(generation.id), generation.video_url)
        try:
            await self._search(self._whole.fetch(sources))
        except MediaError as error:
            log.info("no video to extend", generation=generation.id, reason=str(error))
            raise CannotContinueError(_video_sentence(error)) from error

    async def _search(self, search: Coroutine[Any, Any, T]) -> T:
        try:
            return await unless_stopping(search, self._stopping)
        except StoppingError:
            raise RestartingError from None

    def extenders_after(self, generation: Generation) -> tuple[Model, ...]:
        """Return the living models that can extend a video, the one of the same family first."""
        return self._living(by_family(generation, extenders_of(self._models)))

    def models_after(self, generation: Generation) -> tuple[Model, ...]:
        """Return the living models that can continue a video, the one of the same family first."""
        return self._living(models_after(generation, self._models))

    def _living(self, models: Sequence[Model]) -> tuple[Model, ...]:
        return tuple(model for model in models if model.id not in self._prices.gone)


def fetch_continuable(session: Session, guild_id: int, generation_id: str) -> Generation:
    """Return a video that can be continued; raises as `Continuations.find`."""
    generation = session.get(Generation, generation_id)
    if generation is None or generation.guild_id != guild_id:
        raise NotFoundError
    if generation.removed_at is not None:
        reason = _("This video was removed, so I can't continue it.")
    elif generation.erased_at is not None:
        reason = _("The prompt and the link of this video were deleted, so I can't continue it.")
    elif not is_continuable(generation):
        reason = _("There's no finished video with that ID to continue.")
    elif _has_open_report(session, generation):
        # Who made it isn't told that somebody reported it.
        reason = _("This video can't be continued right now. Try again later.")
    else:
        return generation
    raise CannotContinueError(uncounted(reason))


def is_continuable(generation: Generation) -> bool:
    """Whether there is a finished video that was neither taken down nor forgotten."""
    return is_there(generation) and generation.delivered_at is not None


def find_post(session: Session, guild_id: int, generation_id: str) -> list[int | None] | None:
    """Return where a video stands: its channel (None: a direct message) and its message; None: nowhere."""
    found = session.execute(
        select(Generation.result_channel_id, Generation.result_id).where(
            Generation.id == generation_id,
            Generation.guild_id == guild_id,
            Generation.result_id.is_not(None),
            Generation.removed_at.is_(None),
            Generation.erased_at.is_(None),
        )
    ).one_or_none()
    return None if found is None else list(found)


def models_after(generation: Generation, models: Sequence[Model]) -> tuple[Model, ...]:
    """Return those of `models` that can continue a video, the one of the same family first."""
    return by_family(generation, models_for(models, InputKind.IMAGE))


def by_family(generation: Generation, models: Sequence[Model]) -> tuple[Model, ...]:
    """Return models, the one of the same family as a video's first."""
    before = get_model(generation.model)
    family = None if before is None else before.family
    return tuple(sorted(models, key=lambda model: model.family != family))


def continued_spec(
    generation: Generation, prompt: str, model: Model | None, policy: Policy = ANY_ALLOWED
) -> RequestSpec:
    """Return the request for what happens next; its image has to be put in.

    All options stay, as far as the model takes them and the server allows them. `model`: None: there is
    none, which is refused.
    """
    return RequestSpec(
        None if model is None else model.id,
        prompt,
        {} if model is None else _allowed_options(generation, model, policy),
        (FRAME_TO_COME,),
        source_id=generation.id,
        continues_id=generation.id,
    )


def extended_spec(generation: Generation, prompt: str, model: Model) -> RequestSpec:
    """Return the request for a video that goes on from another one; options as in `continued_spec`."""
    return RequestSpec(
        model.id,
        prompt,
        _kept_options(generation, model),
        (ImageInput.checked(video_link(generation.id)),),
        source_id=generation.id,
        continues_id=generation.id,
    )


def _allowed_options(generation: Generation, model: Model, policy: Policy) -> dict[str, OptionValue]:
    kept = _kept_options(generation, model)
    nearest = nearest_allowed(model, policy, kept)
    return kept | {name: value for name, value in nearest.items() if value is not None}


def _kept_options(generation: Generation, model: Model) -> dict[str, OptionValue]:
    """Return what a video was made with, defaults included, where that is not the model's default anyway."""
    kept: dict[str, OptionValue] = {}
    for name, value in _made_with(generation).items():
        option = model.option(name)
        spelled = value if option is None or not option.choices else option.spelled(value)
        if option is not None and spelled is not None and spelled != option.default:
            kept[name] = spelled
    return kept


def _made_with(generation: Generation) -> dict[str, OptionValue]:
    try:
        return build_request(generation.model, generation.prompt, generation.options).resolved
    except InvalidOptionError:  # a model that the catalogue has no more
        return dict(generation.options)


def _has_open_report(session: Session, generation: Generation) -> bool:
    """Whether moderators still have to decide about a video, or about the film that it's a shot of."""
    query = select(ReportRow.id).where(
        ReportRow.generation_id.in_([generation.id, generation.film_id or generation.id]),
        ReportRow.deleted_by.is_(None),
        ReportRow.dismissed_by.is_(None),
    )
    return session.scalar(query.limit(1)) is not None


def _sentence(error: MediaError) -> str:
    match error:
        case FileGoneError():
            reason = _(
                "I can't find this video anymore: its message is gone, I have no copy, and the "
                "video service's link doesn't work. Use `/veo` with an image instead."
            )
        case NoFrameError():
            reason = _(
                "I couldn't read this video's last frame. Take a screenshot of it and use `/veo` "
                "with that image instead."
            )
        case _:
            reason = _("I couldn't get this video right now. Try again in a minute.")
    return uncounted(reason)


def _video_sentence(error: MediaError) -> str:
    match error:
        case FileGoneError():
            reason = _(
                "I can't find this video anymore: its message is gone, I have no copy, and the "
                "video service's link doesn't work. So I can't extend it."
            )
        case VideoTooLargeError():
            reason = _("This video's file is too large to extend. Use *Continue* instead.")
        case _:
            reason = _("I couldn't get this video right now. Try again in a minute.")
    return uncounted(reason)
