"""The files are real videos that match what was ordered, whatever the prompt says."""

import asyncio
import tempfile
from pathlib import Path

import aiohttp
import pytest

from sandbox.picture import fit
from sandbox.provider import QUICK, Provider
from tests.sandbox.driver import Client, Clock, probe

HOSTILE_PROMPTS = [
    'it\'s "quoted" % {} $(x) `y`',
    "a:b,c;d[e]=f\\g\\:h'",
    "%{pts} %{eif:1:d} \\n",
    "line\nbreak\ttab\r\x00\x1b[31m",
    "emoji 🐉🔥👨\u200d👩\u200d👧 and text",
    "\u202eright to left\u202c שלום عالم",
    "漢字かな交じり文",
    "\ud83d lone surrogate",
    "word " * 400,
    "W" * 2000,
    "",
    "   ",
]


def listing(folder: Path, pattern: str = "*") -> set[tuple[Path, int]]:
    """The files of a folder, and when each was written."""
    return {(path, path.stat().st_mtime_ns) for path in folder.glob(pattern)}


async def download(client: Client, clock: Clock, **fields: object) -> bytes:
    task = (await client.completed(clock, **fields)).json
    return (await client.call("GET", task["video"]["url"], key="")).body


@pytest.mark.parametrize(
    ("resolution", "aspect_ratio", "size"),
    [
        ("720P", "16:9", "1280x720"),
        ("1080P", "16:9", "1920x1080"),
        ("720P", "9:16", "720x1280"),
        ("1080P", "9:16", "1080x1920"),
    ],
)
async def test_the_picture_has_the_ordered_size(
    client: Client, clock: Clock, tmp_path: Path, resolution: str, aspect_ratio: str, size: str
) -> None:
    video = await download(client, clock, resolution=resolution, aspect_ratio=aspect_ratio)

    text = await probe(video, tmp_path)
    assert f", {size} [SAR 1:1 " in text, text
    assert "h264" in text
    assert "yuv420p" in text


@pytest.mark.parametrize("duration", [4, 6, 8])
async def test_it_is_as_long_as_ordered(client: Client, clock: Clock, tmp_path: Path, duration: int) -> None:
    text = await probe(await download(client, clock, duration=duration), tmp_path)

    assert f"Duration: 00:00:0{duration}.0" in text, text


@pytest.mark.parametrize("generate_audio", [True, False])
async def test_it_has_sound_only_where_it_was_ordered(
    client: Client, clock: Clock, tmp_path: Path, generate_audio: bool
) -> None:
    text = await probe(await download(client, clock, generate_audio=generate_audio), tmp_path)

    assert ("Audio: aac" in text) is generate_audio, text


async def test_defaults_are_eight_seconds_wide_with_sound(
    client: Client, clock: Clock, tmp_path: Path
) -> None:
    body = {"model": "google/veo-3.0-fast", "prompt": "A lake"}
    created = await client.call("POST", "/v2/video/generations", json=body)
    clock.now += 4
    await client.provider.rendered()
    task = (await client.retrieve(created.json["id"])).json

    text = await probe((await client.call("GET", task["video"]["url"])).body, tmp_path)
    assert "Duration: 00:00:08.0" in text
    assert ", 1280x720 " in text
    assert "Audio: aac" in text


@pytest.mark.parametrize("prompt", HOSTILE_PROMPTS, ids=range(len(HOSTILE_PROMPTS)))
async def test_any_prompt_can_be_drawn(client: Client, clock: Clock, tmp_path: Path, prompt: str) -> None:
    assert "h264" in await probe(await download(client, clock, prompt=prompt), tmp_path)


@pytest.mark.parametrize("prompt", HOSTILE_PROMPTS, ids=range(len(HOSTILE_PROMPTS)))
@pytest.mark.parametrize("width", [660, 1220])
def test_the_caption_stays_inside_its_panel(prompt: str, width: int) -> None:
    size, lines = fit(prompt, width, 130, 720)

    assert len(lines) * size * 1.25 <= 130


def test_a_short_prompt_is_shown_in_full() -> None:
    _, lines = fit("A menacing evil dragon appears in a distance", 600, 130, 720)

    assert " ".join(lines) == "A menacing evil dragon appears in a distance"


def test_accents_are_left_out_because_the_font_has_none() -> None:
    assert fit("Café — naïve…", 600, 130, 720)[1] == ["Cafe - naive..."]


def test_a_long_prompt_ends_with_an_ellipsis() -> None:
    _, lines = fit("word " * 400, 600, 130, 720)

    assert lines[-1].endswith("...")


async def test_the_same_order_is_rendered_once(client: Client, clock: Clock, files: Path) -> None:
    await client.completed(clock, prompt="Rendered once")
    before = listing(files)
    first = await download(client, clock, prompt="Rendered once")
    second = await download(client, clock, prompt="Rendered once")
    other = await download(client, clock, prompt="Rendered once", seed=2)

    assert first == second
    assert first != other
    assert len(listing(files) - before) == 1


async def test_a_new_provider_finds_the_files_of_an_earlier_one(
    session: aiohttp.ClientSession, client: Client, clock: Clock, files: Path
) -> None:
    await client.completed(clock)
    before = listing(files)
    async with Provider(clock=clock, render=QUICK, files=files) as provider:
        await Client(session, provider).completed(clock)

    assert listing(files) == before


async def test_it_is_not_completed_before_its_file_is_there(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with Provider(generation_seconds=0, render=QUICK, files=tmp_path) as provider:
        client = Client(session, provider)
        task_id = (await client.create()).json["id"]
        early = (await client.retrieve(task_id)).json
        await provider.rendered()
        late = (await client.retrieve(task_id)).json

    assert (early["status"], late["status"]) == ("generating", "completed")


async def test_stopping_ends_running_renders_and_leaves_nothing(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with Provider(files=tmp_path) as provider:
        await Client(session, provider).create(resolution="1080P", duration=8)
        await until_ffmpeg_writes(tmp_path)

    assert listing(tmp_path) == set(), "what is finished is kept: it was waited for"


async def until_ffmpeg_writes(folder: Path) -> None:
    while not listing(folder, "*/video.mp4"):  # noqa: ASYNC110  # another program gives no event
        await asyncio.sleep(0.01)


async def test_its_own_folder_is_deleted_at_the_end(
    session: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with Provider(render=QUICK) as provider:
        await Client(session, provider).create()
        await provider.rendered()
        during = listing(tmp_path, "*/*.mp4")

    assert len(during) == 1
    assert listing(tmp_path) == set()
