"""An honest wait: the card says where a request stands and when it is expected, and is edited rarely."""

import asyncio
import re
import time
from datetime import timedelta
from typing import Any

import pytest
import simcord

from bot.db.models import Generation
from bot.roles import Role
from sandbox.world import World, wait_until
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import SECONDS, ask, ask_and_hold, card_of, card_texts, eventually, rows, shown
from tests.e2e.reporting import buttons
from tests.e2e.videos import card

PROMPT = "a red dragon"
EXPECTED = re.compile(r"⚙️ \*\*Making your video\.\*\* Should be ready <t:(\d+):R>\.$", re.MULTILINE)


@pytest.fixture(autouse=True)
def looks_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for changed positions often."""
    monkeypatch.setattr("bot.jobs.position_updater.LOOK_INTERVAL", 0.05)
    monkeypatch.setattr("bot.jobs.position_updater.SETTLING", timedelta(seconds=0.2))


async def ask_as(world: World, member: simcord.MemberActor) -> Generation:
    """Let a member ask for a video; return the request."""
    await member.slash(world.channel, "veo", prompt=PROMPT, duration=4)
    return (await rows(world))[0]


def position_line(world: World, generation: Generation) -> str:
    return card_of(world, generation).split("\n")[2]


async def test_members_see_where_they_stand_and_take_turns(open_world: OpenWorld) -> None:
    async with open_world(max_running=1) as world:
        carol = world.guild.add_member(world.env.create_user("carol"))
        running = await ask_and_hold(world)
        again = [await ask_as(world, world.alice) for _ in range(2)]
        mona, carols = await ask_as(world, world.mona), await ask_as(world, carol)
        order = [mona, carols, *again]

        def all_are_told() -> bool:
            return all(
                f"**In the queue** at position {n}." in position_line(world, row)
                for n, row in enumerate(order, 1)
            )

        await eventually("everybody is told a position, whoever came first", all_are_told)
        assert re.search(r"Should be ready <t:\d+:R>\.$", position_line(world, carols))
        await world.app.services.cancellation.cancel(world.guild.id, running.id, world.alice.id)
        await eventually("the last moves up", lambda: "at position 3" in position_line(world, again[1]))
        world.provider.release()


def expected_times(world: World) -> list[float]:
    """Return in how many seconds from now a video was expected, each time that a card said so."""
    return [int(found[1]) - time.time() for text in card_texts(world) if (found := EXPECTED.search(text))]


@pytest.mark.nightly
async def test_what_is_made_at_once_is_told_no_position_and_when_it_is_expected(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine begins later.
    monkeypatch.setattr("bot.jobs.position_updater.SETTLING", timedelta(seconds=10))
    async with open_world({"deadline": 1000}) as world:
        await ask_and_hold(world)
        await eventually("a time on the card", lambda: bool(expected_times(world)))
        [seconds] = expected_times(world)
        assert 60 < seconds < 300, "without experience it is about what the documents say"
        assert not any("number" in text.split("\n")[2] for text in card_texts(world))
        assert not any("%" in text for text in card_texts(world)), "nobody knows how far a video has come"


@pytest.mark.nightly
async def test_past_the_expected_time_it_says_so_and_until_when_it_waits(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = own_world  # one whose videos tell nothing about how long they take
    monkeypatch.setattr("bot.jobs.position_updater.SETTLING", timedelta(seconds=10))  # as above
    monkeypatch.setattr("bot.eta.prior.DOCUMENTED_MEDIAN", 4)
    generation = await ask_and_hold(world)
    assert generation.submitted_at is not None
    end = int((generation.submitted_at + timedelta(seconds=30)).timestamp())
    line = f"⚙️ **Making your video.** Taking longer than usual. I'll give up <t:{end}:R>."
    await eventually("it says so", lambda: position_line(world, generation) == line)
    assert len(expected_times(world)) == 1, "no time was told before"
    world.provider.release()
    await world.wait_for_delivery()
    assert len(card_texts(world)) == 4, "the answer, a time, that it is late, and the end"


@pytest.mark.nightly
async def test_the_bots_own_times_decide_once_there_are_some_and_a_restart_keeps_them(
    open_world: OpenWorld,
) -> None:
    async with open_world({"deadline": 1000}) as world:
        await ask_and_hold(world)
        await eventually("a time on the first card", lambda: bool(expected_times(world)))
        [first] = expected_times(world)
        world.provider.release()
        await world.wait_for_delivery(seconds=SECONDS)
        for _ in range(6):
            await ask(world)
            await world.wait_for_delivery(seconds=SECONDS)
        await world.restart()
        known = len(expected_times(world))
        await ask_and_hold(world)
        await eventually("a time on the last card", lambda: len(expected_times(world)) > known)
        assert expected_times(world)[-1] < 40 < first, "videos of a second are expected to take minutes"


@pytest.mark.nightly
async def test_a_card_is_edited_no_more_often_than_the_budget_allows(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    interval = 1.0
    async with open_world({"card_interval": interval}, max_running=1) as world:
        edits: list[tuple[float, str]] = []
        http = world.app.bot.http
        edit_message = http.edit_message

        def edit_and_note(channel_id: int, message_id: int, **more: Any) -> Any:
            edits.append((time.monotonic(), str(message_id)))
            return edit_message(channel_id, message_id, **more)

        monkeypatch.setattr(http, "edit_message", edit_and_note)
        await ask(world)
        await ask_as(world, world.mona)
        await ask_as(world, world.alice)

        async def all_are_shown_as_ready() -> bool | None:
            return all("**Ready.**" in card_of(world, row) for row in await rows(world)) or None

        await wait_until(all_are_shown_as_ready, seconds=SECONDS)
        by_card: dict[str, list[float]] = {}
        for at, card in edits:
            by_card.setdefault(card, []).append(at)
        assert len(by_card) == 3
        for times in by_card.values():  # an edit may be put right at once, if the row came further meanwhile
            assert all(
                third - first >= interval * 0.9 for first, third in zip(times, times[2:], strict=False)
            ), times


async def test_a_place_that_is_told_late_does_not_undo_what_another_process_has_shown(
    open_world: OpenWorld,
) -> None:
    """A gateway tells the places, and no worker edits a card again that the gateway has spoilt."""
    async with open_world({"card_interval": 1.0}, role=Role.GATEWAY) as world:
        first, second = await ask_as(world, world.mona), await ask_as(world, world.alice)
        await eventually("the first place", lambda: "at position 2" in position_line(world, second))
        await world.app.services.cancellation.cancel(world.guild.id, first.id, world.mona.id)
        await eventually("the news that wait", lambda: bool(cards_waited_for()))
        await world.alice.click(card(world, second), label="Cancel")
        await eventually("the news are late", lambda: not cards_waited_for())
        assert "🚫 You **cancelled** it before it was sent." in card_of(world, second)
        assert buttons(card(world, second)) == []


def cards_waited_for() -> list[str]:
    """Return the tasks that wait until they may edit a card."""
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("card ")]


@pytest.mark.nightly
async def test_a_members_requests_in_the_queue_are_bounded(open_world: OpenWorld) -> None:
    async with open_world(max_running=1, max_waiting=2) as world:
        await ask_and_hold(world)
        for _ in range(2):
            assert not shown(await ask(world)).ephemeral
        answer = shown(await ask(world))
        assert answer.ephemeral
        assert "2 videos in the queue" in answer.content
        assert "This didn't count toward your limit." in answer.content
        usage = shown(await world.alice.slash(world.channel, "usage")).content
        assert "You already have 2 videos in the queue here" in usage, "/usage does not say the same"
        stands = shown(await world.mona.slash(world.channel, "quota rules", member=world.alice)).content
        assert "They can't request a video now: they already have 2 videos in the queue" in stands
        assert not shown(await world.mona.slash(world.channel, "veo", prompt=PROMPT)).ephemeral
        assert len(await rows(world)) == 4
