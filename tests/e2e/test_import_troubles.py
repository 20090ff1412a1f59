"""What went away before an import or its undo is saved, or can't be read afterwards, is said below it."""

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
