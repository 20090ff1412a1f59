"""Undo in /veo-admin log: restores what was, once, as a decision of its own; asks before it overwrites."""

import re
from typing import Any

import discord
import pytest
import simcord

from bot.db.guild_models import Action, AuditRow
from bot.policy.documents import LimitKind
from sandbox.world import World
from tests.e2e.driver import shown
from tests.e2e.limiting import add_role, quota
from tests.e2e.moderating import admin, before_the_gateway_told, command_id, use
from tests.e2e.quoting import as_shown, buttons_kept, buttons_now, now_shown
from tests.e2e.videos import private


async def trail(world: World) -> list[AuditRow]:
    """Return the whole trail, newest first."""
    return await world.app.services.moderation.list_log(world.guild.id, size=1000)


async def newest(world: World) -> int:
    """Return the number of the newest decision."""
    return (await trail(world))[0].id


async def log_of(world: World, by: simcord.MemberActor | None = None) -> discord.Message:
    """Let mona (or `by`) look at the log."""
    return shown(await use(world, "log", by=by)).message


async def undo(world: World, message: discord.Message, number: int) -> str:
    """Let mona click a decision's Undo; return what stands there then, without the log below."""
    await world.mona.click(as_shown(world, message), label=f"Undo #{number}")
    return notice(world, message)


def notice(world: World, message: discord.Message) -> str:
    return re.split(r"\n📜", now_shown(world, message))[0]


async def limits(world: World) -> list[tuple[LimitKind, int | None]]:
    """Return the server's rules as they are stored."""
    book = await world.app.services.rules.read(world.guild.id)
    return sorted((rule.kind, rule.most) for rule in book.rules)


def other_moderator(world: World) -> simcord.MemberActor:
    """Return somebody else who may use /veo-admin."""
    role = world.guild.create_role("Helpers", permissions=discord.Permissions(manage_guild=True))
    return world.guild.add_member(world.env.create_user("nils"), roles=[role])


async def test_undo_restores_a_limit_as_a_decision_of_its_own_and_so_does_its_undo(world: World) -> None:
    await quota(world, "set", videos="5")
    await quota(world, "set", videos="3", at_once="1")
    message, set_id = await log_of(world), await newest(world)
    text = await undo(world, message, set_id)
    change = "limits of everyone: 3 videos in 24 hours, 1 video at once → 5 videos in 24 hours"
    assert text == f"✅ **Undone:** {change}."
    assert await limits(world) == [(LimitKind.DAY, 5)]
    entry = (await trail(world))[0]
    assert (entry.action, entry.actor_id) == (Action.UNDO, world.mona.id)
    assert f"#{entry.id} <@{world.mona.id}> undid #{set_id}: {change}." in now_shown(world, message)
    assert f"Undo #{set_id}" not in buttons_now(world, message), "it could be undone twice"
    await undo(world, message, entry.id)
    assert await limits(world) == [(LimitKind.AT_ONCE, 1), (LimitKind.DAY, 3)]


@pytest.mark.nightly
async def test_what_has_changed_since_is_shown_and_overwritten_only_after_another_click(world: World) -> None:
    await quota(world, "set", videos="5")
    first = await newest(world)
    await quota(world, "set", videos="3")
    message = await log_of(world)
    assert (await undo(world, message, first)).splitlines() == [
        f"⚠️ **This has changed since #{first}.** Nothing is undone yet.",
        f"The newest change is #{await newest(world)}.",
        f"#{first} left: limits of everyone: 5 videos in 24 hours",
        "Now: limits of everyone: 3 videos in 24 hours",
        "Undoing it would restore: limits of everyone: none",
    ]
    assert buttons_now(world, message) == ["Undo anyway", "Cancel"]
    asked = as_shown(world, message)
    await world.mona.click(asked, label="Cancel")
    assert now_shown(world, message).startswith("📜")
    assert await limits(world) == [(LimitKind.DAY, 3)]
    await undo(world, message, first)
    await quota(world, "set", videos="2")  # while the question is open
    await world.mona.click(as_shown(world, message), label="Undo anyway")
    assert "Now: limits of everyone: 2 videos in 24 hours" in notice(world, message), "it wasn't asked again"
    assert await limits(world) == [(LimitKind.DAY, 2)]
    await world.restart()
    await world.mona.click(as_shown(world, message), label="Undo anyway")
    assert notice(world, message).startswith("✅ **Undone:**")
    assert await limits(world) == []


async def test_of_two_moderators_the_first_wins_and_both_see_it(world: World) -> None:
    nils = other_moderator(world)
    await admin(world, "words add", word="violence")
    number = await newest(world)
    of_mona, of_nils = await log_of(world), await log_of(world, nils)
    await undo(world, of_mona, number)
    assert notice(world, of_mona) == "✅ **Undone:** “violence”: blocked in prompts → allowed in prompts."
    await nils.click(of_nils, label=f"Undo #{number}")
    assert notice(world, of_nils) == (
        f"<@{world.mona.id}> has already undone #{number}. Your click didn't change anything."
    )
    assert f"undid #{number}" in now_shown(world, of_nils)
    assert len([row for row in await trail(world) if row.action is Action.UNDO]) == 1


async def test_a_word_that_another_entry_forbids_is_not_called_allowed_after_an_undo(world: World) -> None:
    await admin(world, "words add", word="dragon")
    await admin(world, "words add", word="red dragon")
    text = await undo(world, await log_of(world), await newest(world))
    assert text.splitlines() == [
        "✅ **Undone:** “red dragon”: blocked in prompts → allowed in prompts.",
        "ℹ️ Prompts still can't contain “red dragon”, because of what else is on the list: “dragon”.",
    ]


async def test_a_double_click_undoes_once_and_the_button_outlives_a_restart(world: World) -> None:
    await admin(world, "pause", reason="exams")
    message, number = await log_of(world), await newest(world)
    await world.restart()
    with buttons_kept(world, message):
        assert await undo(world, message, number) == "✅ **Undone:** /veo: paused (“exams”) → not paused."
    again = await undo(world, message, number)
    assert again == "✅ **Undone:** /veo: paused (“exams”) → not paused.", "the second click hides the first"
    assert [row.action for row in await trail(world)] == [Action.UNDO, Action.PAUSE]


async def test_only_moderators_undo(world: World) -> None:
    await admin(world, "pause")
    message, number = await log_of(world), await newest(world)
    world.guild.set_command_permissions(command_id(world), {world.mona: False})
    text = private(await world.mona.click(message, label=f"Undo #{number}"))
    assert "Only members who can use `/veo-admin` can do that." in text
    assert (await world.app.services.moderation.read(world.guild.id)).pause is not None


async def test_limits_are_undone_only_by_those_who_may_set_them(world: World) -> None:
    await quota(world, "set", videos="5")
    message, number = await log_of(world), await newest(world)
    found = world.env.backend.find_command("quota", world.guild.id)
    assert found is not None
    world.guild.set_command_permissions(int(found["id"]), {world.mona: False})
    text = private(await world.mona.click(message, label=f"Undo #{number}"))
    assert "Only members who can use `/quota` can do that." in text
    assert await limits(world) == [(LimitKind.DAY, 5)]


async def test_what_changed_nothing_or_cant_be_taken_back_has_no_button(world: World) -> None:
    await admin(world, "resume")
    await admin(world, "words remove", word="violence")
    await admin(world, "settings", ask_first=False)
    assert buttons_now(world, await log_of(world)) == ["Newest"]


async def test_limits_of_a_deleted_role_are_not_restored(world: World) -> None:
    role, _ = add_role(world, "Fans")
    await quota(world, "set", role=role, videos="5")
    given = await newest(world)
    await quota(world, "unset", role=role)
    taken, message = await newest(world), await log_of(world)
    world.env.backend.delete_role(world.guild.id, role.id)
    text = private(await world.mona.click(message, label=f"Undo #{taken}"))
    assert text.endswith("That role no longer exists, so its limits can't be restored. Nothing changed.")
    assert await undo(world, message, given) == (
        f"Everything is already as it was before #{given}, or it would have ended by now. Nothing changed."
    )


async def test_that_the_requests_of_a_deleted_role_wait_is_not_restored(world: World) -> None:
    role, _ = add_role(world, "Fans")
    await admin(world, "settings", review=role.mention)
    await admin(world, "settings", review="nobody")
    taken, message = await newest(world), await log_of(world)
    world.env.backend.delete_role(world.guild.id, role.id)
    text = private(await world.mona.click(message, label=f"Undo #{taken}"))
    assert "The earlier settings name a role that no longer exists." in text


async def test_settings_of_a_deleted_channel_are_not_restored(world: World) -> None:
    channel = world.guild.create_text_channel("old")
    await admin(world, "settings", channels=channel.mention)
    await admin(world, "settings", channels="all")
    message, number = await log_of(world), await newest(world)
    world.env.backend.delete_channel(channel.id)
    text = private(await world.mona.click(message, label=f"Undo #{number}"))
    assert f"The earlier settings name a channel that no longer exists: <#{channel.id}>." in text
    assert not (await world.app.services.moderation.read(world.guild.id)).channels


async def test_a_moderators_channel_that_was_closed_to_the_bot_is_not_restored(world: World) -> None:
    secret, user = world.guild.create_text_channel("moderators"), world.app.bot.user
    assert user is not None
    await admin(world, "settings", moderators_channel=secret)
    await admin(world, "settings", reset="moderators_channel_id")
    message, number = await log_of(world), await newest(world)
    denied: dict[Any, discord.PermissionOverwrite] = {user: discord.PermissionOverwrite(send_messages=False)}
    closed = world.guild.create_text_channel("closed", overwrites=denied)
    stored = world.env.backend.get_channel(secret.id)
    stored.overwrites[:] = world.env.backend.get_channel(closed.id).overwrites
    world.env.backend.edit_channel(secret.id, {"topic": "closed"})  # tells the bot
    text = private(await world.mona.click(message, label=f"Undo #{number}"))
    assert f"I can't write in {secret.mention}: I'm missing Send Messages there." in text
    assert (await world.app.services.moderation.read(world.guild.id)).moderators_channel_id is None


async def test_roles_and_channels_are_not_restored_before_the_gateway_told(world: World) -> None:
    await admin(world, "settings", channels=world.channel.mention)
    await admin(world, "settings", channels="all")
    settings = await newest(world)
    role, _ = add_role(world, "Fans")
    await quota(world, "set", role=role, videos="5")
    await quota(world, "unset", role=role)
    limit = await newest(world)
    await admin(world, "words add", word="violence")
    message, word = await log_of(world), await newest(world)
    before_the_gateway_told(world)
    for number in (settings, limit):
        text = private(await world.mona.click(message, label=f"Undo #{number}"))
        assert "I don't know this server yet. Try again in a minute. Nothing changed." in text
    assert await newest(world) == word
    assert (await undo(world, message, word)).startswith("✅ **Undone:**"), "it is about neither"


async def test_a_block_of_a_member_who_left_is_restored_for_when_they_come_back(world: World) -> None:
    [bob] = add_role(world, "Fans", "bob")[1]
    await admin(world, "block", member=bob, reason="spam")
    await admin(world, "unblock", member=bob)
    message, number = await log_of(world), await newest(world)
    world.guild.remove_member(bob)
    assert await undo(world, message, number) == (
        f"✅ **Undone:** <@{bob.id}>: not blocked → blocked until a moderator ends it (“spam”). "
        f"<@{bob.id}> isn't on this server now. It applies if they come back."
    )
    [(user_id, block)] = await world.app.services.moderation.list_blocked(world.guild.id)
    assert (user_id, block.reason) == (bob.id, "spam")
