"""The videos that the demo's page plays, made ready by ffmpeg in a sixth of the time that simcord takes."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
from simcord.preview._media import MediaInfo, MediaWorker

# Browsers without H.264 play VP9, to which simcord converts: image by image in Python, at its slowest preset.
FAST = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1", "-b:v", "2M")
SOUND = ("-c:a", "libopus")
CONVERSIONS_AT_ONCE = 2


class PageMedia(MediaWorker):
    """Checks files for the page; MP4 files are converted before, so that only the container is rewritten.

    It's simcord's own class, whose one method is private to simcord 3.2.1, which is therefore pinned.
    """

    def __init__(self) -> None:
        super().__init__()
        self._slots = asyncio.Semaphore(CONVERSIONS_AT_ONCE)

    async def _decode(self, key: str, blob: bytes, media_time: float | None) -> MediaInfo:
        if is_mp4(blob):
            async with self._slots:
                blob = await as_webm(blob)
        return await super()._decode(key, blob, media_time)


def is_mp4(blob: bytes) -> bool:
    """Whether a file begins as an MP4 file does."""
    return blob[4:8] == b"ftyp"


async def as_webm(video: bytes) -> bytes:
    """Return a video as WebM; one that ffmpeg can't read comes back as it is, for simcord to say so."""
    with TemporaryDirectory(prefix="page-") as name:
        source, target = Path(name, "video.mp4"), Path(name, "video.webm")
        await asyncio.to_thread(source.write_bytes, video)
        program = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "quiet", "-nostdin", "-y", "-i", str(source)]
        process = await asyncio.create_subprocess_exec(*program, *FAST, *SOUND, str(target))
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return await asyncio.to_thread(target.read_bytes) if code == 0 else video
