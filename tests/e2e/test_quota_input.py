"""/quota and senseless input: what is suggested, what is refused, and that nothing changes then."""

from typing import Any

import pytest
import simcord
from simcord.backend.errors import OptionError

from sandbox.world import World
from tests.e2e.driver import case, requests
from tests.e2e.limiting import nothing_is_set, quota, use
from tests.e2e.moderating import without_bounds

HOSTILE = "**bold** @everyone <@1> <@&2> https://evil.example `x`"


SUGGESTED: list[tuple[str, str, str, list[str]]] = [
    ("set", "videos", "", ["unlimited", "0", "1"]),
    ("set", "videos", "1", ["1", "10"]),
    ("set", "at_once", " 7 ", ["7"]),
    ("set", "at_once", "UN", ["unlimited"]),
    ("set", "videos", "many", []),
    ("set", "videos", "-1", []),
    ("set", "videos", "x" * 500, []),
    ("budget", "day", "", ["5 USD", "20 USD", "unlimited"]),
    ("budget", "month", "7.5 usd", ["7.5 usd"]),
    ("budget", "month", "7", []),
]


async def test_values_are_suggested_and_only_those_that_are_possible(world: World) -> None:
    for command, option, typed, first in SUGGESTED:
        offers = await world.mona.autocomplete(world.channel, f"quota {command}", option, typed)
        values = [offer["value"] for offer in offers]
        assert values[: len(first)] == first, typed
        assert bool(values) == bool(first), f"{typed!r} is no value, but something is suggested"


SENSELESS: dict[str, tuple[str, dict[str, Any], str]] = {
    "nothing to set": ("set", {}, "Choose `videos`, `at_once` or both. Nothing changed."),
    "a window alone": ("set", {"window": "week", "at_once": "1"}, "`window` needs `videos`"),
    "a negative number": ("set", {"videos": "-1"}, "a whole number from 0 to 10,000, or unlimited"),
    "a huge number": ("set", {"videos": "10001"}, "a whole number from 0 to 10,000, or unlimited"),
    "an absurd number": ("set", {"at_once": "9" * 60}, "a whole number from 0 to 10,000, or unlimited"),
    "half a video": ("set", {"videos": "0.5"}, "a whole number from 0 to 10,000, or unlimited"),
    "words": ("set", {"videos": HOSTILE}, "a whole number from 0 to 10,000, or unlimited"),
    "one of two is wrong": ("set", {"videos": "3", "at_once": "many"}, "a whole number"),
    "a time in the past": ("grant", {"videos": 1, "until": "2020-01-01"}, "That time is in the past."),
    "no time": ("grant", {"videos": 1, "until": "soon"}, "Enter a time such as 12h, 3 days"),
    "no such day": ("grant", {"videos": 1, "until": "2027-02-30"}, "Enter a time such as 12h, 3 days"),
    "too far away": ("grant", {"videos": 1, "until": "400 days"}, "The maximum is 366 days"),
    "no unit": ("budget", {"day": "5"}, "Add the unit"),
    "a negative budget": ("budget", {"day": "-5 USD"}, "Enter an amount such as"),
    "an absurd budget": ("budget", {"day": "99999999999 USD"}, "A budget can be up to 10,000,000 USD"),
    "a role's name": ("unset", {"deleted_role": HOSTILE}, "Enter the deleted role's ID"),
    "no role's number": ("unset", {"deleted_role": "7"}, "Enter the deleted role's ID"),
    "one of two budgets": ("budget", {"day": "5 USD", "month": "lots"}, "Enter an amount"),
}


async def test_senseless_values_are_explained_and_change_nothing(world: World) -> None:
    for name, (command, options, words) in SENSELESS.items():
        who = {"member": world.alice} if command == "grant" else {}
        with case(name):
            assert words in await quota(world, command, **who, **options)
            assert await nothing_is_set(world)


NOT_LET_THROUGH: list[tuple[str, dict[str, Any]]] = [
    ("grant", {"videos": 0}),
    ("grant", {"videos": -3}),
    ("grant", {"videos": 1001}),
    ("set", {"videos": "1", "reason": "x" * 5000}),
    ("set", {"videos": "1" * 5000}),
    ("reset", {"reason": "x" * 301}),
    ("set", {"videos": "1", "window": "year"}),
    ("usage", {"period": "decade"}),
]


async def test_what_discord_does_not_let_through_is_refused_too(world: World) -> None:
    alice: dict[str, Any] = {"member": world.alice}
    tries = [
        (name, options | (alice if name in {"grant", "reset"} else {})) for name, options in NOT_LET_THROUGH
    ]
    for command, options in tries:
        with case((command, options)), pytest.raises(OptionError):
            await use(world, command, **options)
    await without_bounds(world)
    for command, options in tries:
        with case((command, options)):
            await quota(world, command, **options)
            assert await nothing_is_set(world)


async def test_targets_that_make_no_sense_are_explained(world: World) -> None:
    robot = world.guild.add_member(world.env.create_user("robot", bot=True))
    elsewhere = world.env.create_guild("Elsewhere")
    stranger = world.env.create_user("stranger")
    elsewhere.add_member(stranger)
    # Discord would not let through what simcord only refuses for handles of another server.
    role = elsewhere.create_role("Foreign")._role  # pyright: ignore[reportPrivateUsage]: pinned version
    foreign = simcord.RoleHandle(world.env, world.guild, role)
    everyone = world.guild.default_role
    fans = world.guild.create_role("Fans")
    tries: list[tuple[str, dict[str, Any], str]] = [
        ("set", {"videos": "1", "member": robot}, "Bots can't request videos"),
        ("set", {"videos": "1", "member": stranger}, "isn't a member of this server. Nothing changed."),
        ("set", {"videos": "1", "role": everyone}, "@\u200beveryone is the whole server"),
        ("set", {"videos": "1", "role": foreign}, "That role doesn't belong to this server."),
        ("set", {"videos": "1", "role": fans, "member": world.alice}, "a member or a role, not both"),
        ("unset", {"role": fans, "member": world.alice}, "a member or a role, not both"),
        ("unset", {"role": fans, "deleted_role": str(fans.id)}, "a deleted role on its own"),
        ("unset", {"member": robot}, "Bots can't request videos"),
        ("grant", {"videos": 1, "member": robot}, "Bots can't request videos"),
        ("grant", {"videos": 1, "member": stranger}, "isn't a member of this server. Nothing changed."),
        ("reset", {"member": stranger}, "isn't a member of this server. Nothing changed."),
        ("rules", {"member": robot}, "Bots can't request videos"),
    ]
    for command, options, words in tries:
        assert words in await quota(world, command, **options), (command, options)
    assert await nothing_is_set(world)


async def test_a_reason_is_kept_as_it_was_written_and_no_reply_can_ping(world: World) -> None:
    await quota(world, "set", videos="3", member=world.alice, reason=HOSTILE)
    [entry] = await world.app.services.moderation.list_log(world.guild.id, size=5)
    assert (entry.actor_id, entry.subject, entry.reason) == (
        world.mona.id,
        f"member:{world.alice.id}",
        HOSTILE,
    )
    callbacks: list[Any] = [request.json for request in requests(world, "POST", "/callback")]
    assert [body["data"]["allowed_mentions"] for body in callbacks] == [{"parse": []}]
