"""The gateway: sessions of shards over websockets, with resuming (source: "Gateway")."""

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.wire_discord.channel_routes import API
from tests.wire_discord.payloads import guild_payload, user_payload
from tests.wire_discord.refusals import json_answer
from tests.wire_discord.state import Json, State

PATH = "/gateway"
# Discord's opcodes.
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
DECODE_ERROR, NOT_AUTHENTICATED, WRONG_TOKEN = 4002, 4003, 4004  # close codes
KEPT_EVENTS = 2000  # of a session, for resuming
GUILD_SHIFT = 22  # which shard: (guild_id >> 22) % shards
# The intents that an event belongs to; those not named here reach every session.
INTENTS = {
    "GUILD_CREATE": 1 << 0,
    "GUILD_DELETE": 1 << 0,
    "CHANNEL_UPDATE": 1 << 0,
    "THREAD_CREATE": 1 << 0,
    "THREAD_UPDATE": 1 << 0,
    "MESSAGE_CREATE": 1 << 9 | 1 << 12,
    "MESSAGE_UPDATE": 1 << 9 | 1 << 12,
    "MESSAGE_DELETE": 1 << 9 | 1 << 12,
}


@dataclass(slots=True)
class Session:
    """One session; it outlives its connections.

    Attributes:
        shard: its number and how many there are.
        socket: its connection, or None while there is none.
        sent: its events by sequence number, for resuming.
        resumes: how often it was resumed.
    """

    id: str
    shard: tuple[int, int]
    intents: int
    socket: web.WebSocketResponse | None
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque[tuple[int, str]](maxlen=KEPT_EVENTS))
    resumes: int = 0

    @property
    def is_connected(self) -> bool:
        """Whether events reach the bot now."""
        return self.socket is not None and not self.socket.closed

    def takes(self, event: str, guild_id: int | None) -> bool:
        """Whether the event is for this session: its shard, its intents."""
        number, count = self.shard
        shard_of_event = 0 if guild_id is None else (guild_id >> GUILD_SHIFT) % count
        wanted = INTENTS.get(event)
        return shard_of_event == number and (wanted is None or bool(wanted & self.intents))

    async def send(self, event: str, data: Json) -> None:
        """Send an event, or keep it until the session is resumed."""
        self.sequence += 1
        frame = json.dumps({"op": DISPATCH, "t": event, "s": self.sequence, "d": data})
        self.sent.append((self.sequence, frame))
        await self._write(frame)

    async def catch_up(self, seen: int) -> None:
        """Send again what came after sequence number `seen`."""
        for sequence, frame in list(self.sent):
            if sequence > seen:
                await self._write(frame)

    async def _write(self, frame: str) -> None:
        if self.socket is not None and not self.socket.closed:
            try:
                await self.socket.send_str(frame)
            except ConnectionError:  # it broke in this moment; resuming will bring the event
                self.socket = None


class Gateway:
    """All sessions of the bot.

    Attributes:
        sessions: those that can be resumed, by id.
        closings: the close code of every connection that ended, oldest first; 1006: without a word.
        starts_left: how many session starts left, as far as anybody asks.
        max_concurrency: how many shards may identify within five seconds, as far as anybody asks.
        wanted_shards: how many Discord would like, as far as anybody asks.
        identified: when each session was started, in seconds that only grow, and its shard's number.
    """

    def __init__(self, state: State, token: str, address: Callable[[], str], heartbeat_ms: int) -> None:
        self.sessions: dict[str, Session] = {}
        self.closings: list[int] = []
        self.starts_left = 1000
        self.max_concurrency = 1
        self.wanted_shards = 1
        self.identified: list[tuple[float, int]] = []
        self._state = state
        self._token = token
        self._address = address
        self._heartbeat_ms = heartbeat_ms
        self._sockets: dict[web.WebSocketResponse, asyncio.Transport | None] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._refusal: int | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(PATH, self._connect),
            web.get(f"{API}/gateway/bot", self._describe),
        ]

    @property
    def connected(self) -> list[Session]:
        """The sessions that events reach now."""
        return [session for session in self.sessions.values() if session.is_connected]

    async def dispatch(self, event: str, data: Json, guild_id: int | None) -> int:
        """Send an event to all sessions that it is for; return how many of them are connected."""
        takers = [session for session in self.sessions.values() if session.takes(event, guild_id)]
        reached = sum(session.is_connected for session in takers)
        await asyncio.gather(*(session.send(event, data) for session in takers))
        return reached

    def announce(self, event: str, data: Json, guild_id: int | None) -> None:
        """Send an event, without waiting for slow connections."""
        task = asyncio.create_task(self._announce(event, data, guild_id))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def drop(self, code: int | None = None, *, resumable: bool = True) -> None:
        """Break all connections: with a close code, or without a word.

        `resumable`: whether the sessions can be resumed afterwards.
        """
        if not resumable:
            self.sessions.clear()
        for socket, transport in list(self._sockets.items()):
            if code is not None:
                await socket.close(code=code)
            elif transport is not None:
                transport.abort()

    async def refuse(self, code: int) -> None:
        """Break all connections with a close code, and from now on every new one with the same.

        A client may miss the first: where the connection ends while it answers the code, aiohttp forgets it.
        """
        self._refusal = code
        await self.drop(code)

    async def ask_to_reconnect(self) -> None:
        """Ask all connections to resume elsewhere (opcode 7), as Discord does several times a day."""
        for socket in list(self._sockets):
            await socket.send_json({"op": RECONNECT, "d": None})

    async def close(self) -> None:
        """End all connections."""
        await self.drop(1001)
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _announce(self, event: str, data: Json, guild_id: int | None) -> None:
        await self.dispatch(event, data, guild_id)

    async def _describe(self, _: web.Request) -> web.Response:
        limit = {
            "total": 1000,
            "remaining": self.starts_left,
            "reset_after": 86_400_000,
            "max_concurrency": self.max_concurrency,
        }
        return json_answer(
            {"url": self._address(), "shards": self.wanted_shards, "session_start_limit": limit}
        )

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        self._sockets[socket] = request.transport
        session: Session | None = None
        try:
            await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": self._heartbeat_ms}})
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    continue
                session = await self._receive(socket, session, json.loads(frame.data))
        except ConnectionError:
            pass  # the other side is gone
        finally:
            del self._sockets[socket]
            self.closings.append(socket.close_code or 1006)
            if session is not None and session.socket is socket:
                session.socket = None
            self._state.notify()
        return socket

    async def _receive(
        self, socket: web.WebSocketResponse, session: Session | None, message: Json
    ) -> Session | None:
        match message["op"]:
            case 2 | 6 if self._refusal is not None:
                await socket.close(code=self._refusal)
            case 1:
                await socket.send_json({"op": ACK, "d": None})
            case 2:
                return await self._identify(socket, message["d"])
            case 6:
                return await self._resume(socket, message["d"])
            case _ if session is None:
                await socket.close(code=NOT_AUTHENTICATED)
            case _:
                pass  # presence and the like: nobody looks at it here
        return session

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        if data["token"] != self._token:
            await socket.close(code=WRONG_TOKEN, message=b"Authentication failed.")
            return None
        number, count = data.get("shard") or (0, 1)
        self.identified.append((time.monotonic(), number))
        session = Session(secrets.token_hex(16), (number, count), data["intents"], socket)
        guilds = [guild for guild in self._state.guilds.values() if session.takes("", guild.id)]
        ready: Json = {
            "v": 10,
            "user": user_payload(self._state.bot_id, is_bot=True),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self._address(),
            "shard": [number, count],
            "application": {"id": str(self._state.bot_id), "flags": 0},
        }
        await session.send("READY", ready)
        for guild in guilds:
            await session.send("GUILD_CREATE", guild_payload(guild, self._state))
        self.sessions[session.id] = session
        self._state.notify()
        return session

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        session = self.sessions.get(data["session_id"])
        if data["token"] != self._token:
            await socket.close(code=WRONG_TOKEN, message=b"Authentication failed.")
            return None
        if session is None:
            await socket.send_json({"op": INVALID_SESSION, "d": False})
            return None
        session.socket = socket
        session.resumes += 1
        await session.catch_up(data["seq"] or 0)
        await session.send("RESUMED", {})
        self._state.notify()
        return session
