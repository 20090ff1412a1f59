"""SIGKILL while a film is made: no shot is paid for twice, and the film is posted once."""

import asyncio
import signal
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.admission.check_request import Admission, Requester
from bot.clock import utc_now
from bot.db.database import Database, open_database
from bot.db.film_models import Continuity
from bot.db.models import Generation, Placement
from bot.eta.duration_estimator import DurationEstimator
from bot.films.rows import Film, fetch_film
from bot.films.script import FilmSpec
from bot.films.service import FilmQuote, Films
from bot.jobs.queue import GenerationQueue
from bot.jobs.queue_estimate import QueueEstimate
from sandbox.world import wait_until
from tests.bot.prices import FixedPrices
from tests.process.scene import ALICE, Scene, open_scene
from tests.wire_discord import Message

POINTS = {
    "a shot's last frame is taken, not kept": "bot.films.frames:ShotFrames.find:after",
    "a shot is delivered": "bot.jobs.steps.deliver:Deliver._close:after",
    "the shots are joined": "bot.media.joining:Joiner.join:after",
    "the post of the film is announced": "bot.films.finishing:Finishing._begin_posting:after",
    "the film is posted, not recorded": "cogs.delivery.film_delivery:FilmDelivery.post_video:after",
    "the film is recorded, not shown on its card": "bot.films.finishing:Finishing.close:before",
    "all but the end is recorded": "cogs.delivery.film_delivery:FilmDelivery.show_film:after",
}
FORGOTTEN = "the film is posted, not recorded, and its nonce is forgotten"
ALL_POINTS = POINTS | {FORGOTTEN: POINTS["the film is posted, not recorded"]}
DAILY = ["a shot's last frame is taken, not kept", "the shots are joined", FORGOTTEN]
SPEC = FilmSpec("A fox", ("A fox wakes", "The fox runs"), None, {"duration": 4}, (), Continuity.CONTINUOUS)


@dataclass(frozen=True)
class Outcome:
    """What was left of the film when all had settled."""

    exit_code: int
    film: Film
    create_calls: list[int]
    posts: list[Message]
    card: Message


async def request_film(scene: Scene, database: Database) -> str:
    """Accept a film past Discord, and let the work begin; its card is posted by the runner."""
    hour = timedelta(hours=1)
    queue = GenerationQueue(database, "test", max_running=1, lease=hour)
    estimator = DurationEstimator(interval=10, rate=50, deadline=hour, max_running=1)
    films = Films(
        database,
        admission=Admission(FixedPrices(), daily_limit=5),
        queue_estimate=QueueEstimate(queue, estimator),
        work=asyncio.Event(),
        stopping=asyncio.Event(),
    )
    channel, guild = scene.wire.channel.id, scene.wire.guild.id
    alice = Requester(1 << 60, guild, channel, ALICE, Placement.THREAD)
    quote = await films.offer(alice, SPEC)
    accepted = await films.confirm(alice, quote.row.id, quote.row.revision)
    assert not isinstance(accepted, FilmQuote)
    await database.write(lambda session: session.execute(update(Generation).values(not_before=utc_now())))
    return accepted.row.id


async def play(name: str, folder: Path, files: Path) -> Outcome:
    """Kill the program while it makes a film; start it again; let everything settle."""
    nonce_seconds = 0.0 if name == FORGOTTEN else 180.0
    async with open_scene(folder, files, nonce_seconds=nonce_seconds) as scene:
        async with scene.start(kill_at=ALL_POINTS[name]) as program:
            await scene.wire.wait_for_sessions()
            async with open_database(f"sqlite+aiosqlite:///{scene.database}") as database:
                film_id = await request_film(scene, database)
            exit_code = await program.ended(60)
        async with scene.start() as again, open_database(f"sqlite+aiosqlite:///{scene.database}") as database:

            async def look() -> Film | None:
                film = await database.read(lambda session: fetch_film(session, film_id))
                return film if film is not None and film.row.delivered_at is not None else None

            film = await wait_until(look, seconds=60)
            assert await again.stop() == 0, again.output
        messages = scene.wire.messages()
        return Outcome(
            exit_code,
            film,
            [scene.create_calls(shot.id) for shot in film.shots],
            [message for message in messages if "Your film is ready" in message.content],
            next(message for message in messages if message.id == film.row.card_id),
        )


@pytest.mark.nightly(daily=DAILY)
@pytest.mark.parametrize("point", ALL_POINTS)
async def test_a_film_survives_a_kill_when(tmp_path: Path, files: Path, point: str) -> None:
    outcome = await play(point, tmp_path, files)
    assert outcome.exit_code == -signal.SIGKILL, "the program was not killed at the named point"
    assert outcome.create_calls == [1, 1]
    (post,) = outcome.posts
    assert outcome.film.row.result_id == post.id
    assert post.attachments, "the film has no file"
    assert outcome.film.missing == []
    assert "**Done:**" in outcome.card.content
