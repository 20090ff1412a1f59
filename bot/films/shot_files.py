"""The files of shots that are to be joined, wherever they still are: other processes may have made them."""

import asyncio
from contextlib import suppress

import structlog

from bot.db.models import Generation
from bot.jobs.ports import DeliveryPostponedError, FindAttachment
from bot.media.downloads import FileGoneError, MediaError
from bot.media.files import Clip, VideoStore, probe
from bot.provider.client import VeoClient
from bot.provider.errors import UnknownTaskError, VeoError
from bot.provider.options import words_in

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class ShotFiles:
    """Fetches the files of shots.

    Args:
        videos: what lies here, or is fetched from the provider.
        posted: the same folder, with what fetches from Discord.
    """

    def __init__(
        self, videos: VideoStore, posted: VideoStore, veo: VeoClient, find_attachment: FindAttachment
    ) -> None:
        self._videos = videos
        self._posted = posted
        self._veo = veo
        self._find_attachment = find_attachment

    async def fetch(self, shot: Generation) -> Clip:
        """Return a shot's file: from here, from the provider's address or another one, or from its message.

        Raises:
            FileGoneError: it's nowhere any more.
            MediaError: it can't be had now.
        """
        troubles: list[MediaError] = []
        for fetch in (self._known, self._renewed, self._attached):
            try:
                return await fetch(shot)
            except MediaError as error:
                log.warning("a shot's file is missing", generation=shot.id, reason=str(error))
                troubles.append(error)
        passing = (error for error in troubles if not isinstance(error, FileGoneError))
        raise next(passing, troubles[0])

    async def _known(self, shot: Generation) -> Clip:
        original = await asyncio.to_thread(self._videos.find_original, shot.id)
        if original is not None:
            with suppress(MediaError, FileNotFoundError):  # damaged, or deleted by the retention just now
                return await probe(original)
        return await self._videos.fetch(shot.id, shot.video_url or "")

    async def _renewed(self, shot: Generation) -> Clip:
        """Ask the provider for another address: the first one may be dead."""
        try:
            task = await self._veo.retrieve(shot.provider_id or "", words_in(shot.prompt, shot.options))
        except UnknownTaskError as error:
            raise FileGoneError("The provider doesn't know the video any more.") from error
        except VeoError as error:
            raise MediaError("The provider can't be asked for another address now.") from error
        if task.video_url is None or task.video_url == shot.video_url:
            raise FileGoneError("The provider has no other address of the video.")
        return await self._videos.fetch(shot.id, task.video_url)

    async def _attached(self, shot: Generation) -> Clip:
        try:
            address = await self._find_attachment(shot)
        except DeliveryPostponedError as error:
            raise MediaError("Discord can't be asked for the video now.") from error
        if address is None:
            raise FileGoneError("The video is in no message.")
        return await self._posted.fetch(shot.id, address)
