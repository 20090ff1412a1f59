"""SIGKILL while a film is made: no shot is paid for twice, and the film is posted once."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.db.database import Database
from bot.films.rows import Film
from bot.media.files import PART_SUFFIX
from tests.process.filming import (
    FORGOTTEN,
    POSTED,
    click_on,
    database_of,
    delivered,
    films_in,
    nonce_seconds,
    offer_film,
    request_film,
)
from tests.process.scene import Scene, open_scene
from tests.wire_discord import Message

# Here she clicks on the offer; else the film is accepted past Discord.
CLICK_POINTS = {
    "the film is accepted, not answered": "bot.films.service:Films.confirm:after:2",
    "its card is posted, not recorded": "bot.films.service:Films.attach_card:before",
    "its shots may begin": "bot.films.service:Films.attach_card:after",
}
# Killed before the create call left: its fate cannot be told from that of one that got lost.
NEVER_CREATED = "a later shot's create call is announced, not made"
POINTS = {
    "a shot is posted, not recorded": "cogs.delivery.delivery:DiscordDelivery.post_video:after",
    "a later shot is released": "bot.films.queue:FilmQueue.release_shots:found",
    "a shot's last frame is taken, not kept": "bot.requests.source_videos:SourceVideos.find_frame:after",
    NEVER_CREATED: "bot.provider.client:VeoClient.create:before:2",
    "a later shot's create call is answered, not recorded": "bot.provider.client:VeoClient.create:after:2",
    "a later shot is posted, not recorded": "cogs.delivery.delivery:DiscordDelivery.post_video:after:2",
    "a shot is delivered": "bot.jobs.steps.deliver:Deliver._close:after",
    "ffmpeg joins the shots": "bot.media.joining:Joiner._run:during",
    "the shots are joined": "bot.media.joining:Joiner.join:after",
    "the post of the film is announced": "bot.films.finishing:Finishing._begin_posting:after",
    POSTED: "cogs.delivery.film_delivery:FilmDelivery.post_video:after",
    "the film is recorded, not shown on its card": "bot.films.finishing:Finishing._close:before",
    "all but the end is recorded": "cogs.delivery.film_delivery:FilmDelivery.show_film:after",
}
ALL_POINTS = CLICK_POINTS | POINTS | {FORGOTTEN: POINTS[POSTED]}
DAILY = ["ffmpeg joins the shots", FORGOTTEN]
SETTINGS = {"lookup_window": 3}  # seconds after which a create call is given up for lost


@dataclass(frozen=True)
class Outcome:
    """What was left of the film when all had settled."""

    exit_code: int
    film: Film
    create_calls: list[int]
    shots: list[int]  # how many messages have each
    posts: list[Message]
    cards: list[Message]
    files: list[str]  # below the folder for videos


async def play(name: str, folder: Path, files: Path) -> Outcome:
    """Kill the program while it makes a film; start it again; let everything settle."""
    async with open_scene(folder, files, nonce_seconds=nonce_seconds(name)) as scene:
        async with scene.start(kill_at=ALL_POINTS[name], settings=SETTINGS) as program:
            await scene.wire.wait_for_sessions()
            async with database_of(scene) as database:
                film_id = await ask_for_film(scene, database, is_click=name in CLICK_POINTS)
            exit_code = await program.ended(60)
        async with scene.start(settings=SETTINGS) as again, database_of(scene) as database:
            film = await delivered(database, film_id)
            assert await again.stop() == 0, again.output
        messages = scene.wire.messages()
        return Outcome(
            exit_code,
            film,
            [scene.create_calls(shot.id) for shot in film.shots],
            [len(scene.results(shot.id)) for shot in film.shots],
            films_in(messages),
            [message for message in messages if "requested a film" in message.content],
            [path.name for path in (folder / "data" / "videos").rglob("*") if path.is_file()],
        )


async def ask_for_film(scene: Scene, database: Database, *, is_click: bool) -> str:
    """Have a film made, and return its ID."""
    if not is_click:
        return await request_film(scene, database)
    offer = await offer_film(scene, database)
    await click_on(scene, offer)
    return offer.id


@pytest.mark.nightly(daily=DAILY)
@pytest.mark.parametrize("point", ALL_POINTS)
async def test_a_film_survives_a_kill_when(tmp_path: Path, files: Path, point: str) -> None:
    outcome = await play(point, tmp_path, files)
    assert outcome.exit_code == -signal.SIGKILL, "the program was not killed at the named point"
    is_whole = point != NEVER_CREATED
    assert outcome.create_calls == [1, int(is_whole)]
    assert outcome.shots == [1, 1], "a shot, or that there is none, was posted twice or not at all"
    (post,) = outcome.posts
    assert outcome.film.row.result_id == post.id
    assert post.attachments, "the film has no file"
    assert outcome.film.missing == ([] if is_whole else [2])
    (card,) = outcome.cards
    assert (card.id, "**Done:**" in card.content) == (outcome.film.row.card_id, True)
    # ffmpeg goes on for a moment after the program; such work is cleaned up later.
    assert [name for name in outcome.files if not name.endswith(PART_SUFFIX)] == []
