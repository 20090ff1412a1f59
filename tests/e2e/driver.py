"""What members do and see, in the words of the tests."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import simcord
from simcord.types import HttpLogEntry
from sqlalchemy import update

from bot.clock import utc_now
from bot.db.database import open_database
from bot.db.models import Generation, Status
from bot.jobs.steps.timing import Timing
from sandbox.provider import Fault
from sandbox.recent import list_recent
from sandbox.world import World, wait_until

PROMPT = "a red dragon"
SHORT = timedelta(milliseconds=20)
SECONDS = 90.0  # after which something that should happen is taken for missing

QUICK_TIMING = Timing(
    poll_interval=timedelta(milliseconds=100),  # a question takes both programs here 5 ms of the processor
    card_interval=timedelta(),
    deadline=timedelta(seconds=30),
    account_wait=SHORT,
    busy_wait=SHORT,
    lookup_wait=SHORT,
    lookup_window=timedelta(seconds=30),
    call_window=timedelta(seconds=30),
    stated_window=SHORT,
    doubt_window=SHORT,
    fetch_wait=SHORT,
    fetch_window=timedelta(seconds=30),
    delivery_wait=SHORT,
    delivery_window=timedelta(seconds=30),
    undeliverable_wait=SHORT,
    undeliverable_window=timedelta(),
    card_window=timedelta(seconds=30),
)

WIRE_TYPES: dict[type, int] = {str: 3, int: 4, bool: 5, float: 10}  # of an option, in Discord's numbers


@contextmanager
def case(name: object) -> Generator[None]:
    """Name the case in what fails within, for tests that play several in one program."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the case: {name}")
        raise


def timing_with(**seconds: float) -> Timing:
    """Return short times; `seconds` changes some by their names."""
    return replace(QUICK_TIMING, **{name: timedelta(seconds=value) for name, value in seconds.items()})


async def ask(
    world: World, channel: simcord.ChannelHandle | None = None, **options: Any
) -> simcord.InteractionResult:
    """Let alice use /veo in `#videos` or `channel`, for a short video unless `options` say otherwise."""
    chosen = {"prompt": PROMPT, "duration": 4, **options}
    return await world.alice.slash(channel or world.channel, "veo", **chosen)


async def ask_for_video(
    world: World, channel: simcord.ChannelHandle | None = None, **options: Any
) -> Generation:
    """Let alice use /veo and wait until the result is posted and the card is final."""
    await ask(world, channel, **options)
    return await world.wait_for_delivery(seconds=SECONDS)


async def ask_and_hold(
    world: World, channel: simcord.ChannelHandle | None = None, **options: Any
) -> Generation:
    """Let alice use /veo; return when the provider is at work (it ends on `provider.release`)."""
    world.provider.hold = True
    await ask(world, channel, **options)
    await world.provider.called("retrieve")
    return await world.wait_for(lambda row: row.status is Status.RUNNING, seconds=SECONDS)


async def ask_in_vain(world: World, **options: Any) -> simcord.InteractionResult:
    """Let alice use /veo while the provider answers nobody, so that no video is rendered."""
    world.provider.faults.add("create", Fault.hang(), times=None)
    chosen = {"prompt": PROMPT, **options}
    answer = await world.alice.slash(world.channel, "veo", **chosen)
    await world.provider.called("create")
    return answer


async def held_with_thread(world: World, **options: Any) -> Generation:
    """Let alice use /veo and hold until the thread is there and written down."""
    await ask_and_hold(world, **options)
    return await world.wait_for(lambda row: row.thread_id is not None, seconds=SECONDS)


async def send_unchecked(world: World, **options: Any) -> simcord.InteractionResult:
    """Let alice use /veo as a modified client could: with values that Discord would not let through.

    The command is registered anew without choices and bounds, so that the simulated Discord does not
    check them; the bot's own idea of the command is left as it is.
    """
    bot = world.app.bot
    declared = [
        {"name": name, "description": "not checked", "type": WIRE_TYPES[type(value)]}
        for name, value in options.items()
    ]
    command: Any = {"name": "veo", "description": "not checked", "type": 1, "options": declared}
    assert bot.application_id is not None
    await bot.http.bulk_upsert_global_commands(bot.application_id, [command])
    return await world.alice.slash(world.channel, "veo", **options)


async def make_due(world: World, database_url: str) -> None:
    """Let the time pass that a request waits for its card, without waiting."""
    await change_rows(database_url, not_before=utc_now())
    world.app.signals.work.set()


async def change_rows(database_url: str, **values: Any) -> None:
    """Change all rows from outside of the program."""
    async with open_database(database_url) as database:
        await database.write(lambda session: session.execute(update(Generation).values(values)))


async def rows(world: World) -> list[Generation]:
    """Return all rows of the server, newest first."""
    return await list_recent(world.app.services.generations, world.guild.id)


async def eventually(what: str, is_so: Callable[[], bool]) -> None:
    """Wait until `is_so`; `what` is said when it never is."""

    async def look() -> bool | None:
        return True if is_so() else None

    try:
        await wait_until(look, seconds=SECONDS)
    except TimeoutError:
        raise AssertionError(f"this never happened: {what}") from None


def card_of(world: World, generation: Generation) -> str:
    """Return the text of the card as it stands."""
    return card_message_of(world, generation).content


def card_message_of(world: World, generation: Generation) -> discord.Message:
    """Return the card as it stands."""
    channels = [*world.guild.channels.values(), *threads(world)]
    for channel in channels:
        for message in channel.history():
            if message.id == generation.card_id:
                return message
    raise AssertionError("the card is not there")


def links_of(message: discord.Message) -> dict[str | None, str]:
    """Return the message's link buttons: what they say, and where they lead."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    buttons = [item for row in rows for item in row.children if isinstance(item, discord.Button)]
    return {button.label: button.url for button in buttons if button.url}


def assert_card_leads_to(world: World, generation: Generation, message: discord.Message) -> None:
    """Check that the row and the card name the message where it truly is."""
    assert (generation.result_channel_id, generation.result_id) == (message.channel.id, message.id)
    card = card_message_of(world, generation)
    assert "✅ **Ready.**" in card.content.split("\n")
    assert links_of(card) == {"Watch the video": message.jump_url}, "the card leads to another place"


def card_texts(world: World) -> list[str]:
    """Return what the cards said, one after the other, from the answers on."""
    texts: list[str] = []
    for request in world.env.http_requests:
        body: dict[str, Any] = request.json or {}
        if request.path.endswith("/callback"):
            texts.append(str(body["data"]["content"]))
        elif request.method == "PATCH":
            texts.append(str(body["content"]))
    return texts


def threads(world: World) -> list[simcord.ChannelHandle]:
    """Return the threads of all channels."""
    return [thread for channel in world.guild.channels.values() for thread in channel.threads]


def direct_messages(world: World) -> list[discord.Message]:
    """Return what the bot wrote to alice alone."""
    return world.alice.user.dm_channel.history()


def results(world: World) -> list[discord.Message]:
    """Return every message with a video or an error, wherever it was posted."""
    places = [*world.guild.channels.values(), *threads(world)]
    messages = [*(message for place in places for message in place.history()), *direct_messages(world)]
    return [message for message in messages if message.content.startswith(("🎬", "❌"))]


def the_result(world: World) -> discord.Message:
    """Return the one message with a video or an error."""
    found = results(world)
    assert len(found) == 1, f"one result was expected, not {[message.content for message in found]}"
    return found[0]


def bodies(world: World, method: str, ending: str) -> list[dict[str, Any]]:
    """Return the bodies of the bot's requests to Discord whose path ends with `ending`."""
    return [dict(request.json or {}) for request in requests(world, method, ending)]


def requests(world: World, method: str, ending: str) -> list[HttpLogEntry]:
    """Return the bot's requests to Discord whose path ends with `ending`, refused ones included."""
    return [
        request
        for request in world.env.http_requests
        if request.method == method and request.path.endswith(ending)
    ]


def refuse(
    world: World, method: str, path: str, code: int, *, status: int = 400, times: int | None = 1
) -> None:
    """Let Discord refuse the next calls; None: all of them, until `accept_all`."""
    world.env.inject_error(method, path, status=status, code=code, message="Refused by the test", times=times)


def accept_all(world: World) -> None:
    """End all refusals."""
    world.env.backend.faults.clear()


def shown(answer: simcord.InteractionResult) -> simcord.ResponseMessage:
    """Return the message that answered the command."""
    assert answer.response is not None, "the command was not answered"
    return answer.response


async def assert_refused(world: World, answer: simcord.InteractionResult, *words: str) -> None:
    """Check that only alice sees an answer with `words`, and that nothing else happened."""
    assert shown(answer).ephemeral, "a refusal was shown to everybody"
    for word in words:
        assert word in shown(answer).content, f"the answer does not say {word!r}"
    assert "on our side" not in shown(answer).content, "a member's mistake was called a fault of ours"
    assert await rows(world) == [], "a refused request was recorded"
    assert world.provider.count("create") == 0, "a refused request was sent to the provider"
