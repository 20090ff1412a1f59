"""One stage for the whole program: a Discord and a provider on real sockets, and the bot as a process."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from bot.db.database import open_database
from bot.jobs.cancellation import Cancellation
from sandbox.provider import QUICK, Provider
from sandbox.world import wait_until
from tests.wire_discord import Interaction, Message, WireDiscord
from tests.wire_discord.program import Program, bot_environment

KILLABLE = str(Path(__file__).with_name("killable.py"))
LEASE_SECONDS = 2
ANSWER_SECONDS = 60.0  # that Discord waits for an answer: a machine that stands still is not what is tested
ALICE = 11
MODERATOR = 77
REQUEST = {"prompt": "A fox in the snow", "duration": 4}
TOO_LARGE = "I couldn't attach the file"
ENDINGS = ("I couldn't get you ", TOO_LARGE, "cancelled your video")
FAILING_REQUEST = {"prompt": "A fox in the snow [fail]", "duration": 4}


@dataclass(frozen=True)
class Row:
    """What the database says of one generation."""

    id: str
    status: str
    failure_kind: str | None
    card_id: int | None
    result_id: int | None
    prompt: str | None
    guild_id: int
    is_sent: bool
    is_delivered: bool
    is_asked_for: bool
    credits: float | None


class Scene:
    """A Discord, a provider, and the bot that is started again and again on one database."""

    def __init__(self, wire: WireDiscord, provider: Provider, folder: Path) -> None:
        self.wire = wire
        self.provider = provider
        self.folder = folder

    @property
    def database(self) -> Path:
        """The file in which everything is recorded."""
        return self.folder / "data" / "veo.db"

    def start(self, *, kill_at: str = "", settings: Mapping[str, object] | None = None) -> Program:
        """Return the program, to be entered; it kills itself at `kill_at` (see `killable`)."""
        wanted: dict[str, object] = {"kill_at": kill_at, "fast": 1, "lease_seconds": LEASE_SECONDS}
        wanted.update(settings or {})
        environment = bot_environment(self.wire, self.provider, self.folder / "data", **wanted)
        return Program([KILLABLE], environment, self.folder)

    async def ask(self, request: Mapping[str, object], user_id: int = ALICE) -> Interaction:
        """Ask for a video as soon as a bot is there; do not wait for the answer."""
        await self.wire.wait_for(lambda: self.wire.gateway.connected or None)
        return await self.wire.interact(user_id, "veo", request)

    async def cancel(self, generation_id: str) -> None:
        """Cancel a generation as a moderator; the program finds that in the database.

        Raises:
            TooLateError: it is finished already.
            DatabaseBusyError: nothing can be written now.
        """
        async with open_database(f"sqlite+aiosqlite:///{self.database}") as database:
            service = Cancellation(database, work=asyncio.Event())
            await service.cancel(self.wire.guild.id, generation_id, MODERATOR)

    async def settle(self, seconds: float = 60) -> list[Row]:
        """Return the rows once all are delivered.

        Raises:
            TimeoutError: they were not in time.
        """

        async def look() -> list[Row] | None:
            with closing(sqlite3.connect(self.database, timeout=10)) as connection:
                open_rows = connection.execute(
                    "SELECT count(*) FROM generations WHERE delivered_at IS NULL"
                ).fetchone()
            return self.rows() if open_rows == (0,) else None

        return await wait_until(look, seconds=seconds)

    def rows(self) -> list[Row]:
        """Return all generations as the database has them now."""
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            found = connection.execute(
                "SELECT id, status, failure_kind, card_id, result_id, prompt, guild_id,"
                " submitted_at IS NOT NULL,"
                " delivered_at IS NOT NULL,"
                " late_until IS NOT NULL, credits_used"
                " FROM generations ORDER BY created_at"
            ).fetchall()
        return [
            Row(*rest, is_sent=bool(sent), is_delivered=bool(done), is_asked_for=bool(late), credits=cost)
            for *rest, sent, done, late, cost in found
        ]

    def results(self, generation_id: str) -> list[Message]:
        """Return every message anywhere that says how a generation ended: its video or why there is none."""
        return [message for message in self.wire.messages() if _is_result(message, generation_id)]

    def create_calls(self, generation_id: str) -> int:
        """Return how many create calls the provider got for a generation."""
        return sum(
            call.kind == "create"
            and call.headers.get("x-client-request-id", "").partition(".")[0] == generation_id
            for call in self.provider.calls
        )


@asynccontextmanager
async def open_scene(folder: Path, files: Path, *, nonce_seconds: float = 180.0) -> AsyncGenerator[Scene]:
    """Open a stage whose database is below `folder`.

    `files`: the provider's rendered videos; `nonce_seconds`: how long Discord remembers a nonce.
    """
    async with (
        WireDiscord(nonce_seconds=nonce_seconds, answer_seconds=ANSWER_SECONDS) as wire,
        Provider(generation_seconds=0.3, render=QUICK, files=files) as provider,
    ):
        yield Scene(wire, provider, folder)


def _is_result(message: Message, generation_id: str) -> bool:
    if any(file.filename == f"veo-{generation_id}.mp4" for file in message.attachments):
        return True
    is_told = any(words in message.content for words in ENDINGS)
    return is_told and generation_id in message.content
