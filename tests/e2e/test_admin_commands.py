"""Who may use /veo-admin, and what pausing, blocking and forbidden words do to /veo."""

from datetime import timedelta
from typing import Any

import discord
import pytest
from simcord.backend.errors import SetupError

from bot.admission.parsing import parse_span
from bot.clock import utc_now
from sandbox.world import World
from tests.bot.troubles import locked
from tests.e2e.driver import bodies, rows, shown
from tests.e2e.moderating import accepted, admin, command_id, refused, said, use, without_bounds
from tests.e2e.videos import private

NAMES = {
    *("pause", "resume", "block", "unblock", "blocked", "settings", "queue", "log", "doctor"),
    *("home", "strikes", "forgive", "export", "import"),
    *("words add", "words remove", "words list"),
}
HOSTILE = "**bold** @everyone <@1> <@&2> https://evil.example `x`"


def offered(actor: Any, world: World) -> set[str]:
    """Return the subcommands of /veo-admin that Discord offers to a member."""
    names = actor.available_commands(world.channel)
    return {name.removeprefix("veo-admin ") for name in names if name.startswith("veo-admin ")}


async def test_discord_offers_it_to_moderators_only(world: World) -> None:
    assert offered(world.mona, world) == NAMES
    assert offered(world.alice, world) == set()
    with pytest.raises(SetupError, match="not visible"):
        await use(world, "pause", by=world.alice)


async def test_a_role_that_the_server_names_may_use_it_too(world: World) -> None:
    helpers = world.guild.create_role("Helpers")
    nils = world.guild.add_member(world.env.create_user("nils"), roles=[helpers])
    assert offered(nils, world) == set()
    world.guild.set_command_permissions(command_id(world), {helpers: True})
    assert offered(nils, world) == NAMES
    assert "Paused" in await admin(world, "pause", by=nils)
    await refused(world, "paused")


def sent_command(world: World) -> dict[str, Any]:
    """Return the command as Discord was told about it."""
    return dict(world.env.backend.commands[None]["veo-admin", 1])


def leaves(part: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a command's subcommands and options, of any depth."""
    inner: list[dict[str, Any]] = part.get("options", [])
    return [*inner, *(leaf for option in inner for leaf in leaves(option))]


def texts(part: dict[str, Any]) -> int:
    """Return how many characters Discord counts: names, descriptions and the values of choices."""
    inner = [*part.get("options", []), *part.get("choices", [])]
    own = sum(len(str(part.get(key, ""))) for key in ("name", "description", "value"))
    return own + sum(texts(other) for other in inner)


async def test_discords_limits_are_kept(world: World) -> None:
    sent = sent_command(world)
    assert sent["contexts"] == [0], "the command is offered outside of servers"
    assert sent["default_member_permissions"] == discord.Permissions(manage_guild=True).value
    for part in leaves(sent):
        assert 1 <= len(part["description"]) <= 100, part["name"]
        assert part["description"] != "…", f"{part['name']} is not described"
        assert len(part.get("choices", [])) <= 25
    assert texts(sent) <= 8000, "the command is too large for Discord"


@pytest.mark.nightly
async def test_a_pause_stops_everybody_and_resume_lets_them_again(world: World) -> None:
    text = await admin(world, "pause", reason="exams")
    assert "Nobody can request videos" in text
    assert "Running requests continue" in text
    assert "“exams”" in text
    await refused(world, "paused", "“exams”")
    await world.restart()
    await refused(world, "paused", "“exams”")
    assert "Resumed" in await admin(world, "resume")
    await accepted(world)


async def test_resume_without_a_pause_says_so(world: World) -> None:
    assert "wasn't paused" in await admin(world, "resume")


@pytest.mark.nightly
async def test_what_was_asked_for_before_a_pause_and_a_block_still_comes(world: World) -> None:
    await accepted(world)
    await admin(world, "pause")
    await admin(world, "block", member=world.alice)
    world.provider.release()
    generation = await world.wait_for_delivery()
    assert generation.result_id is not None


async def test_a_block_says_until_when(world: World) -> None:
    text = await admin(world, "block", member=world.alice, span="12h", reason="spam")
    assert f"<@{world.alice.id}>" in text
    assert "Running requests continue" in text
    [(_, block)] = await world.app.services.moderation.list_blocked(world.guild.id)
    assert block.until is not None
    assert abs(block.until - utc_now() - timedelta(hours=12)) < timedelta(minutes=1)
    moment = int(block.until.timestamp())
    assert f"<t:{moment}:f> (<t:{moment}:R>)" in text
    await refused(world, "You're blocked", "“spam”", f"<t:{moment}:R>")


async def test_a_block_is_for_one_member(world: World) -> None:
    await admin(world, "block", member=world.mona)
    await accepted(world)


@pytest.mark.nightly
async def test_a_block_holds_after_a_restart_and_until_it_is_ended(world: World) -> None:
    assert "until `/veo-admin unblock`" in await admin(world, "block", member=world.alice)
    await world.restart()
    await refused(world, "You're blocked")
    assert "Unblocked" in await admin(world, "unblock", member=world.alice)
    assert "wasn't blocked" in await admin(world, "unblock", member=world.alice)
    await accepted(world)


async def test_a_block_holds_after_leaving_and_coming_back(world: World) -> None:
    await admin(world, "block", member=world.alice)
    world.guild.remove_member(world.alice)
    world.alice = world.guild.add_member(world.alice.user)
    await refused(world, "You're blocked")


async def test_somebody_who_left_can_be_blocked_and_unblocked(world: World) -> None:
    gone = world.alice.user
    world.guild.remove_member(world.alice)
    assert f"<@{gone.id}>" in await admin(world, "block", member=gone, span="3 days")
    world.alice = world.guild.add_member(gone)
    await refused(world, "You're blocked")
    world.guild.remove_member(world.alice)
    assert "Unblocked" in await admin(world, "unblock", member=gone)


async def test_the_blocked_can_be_seen(world: World) -> None:
    assert await admin(world, "blocked") == "Nobody is blocked on this server."
    await admin(world, "block", member=world.alice, span="2 weeks", reason=HOSTILE)
    text = await admin(world, "blocked")
    assert "**1 blocked.**" in text
    assert f"<@{world.alice.id}>, until <t:" in text
    assert "\\*\\*bold\\*\\*" in text


async def test_many_blocked_come_as_a_file(world: World) -> None:
    people = [world.env.create_user(f"troll{number}") for number in range(5)]
    for person in people:
        await admin(world, "block", member=person, reason="*" * 290)
    answer = await use(world, "blocked")
    assert "attached it as a file" in said(answer)
    [file] = shown(answer).attachments
    lines = (await file.read()).decode().splitlines()
    assert lines == [f"{person.id}, until unblocked: {'*' * 290}" for person in people]


async def test_absurd_spans_are_refused(world: World) -> None:
    for span in ("forever", "99999 weeks"):  # `tests/bot/admission/test_parsing.py` has more
        text = await admin(world, "block", member=world.alice, span=span)
        assert "Enter a time" in text or "too long" in text, span
    assert await world.app.services.moderation.list_blocked(world.guild.id) == []


async def test_the_shortest_span_is_understood(world: World) -> None:
    assert parse_span("1m") == timedelta(minutes=1)
    assert "Blocked" in await admin(world, "block", member=world.alice, span="1m")


async def test_bots_cannot_be_blocked(world: World) -> None:
    robot = world.guild.add_member(world.env.create_user("robot", bot=True))
    for name in ("block", "unblock"):
        assert "Bots can't request videos" in await admin(world, name, member=robot)
    assert await trail(world) == 0


async def trail(world: World) -> int:
    """Return how many deeds are written down."""
    return len(await world.app.services.moderation.list_log(world.guild.id, size=100))


async def test_reasons_that_are_too_long_change_nothing(world: World) -> None:
    targets: dict[str, dict[str, Any]] = {"pause": {}, "block": {"member": world.alice}}
    for name, target in targets.items():
        with pytest.raises(SetupError, match="300"):
            await use(world, name, reason="x" * 301, **target)
    await without_bounds(world)
    for name, target in targets.items():
        assert "The reason has 5,000 characters" in await admin(world, name, reason="x" * 5000, **target)
    assert await trail(world) == 0
    await accepted(world)


async def test_reasons_ping_nobody_and_show_as_they_are(world: World) -> None:
    for text in [
        await admin(world, "pause", reason=HOSTILE),
        await refused(world),
        await admin(world, "resume"),
        await admin(world, "block", member=world.alice, reason=HOSTILE),
        await refused(world),
    ]:
        if "bold" in text:
            assert "\\*\\*bold\\*\\*" in text
            assert "@everyone" not in text
            assert "<@1>" not in text.replace("\\<", "")
            assert "https://" not in text, "Discord would show a preview"
    answers = bodies(world, "POST", "/callback")
    assert len(answers) == 5
    assert all(body["data"]["allowed_mentions"] == {"parse": []} for body in answers)


async def test_nothing_is_said_to_be_done_that_is_not_written(world: World, database_url: str) -> None:
    async with locked(database_url):
        text = await admin(world, "pause")
    assert "can't save requests" in text
    await accepted(world)


async def test_another_server_is_not_touched(world: World) -> None:
    other = world.env.create_guild("Elsewhere")
    place = other.create_text_channel("videos")
    boss = other.create_role("Bosses", permissions=discord.Permissions(manage_guild=True))
    olga = other.add_member(world.env.create_user("olga"), roles=[boss])
    said(await olga.slash(place, "veo-admin pause"))
    said(await olga.slash(place, "veo-admin block", member=world.alice.user))
    said(await olga.slash(place, "veo-admin words add", word="dragon"))
    await accepted(world)
    assert "No words are blocked" in await admin(world, "words list")
    assert await admin(world, "blocked") == "Nobody is blocked on this server."


async def test_moderators_are_refused_as_everybody_else(world: World) -> None:
    await admin(world, "pause")
    answer = await world.mona.slash(world.channel, "veo", prompt="a red dragon")
    assert "paused" in said(answer)
    assert await rows(world) == []


async def test_a_block_in_place_of_another_says_how_long_that_would_have_lasted(world: World) -> None:
    """A moderator who blocks somebody for an hour may end what another one decided."""
    assert "replaces" not in await admin(world, "block", member=world.alice)
    assert "This replaces a block that had no end." in await admin(
        world, "block", member=world.alice, span="1h"
    )
    assert "This replaces a block until <t:" in await admin(world, "block", member=world.alice, span="2h")
    await admin(world, "unblock", member=world.alice)
    assert "replaces" not in await admin(world, "block", member=world.alice, span="1h")


async def test_the_settings_name_the_command_wherever_they_are_opened(world: World) -> None:
    home = await use(world, "home")
    shown_there = private(await world.mona.click(shown(home).message, label="Settings"))
    for text in (shown_there, await admin(world, "settings")):
        assert "To change settings, use `/veo-admin settings` with options." in text
