"""The video's last step: made to fit where the server or its members' players need that, then posted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic

import structlog

from bot.clock import monotonic
from bot.jobs.ports import (
    DeliveryPostponedError,
    Posted,
    PostPort,
    Subject,
    UploadBrokenError,
    UploadTooLargeError,
)
from bot.media.files import MAX_SIZE, NO_ROOM, Clip
from bot.media.fit_plan import FittingError, NoRoomError, ample_size
from bot.media.fitting import Fitted, Fitter, Loss
from bot.media.upload_limits import UploadLimits

BROKEN_TRIES = 3  # uploads of a file that break in a row until its size is taken for the reason
UPLOAD_PATIENCE = 1800.0  # seconds for which a video's uploads may fail until the next failure means a link


class SearchPostponedError(DeliveryPostponedError):
    """An earlier post can't be looked for now; that says nothing about uploads."""


Begin = Callable[[Subject], Awaitable[Subject]]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Suspicion:
    """The broken uploads of one video; a restart may forget them.

    Attributes:
        since: when the first post failed.
        limit: bytes that are tried at most.
        broken: uploads within it that broke.
        is_last: no server ever took fewer bytes.
    """

    since: float
    limit: int = MAX_SIZE
    broken: int = 0
    is_last: bool = False

    def is_hopeless(self, now: float) -> bool:
        """Whether no file will go through, as far as can be told."""
        return (self.is_last and self.broken >= BROKEN_TRIES) or now - self.since > UPLOAD_PATIENCE


class Upload(Generic[Subject]):
    """Posts videos that always fit: the original, another form of it, or a link."""

    def __init__(
        self,
        delivery: PostPort[Subject],
        fitter: Fitter,
        limits: UploadLimits,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._delivery = delivery
        self._fitter = fitter
        self._limits = limits
        self._clock = clock
        self._suspicions: dict[str, _Suspicion] = {}  # by the subject's id

    async def find(self, subject: Subject) -> Posted | None:
        """Return the message with the video, as `PostPort.find_result`."""
        return await self._delivery.find_result(subject)

    async def post(self, subject: Subject, clip: Clip, begin: Begin[Subject]) -> Posted:
        """Post `clip` in the best form that the server takes.

        `begin` writes down that a post is about to be made. It comes after the encoder, which may take longer
        than Discord remembers a message's nonce.

        Raises:
            DeliveryPostponedError, UndeliverableError: as `DeliveryPort.post_video`.
            DatabaseBusyError: what was learnt cannot be recorded now.
        """
        suspicion = self._suspicions.get(subject.id)
        try:
            posted = await self._post(subject, clip, begin, suspicion.limit if suspicion else MAX_SIZE)
        except SearchPostponedError:
            raise
        except DeliveryPostponedError as error:
            suspicion = self._suspicions.setdefault(subject.id, _Suspicion(self._clock()))
            if isinstance(error, UploadBrokenError):
                self._suspect(suspicion, error)
            if error.retry_after is not None or not suspicion.is_hopeless(self._clock()):
                raise
            log.warning("could not upload a file, so posting a link", reason=str(error))
            posted = await self._post_link(subject, clip, begin)
        self._suspicions.pop(subject.id, None)
        return posted

    async def _post_link(self, subject: Subject, clip: Clip, begin: Begin[Subject]) -> Posted:
        """Post a link, unless an upload got through and only its answer was lost."""
        found = await self._delivery.find_result(subject)
        return found or await self._delivery.post_video(await begin(subject), clip, with_file=False)

    async def _post(self, subject: Subject, clip: Clip, begin: Begin[Subject], max_size: int) -> Posted:
        guild_id, tier = subject.guild_id, await self._delivery.boost_level(subject)
        limit: int | None = await self._limits.limit_of(guild_id, tier)
        while limit is not None:
            try:
                fitted = await self._fitted(clip, min(limit, max_size))
                shown, loss = (clip, None) if fitted is None else (fitted.clip, fitted.loss)
                return await self._send(subject, shown, loss, begin)
            except NoRoomError as error:
                log.error("could not shrink a video: could not use the disk", error=str(error))
                raise DeliveryPostponedError(NO_ROOM) from error
            except FittingError as error:
                log.warning("could not shrink a video, so posting a link", reason=str(error))
                break
            except UploadTooLargeError as error:
                limit = await self._limits.learn(guild_id, tier, error.size)
        return await self._send(subject, clip, None, begin, with_file=False)

    async def _send(
        self,
        subject: Subject,
        clip: Clip,
        loss: Loss | None,
        begin: Begin[Subject],
        *,
        with_file: bool = True,
    ) -> Posted:
        """Post, unless an earlier try got through while files were fetched, joined and encoded."""
        found = await self._look_again(subject) if subject.may_be_posted else None
        if found is not None:
            log.info("an earlier attempt has got through", id=subject.id, message=found.message_id)
            return found
        return await self._delivery.post_video(await begin(subject), clip, loss, with_file=with_file)

    async def _look_again(self, subject: Subject) -> Posted | None:
        try:
            return await self._delivery.find_result(subject)
        except DeliveryPostponedError as error:
            raise SearchPostponedError(str(error), error.retry_after) from error

    async def _fitted(self, clip: Clip, limit: int) -> Fitted | None:
        """Return `clip` in a form that fits and plays, or None where it is posted unchanged.

        Raises:
            FittingError: it is too large, and there is no smaller form.
        """
        if clip.size > limit:
            return await self._fitter.fit(clip, limit)
        if not clip.unplayable:
            return None
        try:
            return await self._fitter.fit(clip, limit, aim=ample_size(clip))
        except FittingError as error:  # a file without a player can still be downloaded and played
            log.warning(
                "could not convert a video, so posting the original",
                unplayable=clip.unplayable,
                reason=str(error),
            )
            return None

    def _suspect(self, suspicion: _Suspicion, error: UploadBrokenError) -> None:
        """Count a broken upload; the size is blamed for this video only, since a network breaks them too."""
        suspicion.broken += 1
        lower = self._limits.below(error.size)
        suspicion.is_last = lower is None
        if suspicion.broken >= BROKEN_TRIES and lower is not None:
            log.warning("uploads keep failing, so trying a smaller file", size=error.size, limit=lower)
            suspicion.limit, suspicion.broken = lower, 0
