"""Files fetched from addresses that others name: bounded in time and size, never from private networks.

Each redirect is an address of its own. What counts is the address that a connection is really made to,
whatever a name's server said a moment before; so the check is made where the socket is.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import aiohttp
import stamina
import structlog
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.provider.addresses import exact_address, is_public

CHUNK = 256 * 1024  # bytes
FETCH_ATTEMPTS = 5
SCHEMES = frozenset({"https"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({403, 404, 410})
WHOLE = 200  # others below 400 bring a part of the file, or none of it
# Unpacking could turn a few bytes into many; videos and images are packed already.
HEADERS = {"Accept-Encoding": "identity"}

# As `socket.getaddrinfo` returns it; aiohttp's own type leaves out what an address is.
_AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class MediaError(Exception):
    """A file cannot be had or is no video; `str()` says why, for the log and the member."""


class FileGoneError(MediaError):
    """The address does not lead to the file (any more); asking again is of no use."""


class ForbiddenAddressError(FileGoneError):
    """The address leads to where nothing is fetched from."""


class DownloadTooLargeError(MediaError):
    """The file has more bytes than it may have."""


class _PrivateAddressError(OSError):
    """A name leads into a private network."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one try, but for `redirects` in seconds.

    Attributes:
        total: for all of it; after so long no further try begins either.
        connect: until there is a connection.
        silence: without a byte.
    """

    total: float = 300
    connect: float = 15
    silence: float = 30
    redirects: int = 5


@asynccontextmanager
async def open_public_session(
    resolver: AbstractResolver | None = None,
) -> AsyncGenerator[aiohttp.ClientSession]:
    """Open a session that connects to public addresses and to no other; it keeps no cookies.

    `resolver` is aiohttp's own by default.
    """
    connector = aiohttp.TCPConnector(socket_factory=_open_socket, resolver=resolver, force_close=True)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


class Downloads:
    """Fetches files.

    Args:
        own: a session for addresses whose origin is one of `origins`, which may be anywhere.
        public: a session for all others; see `open_public_session`. Neither is closed here.
        origins: as of `bot.provider.addresses.origin_of`. A redirect from elsewhere doesn't lead back.
    """

    def __init__(
        self,
        own: aiohttp.ClientSession,
        public: aiohttp.ClientSession,
        origins: Container[str] = (),
        bounds: Bounds | None = None,
    ) -> None:
        self._own = own
        self._public = public
        self._origins = origins
        self._bounds = bounds or Bounds()

    async def fetch(self, url: str, path: Path, max_size: int, hosts: Container[str] | None = None) -> None:
        """Write what is at `url` to `path`, at most so many bytes; a broken download is tried again.

        `hosts`, besides one's own origins, are the only ones that may be asked; None: all.

        Raises:
            FileGoneError: the address is wrong, forbidden, or has expired.
            DownloadTooLargeError: the file has more bytes.
            MediaError: any other reason, after several tries.
            OSError: it cannot be written.
        """
        try:
            async for attempt in stamina.retry_context(
                on=_is_passing,
                attempts=FETCH_ATTEMPTS,
                wait_initial=0.5,
                wait_max=10,
                timeout=self._bounds.total,
            ):
                with attempt:
                    async with asyncio.timeout(self._bounds.total):
                        await self._follow(url, path, max_size, hosts)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise MediaError(f"The download failed ({type(error).__name__}).") from error

    async def _follow(self, url: str, path: Path, max_size: int, hosts: Container[str] | None) -> None:
        address, is_own = exact_address(url), True
        for _ in range(self._bounds.redirects + 1):
            is_own = is_own and _origin(address) in self._origins
            if not is_own:
                _ensure_allowed(address, hosts)
            following = await self._ask(self._own if is_own else self._public, address, path, max_size)
            if following is None:
                return
            address = following
        raise MediaError(f"The file's address led to more than {self._bounds.redirects} others.")

    async def _ask(
        self, session: aiohttp.ClientSession, address: URL, path: Path, max_size: int
    ) -> URL | None:
        """Write the file; or return the address where it is said to be."""
        time = aiohttp.ClientTimeout(connect=self._bounds.connect, sock_read=self._bounds.silence)
        try:
            async with session.get(address, headers=HEADERS, timeout=time, allow_redirects=False) as response:
                if response.status in REDIRECTS and "Location" in response.headers:
                    return exact_address(urljoin(str(address), response.headers["Location"]))
                _ensure_file(response, max_size)
                await _write(response, path, max_size)
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, _PrivateAddressError):
                raise ForbiddenAddressError("The file's address leads into a private network.") from error
            raise
        return None


def _ensure_allowed(address: URL, hosts: Container[str] | None) -> None:
    """Raise ForbiddenAddressError for an address that is not to be asked, as far as it can be seen."""
    if address.scheme not in SCHEMES or not address.host or address.user or address.password:
        raise ForbiddenAddressError("The file's address is not a plain one that begins with https://.")
    if hosts is not None and address.host not in hosts:
        raise ForbiddenAddressError("The file's address leads to another host than it should.")


def _ensure_file(response: aiohttp.ClientResponse, max_size: int) -> None:
    """Raise what an answer without the file means, before its body is read."""
    if response.status in GONE:
        raise FileGoneError(f"The file's address answered {response.status}.")
    response.raise_for_status()
    if response.status != WHOLE:
        raise MediaError(f"The file's address answered {response.status}.")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise MediaError("The file came packed, though that was not asked for.")
    if (response.content_length or 0) > max_size:
        raise _too_large(max_size)


async def _write(response: aiohttp.ClientResponse, path: Path, max_size: int) -> None:
    size = 0
    with path.open("wb") as file:
        async for chunk in response.content.iter_chunked(CHUNK):
            size += len(chunk)
            if size > max_size:
                raise _too_large(max_size)
            await asyncio.to_thread(file.write, chunk)


def _too_large(max_size: int) -> DownloadTooLargeError:
    return DownloadTooLargeError(f"The file is larger than {max_size // 2**20} MiB.")


def _origin(address: URL) -> str:
    return str(address.origin()) if address.scheme and address.host else ""


def _open_socket(info: _AddressInfo) -> socket.socket:
    """Open the socket for a connection; aiohttp asks for one for each address that it is about to try."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise _PrivateAddressError(f"{address[0]} is not public")
    return socket.socket(family, kind, protocol)


def _is_passing(error: Exception) -> bool:
    """Whether another try may help: broken connections and server errors, not missing files."""
    match error:
        case aiohttp.ClientResponseError():
            is_passing = error.status >= 500 or error.status == 429
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            is_passing = False
        case _:
            is_passing = isinstance(error, (aiohttp.ClientError, TimeoutError))
    if is_passing:
        log.warning("a download was interrupted", kind=type(error).__name__)  # its words may hold the address
    return is_passing
