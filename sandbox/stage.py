"""The stage of the demo's script: what people type, press and see, told in the terminal."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import discord
import simcord
from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from bot.db.film_models import FilmRow
from bot.db.models import Generation
from bot.films.rows import Film
from bot.media.files import probe
from sandbox.seen import as_seen
from sandbox.world import World, wait_until

SCRIPT_SECONDS = 120.0  # more than the slowest machine needs
FILM_SECONDS = 300.0  # the same for several shots, one after the other, and for joining them
STATE_LINE = 2  # of the card: how the video stands


class Stage:
    """Lets people act in the world and prints what they see.

    Args:
        folder: where the files that a member or moderator would save are put.
    """

    def __init__(self, world: World, console: Console, folder: Path) -> None:
        self._world = world
        self._console = console
        self._folder = folder

    async def type(
        self, person: MemberActor, command: str, **options: object
    ) -> simcord.ResponseMessage | None:
        """Let somebody use a command; show it and its answer."""
        return self._show_answer(person, await self._send(person, command, options))

    async def fill_in(
        self, person: MemberActor, command: str, fields: Mapping[str, str], **options: object
    ) -> simcord.ResponseMessage | None:
        """Let somebody use a command that opens a form, and send that; show the form and the answer."""
        return await self._submit(person, await self._send(person, command, options), fields)

    async def press(
        self, person: MemberActor, message: discord.Message, label: str
    ) -> simcord.ResponseMessage | None:
        """Let somebody press a message's button; show the answer."""
        return self._show_answer(person, await self._click(person, message, label))

    async def press_and_fill_in(
        self, person: MemberActor, message: discord.Message, label: str, fields: Mapping[str, str]
    ) -> simcord.ResponseMessage | None:
        """Let somebody press a button that opens a form, and send that; show the form and the answer."""
        return await self._submit(person, await self._click(person, message, label), fields)

    async def decide(self, person: MemberActor, message: discord.Message, label: str) -> None:
        """Let a moderator press a button in their channel; show what the message says then."""
        await self._click(person, message, label)
        self._show_message("the message in #moderators", self._message(message.id))

    async def read_as_moderator(self, mark: str) -> discord.Message:
        """Show the message in the moderators' channel that begins with `mark`, as soon as it's there."""
        channel = self._world.moderators_channel
        return await self._read("in #moderators", channel.history, mark)

    async def read_privately(self, person: MemberActor, mark: str) -> discord.Message:
        """Show the direct message to somebody that begins with `mark`, as soon as it's there."""
        return await self._read(f"in a direct message to {person.name}", person.user.dm_channel.history, mark)

    async def newest(self) -> Generation:
        """Return the generation that was asked for last, once its card is known."""
        return await self._world.wait_for(lambda row: row.card_id is not None)

    async def wait_in_line(self, generation: Generation) -> None:
        """Show what the card says of the queue, as soon as it says it."""

        async def look() -> str | None:
            state = self.state_of(generation)
            return state if "at position" in state else None

        self._say_state(await wait_until(look, seconds=SCRIPT_SECONDS))

    async def follow(self, generation: Generation) -> Generation:
        """Show each change of the card's state until the result is posted."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        delivery = asyncio.create_task(
            self._world.wait_for_delivery(generation_id=generation.id, seconds=SCRIPT_SECONDS)
        )
        with Progress(*columns, console=self._console) as progress:
            bar, shown = progress.add_task(""), ""
            while shown == "" or not delivery.done():
                await asyncio.wait([delivery], timeout=0.1)
                state = self.state_of(generation)
                if state != shown:
                    progress.update(bar, description="waiting for the video")
                    self._say_state(state)
                    shown = state
        return await delivery

    async def follow_film(self, film_id: str, *, posted: int | None = None) -> Film:
        """Show each change of a film's card until the film is posted, and what is in its file.

        `posted`: the message that had it before, of a film that's joined again.
        """
        shown = ""

        async def look() -> Film | None:
            nonlocal shown
            film = await self._world.app.services.films.find(film_id)
            if film is None or film.card_id is None:
                return None
            card = self._message(film.card_id).content
            if card != shown:
                shown = card
                self.show("the film's card", card)
            is_new = film.row.result_id != posted
            return film if is_new and film.row.delivered_at is not None else None

        film = await wait_until(look, seconds=FILM_SECONDS)
        message = self.result_of(film.row)
        self._show_message("in the film's thread", message)
        for attachment in message.attachments:
            await self._show_video(attachment)
        return film

    def state_of(self, generation: Generation) -> str:
        """Return what the card says about its video."""
        return self.card_of(generation).content.splitlines()[STATE_LINE]

    def card_of(self, generation: Generation) -> discord.Message:
        """Return the generation's card."""
        return self._message(generation.card_id)

    def result_of(self, row: Generation | FilmRow) -> discord.Message:
        """Return the message with the video, the film or the error."""
        return self._message(row.result_id)

    async def show_result(self, generation: Generation) -> None:
        """Show what was posted, and what is in its file."""
        message = self.result_of(generation)
        thread = next(thread for thread in self._world.channel.threads if thread.id == message.channel.id)
        self._show_message(f"in the thread “{thread.name}”", message)
        for attachment in message.attachments:
            await self._show_video(attachment)

    async def save(self, files: Sequence[discord.Attachment]) -> None:
        """Save files as the person would."""
        for file in files:
            await self._save(file)

    def show(self, title: str, text: str) -> None:
        """Print a text as it is seen."""
        self._console.print(Panel(self._as_seen(text), title=Text(title), title_align="left"))

    async def _send(
        self, person: MemberActor, command: str, options: Mapping[str, object]
    ) -> simcord.InteractionResult:
        words = " ".join(f"{name}: {self._word(value)}" for name, value in options.items())
        self._tell(f"/{command} {words}", f"{person.name} types in #videos")
        return await person.slash(self._world.channel, command, **options)

    async def _click(
        self, person: MemberActor, message: discord.Message, label: str
    ) -> simcord.InteractionResult:
        self._tell(f"[{label}]", f"{person.name} clicks a button")
        return await person.click(message, label=label)

    async def _submit(
        self, person: MemberActor, form: simcord.InteractionResult, fields: Mapping[str, str]
    ) -> simcord.ResponseMessage | None:
        self._tell("\n".join(f"{name}: {text}" for name, text in fields.items()), "and fills in the form")
        return self._show_answer(person, await person.submit_modal(form, dict(fields)))

    async def _read(
        self, title: str, history: Callable[[], list[discord.Message]], mark: str
    ) -> discord.Message:
        async def look() -> discord.Message | None:
            return next((found for found in history() if found.content.startswith(mark)), None)

        message = await wait_until(look, seconds=SCRIPT_SECONDS)
        self._show_message(title, message)
        return message

    async def _show_video(self, attachment: discord.Attachment) -> None:
        """Save the attachment as a member would, and say what is in the saved file."""
        clip = await probe(await self._save(attachment))
        sound = "sound" if clip.has_sound else "no sound"
        self.show(
            "attached",
            f"{attachment.filename}: {clip.size:,} bytes, {clip.seconds:.1f} seconds, "
            f"{clip.width}x{clip.height}, {clip.codec}, {sound}\nAlt text: {attachment.description}",
        )

    async def _save(self, attachment: discord.Attachment) -> Path:
        path = self._folder / attachment.filename
        await attachment.save(path)
        self._console.print(f"Saved {path}", soft_wrap=True, markup=False)
        return path

    def _show_answer(
        self, person: MemberActor, result: simcord.InteractionResult
    ) -> simcord.ResponseMessage | None:
        answer = result.response
        if answer is None:
            self._console.print("The bot didn't answer.")
            return None
        private, public = f"only {person.name} can see the answer", "the bot answers with the card"
        self._show_message(private if answer.ephemeral else public, answer.message)
        return answer

    def _show_message(self, title: str, message: discord.Message) -> None:
        """Print a message with the buttons under it."""
        labels = " ".join(f"[{label}]" for label in buttons_under(message))
        self.show(title, "\n".join(part for part in (message.content, labels) if part))

    def _message(self, message_id: int | None) -> discord.Message:
        """Return a message of a channel or of a thread, as it is now."""
        world = self._world
        channels = [world.channel, *world.channel.threads, world.moderators_channel]
        return next(found for channel in channels for found in channel.history() if found.id == message_id)

    def _say_state(self, state: str) -> None:
        self._console.print(Text("  The card says: ") + self._as_seen(state))

    def _tell(self, text: str, title: str) -> None:
        self._console.print(Panel(Text(text), title=title))

    def _as_seen(self, text: str) -> Text:
        """Return a message's text about as Discord shows it: names for mentions, no markup."""
        world = self._world
        names = {person.mention: f"@{person.name}" for person in (world.alice, world.mona)}
        names |= {
            channel.mention: f"#{channel.name}" for channel in (world.channel, world.moderators_channel)
        }
        return Text(as_seen(text, names))

    def _word(self, value: object) -> str:
        match value:
            case MemberActor():
                return f"@{value.name}"
            case ChannelHandle():
                return f"#{value.name}"
            case (str() as name, bytes()):
                return f"📎 {name}"
            case _:
                return str(value)


def buttons_under(message: discord.Message) -> Iterator[str]:
    """Yield the labels of a message's buttons."""
    for row in message.components:
        if isinstance(row, discord.ActionRow):
            yield from (item.label or "" for item in row.children if isinstance(item, discord.Button))
