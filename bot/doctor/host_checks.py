"""Checks of the machine: the folder of the files, the room on its disk, ffmpeg at work, and HTTP_PORT."""

import asyncio
import errno
import os
import re
import shutil
import socket
import stat
import tempfile
from pathlib import Path

import aiohttp
import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used

from bot.doctor.check_result import CheckResult
from bot.file_modes import OTHERS
from bot.media.encoding import ENCODER_MEMORY_BYTES
from bot.media.ffmpeg import confined, run_ffmpeg
from bot.media.files import WORK_PREFIX, MediaError, probe
from bot.media.streams import PROBE_TIMEOUT
from bot.media.upload_sizes import MIB
from bot.system_errors import words_of

LITTLE_ROOM = 1024 * MIB  # a video has a few MB, and two are made smaller at a time
NO_ROOM = 200 * MIB
STDERR_BYTES = 64 * 1024  # its version stands at the very beginning
ANSWER_TIMEOUT = aiohttp.ClientTimeout(total=2)  # for an answer of our own; another program may give none
NOT_OURS = "It must belong to the user that runs the bot. Run the doctor as that user."
WRITE_REMEDIES = {
    errno.EROFS: "Mount that disk so that it can be written to, or set another DATA_DIR.",
    errno.ENOSPC: "Free up space.",
}
VERSION = re.compile(r"ffmpeg version (\S+)")


def check_folder(folder: Path) -> list[CheckResult]:
    """Check the rights of DATA_DIR and the room on its disk; makes nothing but a file that goes at once."""
    try:
        return _look_at(folder)
    except OSError as error:  # as where this user can't look into a folder above it
        return [
            _bad(
                f"DATA_DIR ({folder}) can't be used: {error.strerror}.",
                "Check its name, and that the user that runs the bot can enter all folders above it.",
            )
        ]


def _look_at(folder: Path) -> list[CheckResult]:
    if folder.is_symlink() and not folder.exists():
        return [_bad(f"DATA_DIR ({folder}) is a link to nothing.", "Make the folder that it links to.")]
    if not folder.exists():
        nearest = _nearest(folder)
        if not nearest.is_dir():
            remedy = "Move that file, or set another DATA_DIR."
            return [_bad(f"DATA_DIR ({folder}) can't be created: {nearest} is not a folder.", remedy)]
        return [_check_absent(folder), check_room(nearest)]
    if not folder.is_dir():
        return [_bad(f"DATA_DIR ({folder}) is not a folder.", "Move that file, or set another DATA_DIR.")]
    return [_check_writing(folder), _check_rights(folder), check_room(folder)]


def check_env_file(path: Path = Path(".env")) -> CheckResult | None:
    """Return a warning where others can read the file with the secrets; None: there is nothing to say."""
    if not path.is_file() or not path.stat().st_mode & OTHERS:
        return None
    return _warning(
        "Other users of this machine can read .env, and it has the secrets.", "Run `chmod 600 .env`."
    )


def check_room(folder: Path) -> CheckResult:
    """Check how much room is left on the disk of an existing folder."""
    free = shutil.disk_usage(folder).free
    what = f"The disk of DATA_DIR has {free / 2**30:,.1f} GiB free."
    if free < NO_ROOM:
        return _bad(what, "Free up space. Without it, the bot can't save requests or download videos.")
    if free < LITTLE_ROOM:
        return _warning(what, "Free up space soon.")
    return CheckResult(is_good=True, what=what)


async def check_ffmpeg(data_dir: Path) -> CheckResult:
    """Let ffmpeg make half a second of video with sound and read it, where the bot does that if possible."""
    videos = data_dir / "videos"
    try:
        return await _try_ffmpeg(videos if os.access(videos, os.W_OK | os.X_OK) else None)
    except (OSError, RuntimeError, MediaError) as error:
        return _broken_ffmpeg(str(error))


async def _try_ffmpeg(folder: Path | None) -> CheckResult:
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=folder) as work:
        path = Path(work) / "clip.mp4"
        code, said = await run_ffmpeg(await asyncio.to_thread(_command, path), stderr_bytes=STDERR_BYTES)
        if code:
            return _broken_ffmpeg(said)
        clip = await probe(path)
    version = VERSION.search(said)
    if not clip.seconds or not clip.has_sound:
        return _broken_ffmpeg("it couldn't read its own video")
    return CheckResult(is_good=True, what=f"ffmpeg {version[1] if version else ''} works.")


def _command(path: Path) -> list[str]:
    picture = ["-f", "lavfi", "-i", "testsrc2=size=128x72:rate=24:duration=0.5"]
    sound = ["-f", "lavfi", "-i", "sine=duration=0.5"]
    codecs = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        "-threads",
        "1",
    ]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-y", *picture, *sound, *codecs, str(path)]
    return confined(command, memory=ENCODER_MEMORY_BYTES, seconds=PROBE_TIMEOUT)


async def check_port(session: aiohttp.ClientSession, host: str, port: int) -> CheckResult:
    """Check the address of the pages for those who watch: it must be free, or the bot's own.

    `port`: 0 is any free one.
    """
    try:
        await asyncio.to_thread(_listen, host, port)
    except (OSError, UnicodeError) as error:
        if await _is_ours(session, host, port):
            return CheckResult(is_good=True, what=f"A bot is running on {host} port {port}.")
        return _bad(
            f"The bot can't listen on {host} port {port}: {words_of(error)}.",
            "Set another HTTP_PORT or HTTP_HOST, or stop the program that uses this one.",
        )
    return CheckResult(is_good=True, what=f"{host} port {port} is free.")


def _listen(host: str, port: int) -> None:
    """Take the address for a moment, as the bot does.

    Raises:
        OSError, UnicodeError: it cannot be had.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()


async def _is_ours(session: aiohttp.ClientSession, host: str, port: int) -> bool:
    try:
        async with session.get(f"http://{host}:{port}/healthz", timeout=ANSWER_TIMEOUT) as response:
            answer: object = await response.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False
    return isinstance(answer, dict) and "checks" in answer


def _broken_ffmpeg(report: str) -> CheckResult:
    last = (report.strip().splitlines() or ["no reason given"])[-1][:200]
    return _bad(
        f"ffmpeg doesn't work: {last}",
        "Reinstall the package `imageio-ffmpeg`, or set IMAGEIO_FFMPEG_EXE to another ffmpeg. "
        "Until then, the bot posts videos unchecked, and large ones as links.",
    )


def _check_absent(folder: Path) -> CheckResult:
    parent = _nearest(folder)
    if os.access(parent, os.W_OK | os.X_OK):
        return CheckResult(
            is_good=True, what=f"DATA_DIR ({folder}) doesn't exist yet. The first start creates it."
        )
    return _bad(
        f"DATA_DIR ({folder}) can't be created: this user can't write to {parent}.",
        "Create it, owned by the user that runs the bot.",
    )


def _check_writing(folder: Path) -> CheckResult:
    try:
        with tempfile.NamedTemporaryFile(prefix="doctor-", dir=folder):
            pass
    except OSError as error:
        return _bad(
            f"DATA_DIR ({folder}) can't be written: {error.strerror}.",
            WRITE_REMEDIES.get(error.errno or 0, NOT_OURS),
        )
    return CheckResult(is_good=True, what=f"The bot can write to DATA_DIR ({folder}).")


def _check_rights(folder: Path) -> CheckResult:
    found = folder.stat()
    if found.st_uid != os.geteuid():
        return _warning(
            f"DATA_DIR ({folder}) belongs to another user.",
            "Run the doctor as the user that runs the bot. If that's this user, change the folder's owner.",
        )
    if found.st_mode & OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        return _warning(
            f"Other users of this machine can read DATA_DIR ({folder}, {mode:03o}).",
            "The next start fixes that.",
        )
    return CheckResult(is_good=True, what="Only the bot's user can read DATA_DIR.")


def _nearest(folder: Path) -> Path:
    """Return the nearest folder above that exists."""
    return next(parent for parent in folder.absolute().parents if parent.exists())


def _bad(what: str, remedy: str) -> CheckResult:
    return CheckResult(is_good=False, what=what, remedy=remedy)


def _warning(what: str, remedy: str) -> CheckResult:
    return CheckResult(is_good=False, what=what, remedy=remedy, is_warning=True)
