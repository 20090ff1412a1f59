"""/veo-admin log: the audit trail in pages."""

import pytest
import simcord

from bot.db.guild_models import AuditRow
from cogs.moderation.audit_log import entry_line
from sandbox.world import World
from tests.e2e.driver import bodies, shown
from tests.e2e.moderating import admin, command_id, labels, said, use


async def deeds(world: World) -> list[AuditRow]:
    """Return the whole trail, newest first."""
    return await world.app.services.moderation.list_log(world.guild.id, size=1000)


async def add_words(world: World, number: int, word: str = "word") -> None:
    for count in range(number):
        await admin(world, "words add", word=f"{word}{count}")


def entries(answer: simcord.InteractionResult) -> list[str]:
    """Return the lines of the answer without the heading."""
    return said(answer).splitlines()[1:]


def turns(answer: simcord.InteractionResult) -> list[str]:
    """Return the buttons that turn the page."""
    return [label for label in labels(answer) if not label.startswith("Undo")]


async def test_an_empty_log_says_so(world: World) -> None:
    assert await admin(world, "log") == "There are no moderator actions on this server yet."


async def test_it_says_who_did_what_to_whom_and_why(world: World) -> None:
    await admin(world, "block", member=world.alice, span="12h", reason="**spam** @everyone")
    await admin(world, "pause")
    answer = await use(world, "log")
    pause, block = entries(answer)
    assert f"<@{world.mona.id}> paused" in pause
    assert f"<@{world.mona.id}> blocked <@{world.alice.id}>" in block
    assert "\\*\\*spam\\*\\*" in block
    assert "@everyone" not in block
    assert bodies(world, "POST", "/callback")[-1]["data"]["allowed_mentions"] == {"parse": []}


@pytest.mark.nightly
async def test_pages_hold_ten_and_lead_to_older_ones_and_back(world: World) -> None:
    await add_words(world, 23)
    lines = [entry_line(row) for row in await deeds(world)]
    answer = await use(world, "log")
    assert entries(answer) == lines[:10]
    assert turns(answer) == ["Newest", "Older"]
    await world.mona.click(shown(answer).message, label="Older")
    assert entries(answer) == lines[10:20]
    await world.mona.click(shown(answer).message, label="Older")
    assert entries(answer) == lines[20:]
    assert turns(answer) == ["Newest"], "there is nothing older"
    await admin(world, "pause")
    await world.mona.click(shown(answer).message, label="Newest")
    assert "paused" in entries(answer)[0]
    assert entries(answer)[1:] == lines[:9]


@pytest.mark.nightly
async def test_long_entries_make_shorter_pages_and_none_is_left_out(world: World) -> None:
    for _ in range(14):
        await admin(world, "block", member=world.alice, span="12h", reason="*" * 300)
    answer = await use(world, "log")
    seen = entries(answer)
    assert len(seen) < 10
    while "Older" in labels(answer):
        await world.mona.click(shown(answer).message, label="Older")
        seen += entries(answer)
    assert seen == [entry_line(row) for row in await deeds(world)]


@pytest.mark.nightly
async def test_the_buttons_work_after_a_restart(world: World) -> None:
    await add_words(world, 11)
    answer = await use(world, "log")
    await world.restart()
    await world.mona.click(shown(answer).message, label="Older")
    assert len(entries(answer)) == 1
    await world.mona.click(shown(answer).message, label="Newest")
    assert len(entries(answer)) == 10


async def test_whoever_may_not_moderate_any_more_cannot_turn_pages(world: World) -> None:
    await add_words(world, 11)
    answer = await use(world, "log")
    before = said(answer)
    world.guild.set_command_permissions(command_id(world), {world.mona: False})
    [notice] = (await world.mona.click(shown(answer).message, label="Older")).followups
    assert notice.ephemeral
    assert "Only members who can use `/veo-admin` can do that." in notice.content
    assert said(answer) == before
