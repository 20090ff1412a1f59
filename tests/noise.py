"""Videos of noise: megabytes in less than a second, which a server may find too large."""

import shutil
import subprocess
from pathlib import Path

import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used


def make_noise(
    path: Path, *, size: str = "640x360", seconds: float = 0.5, options: tuple[str, ...] = ()
) -> Path:
    """Make a video with sound at `path` and return it; by default it has about 1.7 MiB.

    `options`: of ffmpeg, which come after those that make what Discord plays.
    """
    image = f"testsrc2=s={size}:r=24:d={seconds},noise=alls=60:allf=t"
    sources = ["-f", "lavfi", "-i", image, "-f", "lavfi", "-i", f"sine=d={seconds}"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    ffmpeg: str = imageio_ffmpeg.get_ffmpeg_exe()
    command = [ffmpeg, "-nostdin", "-y", "-v", "error", *sources, *codecs, *options, str(path)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 our own program
    return path


def replace_files(folder: Path, video: Path) -> None:
    """Put a copy of `video` in place of every MP4 in `folder`."""
    for path in folder.glob("*.mp4"):
        shutil.copy(video, path)


def make_large_noise(path: Path) -> Path:
    """Make a video of about 9 MiB: within the limit of all servers, but that was 8 MiB once."""
    return make_noise(path, size="1280x720", seconds=0.58)
