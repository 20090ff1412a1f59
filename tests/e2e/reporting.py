"""Reports and the moderators' channel, in the words of the tests."""

from typing import Any

import discord
import simcord

from bot.db.guild_models import ReportRow
from bot.db.models import Generation
from bot.moderation.decisions import Moderator
from bot.moderation.reported import ReportedVideo
from sandbox.world import World, wait_until
from tests.e2e.driver import SECONDS, ask_for_video, eventually, shown, the_result

REASON = "it is cruel"


async def open_moderators_channel(world: World) -> simcord.ChannelHandle:
    """Choose a channel for moderators."""
    channel = world.guild.create_text_channel("moderators")
    await choose_moderators_channel(world, channel)
    return channel


async def choose_moderators_channel(world: World, channel: simcord.ChannelHandle | None) -> None:
    """Change the channel for moderators."""
    changes = {"moderators_channel_id": None if channel is None else channel.id}
    await world.app.services.moderation.change_settings(mona_of(world), changes)


def mona_of(world: World) -> Moderator:
    return Moderator(world.guild.id, world.mona.id)


def add_bob(world: World, *roles: simcord.RoleHandle, name: str = "bob") -> simcord.MemberActor:
    """Add a member who asked for nothing."""
    return world.guild.add_member(world.env.create_user(name), roles=list(roles))


async def report(
    world: World, who: simcord.MemberActor, message: discord.Message | None = None, reason: str = REASON
) -> simcord.ResponseMessage:
    """Let `who` report the video; return what they are told."""
    form = await who.click(message or the_result(world), label="Report")
    return shown(await who.submit_modal(form, {"reason": reason}))


async def report_of_bob(world: World) -> tuple[Generation, simcord.ChannelHandle, discord.Message]:
    """Let alice have a video and bob report it; return it, the moderators' channel, and the report there."""
    moderators_channel = await open_moderators_channel(world)
    generation = await ask_for_video(world)
    await report(world, add_bob(world))
    return generation, moderators_channel, await the_report(moderators_channel)


def reports_in(moderators_channel: simcord.ChannelHandle) -> list[discord.Message]:
    """Return the reports as the moderators see them."""
    return [message for message in moderators_channel.history() if message.content.startswith("🚩")]


async def the_report(moderators_channel: simcord.ChannelHandle) -> discord.Message:
    """Wait for the one report."""
    await eventually("a report", lambda: bool(reports_in(moderators_channel)))
    found = reports_in(moderators_channel)
    assert len(found) == 1, f"one report was expected, not {[message.content for message in found]}"
    return found[0]


def buttons(message: discord.Message) -> list[str]:
    """Return the labels under a message."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [child.label or "" for row in rows for child in row.children if isinstance(child, discord.Button)]


async def click(who: simcord.MemberActor, message: discord.Message, label: str) -> list[str]:
    """Click; return what only `who` is told."""
    answer = await who.click(message, label=label)
    assert answer.acknowledged, "Discord says that the interaction failed"
    assert all(followup.ephemeral for followup in answer.followups), "everybody sees it"
    assert [text for text in texts(answer) if "on our side" in text] == []
    return texts(answer)


def texts(answer: simcord.InteractionResult) -> list[str]:
    return [followup.content for followup in answer.followups]


async def read_report(world: World, message: discord.Message) -> ReportedVideo:
    """Return the report that a message in the moderators' channel is about, as it is in the database."""
    report_id = message.content.rsplit("report ", 1)[1]
    found = await world.app.services.reports.get(world.guild.id, report_id)
    assert found is not None, "the message names no report"
    return found


async def is_written_down(world: World, message: discord.Message) -> None:
    """Wait until the database knows where moderators see a report; the message is there a moment before."""

    async def look() -> bool | None:
        return True if (await read_report(world, message)).report.message_id == message.id else None

    await wait_until(look, seconds=SECONDS)


async def nothing_is_due(world: World, message: discord.Message) -> None:
    """Wait until nothing is left to do about a report in the moderators' channel."""

    async def look() -> bool | None:
        return True if (await read_report(world, message)).report.post_at is None else None

    await wait_until(look, seconds=SECONDS)


async def decisions_of(world: World, message: discord.Message) -> tuple[int | None, int | None, int | None]:
    """Return who deleted, who blocked and who dismissed."""
    row: ReportRow = (await read_report(world, message)).report
    return row.deleted_by, row.blocked_by, row.dismissed_by


def forge_buttons(world: World, message: discord.Message, old: str, new: str) -> None:
    """Change the custom ids under a message."""
    stored: Any = world.env.backend.get_message(message.channel.id, message.id)
    for row in stored.components:
        for button in row["components"]:
            if "custom_id" in button:  # a link has none
                button["custom_id"] = button["custom_id"].replace(old, new)
