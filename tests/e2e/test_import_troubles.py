"""What went away before an import or its undo is saved, or can't be read afterwards, is said below it."""

import json
from typing import Any

import discord
import pytest

from bot.errors import DatabaseBusyError
from sandbox.world import World
from tests.e2e.driver import shown
from tests.e2e.limiting import add_role
from tests.e2e.moderating import admin
from tests.e2e.quoting import buttons_now, now_shown
from tests.e2e.test_admin_import import Elsewhere, exported, open_elsewhere, undo

UNREAD = "I can't check right now whether anything needs your attention."
GONE_ROLE = "⚠️ The role whose requests need your approval is gone, so nobody's requests do."


def forget_how_to_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise DatabaseBusyError("I can't reach my database right now. Try again.")

    monkeypatch.setattr(world.app.services.strikes, "change", fail)
    monkeypatch.setattr(world.app.services.moderation, "read", fail)


async def export_review(world: World) -> bytes:
    """Return a file by which a role's requests wait, with strikes off."""
    fans, _ = add_role(world, "Fans")
    await admin(world, "settings", review=fans.mention, moderators_channel=world.moderators_channel)
    return await exported(world)


async def save(world: World, elsewhere: Elsewhere, message: discord.Message) -> str:
    await elsewhere.olga.click(message, label="Save")
    return now_shown(world, message)


async def test_an_import_that_was_saved_is_not_called_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = open_elsewhere(world)
    await elsewhere.olga.slash(elsewhere.videos, "veo-admin strikes", ladder="2: 1h", days=3)
    message = shown(await elsewhere.load(await export_review(world))).message
    forget_how_to_read(world, monkeypatch)
    imported, _, unread = (await save(world, elsewhere, message)).partition("\n")
    assert imported.startswith("✅ **Imported** the rules of “Studio”.")
    assert unread.startswith(UNREAD)
    assert buttons_now(world, message) == []
    monkeypatch.undo()
    assert (await elsewhere.policy(world)).strikes is None


async def test_an_undo_of_strikes_is_not_called_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = open_elsewhere(world)
    await elsewhere.olga.slash(elsewhere.videos, "veo-admin strikes", ladder="2: 1h", days=3)
    number = (await elsewhere.trail(world))[0].id
    message = shown(await elsewhere.olga.slash(elsewhere.videos, "veo-admin log")).message
    forget_how_to_read(world, monkeypatch)
    await elsewhere.olga.click(message, label=f"Undo #{number}")
    undone, unread, *_ = now_shown(world, message).splitlines()
    assert undone == "✅ **Undone:** strikes: strikes within 3 days, 2: 1 hour → off."
    assert unread.startswith(UNREAD)
    monkeypatch.undo()
    assert (await elsewhere.policy(world)).strikes is None


async def test_what_was_deleted_between_an_imports_preview_and_its_click_is_said(world: World) -> None:
    elsewhere = open_elsewhere(world)
    message = shown(await elsewhere.load(await export_review(world))).message
    world.env.backend.delete_channel(elsewhere.moderators_channel.id)
    world.env.backend.delete_role(elsewhere.guild.id, elsewhere.fans.id)
    imported, channel, role = (await save(world, elsewhere, message)).splitlines()
    assert imported.startswith("✅ **Imported**")
    assert channel.startswith(f"⚠️ The moderators' channel {elsewhere.moderators_channel.mention} is gone")
    assert role.startswith(GONE_ROLE)


async def test_an_undo_of_an_import_says_that_a_role_is_gone_whose_requests_wait(world: World) -> None:
    elsewhere = open_elsewhere(world)
    chosen: dict[str, Any] = {
        "review": elsewhere.fans.mention,
        "moderators_channel": elsewhere.moderators_channel,
    }
    await elsewhere.olga.slash(elsewhere.videos, "veo-admin settings", **chosen)
    await admin(world, "settings", review="everybody", moderators_channel=world.moderators_channel)
    await save(world, elsewhere, shown(await elsewhere.load(await exported(world))).message)
    world.env.backend.delete_role(elsewhere.guild.id, elsewhere.fans.id)
    undone, role, *_ = (await undo(world, elsewhere, (await elsewhere.trail(world))[0].id)).splitlines()
    assert undone.startswith("✅ **Undone:** ")
    assert role.startswith(GONE_ROLE)


def written(**parts: Any) -> bytes:
    return json.dumps({"format": "veo-bot rules", "version": 1, "server": "Studio", **parts}).encode()


async def test_what_has_no_room_in_a_preview_is_in_a_file(world: World) -> None:
    """Nothing is saved that nobody could read before."""
    elsewhere = open_elsewhere(world)
    names = [f"role_{number}" for number in range(60)]
    for name in names:
        elsewhere.guild.create_role(name)
    channels: list[str] = [
        elsewhere.guild.create_text_channel(f"art-{number}").name or "" for number in range(5)
    ]
    roles = [
        {"role": name, "limits": {"day": 5, "week": 20}} for name in (*names, *(f"no {n}" for n in names))
    ]
    words = [f"*word* {number}" for number in range(40)]
    content = written(words=words, limits={"server": {}, "roles": roles}, settings={"channels": channels})
    answer = shown(await elsewhere.load(content))
    assert "- 40 blocked words added: “\\*word\\* 0”" in answer.content
    assert "\n-# The attached file has all of it.\n" in answer.content
    [file] = answer.attachments
    assert (file.filename, file.description) == ("changes.txt", "Everything that would change")
    text = (await file.read()).decode()
    wanted = [f"limits of {name}: none → 5 videos in 24 hours, 20 videos in 7 days" for name in names]
    wanted += [f"“{word}”" for word in words] + channels + [f"@no {name}" for name in names]
    assert [each for each in wanted if each not in text] == []


async def test_a_preview_that_says_all_has_no_file(world: World) -> None:
    elsewhere = open_elsewhere(world)
    elsewhere.guild.create_role("v_i_p")
    roles = [{"role": name, "limits": {"day": 5}} for name in ("v_i_p", "*nobody*")]
    content = written(words=["a_b", "@everyone"], limits={"server": {}, "roles": roles})
    answer = shown(await elsewhere.load(content))
    assert "- 2 blocked words added: “@\u200beveryone” and “a\\_b”\n" in answer.content
    assert answer.attachments == []


async def test_limits_of_a_role_that_was_deleted_before_the_click_are_said_to_have_no_effect(
    world: World,
) -> None:
    elsewhere = open_elsewhere(world)
    roles = [{"role": "Fans", "limits": {"day": 5}}]
    content = written(limits={"server": {}, "roles": roles})
    message = shown(await elsewhere.load(content)).message
    world.env.backend.delete_role(elsewhere.guild.id, elsewhere.fans.id)
    imported, role = (await save(world, elsewhere, message)).splitlines()
    assert imported.startswith("✅ **Imported**")
    assert role == (
        "⚠️ 1 role with limits no longer exists, so they have no effect. `/quota rules` shows them."
    )
