"""Films: several shots that are asked for together, made one by one, and joined at the end."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.film_models import FilmRow
from bot.db.models import Status
from bot.films.queue import FilmQueue
from bot.films.rows import Film
from bot.films.troubles import Change
from bot.jobs.ports import Posted
from bot.library.removal import NothingToRemoveError
from bot.media.files import Clip, probe
from cogs.delivery.film_delivery import FilmDelivery
from sandbox.provider import Fault
from sandbox.world import World
from tests.bot.drawn import draw
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import eventually, requests, rows, shown, threads
from tests.e2e.filming import (
    SECONDS,
    SHOTS,
    film_posts,
    finished,
    latest,
    make_film,
    offered,
    said_in_thread,
)
from tests.e2e.quoting import as_shown, buttons_kept, now_shown, prices_known
from tests.e2e.reporting import add_bob, buttons
from tests.e2e.test_continue import bodies, difference, frame, sent_image
from tests.e2e.videos import message_of, private


async def test_the_price_comes_first_and_nothing_is_spent_before_the_click(open_world: OpenWorld) -> None:
    async with open_world(timing={"deadline": 1000}) as world:
        offer = await offered(world)
        assert buttons(offer) == ["Make the film", "Cancel"]
        text = now_shown(world, offer)
        assert "film of 3 shots before you spend anything" in text
        assert "💰 Price: about **$6.24 (12,480,000 credits)** for all shots, from the video" in text
        assert "this film uses 3 of your videos. You'll have 47 left after it (the limit is 50" in text
        assert re.search(r"⏳ Wait: about \d+ minutes, because the shots are made one after", text)
        assert await rows(world) == []
        assert world.provider.count("create") == 0


@pytest.mark.nightly
async def test_the_card_says_when_a_shot_should_be_ready(open_world: OpenWorld) -> None:
    async with open_world(timing={"deadline": 1000}) as world:
        world.provider.hold = True
        film = await make_film(world, *SHOTS[:2])

        def has_time() -> bool:
            lines = message_of(world, film.shots[0].card_id).content.split("\n")
            return any("· ⚙️ being made. Should be ready <t:" in line for line in lines)

        film = await latest(world)
        await eventually("the card has the time", has_time)
        world.provider.release()


@pytest.mark.nightly
async def test_a_continuous_film_is_made_shot_by_shot_and_joined_once(world: World, tmp_path: Path) -> None:
    film = await finished(world, await make_film(world, resolution="720P"))
    assert [shot.status for shot in film.shots] == [Status.SUCCEEDED] * 3
    assert [shot.prompt for shot in film.shots] == list(SHOTS)
    sent = bodies(world)
    assert [body["prompt"] for body in sent] == list(SHOTS)
    assert "image_url" not in sent[0]
    in_thread = said_in_thread(world)
    files = [await message.attachments[0].read() for message in in_thread if message.attachments]
    assert difference(sent_image(sent[1]), frame(files[0], tmp_path, "reverse")) < 3
    assert difference(sent_image(sent[2]), frame(files[1], tmp_path, "reverse")) < 3
    assert [text.content.split("\n")[0] for text in in_thread] == [
        "🎬 Shot 1 is ready.",
        "🎬 Shot 2 is ready.",
        "🎬 Shot 3 is ready.",
        f"🎞️ <@{world.alice.id}> Your film is ready.",
    ]
    path = tmp_path / "film.mp4"
    path.write_bytes(files[3])
    clip = await probe(path)
    assert abs(clip.seconds - 12) < 0.2
    assert (clip.width, clip.height, clip.has_sound, clip.unplayable) == (1280, 720, True, "")
    for number, second in enumerate((1, 5, 9)):
        joined = frame(files[3], tmp_path, f"select='gte(t,{second})'")
        shot = frame(files[number], tmp_path, f"select='gte(t,{second - 4 * number})'")
        assert difference(joined, shot) < 3, f"another picture is shown at {second} s"
    assert len(film_posts(world)) == 1
    assert len(requests(world, "POST", "/threads")) == 1, "the thread was asked for again"
    card = card_of_film(world, film)
    assert "✅ **Done:** the shots are joined." in card
    assert card.count("✅ [ready](") == 3


@pytest.mark.nightly
async def test_without_a_shot_the_next_one_starts_from_the_last_frame_there_is(
    world: World, tmp_path: Path
) -> None:
    world.provider.faults.add("create", Fault.status(400), only={"prompt": SHOTS[1]})
    film = await finished(world, await make_film(world, *SHOTS, aspect_ratio="9:16"))
    assert [shot.status for shot in film.shots] == [Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED]
    (post,) = film_posts(world)
    lines = post.content.split("\n")
    assert lines[1] == "Shot 2 is missing. The film's card says whether it counts."
    assert card_of_film(world, film).count("❌ no video. It didn't count.") == 1
    files = [await message.attachments[0].read() for message in said_in_thread(world) if message.attachments]
    last = sent_image(bodies(world)[-1])
    assert difference(last, frame(files[0], tmp_path, "reverse")) < 3
    assert film.shots[2].continues_id == film.shots[0].id
    path = tmp_path / "film.mp4"
    path.write_bytes(files[-1])
    assert abs((await probe(path)).seconds - 8) < 0.2


@pytest.mark.nightly
async def test_where_the_first_shot_fails_the_next_one_is_made_from_its_words(world: World) -> None:
    world.provider.faults.add("create", Fault.status(400), only={"prompt": SHOTS[0]})
    film = await finished(world, await make_film(world, *SHOTS[:2]))
    assert [shot.status for shot in film.shots] == [Status.FAILED, Status.SUCCEEDED]
    assert "image_url" not in bodies(world)[-1]
    assert len(film_posts(world)) == 1


@pytest.mark.nightly
async def test_the_first_image_opens_the_film_and_stands_in_for_a_missing_frame(world: World) -> None:
    world.provider.faults.add("create", Fault.status(400), only={"prompt": SHOTS[0]})
    film = await finished(world, await make_film(world, *SHOTS[:2], image=("cat.png", draw())))
    assert [shot.status for shot in film.shots] == [Status.FAILED, Status.SUCCEEDED]
    first, second = bodies(world)
    assert first["image_url"] == second["image_url"]


@pytest.mark.nightly
async def test_cuts_are_made_at_once_and_each_from_its_words(world: World) -> None:
    world.provider.hold = True
    film = await make_film(world, *SHOTS, continuity="cuts", generate_audio=False)
    await world.provider.called("create", 3)
    world.provider.release()
    film = await finished(world, film)
    assert all("image_url" not in body for body in bodies(world))
    (post,) = film_posts(world)
    assert f"veo-{film.row.id}.mp4" in [file.filename for file in post.attachments]


async def test_a_film_that_has_no_shot_says_so_and_posts_none(world: World) -> None:
    world.provider.faults.add("create", Fault.status(400), times=None)
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    assert film_posts(world) == []
    assert "❌ **No film.** None of its shots could be made." in card_of_film(world, film)


async def test_a_second_click_counts_nothing(world: World) -> None:
    offer = await offered(world, *SHOTS[:2])
    with buttons_kept(world, offer):
        await world.alice.click(offer, label="Make the film")
    said = private(await world.alice.click(as_shown(world, offer), label="Make the film"))
    assert said == "Already on it. Your second click didn't count."
    await finished(world, await latest(world))
    assert len(await rows(world)) == 2


async def test_an_offer_that_is_cancelled_is_gone(world: World) -> None:
    offer = await offered(world)
    with buttons_kept(world, offer):
        await world.alice.click(offer, label="Cancel")
        assert now_shown(world, offer) == "🚫 **Cancelled.** This didn't count toward your limit."
    await world.alice.click(as_shown(world, offer), label="Make the film")
    assert now_shown(world, offer).startswith("This offer is no longer available.")
    assert await rows(world) == []


@pytest.mark.nightly
async def test_the_offer_and_the_shots_outlive_restarts(world: World) -> None:
    offer = await offered(world, *SHOTS)
    await world.restart()
    await prices_known(world)
    world.provider.hold = True
    await world.alice.click(as_shown(world, offer), label="Make the film")
    await world.provider.called("create")
    await world.restart()
    world.provider.release()
    film = await finished(world, await latest(world))
    assert [shot.status for shot in film.shots] == [Status.SUCCEEDED] * 3
    assert world.provider.count("create") == 3
    assert len(film_posts(world)) == 1


async def test_after_a_restart_the_next_shots_use_the_thread_there_is(world: World) -> None:
    film = await make_film(world, *SHOTS[:2])
    first = film.shots[0].id
    await world.wait_for(lambda row: row.delivered_at is not None, generation_id=first, seconds=SECONDS)
    await world.restart()
    film = await finished(world, film)
    assert {shot.result_channel_id for shot in film.shots} == {film.row.card_id}
    assert len(requests(world, "POST", "/threads")) == 1, "the thread was asked for again"


async def test_a_film_that_was_posted_and_not_recorded_is_found_and_posted_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, killed = FilmQueue.update_troubles, asyncio.Event()

    async def die_once(self: FilmQueue, row: FilmRow, change: Change, **values: Any) -> FilmRow:
        if "result_id" in values and not killed.is_set():
            killed.set()
            await asyncio.Event().wait()  # as a process that is not there any more
        return await note(self, row, change, **values)

    monkeypatch.setattr(FilmQueue, "update_troubles", die_once)
    film = await make_film(world, *SHOTS[:2], continuity="cuts")
    await asyncio.wait_for(killed.wait(), SECONDS)
    await world.restart()
    film = await finished(world, film)
    (post,) = film_posts(world)
    assert film.row.result_id == post.id


@pytest.mark.nightly
async def test_cancelling_spares_what_was_not_sent_and_joins_the_rest(world: World) -> None:
    film = await make_film(world)
    await world.wait_for(
        lambda row: row.delivered_at is not None, generation_id=film.shots[0].id, seconds=SECONDS
    )
    world.provider.hold = True
    card = message_of(world, film.row.card_id or film.shots[0].card_id)
    said = private(await world.alice.click(card, label="Cancel the film"))
    world.provider.release()
    film = await finished(world, film)
    assert said.startswith("🚫 **Cancelled:** 2 shots.")
    assert "🚫 You cancelled it. It didn't count." in card_of_film(world, film)
    assert film.shots[0].status is Status.SUCCEEDED
    assert film.shots[2].status is Status.CANCELLED
    assert film.shots[2].submitted_at is None
    assert len(film_posts(world)) == 1


@pytest.mark.nightly
async def test_who_cancels_a_film_is_told_how_many_shots_count(world: World) -> None:
    world.provider.hold = True
    film = await make_film(world)
    await world.wait_for(lambda row: row.provider_id is not None, generation_id=film.shots[0].id)
    card = message_of(world, (await latest(world)).row.card_id)
    said = private(await world.mona.click(card, label="Cancel the film"))
    assert said == (
        "🚫 **Cancelled:** 3 shots. 1 was already sent to the video service, so it counts toward the limit."
    )
    world.provider.release()
    text = card_of_film(world, await finished(world, film))
    assert text.count("🚫 A moderator cancelled it. It counts.") == 1
    assert text.count("🚫 A moderator cancelled it. It didn't count.") == 2


@pytest.mark.nightly
async def test_others_cannot_cancel_it(world: World) -> None:
    world.provider.hold = True
    film = await make_film(world, *SHOTS[:2])
    await world.provider.called("create")
    card = message_of(world, (await latest(world)).row.card_id)
    said = private(await add_bob(world).click(card, label="Cancel the film"))
    assert "Only the member who requested this film or a moderator can do that." in said
    world.provider.release()
    film = await finished(world, film)
    assert [shot.status for shot in film.shots] == [Status.SUCCEEDED] * 2


async def test_a_film_without_its_file_is_announced_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_video = FilmDelivery.post_video

    async def post_bare(self: FilmDelivery, row: FilmRow, clip: Clip, *_: Any, **__: Any) -> Posted:
        return await post_video(self, row, clip, with_file=False)

    monkeypatch.setattr(FilmDelivery, "post_video", post_bare)
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    (post,) = film_posts(world)
    assert "Your film is done, but I couldn't post its file here." in post.content
    assert post.attachments == []
    assert "✅ **Done:** the shots are joined." in card_of_film(world, film)


@pytest.mark.parametrize(
    ("broken", "state"),
    [
        (["post_video"], "❌ **Done,** but I couldn't post the film."),
        (
            ["post_video", "find_result"],
            "⚠️ **Done,** but I couldn't find out whether the film was posted.",
        ),
    ],
    ids=["not posted", "perhaps posted"],
)
async def test_a_film_that_is_given_up_says_so_on_its_card(
    world: World, monkeypatch: pytest.MonkeyPatch, broken: list[str], state: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("nobody foresaw this")

    for name in broken:
        monkeypatch.setattr(FilmDelivery, name, fail)
    monkeypatch.setattr("bot.films.runner.MAX_ATTEMPTS", 0)
    monkeypatch.setattr("bot.films.runner.MAX_ENDINGS", 0)
    monkeypatch.setattr("bot.films.finishing.ARRIVAL", timedelta())  # no try gets through later
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    card = card_of_film(world, film)
    assert f"{state} Its shots are above or in the thread." in card
    assert card.count("✅ [ready](") == 2


@pytest.mark.nightly
async def test_a_film_that_is_taken_down_while_it_is_posted_does_not_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_video = FilmDelivery.post_video

    async def post_late(self: FilmDelivery, row: FilmRow, *parts: Any, **options: Any) -> Posted:
        await world.app.services.films.remove(row.id, row.user_id)
        return await post_video(self, row, *parts, **options)

    monkeypatch.setattr(FilmDelivery, "post_video", post_late)
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    assert film.row.result_id is not None
    assert film_posts(world) == []
    assert "🗑️ **Removed.**" in card_of_film(world, film)


def card_of_film(world: World, film: Film) -> str:
    return message_of(world, film.row.card_id).content


@pytest.mark.nightly
async def test_a_film_is_deleted_and_its_shots_stay(world: World) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    (post,) = film_posts(world)
    assert buttons(post) == ["Redo a shot", "Remix", "Delete", "Report"]
    said = private(await add_bob(world).click(post, label="Delete"))
    assert "Only the member who requested this film or a moderator can do that." in said
    asked = await world.alice.click(post, label="Delete")
    assert len(film_posts(world)) == 1, "it was deleted before the answer"
    question = shown(asked).message
    await world.alice.click(question, label="Delete it")
    assert now_shown(world, question).startswith("🗑️ **Deleted.**")
    assert film_posts(world) == []
    assert "🗑️ **Removed.**" in card_of_film(world, film)
    assert card_of_film(world, film).count("✅ [ready](") == 2


async def test_a_film_that_a_kill_left_posted_is_deleted_without_another_click(
    world: World, database_url: str
) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    await world.app.services.films.remove(film.row.id, world.alice.id)  # and it ends here
    assert len(film_posts(world)) == 1
    async with open_database(database_url) as database:
        due = update(FilmRow).values(take_down_at=utc_now())
        await database.write(lambda session: session.execute(due))
    await eventually("the message is deleted", lambda: film_posts(world) == [])
    await eventually("the card says so", lambda: "🗑️ **Removed.**" in card_of_film(world, film))
    assert card_of_film(world, film).count("✅ [ready](") == 2, "its shots stay"


async def test_a_film_whose_words_were_forgotten_is_deleted_by_its_own_button(world: World) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    await world.app.services.privacy.forget(world.alice.id)
    row = (await finished(world, film)).row
    assert (row.result_id, row.posting_at) == (None, None)
    (post,) = film_posts(world)
    question = shown(await world.alice.click(post, label="Delete")).message
    await world.alice.click(question, label="Delete it")
    assert now_shown(world, question).startswith("🗑️ **Deleted.**")
    assert film_posts(world) == []


async def test_nothing_is_called_deleted_where_no_message_is_known(world: World) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    (post,) = film_posts(world)
    question = shown(await world.alice.click(post, label="Delete")).message
    await world.app.services.privacy.forget(world.alice.id)
    said = private(await world.alice.click(question, label="Delete it"))
    assert said == str(NothingToRemoveError())
    assert (await finished(world, film)).row.removed_at is None


async def test_who_deletes_a_shot_is_told_before_that_the_film_goes_with_it(world: World) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    shot = message_of(world, film.shots[0].result_id)
    asked = await world.alice.click(shot, label="Delete")
    assert "⚠️ Its film is deleted with it." in private(asked)
    await world.alice.click(shown(asked).message, label="Keep it")
    assert len(film_posts(world)) == 1
    asked = await world.alice.click(film_posts(world)[0], label="Delete")
    assert buttons(shown(asked).message) == ["Delete it", "Keep it"]
    await world.alice.click(shown(asked).message, label="Keep it")
    assert now_shown(world, shown(asked).message) == "Nothing was deleted."
    asked = await world.alice.click(film_posts(world)[0], label="Delete")
    await world.alice.click(shown(asked).message, label="Delete it")
    asked = await world.alice.click(shot, label="Delete")
    assert "film" not in private(asked), "it's gone"


@pytest.mark.nightly
async def test_a_shot_that_is_taken_down_takes_the_film_with_it(world: World) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    shot = message_of(world, film.shots[0].result_id)
    asked = await world.mona.click(shot, label="Delete")
    await world.mona.click(shown(asked).message, label="Delete it")
    assert film_posts(world) == []
    card = card_of_film(world, film)
    assert "🗑️ **Removed.**" in card
    assert "· 🗑️ removed" in card
    assert card.count("✅ [ready](") == 1


@pytest.mark.nightly
async def test_a_shot_that_is_taken_down_before_the_end_is_not_in_the_film(world: World) -> None:
    film = await make_film(world, *SHOTS[:2])
    first = film.shots[0].id
    await world.wait_for(lambda row: row.delivered_at is not None, generation_id=first, seconds=SECONDS)
    await world.app.services.removal.remove(world.guild.id, first, world.mona.id)
    film = await finished(world, film)
    (post,) = film_posts(world)
    assert "Shot 1 is missing." in post.content
    assert [shot.shot for shot in film.present] == [2]


async def film_with_one_shot_shown(world: World) -> Film:
    """Return a film whose first shot is posted and whose second one isn't made yet."""
    first = (await make_film(world, *SHOTS[:2])).shots[0].id
    await world.wait_for(lambda row: row.delivered_at is not None, generation_id=first, seconds=SECONDS)
    world.provider.hold = True
    film = await latest(world)
    assert film.shots[1].delivered_at is None
    return film


@pytest.mark.nightly
async def test_a_film_whose_author_leaves_is_made_and_posted_all_the_same(world: World) -> None:
    film = await film_with_one_shot_shown(world)
    world.guild.remove_member(world.alice)
    world.provider.release()
    film = await finished(world, film)
    (post,) = film_posts(world)
    assert (post.id, film.missing) == (film.row.result_id, [])
    assert post.attachments


@pytest.mark.nightly
async def test_a_film_whose_thread_is_deleted_goes_on_in_the_channel(world: World) -> None:
    film = await film_with_one_shot_shown(world)
    (thread,) = threads(world)
    world.env.backend.delete_channel(thread.id)
    world.provider.release()
    film = await finished(world, film)
    assert [shot.result_channel_id for shot in film.shots] == [thread.id, world.channel.id]
    (post,) = film_posts(world)
    assert (post.channel.id, film.missing) == (world.channel.id, [])
    assert post.attachments
