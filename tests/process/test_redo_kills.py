"""SIGKILL while a shot of a film is redone: it's paid for once, and the new film is posted once."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.db.database import Database
from bot.films.redoing import Redoing, RedoQuote
from bot.films.rows import Film
from bot.requests.confirmation import Confirmation
from tests.process.filming import (
    FORGOTTEN,
    POSTED,
    alice,
    database_of,
    delivered,
    films_in,
    nonce_seconds,
    open_desk,
    request_film,
)
from tests.process.scene import Scene, open_scene
from tests.wire_discord import Message

POINTS = {
    "the last frame before it is taken, not kept": "bot.requests.source_videos:SourceVideos.find_frame:after",
    "the create call is answered, not recorded": "bot.provider.client:VeoClient.create:after",
    "the shot is delivered": "bot.jobs.steps.deliver:Deliver._close:after",
    "the shots are joined": "bot.media.joining:Joiner.join:after",
    "the post of the film is announced": "bot.films.finishing:Finishing._begin_posting:after",
    POSTED: "cogs.delivery.film_delivery:FilmDelivery.post_video:after",
    "the film is recorded, the old one not changed": "bot.films.finishing:Finishing._close:before",
    "the old one is changed": "cogs.delivery.film_delivery:FilmDelivery.show_replaced:after",
    "all but the end is recorded": "cogs.delivery.film_delivery:FilmDelivery.show_film:after",
}
ALL_POINTS = POINTS | {FORGOTTEN: POINTS[POSTED]}
DAILY = ["the create call is answered, not recorded"]
WORDS = "The fox sleeps"


@dataclass(frozen=True)
class Outcome:
    """What was left of the film when all had settled."""

    exit_code: int
    before: Film
    film: Film
    create_calls: list[int]
    messages: list[Message]


async def redo(scene: Scene, database: Database, film: Film) -> None:
    """Redo the second shot past Discord."""
    redoing, requester = open_desk(Redoing, database), alice(scene, 1)
    row = (await redoing.offer(requester, film.row.id, 2, WORDS)).quote.quote_row
    accepted = await redoing.confirm(requester, Confirmation(row.id, row.revision), 2)
    assert not isinstance(accepted, RedoQuote)


async def play(name: str, folder: Path, files: Path) -> Outcome:
    """Make a film; kill the program while a shot is redone; start it again; let everything settle."""
    async with open_scene(folder, files, nonce_seconds=nonce_seconds(name)) as scene:
        async with scene.start() as first, database_of(scene) as database:
            await scene.wire.wait_for_sessions()
            before = await delivered(database, await request_film(scene, database))
            assert await first.stop() == 0, first.output
        async with scene.start(kill_at=ALL_POINTS[name]) as program:
            await scene.wire.wait_for_sessions()
            async with database_of(scene) as database:
                await redo(scene, database, before)
            exit_code = await program.ended(60)
        async with scene.start() as again, database_of(scene) as database:
            film = await delivered(database, before.row.id)
            assert await again.stop() == 0, again.output
        calls = [scene.create_calls(take.id) for take in film.takes]
        return Outcome(exit_code, before, film, calls, scene.wire.messages())


@pytest.mark.nightly(daily=DAILY)
@pytest.mark.parametrize("point", ALL_POINTS)
async def test_a_redone_shot_survives_a_kill_when(tmp_path: Path, files: Path, point: str) -> None:
    outcome = await play(point, tmp_path, files)
    assert outcome.exit_code == -signal.SIGKILL, "the program was not killed at the named point"
    assert outcome.create_calls == [1, 1, 1]
    film, posts = outcome.film, films_in(outcome.messages)
    assert [post.id for post in posts] == [film.row.result_id]
    assert film.row.result_id != outcome.before.row.result_id
    assert posts[0].attachments, "the film has no file"
    assert (film.row.joined_shots, film.row.replaced_post) == ([*film.names], None)
    assert film.shots[1].prompt == WORDS
    (old,) = [post for post in outcome.messages if post.id == outcome.before.row.result_id]
    assert (old.attachments, "This film has a new shot." in old.content) == ([], True)
