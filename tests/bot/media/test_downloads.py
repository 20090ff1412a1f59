"""Downloads from servers that mean harm: nothing private is asked, nothing takes too long or too much."""

# Nothing else runs beside a test, so it may wait for the disk.
# ruff: noqa: ASYNC240

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.media.downloads import (
    Bounds,
    Downloads,
    DownloadTooLargeError,
    ForbiddenAddressError,
    MediaError,
    open_public_session,
)
from bot.media.files import VideoStore
from bot.provider.catalogue import build_request
from bot.provider.client import VeoClient
from tests.bot.clocks import until
from tests.bot.provider.hostile import HOST, Hostile, serve_hostile
from tests.bot.rows import MODEL, PROMPT

MAX_BYTES = 2**20  # bytes
QUICK = Bounds(total=0.5, connect=2, silence=0.3)


class Trap:
    """A socket in the private network that must not be spoken to."""

    def __init__(self) -> None:
        self.port = 0
        self.visitors = 0

    async def greet(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visitors += 1
        writer.close()


@pytest.fixture
async def trap() -> AsyncIterator[Trap]:
    """A private service."""
    trap = Trap()
    server = await asyncio.start_server(trap.greet, HOST, 0)
    trap.port = server.sockets[0].getsockname()[1]
    async with server:
        yield trap
    assert trap.visitors == 0, "a private service was spoken to"


@pytest.fixture
async def hostile() -> AsyncIterator[Hostile]:
    """The provider, which has gone bad; its own address is the one private address that is allowed."""
    async with serve_hostile() as hostile:
        yield hostile


@pytest.fixture
async def downloads(session: aiohttp.ClientSession, hostile: Hostile) -> AsyncIterator[Downloads]:
    """Downloads as the program makes them."""
    async with open_public_session() as public:
        yield Downloads(session, public, {hostile.url}, QUICK)


@pytest.fixture
async def whole_video(veo: VeoClient) -> bytes:
    """A whole video with sound."""
    task = await veo.create(build_request(MODEL, PROMPT, {"duration": 4}), "ours")

    async def is_completed() -> bool:
        return (await veo.retrieve(task.id)).video_url is not None

    await until("the video is made", is_completed)
    async with (
        aiohttp.ClientSession() as session,
        session.get((await veo.retrieve(task.id)).video_url or "") as answer,
    ):
        return await answer.read()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file goes."""
    return tmp_path / "file"


PLACES = [
    "https://127.0.0.1:{port}/",
    "https://localhost:{port}/",
    "https://localhost.:{port}/",
    "https://2130706433:{port}/",  # 127.0.0.1 as a number
    "https://127.1:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://[::1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://0.0.0.0:{port}/",
    "https://[::]:{port}/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25lo]/",
    "http://127.0.0.1:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/",
    "https://user:word@example.com/",
    "data:text/plain,hello",
    "//127.0.0.1:{port}/",
    "",
]


@pytest.mark.parametrize("place", PLACES)
async def test_a_private_place_is_not_asked(downloads: Downloads, trap: Trap, path: Path, place: str) -> None:
    with pytest.raises(MediaError):
        await downloads.fetch(place.format(port=trap.port), path, MAX_BYTES)
    assert not path.exists()


@pytest.mark.parametrize("place", PLACES[:-2])
async def test_a_redirect_into_a_private_place_is_not_followed(
    downloads: Downloads, hostile: Hostile, trap: Trap, path: Path, place: str
) -> None:
    hostile.sends_to = place.format(port=trap.port)
    with pytest.raises(MediaError):
        await downloads.fetch(f"{hostile.url}/away", path, MAX_BYTES)
    assert {asked for asked, _ in hostile.asked} == {"/away"}
    assert not path.exists(), "the redirect's own body was taken for the file"


async def test_a_refused_place_is_not_tried_again(downloads: Downloads, hostile: Hostile, path: Path) -> None:
    hostile.sends_to = "https://169.254.169.254/"
    with pytest.raises(ForbiddenAddressError, match="private network"):
        await downloads.fetch(f"{hostile.url}/away", path, MAX_BYTES)
    assert len(hostile.asked) == 1


class TwoFaced(AbstractResolver):
    """A name server that answers the first question with a public address and all later ones with ours."""

    def __init__(self, answers: list[str]) -> None:
        self.answers = answers

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_name_that_changes_its_mind_leads_nowhere(
    session: aiohttp.ClientSession, trap: Trap, path: Path
) -> None:
    resolver = TwoFaced(["240.0.0.1", HOST, HOST])
    async with open_public_session(resolver) as public:
        for _ in range(3):
            with pytest.raises(ForbiddenAddressError):
                await Downloads(session, public).fetch(f"https://video.example:{trap.port}/", path, MAX_BYTES)


async def test_the_configured_address_alone_may_be_private(
    downloads: Downloads, hostile: Hostile, path: Path
) -> None:
    hostile.body = b"the file"
    await downloads.fetch(f"{hostile.url}/file", path, MAX_BYTES)
    assert path.read_bytes() == b"the file"
    async with serve_hostile() as neighbour:
        hostile.sends_to = f"{neighbour.url}/file"
        with pytest.raises(ForbiddenAddressError):
            await downloads.fetch(f"{hostile.url}/away", path, MAX_BYTES)
        assert neighbour.asked == [], "another port of the same machine was asked"


@asynccontextmanager
async def public_world(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Hostile]:
    """A server that counts as public: for once this machine is, and needs no certificate."""
    monkeypatch.setattr("bot.media.downloads.is_public", lambda _: True)  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]: its type is in the name
    monkeypatch.setattr("bot.media.downloads.SCHEMES", {"http"})
    async with serve_hostile() as server:
        yield server


async def test_a_public_server_leads_to_others_and_not_back_into_ones_own_session(
    hostile: Hostile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        public_world(monkeypatch) as elsewhere,
        open_public_session() as public,
        aiohttp.ClientSession(headers={"X-Session": "own"}) as own,
    ):
        hostile.sends_to, hostile.body = f"{elsewhere.url}/away", b"the file"
        elsewhere.sends_to = f"{hostile.url}/file"
        await Downloads(own, public, {hostile.url}).fetch(f"{hostile.url}/away", path, MAX_BYTES)
        assert path.read_bytes() == b"the file"
        assert [asked for asked, _ in hostile.asked + elsewhere.asked] == ["/away", "/file", "/away"]
        (_, first), (_, last) = hostile.asked
        assert "X-Session" in first
        assert "X-Session" not in last, "a stranger led into the session that private addresses are open to"


async def test_no_key_cookie_or_referrer_goes_to_anybody(
    hostile: Hostile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with public_world(monkeypatch) as elsewhere, open_public_session() as public:
        hostile.sends_to = f"{elsewhere.url}/file"
        async with aiohttp.ClientSession() as own:
            own.cookie_jar.update_cookies({"secret": "cookie"})
            await Downloads(own, public, {hostile.url}).fetch(f"{hostile.url}/away", path, MAX_BYTES)
        for _, headers in elsewhere.asked + hostile.asked:
            assert not {"Authorization", "Referer", "Proxy-Authorization"} & headers.keys()
        assert "Cookie" not in elsewhere.asked[0][1]


async def test_only_the_hosts_that_are_named_are_asked(
    session: aiohttp.ClientSession, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with public_world(monkeypatch) as server, open_public_session() as public:
        downloads = Downloads(session, public)
        for hosts in ({"cdn.discordapp.com"}, set[str](), {"27.0.0.1", "127.0.0.1.evil"}):
            with pytest.raises(ForbiddenAddressError, match="another host"):
                await downloads.fetch(f"{server.url}/file", path, MAX_BYTES, hosts)
        assert server.asked == []
        await downloads.fetch(f"{server.url}/file", path, MAX_BYTES, {HOST})
        server.sends_to = f"http://localhost:{server.url.rpartition(':')[2]}/file"
        with pytest.raises(ForbiddenAddressError, match="another host"):
            await downloads.fetch(f"{server.url}/away", path, MAX_BYTES, {HOST})


async def test_some_redirects_are_followed_and_not_many(
    downloads: Downloads, hostile: Hostile, path: Path
) -> None:
    hostile.body = b"the file"
    await downloads.fetch(f"{hostile.url}/hops/5", path, MAX_BYTES)
    assert path.read_bytes() == b"the file"
    hostile.asked.clear()
    with pytest.raises(MediaError, match="led to more than 5 others"):
        await downloads.fetch(f"{hostile.url}/hops/6", path, MAX_BYTES)
    with pytest.raises(MediaError, match="led to more than 5 others"):
        await downloads.fetch(f"{hostile.url}/loop", path, MAX_BYTES)
    assert len(hostile.asked) == 12


@pytest.mark.parametrize("target", ["http://[x", "http://", "https://exa mple/", "\x00", "http://a:99999/"])
async def test_a_redirect_to_nonsense_is_an_error_like_others(
    downloads: Downloads, hostile: Hostile, path: Path, target: str
) -> None:
    hostile.sends_to = target if target != "\x00" else "%00"
    with pytest.raises(MediaError):
        await downloads.fetch(f"{hostile.url}/away", path, MAX_BYTES)


async def test_a_file_without_an_end_is_cut_off(downloads: Downloads, hostile: Hostile, path: Path) -> None:
    with pytest.raises(DownloadTooLargeError, match="larger than 1 MiB"):
        await downloads.fetch(f"{hostile.url}/endless", path, MAX_BYTES)
    assert path.stat().st_size <= MAX_BYTES
    assert hostile.sent < 20 * MAX_BYTES, "it went on reading"


async def test_a_file_that_announces_too_much_is_not_begun(
    downloads: Downloads, hostile: Hostile, path: Path
) -> None:
    with pytest.raises(DownloadTooLargeError):
        await downloads.fetch(f"{hostile.url}/boasting", path, MAX_BYTES)
    assert not path.exists()


async def test_a_file_that_drips_is_given_up(downloads: Downloads, hostile: Hostile, path: Path) -> None:
    with pytest.raises(MediaError, match="TimeoutError"):
        await downloads.fetch(f"{hostile.url}/drip", path, MAX_BYTES)


@pytest.mark.usefixtures("real_retries")
async def test_a_file_that_drips_takes_its_time_once(
    downloads: Downloads, hostile: Hostile, path: Path
) -> None:
    with pytest.raises(MediaError, match="TimeoutError"):
        await downloads.fetch(f"{hostile.url}/drip", path, MAX_BYTES)
    assert len(hostile.asked) == 1, "each further try takes as long again"


@pytest.mark.parametrize("status", [202, 206, 302])
async def test_an_answer_that_has_not_all_of_the_file_is_none(
    downloads: Downloads, hostile: Hostile, path: Path, status: int
) -> None:
    """An image of which a part came would be called damaged for good."""
    hostile.status, hostile.body = status, b"a part, or a page that says to wait"
    with pytest.raises(MediaError, match=f"answered {status}"):
        await downloads.fetch(f"{hostile.url}/file", path, MAX_BYTES)
    assert not path.exists()
    hostile.status = 200
    await downloads.fetch(f"{hostile.url}/file", path, MAX_BYTES)


async def test_what_unpacks_to_more_is_not_unpacked(
    downloads: Downloads, hostile: Hostile, path: Path
) -> None:
    hostile.body = b"\x1f\x8b" + b"\0" * 100
    with pytest.raises(MediaError):
        await downloads.fetch(f"{hostile.url}/packed", path, MAX_BYTES)
    assert not path.exists()
    assert all(headers["Accept-Encoding"] == "identity" for _, headers in hostile.asked)


def box(kind: bytes, *content: bytes) -> bytes:
    """Return a box of an MP4 (ISO 14496-12)."""
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


FTYP = box(b"ftyp", b"isom\0\0\2\0isommp42")
SECRET = "/etc/passwd"
NO_VIDEOS: dict[str, bytes] = {
    "a page": b"<!DOCTYPE html><title>Blocked</title>",
    "an archive": b"PK\x03\x04" + b"\0" * 200,
    "a list of files": f"ffconcat version 1.0\nfile {SECRET}\n".encode(),
    "a list of neighbours": b"ffconcat version 1.0\nfile veo-whole.mp4\nduration 4\n",
    "a playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXTINF:8,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "a playlist of addresses": b"#EXTM3U\n#EXTINF:8,\nhttp://169.254.169.254/x.ts\n#EXT-X-ENDLIST\n",
    "a session description": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\n",
    "another container": b"\x1aE\xdf\xa3" + b"\0" * 200,
    "an image": b"GIF89a" + b"\1\0\1\0\0\0\0" + b";",
    "only a beginning": FTYP,
    "an MP4 that refers to another": FTYP
    + box(
        b"moov", box(b"rmra", box(b"rmda", box(b"rdrf", b"\0" * 4, b"url ", b"\0\0\0\x0b", SECRET.encode())))
    )
    + box(b"mdat", b"\0" * 64),
}


@pytest.mark.parametrize("name", NO_VIDEOS)
async def test_what_is_no_video_is_not_kept(
    downloads: Downloads, hostile: Hostile, tmp_path: Path, name: str, whole_video: bytes
) -> None:
    folder = tmp_path / "videos"
    store = VideoStore(downloads, folder)
    (folder / "veo-whole.mp4").write_bytes(whole_video)
    hostile.body = NO_VIDEOS[name]
    with pytest.raises(MediaError, match="no video, or it is damaged"):
        await store.fetch("g1", f"{hostile.url}/file")
    assert [path.name for path in folder.iterdir()] == ["veo-whole.mp4"]


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
async def test_a_video_that_is_cut_short_is_not_kept(
    downloads: Downloads, hostile: Hostile, tmp_path: Path, kept: float, whole_video: bytes
) -> None:
    store = VideoStore(downloads, tmp_path / "videos")
    hostile.body = whole_video
    assert (await store.fetch("whole", f"{hostile.url}/file")).has_sound
    hostile.body = whole_video[: int(len(whole_video) * kept)]
    with pytest.raises(MediaError, match="no video, or it is damaged"):
        await store.fetch("g1", f"{hostile.url}/file")
