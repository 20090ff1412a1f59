"""A film is reported as a whole, and moderators decide about it as about a video."""

import discord
import pytest
import simcord

from bot.films.rows import Film
from sandbox.world import World
from tests.e2e.driver import ask, direct_messages, eventually, refuse, results, shown, threads
from tests.e2e.filming import SHOTS, film_posts, finished, make_film
from tests.e2e.moderating import admin
from tests.e2e.reporting import (
    REASON,
    add_bob,
    buttons,
    click,
    decisions_of,
    is_written_down,
    mona_of,
    open_moderators_channel,
    read_report,
    report,
    reports_in,
    the_report,
)
from tests.e2e.test_appeals import ALLOW, BUTTON, DECLINE, WHY, the_appeal
from tests.e2e.videos import message_of

DELETE, BLOCK, DISMISS = DECISIONS = ["Delete film", "Block 24 h", "Dismiss"]
THANKS = "✅ **Thank you.** I told the moderators of this server."


@pytest.fixture(autouse=True)
def the_feed_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for due rows often."""
    monkeypatch.setattr("bot.moderation.outbox_relay.LOOK_INTERVAL", 0.05)


async def reported(world: World) -> tuple[Film, simcord.ChannelHandle, discord.Message]:
    """Let alice have a film and bob report it; return it, the moderators' channel and the report there."""
    moderators_channel = await open_moderators_channel(world)
    film = await finished(world, await make_film(world, *SHOTS[:2], continuity="cuts"))
    (post,) = film_posts(world)
    bob = add_bob(world)
    assert (await report(world, bob, post)).content == THANKS
    again = await report(world, bob, post)
    assert again.content.startswith("You've already reported this film.")
    return film, moderators_channel, await the_report(moderators_channel)


async def strikes_of(world: World) -> int:
    entitlement = await world.app.services.entitlements.read(world.guild.id, world.alice.id, ())
    assert entitlement.strikes is not None
    return entitlement.strikes.count


async def test_moderators_read_what_a_report_of_a_film_is_about_and_decide_it_also_after_an_undo(
    world: World,
) -> None:
    film, moderators_channel, message = await reported(world)
    row = (await read_report(world, message)).report
    link = f"https://discord.com/channels/{world.guild.id}/{film.row.result_channel_id}/{film.row.result_id}"
    assert message.content.split("\n") == [
        "🚩 **A film was reported**",
        f"<@{row.reporter_id}> reported it <t:{int(row.created_at.timestamp())}:R>: “{REASON}”",
        f"Made for <@{world.alice.id}>: {link}",
        "> Dragons",
        f"> **1** {SHOTS[0]}",
        f"> **2** {SHOTS[1]}",
        f"-# ID {film.row.id} · report {row.id}",
    ]
    assert buttons(message) == DECISIONS
    await is_written_down(world, message)
    await world.restart()
    assert await click(world.mona, message, BLOCK) == []
    assert f"“Film {film.row.id} was reported.”" in shown(await ask(world)).content
    assert len(film_posts(world)) == 1
    [blocked] = await world.app.services.moderation.list_log(world.guild.id, size=1)
    await world.app.services.undo.undo(mona_of(world), blocked.id)
    assert await decisions_of(world, message) == (None, None, None)
    await eventually(
        "the report has its buttons again",
        lambda: [buttons(one) for one in reports_in(moderators_channel)] == [DECISIONS],
    )
    [again] = reports_in(moderators_channel)
    await is_written_down(world, again)
    assert await click(world.mona, again, DISMISS) == []
    log = await admin(world, "log")
    assert f"dismissed a report about the film `{film.row.id}`." in log
    assert len(film_posts(world)) == 1


async def test_a_deleted_film_is_gone_with_its_shots_and_its_member_can_ask_about_it_once(
    world: World,
) -> None:
    await world.app.services.strikes.change(mona_of(world), is_on=True)
    film, moderators_channel, message = await reported(world)
    shot = message_of(world, film.shots[0].result_id)
    carol = add_bob(world, name="carol")
    await report(world, carol, shot)
    await eventually("the report of a shot", lambda: len(reports_in(moderators_channel)) == 2)
    assert await click(world.mona, message, DELETE) == []
    assert (film_posts(world), results(world)) == ([], [])
    left = [one.content for thread in threads(world) for one in thread.history()]
    assert left == [], "something of the film is still posted"
    message = next(one for one in reports_in(moderators_channel) if one.id == message.id)
    assert f"🗑️ **Film deleted with its shots** by <@{world.mona.id}>." in message.content
    assert buttons(message) == [BLOCK]
    await eventually(
        "the report of the shot is as closed as the film's",
        lambda: [buttons(one) for one in reports_in(moderators_channel)] == [[BLOCK], [BLOCK]],
    )
    card = message_of(world, film.row.card_id)
    assert "🗑️ **Removed.**" in card.content
    assert card.content.count("🗑️ removed. It counts.") == 2
    assert buttons(card) == [BUTTON]
    assert f"deleted the film `{film.row.id}` by <@{world.alice.id}>." in await admin(world, "log")
    assert await strikes_of(world) == 1, "a film is one act"
    refused = shown(await world.mona.click(card, label=BUTTON))
    assert refused.content.startswith("Only the member who requested this film can ask about it.")
    form = await world.alice.click(card, label=BUTTON)
    asked = shown(await world.alice.submit_modal(form, {"why": WHY}))
    assert asked.content.endswith("The film stays deleted.")
    appeal = await the_appeal(moderators_channel)
    assert "Deleted after a report, with its 2 shots." in appeal.content
    assert f"> Dragons {SHOTS[0]} {SHOTS[1]}" in appeal.content
    assert buttons(appeal) == [ALLOW, DECLINE]
    assert await click(world.mona, appeal, ALLOW) == []
    assert "2 extra videos, for 24 hours." in (await the_appeal(moderators_channel)).content
    told = " ".join(one.content for one in direct_messages(world))
    said = "make your deleted film again.** I can't bring it back, but you have 2 extra videos until <t:"
    assert said in told
    assert await strikes_of(world) == 0, "the strike isn't forgiven"
    assert (await world.alice.click(card, label=BUTTON)).modal is None


async def test_a_deleted_film_looks_so_though_discord_keeps_one_of_its_messages(world: World) -> None:
    film, moderators_channel, message = await reported(world)
    refuse(world, "DELETE", f"/channels/*/messages/{film.row.result_id}", 50013, status=403)
    [text] = await click(world.mona, message, DELETE)
    assert text.startswith("I marked the film as removed, but Discord didn't let me delete this: https://")
    card = message_of(world, film.row.card_id)
    assert "🗑️ **Removed.**" in card.content
    assert buttons(card) == [BUTTON]
    assert "🗑️ **Film deleted with its shots**" in reports_in(moderators_channel)[0].content
    assert await click(world.mona, message, DELETE) != [], "it was decided before"
    assert film_posts(world) == []
    assert buttons(reports_in(moderators_channel)[0]) == [BLOCK]
