"""The scripted part of the demo: a video from command to file, and what a moderator can do about limits."""

import asyncio
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import discord
import simcord
from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.media.files import probe
from bot.models import Generation, Status
from sandbox.world import World

PROMPT = "A red dragon glides over a mountain lake at sunrise"
SECOND_PROMPT = "A paper boat sails through a rainy street"
FAIL_MARK = "[fail]"  # the fake provider's safety filter stops prompts with it
DURATION = 4  # seconds of video; the page's player needs longer for more
SCRIPT_SECONDS = 120.0  # more than the slowest machine needs
STATE_LINE = 2  # of the card: how the video stands
TIMESTAMP = re.compile(r"<t:(\d+):([Rf])>")
ESCAPE = re.compile(r"\\(?=\W)")


class Script:
    """Plays the scenes and prints what people see.

    Args:
        folder: where the files that a member or moderator would save are put.
    """

    def __init__(self, world: World, console: Console, folder: Path) -> None:
        self._world = world
        self._console = console
        self._folder = folder

    async def play(self, *, fails: bool) -> bool:
        """Play all scenes; return whether everything that was expected happened."""
        if fails:
            return await self._video(f"{PROMPT} {FAIL_MARK}", fails=True)
        return await self._video(PROMPT) and await self._limits()

    async def _video(self, prompt: str, *, fails: bool = False) -> bool:
        """Show one request as a member sees it."""
        world = self._world
        answer = await self._type(world.alice, "veo", prompt=prompt, duration=DURATION)
        if answer is None:
            return False
        generation = await self._follow()
        threads = [thread for thread in world.channel.threads if int(thread.id) == generation.thread_id]
        for thread in threads:
            for message in thread.history():
                self._show(f"in the thread “{thread.name}”", message.content)
                for attachment in message.attachments:
                    await self._show_video(attachment)
        expected = Status.FAILED if fails else Status.SUCCEEDED
        return generation.status is expected and generation.result_id is not None

    async def _limits(self) -> bool:
        """Show a limit, a refusal, a grant, and what was used."""
        world = self._world
        await self._type(world.mona, "veo-admin settings", moderators_channel=world.moderators_channel)
        await self._type(world.mona, "quota set", videos="1", member=world.alice, reason="a quiet week")
        refused = await self._type(world.alice, "veo", prompt=SECOND_PROMPT, duration=DURATION)
        await self._type(world.mona, "quota grant", member=world.alice, videos=1, reason="the winner")
        arrived = await self._video(SECOND_PROMPT)
        usage = await self._type(world.mona, "quota usage", period="day")
        files = usage.attachments if usage else []
        for file in files:
            await self._save(file)
        await self._type(world.mona, "quota unset", window="all", member=world.alice)
        return refused is not None and refused.ephemeral and arrived and len(files) == 2

    async def _type(
        self, person: MemberActor, command: str, **options: object
    ) -> simcord.ResponseMessage | None:
        """Let somebody use a command; show it and its answer."""
        words = " ".join(f"{name}: {self._word(value)}" for name, value in options.items())
        self._console.print(
            Panel(f"/{command} {words}", title=f"{person.name} types in #videos"), markup=False
        )
        result = await person.slash(self._world.channel, command, **options)
        answer = result.response
        if answer is None:
            self._console.print("The bot did not answer.")
            return None
        seen_by = (
            f"only {person.name} sees the answer" if answer.ephemeral else "the bot answers with the card"
        )
        self._show(seen_by, answer.content)
        return answer

    async def _follow(self) -> Generation:
        """Show each change of the card's state until the result is posted."""
        world = self._world
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        delivery = asyncio.create_task(world.wait_for_delivery(seconds=SCRIPT_SECONDS))
        with Progress(*columns, console=self._console) as progress:
            bar, shown = progress.add_task(""), ""
            while shown == "" or not delivery.done():
                await asyncio.wait([delivery], timeout=0.1)
                state = await self._read_state()
                if state != shown:
                    progress.update(bar, description="waiting for the video")
                    progress.console.print(f"  The card says: {self._as_seen(state)}", markup=False)
                    shown = state
        return await delivery

    async def _read_state(self) -> str:
        """Return what the newest card says about its video."""
        newest = (await self._world.app.services.generations.list_recent(self._world.guild.id, most=1))[0]
        card = next(message for message in self._world.channel.history() if message.id == newest.card_id)
        return card.content.splitlines()[STATE_LINE]

    async def _show_video(self, attachment: discord.Attachment) -> None:
        """Save the attachment as a member would, and say what is in the saved file."""
        clip = await probe(await self._save(attachment))
        sound = "with sound" if clip.has_sound else "without sound"
        self._show(
            "attached",
            f"{attachment.filename}: {clip.size:,} bytes, {clip.seconds:.1f} seconds, "
            f"{clip.width}x{clip.height}, {clip.codec}, {sound}\nAlt text: {attachment.description}",
        )

    async def _save(self, attachment: discord.Attachment) -> Path:
        path = self._folder / attachment.filename
        await attachment.save(path)
        self._console.print(f"Saved {path}", soft_wrap=True, markup=False)
        return path

    def _show(self, title: str, text: str) -> None:
        self._console.print(Panel(self._as_seen(text), title=title, title_align="left"), markup=False)

    def _as_seen(self, text: str) -> str:
        """Return a message's text about as Discord shows it: names for mentions, no markup."""
        world = self._world
        for person in (world.alice, world.mona):
            text = text.replace(person.mention, f"@{person.name}")
        for channel in (world.channel, world.moderators_channel):
            text = text.replace(channel.mention, f"#{channel.name}")
        text = TIMESTAMP.sub(_as_time, text)
        return ESCAPE.sub("", text.replace("**", "").replace("-# ", ""))

    def _word(self, value: object) -> str:
        match value:
            case MemberActor():
                return f"@{value.name}"
            case ChannelHandle():
                return f"#{value.name}"
            case _:
                return str(value)


def _as_time(found: re.Match[str]) -> str:
    """Return a timestamp's markup as Discord's clients word it."""
    moment = int(found[1])
    if found[2] == "f":
        return datetime.fromtimestamp(moment, UTC).strftime("%d %B %Y %H:%M UTC")
    return _relative(moment - time.time())


def _relative(seconds: float) -> str:
    unit, size = next(
        (unit for unit in (("day", 86_400), ("hour", 3600), ("minute", 60)) if abs(seconds) >= unit[1]),
        ("second", 1),
    )
    number = round(abs(seconds) / size)
    words = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"
