"""The program cannot take a request at this moment: a clear answer, and nothing is counted."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
import simcord

from bot.db.models import Status
from bot.db.sqlite import PRAGMAS
from sandbox.world import World
from tests.bot.troubles import locked
from tests.e2e.conftest import LoseAnswer, OpenWorld
from tests.e2e.driver import (
    ask,
    ask_for_video,
    assert_card_leads_to,
    assert_refused,
    eventually,
    held_with_thread,
    make_due,
    refuse,
    requests,
    results,
    rows,
    shown,
    the_result,
)
from tests.e2e.quoting import GENERATE, ask_first, generate, now_shown, offer_in, offered

BUSY = "I can't save requests right now. Please try again in a minute. This didn't count toward your limit."


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program wait for a locked database for a moment only."""
    monkeypatch.setattr("bot.db.sqlite.PRAGMAS", (*PRAGMAS, "PRAGMA busy_timeout = 100"))


async def let_the_wait_end(world: World, url: str) -> None:
    """Let the time pass that a request waits for its card, however long the program itself writes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.db.sqlite.PRAGMAS", PRAGMAS)
        await make_due(world, url)


@contextmanager
def locked_while(world: World, name: str, url: str) -> Generator[None]:
    """Hold it so whenever a method of the `GenerationService` is called."""
    service = world.app.services.generations
    serve = getattr(service, name)

    async def serve_locked(*arguments: Any) -> None:
        async with locked(url):
            await serve(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, name, serve_locked)
        yield


@pytest.mark.nightly
@pytest.mark.usefixtures("short_patience")
async def test_a_locked_database_is_explained_and_counts_nothing(
    open_world: OpenWorld, database_url: str
) -> None:
    async with open_world(default_daily_limit=1) as world:
        async with locked(database_url):
            answer = await ask(world)
            await assert_refused(world, answer, BUSY)
            assert len(requests(world, "POST", "/callback")) == 1
        generation = await ask_for_video(world)
        assert generation.status is Status.SUCCEEDED, "the refused request took the member's only place"
        assert the_result(world).attachments


async def decided_late(
    world: World, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> simcord.InteractionResult:
    """Let alice use /veo; it is decided once she is told to wait, as where many wait for the database."""
    monkeypatch.setattr("cogs.veo.request.DEFER_AFTER_SECONDS", 0.05)
    service = world.app.services.quotes
    decide = service.ask
    before = len(requests(world, "POST", "/callback"))

    async def decide_late(*arguments: Any) -> Any:
        await eventually("she is told to wait", lambda: len(requests(world, "POST", "/callback")) > before)
        return await decide(*arguments)

    monkeypatch.setattr(service, "ask", decide_late)
    return await ask(world, **options)


@pytest.mark.nightly
async def test_a_member_who_waits_sees_thinking_and_then_the_card(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await decided_late(world, monkeypatch)
    assert shown(answer).content == "✅ **Requested.** The video's card is below."
    [card] = answer.followups
    assert not card.ephemeral, "nobody else can see the card"
    generation = await world.wait_for_delivery()
    assert generation.card_id == card.id
    assert_card_leads_to(world, generation, the_result(world))


@pytest.mark.nightly
async def test_a_refusal_that_comes_late_takes_the_place_of_thinking(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(default_daily_limit=0) as world:
        answer = await decided_late(world, monkeypatch)
        assert shown(answer).ephemeral, "a refusal was shown to everybody"
        assert "This didn't count toward your limit." in shown(answer).content
        assert await rows(world) == []


@pytest.mark.nightly
async def test_an_offer_that_comes_late_takes_the_place_of_thinking(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask_first(world)
    answer = await decided_late(world, monkeypatch)
    assert shown(answer).ephemeral, "an offer was shown to everybody"
    await generate(world, offer_in(answer))
    await world.wait_for_delivery()
    assert the_result(world).attachments


async def test_a_late_card_of_unknown_fate_is_sent_once_and_keeps_the_request(
    world: World, lose_answer: LoseAnswer, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord fails after it has shown the card."""
    lose_answer("POST", "/webhooks/*/*")
    answer = await decided_late(world, monkeypatch)
    assert "I accepted your request" in answer.followups[-1].content
    await let_the_wait_end(world, database_url)
    generation = await world.wait_for_delivery()
    assert len(results(world)) == 1
    assert generation.card_id is not None


@pytest.mark.usefixtures("short_patience")
@pytest.mark.parametrize("is_offered", [False, True], ids=["/veo", "an offer"])
async def test_a_card_that_cannot_be_recorded_is_not_called_a_request_that_does_not_count(
    open_world: OpenWorld, database_url: str, *, is_offered: bool
) -> None:
    """Whoever is told so asks again, and two videos are paid for."""
    async with open_world() as world:
        if is_offered:
            await ask_first(world)
            offer = await offered(world)
            with locked_while(world, "attach_card", database_url):
                answer = await world.alice.click(offer, label=GENERATE)
            assert "✅ **Requested.**" in now_shown(world, offer)
        else:
            with locked_while(world, "attach_card", database_url):
                answer = await ask(world)
        assert answer.followups == [], "the card stands, and the request with it"
        [row] = await rows(world)
        assert row.card_id is None, "the database was not locked for long enough"
        await let_the_wait_end(world, database_url)
        assert_card_leads_to(world, await world.wait_for_delivery(), the_result(world))


@pytest.mark.usefixtures("short_patience")
async def test_a_request_that_cannot_be_taken_back_is_not_called_one_that_does_not_count(
    open_world: OpenWorld, database_url: str
) -> None:
    async with open_world() as world:
        refuse(world, "POST", "/interactions/*/*/callback", 200000)
        with locked_while(world, "withdraw", database_url):
            answer = await ask(world)
        assert "I accepted your request. I'll post the video in this channel." in shown(answer).content
        await let_the_wait_end(world, database_url)
        await world.wait_for_delivery()
        assert the_result(world).attachments


@pytest.mark.nightly
async def test_a_program_that_stops_takes_nothing_new(world: World) -> None:
    world.app.stop()
    answer = await ask(world)
    await assert_refused(
        world, answer, "I'm restarting. Try again in a minute. This didn't count toward your limit."
    )
    await world.restart()
    await ask_for_video(world)
    assert the_result(world).attachments, "the next program takes nothing either"


@pytest.mark.nightly
async def test_a_program_that_stops_keeps_what_it_has(world: World) -> None:
    await held_with_thread(world)
    world.app.stop()
    assert shown(await ask(world)).ephemeral
    assert len(await rows(world)) == 1
    await world.restart()
    world.provider.release()
    await world.wait_for_delivery()
    assert len(results(world)) == 1


async def test_the_same_interaction_twice_is_answered_and_made_once(world: World) -> None:
    """As when two programs run on one token: Discord sends each interaction to both."""
    bot = world.app.bot
    seen: list[object] = []
    call = bot.tree._call  # pyright: ignore[reportPrivateUsage]: where every interaction arrives

    async def call_twice(interaction: object) -> None:
        seen.append(interaction)
        await call(interaction)  # pyright: ignore[reportArgumentType]: passed through
        await call(interaction)  # pyright: ignore[reportArgumentType]: the same

    bot.tree._call = call_twice  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]: the same
    answer = await ask(world)
    assert len(seen) == 1
    assert not shown(answer).ephemeral
    assert answer.followups == [], "the second one was answered with an error"
    await world.wait_for_delivery()
    assert len(await rows(world)) == len(results(world)) == world.provider.count("create") == 1
