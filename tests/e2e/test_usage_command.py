"""/usage: what a member is told about their own limits, in the words of the refusals."""

from datetime import timedelta
from typing import Any

import pytest
import simcord

from bot.clock import utc_now
from sandbox.world import World
from tests.e2e.driver import ask, ask_for_video, case, requests
from tests.e2e.limiting import add_role, quota
from tests.e2e.moderating import accepted, admin, said

HOSTILE = "**bold** @everyone <@1> `x`"


async def usage(world: World, *, by: simcord.MemberActor | None = None) -> str:
    """Let alice (or `by`) use /usage; return what only they see."""
    return said(await (by or world.alice).slash(world.channel, "usage"))


async def test_every_member_may_ask_and_only_they_see_the_answer(world: World) -> None:
    assert "usage" in world.alice.available_commands(world.channel)
    assert await usage(world) == (
        "**Your videos on this server**\nYou can request 10 videos now.\n- Last 24 hours: 0 of "
        "50 used, 50 left.\n- In the queue: 0 of 10."
    )
    bodies: list[Any] = [request.json for request in requests(world, "POST", "/callback")]
    assert [body["data"]["allowed_mentions"] for body in bodies] == [{"parse": []}]


async def test_use_what_is_left_and_the_next_place_are_told(world: World) -> None:
    await quota(world, "set", videos="2", at_once="3")
    generation = await ask_for_video(world)
    frees_at = int(generation.created_at.timestamp()) + 24 * 3600
    text = await usage(world)
    assert text.split("\n")[1:4] == [
        "You can request 1 video now.",
        f"- Last 24 hours: 1 of 2 used, 1 left. The oldest one stops counting <t:{frees_at}:R>.",
        "- At once: 0 of 3 in progress.",
    ]
    assert "\nYour videos from the last 30 days cost $" in text


async def test_a_full_limit_is_told_in_the_words_of_the_refusal(world: World) -> None:
    await quota(world, "set", videos="1")
    await quota(world, "set", videos="1", window="week")
    await accepted(world)
    refusal = said(await ask(world)).removesuffix(" This didn't count toward your limit.")
    assert refusal.startswith("You've used your 1 video for the last 24 hours and your 1 video for the last")
    assert (await usage(world)).split("\n")[1] == refusal


async def test_a_pause_or_a_block_is_told_in_the_words_of_the_refusal(world: World) -> None:
    deeds: list[tuple[str, dict[str, Any]]] = [
        ("block", {"member": world.alice}),
        ("block", {"member": world.alice, "reason": HOSTILE, "span": "3 days"}),
        ("pause", {}),
        ("pause", {"reason": HOSTILE}),
    ]
    for command, options in deeds:
        with case((command, options)):
            await admin(world, command, **options)
            refusal = said(await ask(world)).removesuffix(" This didn't count toward your limit.")
            text = await usage(world)
            assert text.split("\n")[1] == refusal
            assert "You can request" not in text
            assert "@everyone" not in text, "the reason could look like a ping"


async def test_limits_of_roles_count_and_other_members_do_not(world: World) -> None:
    fans, [bob] = add_role(world, "Fans", "bob")
    await quota(world, "set", videos="3", window="month", role=fans)
    await accepted(world)
    text = await usage(world, by=bob)
    assert "You can request 3 videos now." in text
    assert "- Last 30 days: 0 of 3 used, 3 left." in text
    assert "Last 30 days" not in await usage(world), "a role's limit is shown to others"


async def test_who_is_unlimited_is_told_so_and_what_they_used(world: World) -> None:
    await quota(world, "set", videos="unlimited")
    await accepted(world)
    await world.wait_for(lambda row: row.submitted_at is not None)
    assert (await usage(world)).split("\n")[1:4] == [
        "You can request 10 videos now.",
        "- Last 30 days: 1 used, no limit.",
        "- In the queue: 0 of 10.",
    ]


async def test_grants_are_told_with_their_end_and_are_counted_in(world: World) -> None:
    await quota(world, "set", videos="1")
    until = utc_now() + timedelta(days=2)
    await quota(world, "grant", member=world.alice, videos=2, until=f"<t:{int(until.timestamp())}>")
    stamp = int(until.timestamp())
    text = await usage(world)
    assert "- Last 24 hours: 0 of 3 used, 3 left." in text
    assert f"\nGranted, included above: 2 videos until <t:{stamp}:f> (<t:{stamp}:R>)." in text


@pytest.mark.nightly
async def test_the_servers_budget_is_told_without_sums(world: World) -> None:
    await quota(world, "budget", month="5 USD")
    text = await usage(world)
    assert text.endswith("\nThe server's video budget has money left. Each video has to fit into it.")
    await ask_for_video(world)
    await quota(world, "budget", day="0.10 USD")
    line = (await usage(world)).split("\n")[1]
    assert line.startswith("This server's video budget for today is used up. The budget resets <t:")
    assert "$" not in line, "members see what the server spends"
    assert "credits" not in line


async def test_a_failed_video_is_not_in_the_use(world: World) -> None:
    await quota(world, "set", videos="1")
    await ask_for_video(world, prompt="[fail] a dragon")
    text = await usage(world)
    assert "You can request 1 video now." in text
    assert "- Last 24 hours: 0 of 1 used, 1 left." in text


@pytest.mark.nightly
async def test_what_was_used_is_the_same_after_a_restart(world: World) -> None:
    await quota(world, "set", videos="3")
    await ask_for_video(world)
    before = await usage(world)
    await world.restart()
    assert await usage(world) == before


async def test_the_rules_of_roles_hold_before_discord_has_told_the_servers_roles(world: World) -> None:
    fans, [bob] = add_role(world, "Fans", "bob")
    await quota(world, "set", videos="1", role=fans)
    guild = world.app.bot.get_guild(world.guild.id)
    assert guild is not None
    guild._roles.clear()  # pyright: ignore[reportPrivateUsage]: as in the first seconds of a connection
    assert "- Last 24 hours: 0 of 1 used, 1 left." in await usage(world, by=bob)
