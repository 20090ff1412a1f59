"""Redoing a shot of a film: the price first, the other shots stay, and the film is posted again."""

from pathlib import Path

import discord
import pytest
import simcord
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.db.database import open_database
from bot.db.models import QuoteRow, Status
from bot.films.rows import Film
from bot.media.files import probe
from sandbox.provider import Fault
from sandbox.world import World, wait_until
from tests.e2e.driver import refuse, rows, shown, threads
from tests.e2e.filming import SECONDS, SHOTS, film_posts, finished, make_film, said_in_thread
from tests.e2e.moderating import admin
from tests.e2e.quoting import as_shown, buttons_kept, now_shown
from tests.e2e.reporting import add_bob, buttons
from tests.e2e.test_continue import bodies, difference, frame, sent_image
from tests.e2e.videos import filled_in, message_of, private, question

WORDS = "the dragon dives into the sea"


async def redo_form(world: World, shot: int) -> simcord.InteractionResult:
    """Let alice click on *Redo a shot* below the film, and choose one."""
    (post,) = film_posts(world)
    asked = question(await world.alice.click(post, label="Redo a shot"))
    return await world.alice.click(asked, label=f"Redo shot {shot}")


async def redo_offer(world: World, shot: int, words: str = WORDS) -> discord.Message:
    """Return the offer that alice gets for other words."""
    return question(await world.alice.submit_modal(await redo_form(world, shot), {"prompt": words}))


async def redone(world: World, film: Film) -> Film:
    """Return the film once another message shows it."""

    async def look() -> Film | None:
        found = await world.app.services.films.find(film.row.id)
        if found is None or found.row.result_id == film.row.result_id:
            return None
        return found if found.row.delivered_at is not None else None

    return await wait_until(look, seconds=SECONDS)


async def settled(world: World, film: Film, takes: int) -> Film:
    """Return the film once it has so many takes, and nothing is left to do."""

    async def look() -> Film | None:
        found = await world.app.services.films.find(film.row.id)
        is_over = found is not None and len(found.takes) == takes and found.row.delivered_at is not None
        return found if is_over else None

    return await wait_until(look, seconds=SECONDS)


@pytest.mark.nightly
async def test_one_shot_of_a_film_is_redone_and_the_film_posted_again(world: World, tmp_path: Path) -> None:
    film = await finished(world, await make_film(world, resolution="720P"))
    form = await redo_form(world, 2)
    assert filled_in(form) == {"prompt": SHOTS[1]}
    offer = question(await world.alice.submit_modal(form, {"prompt": WORDS}))
    assert len(await rows(world)) == 3, "it was requested before the click"
    assert buttons(offer) == ["Redo shot 2 · about $2.08", "Redo shots 2–3 · about $4.16", "Cancel"]
    left = "Videos left on your limit: 46 after shot 2 alone, 45 after shots 2–3 (the limit is 50 videos"
    assert left in now_shown(world, offer)
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    assert now_shown(world, offer).startswith("✅ **Requested.** [The film's card](https://")
    again = await redone(world, film)
    assert [take.shot for take in again.takes] == [1, 2, 2, 3]
    assert [shot.prompt for shot in again.shots] == [SHOTS[0], WORDS, SHOTS[2]]
    assert world.provider.count("create") == 4
    (post,) = film_posts(world)
    assert post.id == again.row.result_id
    old = message_of(world, film.row.result_id)
    assert old.attachments == []
    assert old.content.startswith("🎞️ This film has a new shot. [The new film](https://")
    files = [await message.attachments[0].read() for message in said_in_thread(world) if message.attachments]
    first, _, third, new, joined = files
    assert difference(sent_image(bodies(world)[-1]), frame(first, tmp_path, "reverse")) < 3
    path = tmp_path / "film.mp4"
    path.write_bytes(joined)
    assert abs((await probe(path)).seconds - 12) < 0.2
    for number, shot in enumerate((first, new, third)):
        shown_there = frame(joined, tmp_path, f"select='gte(t,{4 * number + 1})'")
        assert difference(shown_there, frame(shot, tmp_path, "select='gte(t,1)'")) < 3, f"shot {number + 1}"
    assert "**2** the dragon dives into the sea · ✅ [ready](" in card_of(world, film)


@pytest.mark.nightly
async def test_the_later_shots_are_redone_with_it_and_start_from_its_end(
    world: World, tmp_path: Path
) -> None:
    film = await finished(world, await make_film(world))
    offer = await redo_offer(world, 2)
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[1])
    again = await redone(world, film)
    assert [shot.prompt for shot in again.shots] == [SHOTS[0], WORDS, SHOTS[2]]
    assert world.provider.count("create") == 5
    new = await message_of(world, again.shots[1].result_id).attachments[0].read()
    assert difference(sent_image(bodies(world)[-1]), frame(new, tmp_path, "reverse")) < 3


@pytest.mark.nightly
async def test_a_shot_that_failed_is_tried_again_as_a_part_of_its_film(world: World) -> None:
    world.provider.faults.add("create", Fault.status(400), only={"prompt": SHOTS[1]})
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    ending = message_of(world, film.shots[1].result_id)
    assert buttons(ending) == ["Try again"]
    form = await world.alice.click(ending, label="Try again")
    offer = question(await world.alice.submit_modal(form, {"prompt": WORDS}))
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    again = await redone(world, film)
    assert [shot.status for shot in again.shots] == [Status.SUCCEEDED] * 2
    (post,) = film_posts(world)
    assert "is missing" not in post.content
    assert len(await rows(world)) == 3


@pytest.mark.nightly
async def test_a_new_shot_that_fails_leaves_the_film_as_it_is(world: World) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    world.provider.faults.add("create", Fault.status(400), only={"prompt": WORDS})
    offer = await redo_offer(world, 1)
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    again = await settled(world, film, takes=3)
    (post,) = film_posts(world)
    assert (again.row.result_id, post.id) == (film.row.result_id, film.row.result_id)
    assert post.attachments
    assert card_of(world, film).count("✅ [ready](") == 2


@pytest.mark.nightly
async def test_who_cancels_a_new_shot_keeps_the_film(world: World) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    offer = await redo_offer(world, 1)
    world.provider.hold = True
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    await world.provider.called("create", 3)
    card = message_of(world, film.row.card_id)
    said = private(await world.alice.click(card, label="Cancel the film"))
    assert said.startswith("🚫 **Cancelled:** 1 shot.")
    world.provider.release()
    again = await settled(world, film, takes=3)
    assert again.row.result_id == film.row.result_id
    assert "✅ **Done:** the shots are joined." in card_of(world, film)


@pytest.mark.nightly
async def test_whose_new_shot_a_moderator_cancels_is_told_since_the_card_shows_the_film_as_it_was(
    world: World,
) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    offer = await redo_offer(world, 1)
    world.provider.hold = True
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    await world.wait_for(lambda row: row.source_id is not None and row.provider_id is not None)
    await world.mona.click(message_of(world, film.row.card_id), label="Cancel the film")
    world.provider.release()
    await settled(world, film, takes=3)
    assert "cancelled" not in card_of(world, film)
    [told] = [message.content for message in said_in_thread(world) if message.content.startswith("🚫")]
    assert told.startswith(
        f"🚫 <@{world.alice.id}> A moderator cancelled your video while it was being made.\n"
        "The video service can't take back a request, so this counts toward your limit."
    )


async def test_the_offer_and_the_new_shot_outlive_restarts_and_a_second_click_counts_nothing(
    world: World,
) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2]))
    offer = await redo_offer(world, 2)
    await world.restart()
    world.provider.hold = True
    with buttons_kept(world, offer):
        await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    said = private(await world.alice.click(offer, label=buttons(offer)[0]))
    assert said == "Already on it. Your second click didn't count."
    await world.provider.called("create", 3)
    await world.restart()
    world.provider.release()
    again = await redone(world, film)
    assert (len(again.takes), world.provider.count("create"), len(film_posts(world))) == (3, 3, 1)


async def test_an_offer_whose_change_was_lost_is_shown_at_the_next_click(
    world: World, database_url: str
) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    offer = await redo_offer(world, 1)
    async with open_database(database_url) as database:
        await database.write(lambda session: session.execute(update(QuoteRow).values(revision=2)))
    said = private(await world.alice.click(as_shown(world, offer), label=buttons(offer)[0]))
    assert said.startswith("This offer has changed. Read it again, then click once more.")
    assert len(await rows(world)) == 2
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    assert len((await redone(world, film)).takes) == 3


async def test_only_the_member_can_redo_a_shot(world: World) -> None:
    await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    (post,) = film_posts(world)
    for person in (add_bob(world), world.mona):
        said = private(await person.click(post, label="Redo a shot"))
        assert said.startswith("Only the member who requested this film can redo its shots.")


async def test_an_offer_that_is_cancelled_is_gone_and_a_forbidden_word_is_named_with_its_shot(
    world: World,
) -> None:
    await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    offer = await redo_offer(world, 2)
    await world.alice.click(as_shown(world, offer), label="Cancel")
    assert now_shown(world, offer) == "🚫 **Cancelled.** This didn't count toward your limit."
    await admin(world, "words add", word="zebra")
    answer = await world.alice.submit_modal(await redo_form(world, 2), {"prompt": "a zebra"})
    said = shown(answer)
    assert said.content.startswith("Shot 2: Your prompt contains something this server doesn't allow")
    assert said.message.embeds[0].description, "the words are lost"
    assert len(await rows(world)) == 2


def lower_prices(session: Session) -> None:
    """Let the offer's price have risen since it was shown."""
    (row,) = session.scalars(select(QuoteRow))
    row.redo = {**(row.redo or {}), "prices": [1_000_000.0]}


async def test_where_the_thread_is_gone_the_offer_says_what_may_be_missing(
    world: World, database_url: str
) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    (thread,) = threads(world)
    world.env.backend.delete_channel(thread.id)
    asked = question(await world.alice.click(message_of(world, film.row.card_id), label="Redo a shot"))
    form = await world.alice.click(asked, label="Redo shot 2")
    offer = question(await world.alice.submit_modal(form, {"prompt": WORDS}))
    warning = "⚠️ The message with shot 1 is gone. If the video service has no copy either,"
    assert warning in now_shown(world, offer)
    async with open_database(database_url) as database:
        await database.write(lower_prices)
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    assert now_shown(world, offer).startswith("⚠️ **The price has changed since you saw it.**")
    assert warning in now_shown(world, offer)
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    again = await redone(world, film)
    (post,) = film_posts(world)
    assert post.channel.id == world.channel.id
    assert again.missing == []


@pytest.mark.nightly(daily=["archived"])
@pytest.mark.parametrize(("code", "times"), [(50083, 1), (50001, None)], ids=["archived", "refused"])
async def test_the_old_film_is_gone_also_where_its_thread_is_archived_or_no_edit_is_allowed(
    world: World, code: int, times: int | None
) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    offer = await redo_offer(world, 1)
    path = f"/channels/*/messages/{film.row.result_id}"
    refuse(world, "PATCH", path, code, status=403, times=times)
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    again = await redone(world, film)
    (post,) = film_posts(world)
    assert post.id == again.row.result_id
    messages = {message.id: message for message in said_in_thread(world)}
    if times is None:
        assert film.row.result_id not in messages
    else:
        assert messages[film.row.result_id or 0].attachments == []


async def film_with_two_new_shots(world: World) -> Film:
    """Return a film whose shots are both made again: the first was sent, the other waits for it."""
    film = await finished(world, await make_film(world, *SHOTS[:2]))
    offer = await redo_offer(world, 1)
    world.provider.hold = True
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[1])
    await world.provider.called("create", 3)
    return film


async def ends_with_one_new_shot_and_no_film(world: World, film: Film) -> None:
    world.provider.release()
    again = await settled(world, film, takes=4)
    ends = sorted(take.status.value for take in again.takes)
    assert ends == ["cancelled", "succeeded", "succeeded", "succeeded"]
    assert (film_posts(world), world.provider.count("create")) == ([], 3)


@pytest.mark.nightly
async def test_who_deletes_the_film_while_shots_are_redone_reads_what_still_counts(world: World) -> None:
    film = await film_with_two_new_shots(world)
    (post,) = film_posts(world)
    asked = shown(await world.alice.click(post, label="Delete")).message
    await world.alice.click(asked, label="Delete it")
    said = now_shown(world, asked)
    assert "🚫 **Cancelled:** 1 shot. None of that counts toward the limit." in said
    assert (
        "1 new shot was already sent to the video service. Unless it fails, I'll post it, and it counts"
        in said
    )
    await ends_with_one_new_shot_and_no_film(world, film)


async def test_new_shots_of_a_film_that_goes_with_a_shot_are_cancelled_free(world: World) -> None:
    film = await film_with_two_new_shots(world)
    shot = message_of(world, film.shots[1].result_id)
    asked = shown(await world.mona.click(shot, label="Delete")).message
    await world.mona.click(asked, label="Delete it")
    said = now_shown(world, asked)
    assert "I removed its film, too.\n🚫 **Cancelled:** 1 shot. None of that counts" in said
    await ends_with_one_new_shot_and_no_film(world, film)


@pytest.mark.nightly
async def test_an_old_take_is_deleted_without_the_film(world: World) -> None:
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    offer = await redo_offer(world, 1)
    await world.alice.click(as_shown(world, offer), label=buttons(offer)[0])
    again = await redone(world, film)
    old = message_of(world, film.shots[0].result_id)
    asked = await world.alice.click(old, label="Delete")
    await world.alice.click(shown(asked).message, label="Delete it")
    (post,) = film_posts(world)
    assert post.id == again.row.result_id


def card_of(world: World, film: Film) -> str:
    return message_of(world, film.row.card_id).content
