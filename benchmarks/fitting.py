"""The cost of 32 deliveries of 25 MB at once: memory, and how long the event loop stands still.

Every way of delivering is measured in a process of its own, so that none inherits another's memory. The
files are sent as discord.py sends them, over real sockets, to a server in this process that throws them
away. The table goes to standard output as Markdown, progress to standard error.

Beside the bot's way stand the obvious ones: the file read into memory, and the encoder waited for without
asyncio (one file only: the loop stands still for as long as it takes). "Nothing" is what the measurement
itself and the other programs on the machine cost. What a process keeps in the disk cache is not its memory.

Usage: python benchmarks/fitting.py [FILES]
"""

import asyncio
import io
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import aiohttp
import discord
import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]: it has none; one function is used
import structlog
from aiohttp import web

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, as the Makefile does

from bot.media.files import Clip, probe  # noqa: E402
from bot.media.fit_plan import plan_of  # noqa: E402
from bot.media.fitting import FIRST_SHARE, Fitter  # noqa: E402

FILES = 32
TARGET = 20 * 2**20  # bytes, which servers without boosts take
PRESET = "ultrafast"  # x264's; the bot's own takes three times as long and the same memory
TICK = 0.005  # seconds between two looks
IDLE = 10.0  # seconds
FFMPEG: str = imageio_ffmpeg.get_ffmpeg_exe()
# 25 MB in less than two seconds, which are made and encoded quickly; that much noise is all detail.
NOISE = "testsrc2=s=1280x720:r=24:d=1.7,noise=alls=60:allf=t"


@dataclass(frozen=True)
class Cost:
    """The cost of one way of delivering.

    Attributes:
        seconds: in all.
        memory: by how many bytes the process grew.
        stall: seconds that the event loop stood still at most.
        work: seconds of processor time that it used at most from one look to the next: stalls of its own
            making, if nothing waits for a disk. The rest are other programs' turns.
        encoder: bytes of memory of the largest process it started.
    """

    seconds: float
    memory: int
    stall: float
    work: float
    encoder: int


@dataclass(frozen=True)
class Scene:
    """The parts that a way of delivering needs."""

    folder: Path
    clips: list[Clip]
    url: str
    session: aiohttp.ClientSession
    fitter: Fitter


Way = Callable[[Scene], Awaitable[None]]


async def do_nothing(_: Scene) -> None:
    """Only be measured."""
    await asyncio.sleep(IDLE)


async def send_streams(scene: Scene) -> None:
    """Send the files from disk: the bot's way."""
    await asyncio.gather(*(_send(scene, discord.File(clip.path)) for clip in scene.clips))


async def send_from_memory(scene: Scene) -> None:
    """Read each file as a whole, then send it."""
    files = [discord.File(io.BytesIO(clip.path.read_bytes()), "video.mp4") for clip in scene.clips]
    await asyncio.gather(*(_send(scene, file) for file in files))


async def fit_and_send(scene: Scene) -> None:
    """Make each file smaller in its turn, then send it from disk: the bot's way."""

    async def deliver(clip: Clip) -> None:
        fitted = await scene.fitter.fit(clip, TARGET)
        await _send(scene, discord.File(fitted.clip.path))

    await asyncio.gather(*(deliver(clip) for clip in scene.clips))


async def fit_blocking(scene: Scene) -> None:
    """Make one file smaller with the same ffmpeg, its output in memory, and send that."""
    plan = plan_of(scene.clips[0], TARGET, FIRST_SHARE)
    arguments = ["-c:v", "libx264", "-preset", PRESET, "-b:v", str(plan.video), "-threads", "1"]
    command = [FFMPEG, "-v", "error", "-i", scene.clips[0].path, *arguments]
    output = ["-f", "mp4", "-movflags", "frag_keyframe", "-"]
    done = subprocess.run([*command, *output], check=True, capture_output=True)  # noqa: ASYNC221, S603 on purpose
    await _send(scene, discord.File(io.BytesIO(done.stdout), "video.mp4"))


WAYS: dict[str, Way] = {
    "nothing": do_nothing,
    "send from disk": send_streams,
    "send from memory": send_from_memory,
    "fit and send": fit_and_send,
    "one, blocking": fit_blocking,
}


async def _send(scene: Scene, file: discord.File) -> None:
    """Post a file as discord.py does (`HTTPClient.request`)."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", "{}")
    form.add_field("files[0]", file.fp, filename=file.filename, content_type="application/octet-stream")
    async with scene.session.post(scene.url, data=form) as response:
        response.raise_for_status()
    file.close()


async def measure(way: Way, folder: Path, url: str) -> Cost:
    """Run one way in this process."""
    clip = await probe(folder / "original.mp4")
    clips = [replace(clip, path=path) for path in _copies(folder)]
    with tempfile.TemporaryDirectory(dir=folder) as work:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            scene = Scene(folder, clips, url, session, Fitter(Path(work), preset=PRESET))
            return await cost_of(way(scene))


async def cost_of(work: Awaitable[None]) -> Cost:
    """Return what some work costs this process, which has started no other program yet."""
    stop = asyncio.Event()
    watching = asyncio.create_task(_watch(stop))
    await asyncio.sleep(10 * TICK)
    start = time.perf_counter()
    await work
    seconds = time.perf_counter() - start
    stop.set()
    memory, stall, work_time = await watching
    encoder = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return Cost(seconds, memory, stall, work_time, encoder)


def _copies(folder: Path) -> list[Path]:
    return sorted(folder.glob("veo-*.mp4"))


async def _watch(stop: asyncio.Event) -> tuple[int, float, float]:
    """Return by how many bytes this process grew, and the loop's longest stall and work in seconds."""
    page = os.sysconf("SC_PAGE_SIZE")
    first = highest = _pages()
    stall = work = 0.0
    last, last_used = time.perf_counter(), time.thread_time()
    while not stop.is_set():
        await asyncio.sleep(TICK)
        now, used = time.perf_counter(), time.thread_time()
        stall, work = max(stall, now - last - TICK), max(work, used - last_used)
        last, last_used = now, used
        highest = max(highest, _pages())
    return (highest - first) * page, stall, work


def _pages() -> int:
    """Return how many pages of memory this process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])


async def main(count: int) -> None:
    """Measure all ways, each in a process of its own, and print the table."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        original = await _make_files(folder, count)
        url = await _start_server(stack)
        costs: dict[str, Cost] = {}
        for name in WAYS:
            _tell(f"{name} …")
            costs[name] = await measure_apart(__file__, name, str(folder), url)
            _tell(f"{name}: {costs[name]}")
    told = f"{count} files of {original / 1e6:.1f} MB at once; smaller ones have {TARGET / 2**20:.0f} MiB."
    print_table(costs, told)


async def _make_files(folder: Path, count: int) -> int:
    """Put the files there; return the size of each in bytes."""
    original = folder / "original.mp4"
    sources = ["-f", "lavfi", "-i", NOISE, "-f", "lavfi", "-i", "sine=d=1.7"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    process = await asyncio.create_subprocess_exec(FFMPEG, "-v", "error", *sources, *codecs, str(original))
    if await process.wait():
        raise RuntimeError("the video cannot be made")
    for number in range(count):
        shutil.copyfile(original, folder / f"veo-{number:02}.mp4")
    return original.stat().st_size


async def _start_server(stack: AsyncExitStack) -> str:
    async def take(request: web.Request) -> web.Response:
        while await request.content.readany():
            pass
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}/"


async def measure_apart(script: str, *arguments: str) -> Cost:
    """Return what a script that measures itself in a process of its own finds.

    Raises:
        RuntimeError: it failed.
    """
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, script, "--measure", *arguments], stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{arguments[0]} ended with {process.returncode}")
    return Cost(**json.loads(output))


def print_table(costs: dict[str, Cost], told: str, plain: Mapping[str, str] | None = None) -> None:
    """Print what each way cost.

    Args:
        costs: by the names of the ways.
        told: what was measured.
        plain: the ways whose time is divided by another one's, in a column of its own; None: no column.
    """
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {load:.1f}.")
    print(f"{told}\n")
    heads = ["way", "seconds", *(["÷ plain"] if plain else []), "memory grows by, MB", "longest stall, ms"]
    heads += ["of its own, ms", "largest ffmpeg, MB"]
    print(f"| {' | '.join(heads)} |")
    print(f"|:--|{'--:|' * (len(heads) - 1)}")
    for name, cost in costs.items():
        cells = [f"{cost.seconds:.1f}"]
        if plain:
            cells.append(f"{cost.seconds / costs[plain[name]].seconds:.2f}" if name in plain else "")
        cells += [f"{cost.memory / 1e6:.1f}", f"{cost.stall * 1000:.0f}"]
        cells += [f"{cost.work * 1000:.0f}", f"{cost.encoder / 1e6:.0f}"]
        print(f"| {name} | {' | '.join(cells)} |")


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
        cost = asyncio.run(measure(WAYS[sys.argv[2]], Path(sys.argv[3]), sys.argv[4]))
        print(json.dumps(asdict(cost)))
    else:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else FILES))
