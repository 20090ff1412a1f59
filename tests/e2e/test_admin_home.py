"""/veo-admin home: how the server stands, and the way to everything else."""

from datetime import timedelta

import pytest

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.models import Generation, Status
from sandbox.world import World
from tests.bot.rows import new_row
from tests.e2e.driver import shown
from tests.e2e.moderating import accepted, admin, command_id, labels, refused, said, use
from tests.e2e.quoting import as_shown, now_shown
from tests.e2e.reporting import (
    add_bob,
    choose_moderators_channel,
    is_written_down,
    mona_of,
    report_of_bob,
    the_report,
)

PLACES = {
    "Queue": "**1 video is queued or in progress on this server.**",
    "Usage": "**Usage of the last 30 days**",
    "Limits": "**Limits on this server**",
    "Log": "There are no moderator actions",
    "Settings": "⚙️ **Settings of this server**",
    "Set up": "🧭 **Set up /veo on this server**",
}
WORD = "zebra"


@pytest.mark.nightly
async def test_it_is_brought_up_to_date_in_its_place_after_a_restart(world: World) -> None:
    answer = await use(world, "home")
    assert "⏳ Queue: 0 waiting, 0 in progress" in said(answer)
    assert labels(answer) == ["Refresh", *PLACES]
    await accepted(world)
    await world.restart()
    await world.mona.click(shown(answer).message, label="Refresh")
    assert "0 waiting, 0 in progress" not in said(answer)


@pytest.mark.nightly
async def test_each_button_opens_a_private_message_of_its_own(world: World) -> None:
    await accepted(world)
    answer = await use(world, "home")
    before = said(answer)
    for label, beginning in PLACES.items():
        opened = await world.mona.click(shown(answer).message, label=label)
        assert beginning in said(opened), label
    assert said(answer) == before


@pytest.mark.nightly
async def test_a_report_is_linked_until_it_is_decided(world: World) -> None:
    _, moderators_channel, _ = await report_of_bob(world)
    report = await the_report(moderators_channel)
    await is_written_down(world, report)
    answer = await use(world, "home")
    assert f"🚩 1 open report: [1]({report.jump_url})" in said(answer)
    await world.mona.click(report, label="Dismiss")
    await world.mona.click(shown(answer).message, label="Refresh")
    assert "🚩 No open reports" in said(answer)


async def test_strikes_of_the_week_are_counted_where_they_are_on_and_opened(world: World) -> None:
    await admin(world, "words add", word=WORD)
    await refused(world, prompt=WORD)
    answer = await use(world, "home")
    assert "strike" not in said(answer)
    await admin(world, "strikes", enabled=True)
    await world.mona.click(shown(answer).message, label="Refresh")
    assert "⚖️ No strikes in the last 7 days" in said(answer)
    assert "Strikes" not in labels(answer)
    for _ in range(2):
        await refused(world, prompt=WORD)
    await world.mona.click(shown(answer).message, label="Refresh")
    assert "⚖️ 2 strikes in the last 7 days (1 member)" in said(answer)
    opened = await world.mona.click(as_shown(world, shown(answer).message), label="Strikes")
    assert f"\n- <@{world.alice.id}>: 2 strikes, the last one given <t:" in said(opened)
    await admin(world, "forgive", member=world.alice)
    await world.mona.click(shown(opened).message, label="Refresh")
    assert said(opened) == "✅ There's nothing left here."


async def test_a_report_whose_channel_vanished_is_listed_with_why_and_posted_again(world: World) -> None:
    video, moderators_channel, message = await report_of_bob(world)
    await is_written_down(world, message)
    world.env.backend.delete_channel(moderators_channel.id)
    home = await use(world, "home")
    assert "\n🚩 1 open report\n" in f"{said(home)}\n", "a link leads nowhere"
    listed = await world.mona.click(shown(home).message, label="Reports")
    assert f" reported `{video.id}` <t:" in said(listed)
    assert f" · no message\n⚠️ The moderators' channel <#{moderators_channel.id}> is gone" in said(listed)
    assert labels(listed) == ["Refresh"]
    other = world.guild.create_text_channel("mods")
    await choose_moderators_channel(world, other)
    await world.restart()
    await world.mona.click(shown(listed).message, label="Refresh")
    again = as_shown(world, shown(listed).message)
    assert f"Anything marked “no message” isn't in <#{other.id}>." in again.content
    told = await world.mona.click(again, label="Post reports again")
    assert said(told).startswith(f"🚩 1 report is waiting. If its message in <#{other.id}> is gone,")
    report = await the_report(other)
    await is_written_down(world, report)
    await world.mona.click(again, label="Refresh")
    assert f" · [open]({report.jump_url})" in now_shown(world, again)


@pytest.mark.nightly
async def test_blocked_members_are_listed_as_by_their_command_in_pages(world: World) -> None:
    people = [add_bob(world, name=f"bob {number}").id for number in range(40)]
    for user_id in people:
        await world.app.services.moderation.block(mona_of(world), user_id, None, "spam " * 20)
    home = await use(world, "home")
    listed = await world.mona.click(shown(home).message, label="Blocked")
    assert said(listed).startswith("**40 blocked.**")
    assert "Page 1 of " in said(listed)
    await world.mona.click(shown(listed).message, label="Next page")
    assert "Page 2 of " in said(listed)
    blocked = f"- <@{people[0]}>, until `/veo-admin unblock`: “"
    assert blocked in said(await world.mona.click(shown(home).message, label="Blocked"))


def given_up(world: World) -> Generation:
    """Return the row of a video that could be posted nowhere."""
    ready = utc_now() - timedelta(minutes=5)
    times = {"submitted_at": ready, "finished_at": ready, "delivered_at": utc_now()}
    place = {"guild_id": world.guild.id, "channel_id": world.channel.id, "user_id": world.alice.id}
    return new_row(status=Status.SUCCEEDED, **place, **times)


async def test_an_alert_leads_to_what_could_not_be_posted(world: World, database_url: str) -> None:
    async with open_database(database_url) as database:
        lost = given_up(world)
        await database.write(lambda session: session.add(lost))
    await world.app.monitoring.alerts.look()
    home = await use(world, "home")
    assert "⚠️ I couldn't post 1 result of this server." in said(home)
    listed = await world.mona.click(shown(home).message, label="Not posted")
    assert "⚠️ I couldn't post 1 result of this server." in said(listed)
    assert f"- <@{world.alice.id}> requested `{lost.id}` in <#{world.channel.id}>;" in said(listed)
    assert f"/{world.channel.id}/{lost.card_id})" in said(listed)


async def test_the_lists_show_nothing_to_who_may_not_moderate_any_more(world: World) -> None:
    await world.app.services.moderation.block(mona_of(world), world.alice.id, None, "spam")
    home = await use(world, "home")
    listed = await world.mona.click(shown(home).message, label="Blocked")
    world.guild.set_command_permissions(command_id(world), {world.mona: False})
    for message, label in ((shown(home).message, "Blocked"), (shown(listed).message, "Refresh")):
        result = await world.mona.click(message, label=label)
        told = [answer for answer in (result.response, *result.followups) if answer]
        assert "Only members who can use" in told[-1].content
        assert told[-1].ephemeral
        assert not any("spam" in answer.content for answer in told if answer.id != message.id)


@pytest.mark.parametrize("label", ["Refresh", "Queue", "Usage"])
async def test_who_may_not_moderate_anymore_is_shown_nothing(world: World, label: str) -> None:
    answer = await use(world, "home")
    for command in ("veo-admin", "quota"):
        world.guild.set_command_permissions(command_id(world, command), {world.mona: False})
    result = await world.mona.click(shown(answer).message, label=label)
    told = [message for message in (result.response, *result.followups) if message]
    assert all(message.ephemeral for message in told)
    assert "Only members who can use" in told[-1].content
    assert not any("Usage" in message.content or "queued" in message.content for message in told)
