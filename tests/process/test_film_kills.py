"""SIGKILL while a film is made: no shot is paid for twice, and the film is posted once."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.films.rows import Film
from tests.process.filming import (
    FORGOTTEN,
    POSTED,
    database_of,
    delivered,
    films_in,
    nonce_seconds,
    request_film,
)
from tests.process.scene import open_scene
from tests.wire_discord import Message

POINTS = {
    "a shot's last frame is taken, not kept": "bot.films.frames:ShotFrames.find:after",
    "a shot is delivered": "bot.jobs.steps.deliver:Deliver._close:after",
    "the shots are joined": "bot.media.joining:Joiner.join:after",
    "the post of the film is announced": "bot.films.finishing:Finishing._begin_posting:after",
    POSTED: "cogs.delivery.film_delivery:FilmDelivery.post_video:after",
    "the film is recorded, not shown on its card": "bot.films.finishing:Finishing.close:before",
    "all but the end is recorded": "cogs.delivery.film_delivery:FilmDelivery.show_film:after",
}
ALL_POINTS = POINTS | {FORGOTTEN: POINTS[POSTED]}
DAILY = ["a shot's last frame is taken, not kept", "the shots are joined", FORGOTTEN]


@dataclass(frozen=True)
class Outcome:
    """What was left of the film when all had settled."""

    exit_code: int
    film: Film
    create_calls: list[int]
    posts: list[Message]
    card: Message


async def play(name: str, folder: Path, files: Path) -> Outcome:
    """Kill the program while it makes a film; start it again; let everything settle."""
    async with open_scene(folder, files, nonce_seconds=nonce_seconds(name)) as scene:
        async with scene.start(kill_at=ALL_POINTS[name]) as program:
            await scene.wire.wait_for_sessions()
            async with database_of(scene) as database:
                film_id = await request_film(scene, database)
            exit_code = await program.ended(60)
        async with scene.start() as again, database_of(scene) as database:
            film = await delivered(database, film_id)
            assert await again.stop() == 0, again.output
        messages = scene.wire.messages()
        return Outcome(
            exit_code,
            film,
            [scene.create_calls(shot.id) for shot in film.shots],
            films_in(messages),
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
