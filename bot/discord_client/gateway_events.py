"""Events of the gateway that discord.py cannot read: left aside, since its error would end the connection."""

from collections.abc import Callable, Iterator
from typing import Any

import discord
import structlog

# Without these there is no session; their error ends the connection, and another one is opened.
NEEDED = frozenset({"READY", "RESUMED"})
# What GUILD_CREATE tells of a server, piece by piece (Discord's reference, "Guild Create").
PIECES = (
    *("roles", "emojis", "stickers", "channels", "threads", "members", "presences", "voice_states"),
    *("stage_instances", "guild_scheduled_events", "soundboard_sounds"),
)

Read = Callable[[Any], object]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def forgive_events(client: discord.Client) -> None:
    """Let what `client` cannot read be logged, and the connection go on.

    Of a server the pieces that can be read are kept. Discord says by itself that an interaction failed.
    """
    connection = client._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]: not public
    parsers = connection.parsers
    read_server = parsers["GUILD_CREATE"]

    def read_piecewise(data: Any) -> None:
        try:
            read_server(data)
        except Exception:  # noqa: BLE001 discord.py raises whatever it stumbles over
            read_server(_readable(connection, data))

    for name, read in (*parsers.items(), ("GUILD_CREATE", read_piecewise)):
        if name not in NEEDED:
            parsers[name] = _forgiving(name, read)


def _forgiving(name: str, read: Read) -> Callable[[Any], None]:
    def attempt(data: Any) -> None:
        try:
            read(data)
        except Exception as error:  # noqa: BLE001 discord.py raises whatever it stumbles over
            kind = data.get("type") if isinstance(data, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]: JSON
            log.warning(
                "could not read an event", name=name, kind=kind, reason=f"{type(error).__name__}: {error}"
            )

    return attempt


def _readable(connection: Any, data: Any) -> Any:
    """Return a server without the pieces that cannot be read; as it was, where it is not for these."""
    bare = dict[str, Any](data) | {name: list[Any]() for name in PIECES if name in data}
    if not _is_server(connection, bare):
        return data
    whole = {name: list(_good_pieces(connection, bare, name, data[name])) for name in PIECES if name in data}
    return {**bare, **whole}


def _good_pieces(connection: Any, bare: Any, name: str, pieces: Any) -> Iterator[Any]:
    for piece in pieces if isinstance(pieces, list) else []:  # pyright: ignore[reportUnknownVariableType]: JSON
        if _is_server(connection, {**bare, name: [piece]}):
            yield piece
        else:
            number = piece.get("id") if isinstance(piece, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]: JSON
            log.warning("could not read a part of GUILD_CREATE", part=name, id=number)


def _is_server(connection: Any, data: Any) -> bool:
    """Whether discord.py can read a server from this."""
    try:
        discord.Guild(data=data, state=connection)
    except Exception:  # noqa: BLE001 discord.py raises whatever it stumbles over
        return False
    return True
