"""Films in the program's own database, requested past Discord."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import update

from bot.admission.check_request import Admission, Requester
from bot.clock import utc_now
from bot.db.database import Database, open_database
from bot.db.film_models import Continuity, FilmRow
from bot.db.models import Generation, Placement
from bot.eta.duration_estimator import DurationEstimator
from bot.films.desk import FilmDesk
from bot.films.rows import Film, fetch_film
from bot.films.script import FilmSpec
from bot.films.service import FilmQuote, Films
from bot.jobs.position_updater import QueueEstimate
from bot.jobs.queue import GenerationQueue
from cogs.films.offer_buttons import MakeFilmButton
from cogs.ui.items import view_of
from sandbox.world import wait_until
from tests.bot.prices import FixedPrices
from tests.process.scene import ALICE, Scene
from tests.wire_discord import Message

Desk = TypeVar("Desk", bound=FilmDesk)

SPEC = FilmSpec("A fox", ("A fox wakes", "The fox runs"), None, {"duration": 4}, (), Continuity.CONTINUOUS)
FORGOTTEN = "the film is posted, not recorded, and its nonce is forgotten"
POSTED = "the film is posted, not recorded"


def nonce_seconds(name: str) -> float:
    """Return for how long Discord remembers a nonce where the program is killed at the point `name`."""
    return 0.0 if name == FORGOTTEN else 180.0


def database_of(scene: Scene) -> AbstractAsyncContextManager[Database]:
    """Open the program's own database."""
    return open_database(f"sqlite+aiosqlite:///{scene.database}")


def open_desk(kind: type[Desk], database: Database) -> Desk:
    """Return a service for films as the program has it."""
    hour = timedelta(hours=1)
    queue = GenerationQueue(database, "test", max_running=1, lease=hour)
    estimator = DurationEstimator(interval=10, rate=50, deadline=hour, max_running=1)
    return kind(
        database,
        admission=Admission(FixedPrices(), daily_limit=5),
        queue_estimate=QueueEstimate(queue.line, estimator),
        work=asyncio.Event(),
        stopping=asyncio.Event(),
    )


def alice(scene: Scene, number: int = 0) -> Requester:
    """Return who asks for the film; `number`: of what she does."""
    return Requester((1 << 60) + number, scene.wire.guild.id, scene.wire.channel.id, ALICE, Placement.THREAD)


async def offer_film(scene: Scene, database: Database) -> FilmRow:
    """Offer a film past Discord."""
    return (await open_desk(Films, database).offer(alice(scene), SPEC)).row


async def click_on(scene: Scene, offer: FilmRow) -> None:
    """Let Alice agree to an offer, and to its price as the program knows it, which is another one.

    The button is put below any message that only she sees.
    """
    shown = await (await scene.wire.interact(ALICE, "usage", {})).answered()
    assert shown is not None
    button = MakeFilmButton(offer.id, offer.revision)
    shown.components = view_of(button).to_components()
    await scene.wire.click(ALICE, shown, button.custom_id)
    await scene.wire.wait_for(lambda: shown.edits or None)
    await scene.wire.click(ALICE, shown, shown.components[0]["components"][0]["custom_id"])


async def request_film(scene: Scene, database: Database) -> str:
    """Accept a film past Discord, and let the work begin; its card is posted by the runner."""
    films = open_desk(Films, database)
    offer = await offer_film(scene, database)
    accepted = await films.confirm(alice(scene), offer.id, offer.revision)
    assert not isinstance(accepted, FilmQuote)
    await database.write(lambda session: session.execute(update(Generation).values(not_before=utc_now())))
    return accepted.row.id


async def delivered(database: Database, film_id: str) -> Film:
    """Return the film once nothing is left to do."""

    async def look() -> Film | None:
        film = await database.read(lambda session: fetch_film(session, film_id))
        return film if film is not None and film.row.delivered_at is not None else None

    return await wait_until(look, seconds=120)


def films_in(messages: list[Message]) -> list[Message]:
    """Return the messages that show a film."""
    return [message for message in messages if "Your film is ready" in message.content]
