"""Files that people upload and that are read whole, since they are small."""

import asyncio
import secrets
from pathlib import Path

import structlog

from bot.media.downloads import Downloads, MediaError
from bot.media.files import NO_ROOM, PART_SUFFIX
from bot.media.images import CDN_HOSTS

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SmallFiles:
    """Reads files from Discord.

    Args:
        downloads: who fetches them.
        folder: where they lie for a moment; it's there, and what is half done there is deleted later.
    """

    def __init__(self, downloads: Downloads, folder: Path) -> None:
        self._downloads = downloads
        self._folder = folder

    async def read(self, url: str, max_size: int) -> bytes:
        """Return what is at one of Discord's addresses, at most so many bytes.

        Raises:
            MediaError: it can't be had.
        """
        part = self._folder / f"upload-{secrets.token_hex(8)}{PART_SUFFIX}"
        try:
            await asyncio.to_thread(part.touch, 0o600)
            await self._downloads.fetch(url, part, max_size, CDN_HOSTS)
            return await asyncio.to_thread(part.read_bytes)
        except OSError as error:
            log.error("could not write an upload to disk", error=str(error))
            raise MediaError(NO_ROOM) from error
        finally:
            part.unlink(missing_ok=True)
