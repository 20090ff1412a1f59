"""Addresses of databases, in SQLAlchemy's form. One may hold a password, which nobody may ever see."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.written_values import is_wrapped

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"
SCHEMES = f"must start with {SQLITE}:/// or {POSTGRESQL}://"
DATA_DIR = "{data_dir}"  # in the setting DATABASE_URL
IN_MEMORY = ":memory:"  # SQLite's name for no file
HIGHEST_PORT = 65_535
SHORTEST_SECRET = 8  # characters; a shorter word may stand in any line of the log


def checked_address(address: str) -> URL:
    """Return the parsed address of a database that the program can use.

    Raises:
        ValueError: it is none; `str()` says what it must be, and nothing of what it is.
    """
    scheme = address.partition("://")[0]
    if scheme == SQLITE and address.startswith(f"{SQLITE}:///"):
        return _checked_file(address)
    if scheme != POSTGRESQL:
        raise ValueError(SCHEMES)
    if address.count("@") > 1:
        raise ValueError(
            "has more than one @: URL-encode special characters in the password, such as @ as %40"
        )
    try:
        url = _parsed(address)
    except (ArgumentError, ValueError):
        raise ValueError(f"must have the form {POSTGRESQL}://USER:PASSWORD@HOST:PORT/DATABASE") from None
    if url.password and is_wrapped(url.password) and f":{url.password}@" in address:
        raise ValueError(
            "must not have quotes, < or > around the password; URL-encode those that belong to it"
        )
    if not url.database:
        raise ValueError(f"names no database: {POSTGRESQL}://USER:PASSWORD@HOST:PORT/DATABASE")
    if "sslmode" in url.query:
        raise ValueError("has the option sslmode; use ssl instead, such as ?ssl=require")
    return url


def _checked_file(address: str) -> URL:
    try:
        url = _parsed(address)
    except (ArgumentError, ValueError):
        raise ValueError("has an option with an invalid value") from None
    if url.database in {None, "", IN_MEMORY}:  # SQLite would keep all in memory, until the first restart
        raise ValueError(f"names no file, as in {SQLITE}:///data/veo.db")
    return url


def _parsed(address: str) -> URL:
    """Parse an address, its options included.

    Raises:
        ArgumentError, ValueError: it is none.
    """
    url = make_url(address)
    url.get_dialect()().create_connect_args(url)  # else the engine would fail at it
    if url.port is not None and not 0 < url.port <= HIGHEST_PORT:
        raise ValueError("no port")
    return url


def with_folder(address: str, folder: Path) -> str:
    """Return the address with a folder in place of `{data_dir}`; a % in it would begin a character's code."""
    return address.replace(DATA_DIR, str(folder).replace("%", "%25"))


def shown_address(url: URL) -> str:
    """Return where the database is, in a form that may be shown: no password, no user, no options."""
    if url.drivername == SQLITE:
        return url.database or ""
    host = url.host or _first(url.query.get("host")) or "localhost"
    return f"{host}{f':{url.port}' if url.port else ''}/{url.database}"


def secrets_of(address: str) -> list[str]:
    """Return what must be blotted out of every line of the log."""
    try:
        url = checked_address(address)
    except ValueError:
        return [address] if address else []
    password = url.password or _first(url.query.get("password"))
    if not password:
        return []
    written = address.partition("://")[2].partition("@")[0].partition(":")[2]
    words = {word for word in (str(password), written) if len(word) >= SHORTEST_SECRET}
    return sorted({address, f":{written}@", *words})


def _first(value: str | tuple[str, ...] | None) -> str | None:
    return value if value is None or isinstance(value, str) else value[0]
