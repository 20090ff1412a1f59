"""The cost of joining a film: eight shots of 8 seconds in 1080p with sound, beside plain ffmpeg.

The bot's way and ffmpeg's own are measured one after the other, each in a process of its own. "Encoding" is
ffmpeg's concat filter with the bot's preset and quality, "crossfading" its filters `xfade` and
`acrossfade` with the same, "copying" its concat demuxer, which takes packets as they are. A shot has about
as many bytes as one of Veo's. "÷ plain" is the time from the moment when the last shot is there to the
film, beside plain ffmpeg's in the same run. The table goes to standard output as Markdown, progress to
standard error.

Usage: python benchmarks/joining.py [SHOTS]
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

import structlog

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, as the Makefile does

from benchmarks.fitting import FFMPEG, Cost, cost_of, measure_apart, print_table  # noqa: E402
from bot.db.film_models import Transition  # noqa: E402
from bot.media.files import probe  # noqa: E402
from bot.media.joining import CROSSFADE, PRESET, QUALITY, Joiner  # noqa: E402

SHOTS = 8
SECONDS = 8
SHOT = "testsrc2=s=1920x1080:r=24:d={seconds},hue=h={hue},noise=alls=6:allf=t"
RATE = "10M"  # bit/s, about Veo's


async def join(folder: Path) -> None:
    """Look into the shots and join them: the bot's way."""
    await Joiner().join([await probe(path) for path in _shots(folder)], folder / "joined.mp4")


async def crossfade(folder: Path) -> None:
    """Let the shots fade into each other: the bot's way, which encodes them."""
    shots = [await probe(path) for path in _shots(folder)]
    await Joiner().join(shots, folder / "faded.mp4", Transition.CROSSFADE)


async def encode_plainly(folder: Path) -> None:
    """Let ffmpeg decode all shots and encode one film, as fast as it can."""
    count = len(_shots(folder))
    pads = "".join(f"[{number}:v][{number}:a]" for number in range(count))
    await _filter(folder, f"{pads}concat=n={count}:v=1:a=1[v][a]", "encoded.mp4")


async def crossfade_plainly(folder: Path) -> None:
    """Let ffmpeg fade each shot into the next one, as fast as it can."""
    steps, last = list[str](), len(_shots(folder)) - 1
    for number in range(1, last + 1):
        before = f"to{number - 1}" if number > 1 else ""
        seen, heard = (f"[{kind}{before}]" if before else f"[0:{kind}]" for kind in "va")
        after, begin = "" if number == last else f"to{number}", number * (SECONDS - CROSSFADE)
        steps.append(f"{seen}[{number}:v]xfade=duration={CROSSFADE}:offset={begin}[v{after}]")
        steps.append(f"{heard}[{number}:a]acrossfade=duration={CROSSFADE}[a{after}]")
    await _filter(folder, ";".join(steps), "faded plainly.mp4")


async def _filter(folder: Path, graph: str, name: str) -> None:
    """Let ffmpeg make one film of all shots; `graph`: its filters, which end in [v] and [a]."""
    inputs = [part for shot in _shots(folder) for part in ("-i", str(shot))]
    codecs = ["-c:v", "libx264", "-preset", PRESET, "-crf", QUALITY, "-c:a", "aac"]
    taken = ["-filter_complex", graph, "-map", "[v]", "-map", "[a]"]
    await _ffmpeg(*inputs, *taken, *codecs, str(folder / name))


async def copy_plainly(folder: Path) -> None:
    """Let ffmpeg write the shots' packets one after the other."""
    names = folder / "names.txt"
    names.write_text("".join(f"file '{shot}'\n" for shot in _shots(folder)), encoding="utf-8")
    source = ["-f", "concat", "-safe", "0", "-i", str(names)]
    await _ffmpeg(*source, "-c", "copy", str(folder / "copied.mp4"))


BOT, FADING = "the bot", "the bot, crossfading"
ENCODING, PLAIN_FADING = "plain ffmpeg, encoding", "plain ffmpeg, crossfading"
WAYS: dict[str, Callable[[Path], Awaitable[None]]] = {
    BOT: join,
    FADING: crossfade,
    ENCODING: encode_plainly,
    PLAIN_FADING: crossfade_plainly,
    "plain ffmpeg, copying": copy_plainly,
}
PLAIN = {BOT: ENCODING, FADING: PLAIN_FADING}  # what each is compared with


def _shots(folder: Path) -> list[Path]:
    return sorted(folder.glob("shot-*.mp4"))


async def _ffmpeg(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(FFMPEG, "-v", "error", "-nostdin", "-y", *arguments)
    if await process.wait():
        raise RuntimeError("ffmpeg failed")


async def main(count: int) -> None:
    """Measure all ways, each in a process of its own, and print the table."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for number in range(count):
            await _make_shot(folder / f"shot-{number}.mp4", number)
        costs = dict[str, Cost]()
        for way in WAYS:
            print(f"{way} …", file=sys.stderr)
            costs[way] = await measure_apart(__file__, way, name)
        sizes = [path.stat().st_size for path in _shots(folder)]
    print_table(costs, f"{len(sizes)} shots of {SECONDS} seconds, {sum(sizes) / 1e6:.0f} MB in all.", PLAIN)


async def _make_shot(path: Path, number: int) -> None:
    picture = SHOT.format(seconds=SECONDS, hue=40 * number)
    sound = f"sine=f={200 + 50 * number}:r=48000:d={SECONDS}"
    codecs = ["-c:v", "libx264", "-preset", PRESET, "-b:v", RATE, "-pix_fmt", "yuv420p", "-c:a", "aac"]
    await _ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *codecs, "-ac", "2", str(path))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
        print(json.dumps(asdict(asyncio.run(cost_of(WAYS[sys.argv[2]](Path(sys.argv[3])))))))
    else:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else SHOTS))
