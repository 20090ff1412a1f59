"""The files of messages, and the CDN that serves them."""

import asyncio
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import web

from tests.wire_discord import refusals
from tests.wire_discord.bodies import Upload
from tests.wire_discord.state import Attachment, Json, State

MAX_FILES = 10
CDN_PATH = "/attachments/{channel_id}/{attachment_id}/{filename}"


class Files:
    """Keeps uploads.

    Args:
        folder: where the bytes go; None keeps them in memory.
        upload_limit: bytes that one file may have.
        base: the server's own address.
    """

    def __init__(self, state: State, folder: Path | None, upload_limit: int) -> None:
        self.upload_limit = upload_limit
        self.base = ""
        self._state = state
        self._folder = folder
        self._by_id: dict[int, Attachment] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return the CDN's routes."""
        return [web.get(CDN_PATH, self._download)]

    async def keep(
        self, channel_id: int, wanted: Sequence[Json], uploads: Mapping[int, Upload]
    ) -> list[Attachment]:
        """Return the attachments of a message: `wanted` is the body's `attachments`, kept and new ones.

        Raises:
            RefusalError: 30015, 40005, or 50035 for a file that is not there.
        """
        if len(wanted) > MAX_FILES or len(uploads) > MAX_FILES:
            raise refusals.too_many_files()
        if any(len(upload.content) > self.upload_limit for upload in uploads.values()):
            raise refusals.too_large()
        named = {int(item["id"]): item for item in wanted}
        kept = [self._by_id[number] for number in named if number in self._by_id]
        missing = set(named) - set(uploads) - {attachment.id for attachment in kept}
        if missing:
            raise refusals.invalid_form("attachments", f"Unknown attachment {min(missing)}")
        new = [
            await self.add(
                channel_id,
                named.get(number, {}).get("filename") or upload.name,
                upload.content,
                named.get(number, {}).get("description"),
            )
            for number, upload in sorted(uploads.items())
        ]
        return kept + new

    async def add(
        self, channel_id: int, filename: str, content: bytes, description: str | None = None
    ) -> Attachment:
        """Keep one file and give it an address."""
        number = self._state.snowflakes.new()
        kept: bytes | Path = content
        if self._folder is not None:
            kept = self._folder / f"{number}-{Path(filename).name}"
            await asyncio.to_thread(kept.write_bytes, content)
        attachment = Attachment(
            id=number,
            filename=filename,
            content_type=mimetypes.guess_type(filename)[0] or "application/octet-stream",
            size=len(content),
            url=f"{self.base}/attachments/{channel_id}/{number}/{filename}",
            description=description,
            content=kept,
        )
        self._by_id[number] = attachment
        return attachment

    async def _download(self, request: web.Request) -> web.Response:
        attachment = self._by_id.get(int(request.match_info["attachment_id"]))
        if attachment is None:
            raise web.HTTPNotFound
        body = await asyncio.to_thread(attachment.read)
        return web.Response(body=body, content_type=attachment.content_type)
