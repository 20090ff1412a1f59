"""What those see who watch the program over HTTP."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.provider import Fault
from sandbox.world import World
from tests.bot.troubles import locked
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import ask, ask_and_hold, ask_for_video, refuse, requests
from tests.e2e.limiting import quota
from tests.e2e.watching import HTTP, Answer, figures, look, look_until


@pytest.fixture(autouse=True)
def verdicts_are_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look anew each time, lose patience with the database soon, and with a machine that is busy never."""
    monkeypatch.setattr("bot.monitoring.health.VERDICT_TTL_SECONDS", 0.0)
    monkeypatch.setattr("bot.monitoring.backlog.COUNT_TTL_SECONDS", 0.0)
    monkeypatch.setattr("bot.monitoring.health.DATABASE_LIMIT", 0.5)
    monkeypatch.setattr("bot.monitoring.health.DATABASE_PATIENCE", 0.3)
    monkeypatch.setattr("bot.monitoring.health.LAG_LIMIT", 60.0)


def is_well(answer: Answer) -> bool:
    return answer.status == 200


def fails(name: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.status == 503 and answer.failing == [name]


@pytest.mark.nightly
async def test_the_figures_tell_what_was_served_refused_and_what_failed(open_world: OpenWorld) -> None:
    async with open_world(**HTTP) as world:
        before = await figures(world)
        served = await ask_for_video(world)
        world.provider.faults.add("retrieve", Fault.failed("No."))
        await ask_for_video(world)
        await quota(world, "set", videos="0")
        await ask(world)
        after = (await figures(world)).since(before)
    assert served.credits_used
    creates = world.provider.count("create")

    assert after("requests_accepted_total") == 2
    assert after.series("requests_refused_total") == {"quota": 1}
    assert after("quota_refusals_total", limit="day", scope="server") == 1
    assert after.series("requests_finished_total") == {"succeeded": 1, "failed": 1}
    assert after.series("requests_failed_total") == {"unmade": 1}
    assert after("provider_call_duration_seconds_count", call="create") == creates == 2
    assert after.series("polls_total").keys() >= {"succeeded", "failed"}
    assert sum(after.series("polls_total").values()) == world.provider.count("retrieve")
    assert after.series("generation_duration_seconds_count") == {"google/veo3": 1}
    assert after.series("delivery_duration_seconds_count") == {"video": 1, "ending": 1}
    assert after.series("delivery_size_bytes_count") == {"original": 1}
    assert after("spent_credits_total", model="google/veo3") == served.credits_used
    assert after("spent_usd_total", model="google/veo3") == pytest.approx(served.credits_used / 2_000_000)
    assert after.series("queue_requests") == {}
    assert after("provider_balance_usd") == pytest.approx(100, abs=0.1), "read once, at the start"
    assert after.series("alert_active") == {}


async def test_the_figures_tell_what_waits_and_for_how_long(open_world: OpenWorld) -> None:
    async with open_world(max_running=1, **HTTP) as world:
        await ask_and_hold(world)
        await ask(world)
        now = await figures(world)
        world.provider.release()
        await world.wait_for_delivery()

    assert now.series("queue_requests") == {"queued": 1, "running": 1}
    assert now("queue_oldest_age_seconds", state="running") >= now("queue_oldest_age_seconds", state="queued")
    assert now("queue_oldest_age_seconds", state="queued") > 0


@pytest.mark.nightly
async def test_the_figures_tell_edits_errors_and_posts_that_had_to_be_tried_again(
    open_world: OpenWorld,
) -> None:
    async with open_world(**HTTP) as world:
        before = await figures(world)
        world.provider.faults.add("create", Fault.status(429))
        world.provider.faults.add("retrieve", Fault.status(500))
        refuse(world, "POST", "/channels/*/messages", 0, status=500, times=1)
        await ask_for_video(world)
        now = (await figures(world)).since(before)
        edits = len(requests(world, "PATCH", ""))

    assert now("provider_errors_total", call="create", kind="rate_limit") == 1
    assert now("provider_errors_total", call="retrieve", kind="unavailable") == 1
    assert now("polls_total", answer="error") == 1
    assert now.series("delivery_errors_total") == {"postponed": 1}
    assert now("card_edits_total", outcome="sent") == edits >= 1


@pytest.mark.nightly
async def test_the_figures_tell_what_was_cancelled_and_what_nobody_saw(open_world: OpenWorld) -> None:
    async with open_world(**HTTP) as world:
        before = await figures(world)
        held = await ask_and_hold(world)
        await world.app.services.cancellation.cancel(world.guild.id, held.id, world.alice.id)
        await world.wait_for_delivery()
        refuse(world, "POST", "/interactions/*/callback", 50013, status=403)
        await ask(world)
        now = (await figures(world)).since(before)
        world.provider.release()

    assert now("requests_accepted_total") == 2
    assert now.series("requests_finished_total") == {"cancelled": 1, "withdrawn": 1}


async def test_no_figure_names_a_member_a_server_or_a_prompt(open_world: OpenWorld) -> None:
    async with open_world(**HTTP) as world:
        generation = await ask_for_video(world)
        page = (await look(world, "/metrics")).text

    for word in (str(world.alice.id), str(world.guild.id), generation.prompt, generation.id):
        assert word not in page


async def test_without_a_port_nothing_is_served(world: World) -> None:
    assert world.app.monitoring.address is None


async def test_a_database_that_another_program_holds_fails_the_check(
    open_world: OpenWorld, database_url: str
) -> None:
    async with open_world(**HTTP) as world:
        healthy = await look_until(world, "/healthz", is_well)
        async with locked(database_url):
            await look_until(world, "/healthz", fails("database"))
            assert (await figures(world))("health_check_up", check="database") == 0
        await look_until(world, "/healthz", is_well)

    assert set(healthy.json["checks"]) == {"event_loop", "gateway", "polls", "database"}


async def test_a_database_that_was_moved_away_fails_the_check(open_world: OpenWorld, tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "data" / "veo.db", tmp_path / "elsewhere.db"
    async with open_world(**HTTP) as world:
        await look_until(world, "/healthz", is_well)
        path.rename(elsewhere)
        await look_until(world, "/healthz", fails("database"))
        elsewhere.rename(path)
        await look_until(world, "/healthz", is_well)


@pytest.mark.nightly
async def test_polls_that_stop_fail_the_check(open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.monitoring.health.POLL_LIMIT", 0.5)
    async with open_world(**HTTP) as world:
        assert (await look(world, "/healthz")).json["checks"]["polls"]["age_seconds"] is None
        world.provider.faults.add("retrieve", Fault.hang())
        await ask(world)
        await world.provider.called("retrieve")
        await look_until(world, "/healthz", fails("polls"))
        world.provider.faults.release()
        await world.wait_for_delivery()
        await look_until(world, "/healthz", is_well)


@pytest.mark.nightly
async def test_a_blocked_event_loop_answers_nobody_and_is_remembered(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.monitoring.health.LAG_LIMIT", 0.5)
    monkeypatch.setattr("bot.monitoring.loop_lag.LAG_MEMORY", 3.0)
    async with open_world(**HTTP) as world:
        await look_until(world, "/healthz", is_well)
        asked = asyncio.create_task(look(world, "/healthz"))
        await asyncio.sleep(0)  # the question goes out from another thread
        time.sleep(1.0)  # noqa: ASYNC251 that is what is tested
        assert not asked.done(), "somebody answered while the loop was blocked"
        await asked
        await look_until(world, "/healthz", fails("event_loop"))
        assert (await figures(world))("event_loop_lag_worst_seconds") > 0.5
        await look_until(world, "/healthz", is_well)
