"""Alerts: each is provoked where it arises, said once in the operator's channel, and said to be over."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import discord
import pytest

from sandbox.provider import Fault
from sandbox.world import World
from tests.bot.troubles import locked
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import accept_all, ask, ask_and_hold, ask_for_video, eventually, refuse, results
from tests.e2e.moderating import admin

HELD = ("🚨 **Alert:**", "⚠️ **Warning:**")
OVER = "✅ **Resolved:**"


@pytest.fixture(autouse=True)
def patience_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.monitoring.alerts.LOOK_INTERVAL", 0.05)
    monkeypatch.setattr("bot.monitoring.backlog.COUNT_TTL_SECONDS", 0.0)
    monkeypatch.setattr("bot.monitoring.alert_inputs.BALANCE_INTERVAL", 0.1)


@asynccontextmanager
async def with_operator(open_world: OpenWorld) -> AsyncGenerator[World]:
    """Open a world whose operator has chosen `#moderators` to be told."""
    async with open_world() as world:
        await world.restart(operator_channel_id=world.moderators_channel.id)
        yield world


@contextmanager
def revoked_key(world: World) -> Generator[None]:
    """Let the provider know another key than the bot's for a while."""
    key, world.provider.key = world.provider.key, "another-key"
    yield
    world.provider.key = key


def told(world: World) -> list[discord.Message]:
    return [
        message for message in world.moderators_channel.history() if message.content.startswith((*HELD, OVER))
    ]


async def told_of(world: World, words: str, *, times: int = 1) -> str:
    """Wait for the last thing that was said to have `words`; it is the `times`th."""
    await eventually(
        f"{words!r}, as message {times}",
        lambda: len(told(world)) >= times and words in told(world)[-1].content,
    )
    assert len(told(world)) == times, [message.content for message in told(world)]
    message = told(world)[-1]
    assert [*message.mentions, *message.role_mentions] == []
    assert not message.mention_everyone
    return message.content


async def looks(world: World, number: int = 4) -> None:
    """Let the alerts be looked at some times more."""
    for _ in range(number):
        await world.app.monitoring.alerts.look()


@pytest.mark.nightly
async def test_a_refused_key_is_said_once_and_that_it_works_again(open_world: OpenWorld) -> None:
    async with with_operator(open_world) as world:
        with revoked_key(world):
            await ask(world)
            assert "AIMLAPI_KEY" in await told_of(world, "rejects the bot's key")
            await looks(world)
        await world.wait_for_delivery()
        await told_of(world, "accepts the bot's key again", times=2)


@pytest.mark.nightly
async def test_an_account_that_runs_low_and_then_empty_is_told_until_it_is_filled(
    open_world: OpenWorld,
) -> None:
    async with with_operator(open_world) as world:
        world.provider.top_up(-96.0)
        await told_of(world, "$4.00, less than $5.00")
        world.provider.top_up(-4.0)
        await ask(world)
        await told_of(world, "out of credits: $0.00", times=2)
        await looks(world)
        world.provider.top_up(50.0)
        await world.wait_for_delivery()
        await eventually("both are over", lambda: len(told(world)) == 4)
    assert all(message.content.startswith(OVER) for message in told(world)[2:])


async def test_an_operators_channel_that_takes_nothing_is_noticed_before_an_alert_is_lost(
    open_world: OpenWorld,
) -> None:
    async with open_world() as world:
        refuse(world, "GET", "/channels/*", 50001, status=403, times=None)
        await world.restart(operator_channel_id=world.moderators_channel.id)
        await looks(world)
        report = await admin(world, "doctor")
        assert "I can't post alerts for the people who run the bot." in report
        accept_all(world)
        await told_of(world, "I can post alerts in this channel again.", times=2)


@pytest.mark.nightly
async def test_a_silent_provider_is_told_while_somebody_waits_for_it(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.monitoring.alert_rules.SILENCE_LIMIT", 0.3)
    async with with_operator(open_world) as world:
        await ask_and_hold(world)
        world.provider.faults.add("retrieve", Fault.status(503), times=None)
        await told_of(world, "hasn't answered")
        world.provider.faults.clear()
        await told_of(world, "answers again", times=2)
        world.provider.release()
        await world.wait_for_delivery()


@pytest.mark.nightly
async def test_a_provider_that_refuses_all_is_told_though_there_is_money(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.monitoring.alert_rules.REFUSED_LIMIT", 0.3)
    async with with_operator(open_world) as world:
        world.provider.faults.add("create", Fault.status(403, "No *videos* for you"), times=None)
        for _ in range(3):
            await ask(world)
        said = await told_of(world, "has rejected requests")
        assert "“No \\*videos\\* for you”" in said
        assert "I stopped sending requests" in await admin(world, "doctor")
        world.provider.faults.clear()
        await told_of(world, "accepts requests again", times=2)
        await eventually("two videos", lambda: sum(bool(r.attachments) for r in results(world)) == 2)


@pytest.mark.nightly
async def test_results_that_cannot_be_posted_are_told_to_the_operator(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _fail_to_post(open_world, monkeypatch, has_operator=True)


@pytest.mark.nightly
async def test_results_that_cannot_be_posted_are_told_to_their_servers_moderators_without_an_operator(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _fail_to_post(open_world, monkeypatch, has_operator=False)


async def _fail_to_post(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch, *, has_operator: bool
) -> None:
    monkeypatch.setattr("bot.monitoring.backlog.LATE_AFTER", timedelta(seconds=0.2))
    async with with_operator(open_world) if has_operator else open_world() as world:
        if not has_operator:
            await world.mona.slash(
                world.channel, "veo-admin settings", moderators_channel=world.moderators_channel
            )
        await ask_and_hold(world)
        generation = await world.wait_for(lambda row: row.thread_id is not None)
        refuse(world, "POST", f"/channels/{generation.thread_id}/messages", 0, status=500, times=None)
        world.provider.release()
        place = "1 result in 1 server" if has_operator else "1 result of this server"
        await told_of(world, place)
        accept_all(world)
        await told_of(world, "post results again", times=2)


@pytest.mark.nightly
async def test_without_an_operator_nobody_on_discord_hears_of_the_account(open_world: OpenWorld) -> None:
    async with open_world() as world:
        await world.mona.slash(
            world.channel, "veo-admin settings", moderators_channel=world.moderators_channel
        )
        world.provider.faults.add("create", Fault.status(401), times=None)
        await ask(world)
        await world.provider.called("create", 3)
        await looks(world)
        assert told(world) == []


@pytest.mark.nightly
async def test_a_database_that_takes_no_writes_is_told(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr("bot.monitoring.alert_rules.DATABASE_LIMIT", 0.3)
    async with with_operator(open_world) as world:
        async with locked(database_url):
            await told_of(world, "can't write to the database")
        await told_of(world, "can write to the database again", times=2)


@pytest.mark.nightly
async def test_a_disk_that_is_nearly_full_is_told(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_operator(open_world) as world:
        monkeypatch.setattr("bot.monitoring.alert_rules.DISK_LIMIT", 2**60)
        await told_of(world, "MiB is left")
        monkeypatch.setattr("bot.monitoring.alert_rules.DISK_LIMIT", 1)
        await told_of(world, "has space again", times=2)


async def test_a_restart_repeats_no_alert(open_world: OpenWorld) -> None:
    async with with_operator(open_world) as world:
        with revoked_key(world):
            await ask(world)
            await told_of(world, "rejects the bot's key")
            await world.restart()
            await looks(world)
            await told_of(world, "rejects the bot's key")
        await world.wait_for_delivery()
        await told_of(world, "accepts the bot's key again", times=2)


async def test_a_channel_that_is_gone_is_complained_about_once(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with with_operator(open_world) as world:
        refuse(
            world, "POST", f"/channels/{world.moderators_channel.id}/messages", 10003, status=404, times=None
        )
        monkeypatch.setattr("bot.monitoring.alert_rules.DISK_LIMIT", 2**60)
        world.provider.top_up(-96.0)
        said: list[str] = []

        def count(words: str) -> int:
            said.append(capsys.readouterr().out)
            return "".join(said).count(words)

        await eventually("both were logged", lambda: count("an alert ") >= 2)
        await looks(world)
        await ask_for_video(world)
    assert count("could not post alerts in a channel") == 1
    assert count("Traceback") == 0
