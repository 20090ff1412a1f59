"""/quota: who may use it, and what each command says and does."""

from datetime import timedelta
from typing import Any

import pytest
import simcord
from simcord.backend.errors import SetupError

from bot.clock import utc_now
from bot.db.database import UNREADABLE
from bot.errors import DatabaseBusyError
from bot.policy.documents import Scope
from sandbox.world import World
from tests.e2e.limiting import add_role, nothing_is_set, quota, use
from tests.e2e.moderating import accepted, admin, refused

DONE = "✅ **Done**, but I can't look up the current limits. `/quota rules` will show them in a minute."
NAMES = {"set", "unset", "rules", "grant", "reset", "budget", "suggest", "usage"}


def offered(actor: simcord.MemberActor, world: World) -> set[str]:
    """Return the subcommands of /quota that Discord offers to a member."""
    names = actor.available_commands(world.channel)
    return {name.removeprefix("quota ") for name in names if name.startswith("quota ")}


def quota_command(world: World) -> dict[str, Any]:
    """Return the command as Discord keeps it."""
    found = world.env.backend.find_command("quota", world.guild.id)
    assert found is not None, "/quota is not registered"
    return dict(found)


def inside(part: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a command's or option's options or choices."""
    return list(part.get(key) or [])


def parts(command: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a command and its subcommands and options."""
    return [command, *(inner for option in inside(command, "options") for inner in parts(option))]


async def test_discord_offers_it_to_moderators_only(world: World) -> None:
    assert offered(world.mona, world) == NAMES
    assert offered(world.alice, world) == set()
    with pytest.raises(SetupError, match="not visible"):
        await use(world, "set", by=world.alice, videos="unlimited")
    assert await nothing_is_set(world)


async def test_a_role_that_the_server_names_may_use_it_too(world: World) -> None:
    helpers, [nils] = add_role(world, "Helpers", "nils")
    assert offered(nils, world) == set()
    world.guild.set_command_permissions(int(quota_command(world)["id"]), {helpers: True})
    assert offered(nils, world) == NAMES
    assert "**Set.**" in await quota(world, "set", by=nils, videos="0")
    await refused(world, "0 videos")


async def test_discords_limits_are_kept(world: World) -> None:
    command = quota_command(world)
    assert command["contexts"] == [0], "the command is offered outside of servers"
    found = parts(command)
    for part in found:
        assert 1 <= len(part["description"]) <= 100, f"{part['name']} has a description of the wrong length"
        assert len(inside(part, "choices")) <= 25
    choices = [choice for part in found for choice in inside(part, "choices")]
    size = sum(len(part["name"]) + len(part["description"]) for part in found)
    size += sum(len(choice["name"]) + len(str(choice["value"])) for choice in choices)
    assert size <= 8000, "the command is too large for Discord"


async def test_a_limit_for_the_server_holds_at_once_and_the_reply_says_what_else_limits(world: World) -> None:
    assert await quota(world, "set", videos="1", at_once="2") == (
        "✅ **Set.** Every member can have 1 video in 24 hours and 2 videos at once.\nNo other limits apply."
    )
    await accepted(world)
    await refused(world, "You've used your 1 video for the last 24 hours. You can request another one <t:")
    assert await quota(world, "set", videos="7", window="week") == (
        "✅ **Set.** Every member can have 7 videos in 7 days.\nThese limits also apply:\n- 1 "
        "video in 24 hours: the server's limit\n- 2 videos at once: the server's limit"
    )


async def test_where_nothing_is_set_the_reply_names_what_the_bot_is_set_up_with(world: World) -> None:
    assert await quota(world, "set", at_once="1") == (
        "✅ **Set.** Every member can have 1 video at once.\nThese limits also apply:\n- 50 "
        "videos in 24 hours: the bot's default"
    )
    await accepted(world)
    await refused(world, "You can have 1 video in progress at once. Wait until one is ready.")


async def test_a_roles_rule_beats_the_servers_and_the_most_generous_counts(world: World) -> None:
    fans, [bob] = add_role(world, "Fans", "bob")
    vip = world.guild.create_role("VIP")
    world.env.backend.add_member_role(world.guild.id, bob.id, vip.id)
    await quota(world, "set", videos="0")
    await quota(world, "set", videos="1", role=fans)
    text = await quota(world, "set", videos="2", role=vip)
    assert text == (
        f"✅ **Set.** Everyone with the role {vip.mention} can have 2 videos in 24 hours.\n"
        f"No other limits apply.\n"
        f"`/quota rules` shows the limits of 1 other role too. A member's own limit comes first, then "
        f"the most generous of their roles' limits, then the server's."
    )
    await refused(world, "The moderators set your limit to 0 videos")
    text = await quota(world, "rules", member=bob)
    assert "They can request 2 videos now." in text
    assert (
        f"  - 2 (limit of the role {vip.mention}, the most generous of 2 roles); overrides 0 for the server"
        in text
    )


async def test_a_members_rule_beats_everything_and_can_be_taken_away_again(world: World) -> None:
    await quota(world, "set", videos="0")
    assert await quota(world, "set", videos="Unlimited", member=world.alice) == (
        f"✅ **Set.** <@{world.alice.id}> can have any number of videos in 24 hours.\nNo other limits apply."
    )
    await accepted(world)
    assert "Unlimited (their own limit); overrides 0 for the server" in await quota(
        world, "rules", member=world.alice
    )
    assert await quota(world, "unset", member=world.alice) == (
        f"✅ **Removed:** <@{world.alice.id}>'s limit of any number of videos in 24 hours.\n"
        f"These limits apply now:\n- 0 videos in 24 hours: the server's limit"
    )
    await refused(world, "The moderators set your limit to 0 videos")


async def test_unset_takes_only_what_was_chosen_and_says_when_there_was_nothing(world: World) -> None:
    await quota(world, "set", videos="3", at_once="1")
    await quota(world, "set", videos="9", window="month")
    assert "the server's limit of 1 video at once." in await quota(world, "unset", window="at_once")
    assert await quota(world, "unset", window="week") == ("The server has no such limit. Nothing changed.")
    text = await quota(world, "unset", window="all")
    assert "the server's limits of 3 videos in 24 hours and 9 videos in 30 days." in text
    assert "- 50 videos in 24 hours: the bot's default" in text


async def test_the_rule_of_a_member_who_left_can_be_taken_away(world: World) -> None:
    await quota(world, "set", videos="3", member=world.alice)
    world.guild.remove_member(world.alice)
    text = await quota(world, "unset", member=world.alice.user)
    assert f"<@{world.alice.id}>'s limit of 3 videos in 24 hours" in text


async def test_a_deleted_roles_rule_is_taken_away_by_the_number_that_the_rules_show(world: World) -> None:
    gone = world.guild.create_role("Gone")
    await quota(world, "set", videos="6", role=gone)
    world.env.backend.delete_role(world.guild.id, gone.id)
    assert f"Deleted role {gone.id} (has no effect)" in await quota(world, "rules")
    text = await quota(world, "unset", deleted_role=f" {gone.id} ")
    assert f"✅ **Removed:** the limit of 6 videos in 24 hours for the role {gone.mention}." in text
    assert "Deleted role" not in await quota(world, "rules")
    assert await quota(world, "unset", deleted_role=gone.mention) == (
        f"The role {gone.mention} has no such limit. Nothing changed."
    )


async def test_all_rules_are_listed_and_a_deleted_roles_is_called_so(world: World) -> None:
    assert await quota(world, "rules") == (
        "**Limits on this server**\n- By default: 50 videos in 24 hours (the bot's default)\nA "
        "member's own limit comes first, then the most generous of their roles' limits, then "
        "the server's. Add a member to `/quota rules` to see their limits."
    )
    fans, [bob] = add_role(world, "Fans", "bob")
    gone = world.guild.create_role("Gone")
    await quota(world, "set", videos="10", member=bob)
    await quota(world, "set", videos="5", at_once="2", role=fans)
    await quota(world, "set", videos="6", role=gone)
    await quota(world, "set", videos="4", window="week")
    await quota(world, "budget", day="5 USD")
    world.env.backend.delete_role(world.guild.id, gone.id)
    lines = (await quota(world, "rules")).split("\n")
    assert lines[1:-1] == [
        "- By default: 50 videos in 24 hours (the bot's default)",
        "- The whole server: 4 videos in 7 days",
        f"- Role {fans.mention}: 5 videos in 24 hours; 2 videos at once",
        f"- Deleted role {gone.id} (has no effect): 6 videos in 24 hours",
        f"- Member <@{bob.id}>: 10 videos in 24 hours",
        "- Budget for today: $5.00 (10,000,000 credits)",
    ]


@pytest.mark.parametrize(
    ("service", "command", "options"),
    [
        ("rules", "set", {"videos": "3"}),
        ("entitlements", "grant", {"videos": 2}),
        ("entitlements", "reset", {}),
    ],
)
async def test_what_was_changed_is_not_called_undone_where_what_holds_now_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch, service: str, command: str, options: dict[str, Any]
) -> None:
    """Whoever is told so grants twice."""

    async def fail(*_: object) -> None:
        raise DatabaseBusyError(UNREADABLE)

    monkeypatch.setattr(getattr(world.app.services, service), "read", fail)
    assert await quota(world, command, member=world.alice, **options) == DONE
    assert len(await world.app.services.moderation.list_log(world.guild.id, size=5)) == 1


async def test_budgets_that_were_set_are_not_called_unset_where_what_holds_now_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise DatabaseBusyError(UNREADABLE)

    monkeypatch.setattr(world.app.services.entitlements, "read", fail)
    assert await quota(world, "budget", day="5 USD", month="20 USD") == DONE
    assert len(await world.app.services.moderation.list_log(world.guild.id, size=5)) == 2
    assert await quota(world, "budget") == UNREADABLE, "nothing was done"


async def test_a_grant_adds_videos_until_its_end(world: World) -> None:
    await quota(world, "set", videos="0", window="week")
    end = utc_now() + timedelta(days=3)
    text = await quota(world, "grant", member=world.alice, videos=1, until="3 days", reason="a contest")
    [grant] = (await world.app.services.rules.read(world.guild.id, world.alice.id)).member_policy.grants
    assert abs(grant.until - end) < timedelta(minutes=1)
    stamp = int(grant.until.timestamp())
    assert text == (
        f"✅ **Granted.** <@{world.alice.id}> has 1 extra video until <t:{stamp}:f> (<t:{stamp}:R>).\n"
        f"They can request 1 video now."
    )
    assert "; 1 extra granted" in await quota(world, "rules", member=world.alice)
    await accepted(world)
    await refused(
        world,
        "You've used your 1 video for the last 7 days. You won't get more "
        "until a moderator raises your limit.",
    )
    assert "They can't request videos: their limit is 0." in await quota(world, "rules", member=world.alice)


async def test_a_grant_without_an_end_lasts_24_hours_and_says_when_it_changes_nothing(world: World) -> None:
    await quota(world, "set", videos="unlimited", at_once="3")
    text = await quota(world, "grant", member=world.alice, videos=1000)
    [grant] = (await world.app.services.rules.read(world.guild.id, world.alice.id)).member_policy.grants
    assert grant.until - grant.since == timedelta(hours=24)
    assert "1,000 extra videos" in text
    assert "They have no limit to raise, so this has no effect for now." in text
    assert "They can request 3 videos now." in text, "what can be made at once limits them all the same"


async def test_a_reset_lets_the_windows_begin_anew(world: World) -> None:
    await quota(world, "set", videos="1")
    await accepted(world)
    await refused(world, "You've used your 1 video")
    assert await quota(world, "reset", member=world.alice) == (
        f"✅ **Reset.** Earlier videos of <@{world.alice.id}> no longer count toward their limits. Their "
        f"cost still counts toward the budget.\nThey can request 1 video now."
    )
    await accepted(world)


async def test_what_keeps_a_member_from_asking_is_told_to_the_moderator(world: World) -> None:
    moderator = world.mona
    await quota(world, "set", at_once="1")
    await accepted(world)
    assert "one in progress must finish first" in await quota(world, "rules", member=world.alice)
    await moderator.slash(world.channel, "veo-admin block", member=world.alice)
    assert "they're blocked until a moderator unblocks them" in await quota(
        world, "rules", member=world.alice
    )
    assert "- a block until a moderator ends it" in await quota(world, "set", videos="3", member=world.alice)
    await moderator.slash(world.channel, "veo-admin pause")
    assert "/veo is paused on this server" in await quota(world, "grant", member=world.alice, videos=1)


async def test_budgets_are_shown_with_what_is_spent_and_can_be_taken_away(world: World) -> None:
    assert await quota(world, "budget") == (
        "**Budgets of this server** (days and months start at midnight UTC)\n- Today: no "
        "budget\n- This month: no budget"
    )
    text = await quota(world, "budget", day="3,000,000 credits", month="$20")
    assert text.startswith(
        "✅ **Set.** The server can spend $1.50 (3,000,000 credits) per day.\n✅ **Set.** The "
        "server can spend $20.00 (40,000,000 credits) per month.\n"
    )
    assert "- Today: $0.00 (0 credits) of $1.50 (3,000,000 credits) spent or reserved, $1.50 " in text
    assert "left. Resets <t:" in text
    assert "- the server's budget: see `/quota budget`" in await quota(world, "set", videos="3")
    text = await quota(world, "budget", month="unlimited")
    assert text.startswith("✅ **Set.** The server has no monthly budget: it can spend any amount.\n")
    assert "- Today: $0.00" in text
    assert "- This month: no budget" in text


async def test_a_budget_of_nothing_stops_everybody(world: World) -> None:
    await quota(world, "budget", day="0 USD")
    await refused(world, "budget")
    nothing = "This server's video budget is 0, so nobody can request videos."
    assert nothing in await quota(world, "rules", member=world.alice)
    assert f"⛔ {nothing}" in await admin(world, "log")


async def test_the_last_of_two_moderators_wins_and_each_is_told_what_holds(world: World) -> None:
    max_ = world.guild.add_member(world.env.create_user("max"), roles=[world.guild.roles["Moderators"]])
    await quota(world, "set", videos="3")
    await quota(world, "set", videos="8", by=max_)
    [rule] = (await world.app.services.rules.read(world.guild.id)).rules
    assert (rule.scope, rule.most) == (Scope.SERVER, 8)
    trail = await world.app.services.moderation.list_log(world.guild.id, size=5)
    assert [(entry.actor_id, entry.old, entry.new) for entry in trail] == [
        (max_.id, {"day": 3}, {"day": 8}),
        (world.mona.id, None, {"day": 3}),
    ]


@pytest.mark.nightly
async def test_rules_outlive_a_restart(world: World) -> None:
    await quota(world, "set", videos="0")
    await world.restart()
    await refused(world, "0 videos")
    assert "- The whole server: 0 videos in 24 hours" in await quota(world, "rules")
