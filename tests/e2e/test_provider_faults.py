"""The provider refuses, fails or falls silent: what the member sees, and what it costs them (nothing)."""

from functools import partial

import pytest

from bot.db.models import Generation, Status
from bot.failures import STILL_ASKED, FailureKind
from bot.provider.client import VeoClient
from sandbox.odd_answers import Reshaped
from sandbox.provider import Fault, Provider
from sandbox.world import World
from tests.e2e.conftest import OpenWorld
from tests.e2e.driver import (
    PROMPT,
    ask,
    ask_for_video,
    card_of,
    case,
    eventually,
    results,
    rows,
    the_result,
    threads,
)

FREE = "This didn't count toward your limit."


def assert_failure_shown(
    world: World, generation: Generation, kind: FailureKind, said: str = "", *, ours: str = ""
) -> None:
    """Check the message in the thread and the card of a request without a video; `ours`: in our words."""
    assert (generation.status, generation.failure_kind) == (Status.FAILED, kind)
    reason = f" Its reason: “{said}”" if said else f" {ours}" if ours else ""
    message = the_result(world)
    assert message.content == (
        f"❌ <@{world.alice.id}> I couldn't get you this video. {kind.sentence}{reason}\n"
        f"{FREE} {STILL_ASKED if generation.late_until else kind.advice}\n-# ID {generation.id}"
    )
    assert message.attachments == []
    assert [thread.id for thread in threads(world)] == [message.channel.id], "the error is not in the thread"
    assert [user.id for user in message.mentions] == [world.alice.id], "the member is not told"
    assert f"❌ **No video.** {kind.sentence} {FREE}" in card_of(world, generation)


async def test_a_refused_request_is_explained(world: World) -> None:
    world.provider.faults.add(
        "create", Fault.status(400, "prompt: *No* [way](https://evil.example) @everyone")
    )
    generation = await ask_for_video(world)
    said = "prompt: \\*No\\* \\[way\\](https\\://evil.example) @\u200beveryone"
    assert_failure_shown(world, generation, FailureKind.REFUSED, said)
    assert world.provider.count("create") == 1, "a refused request was sent again"


async def test_a_refusal_by_the_safety_filter_is_explained(world: World) -> None:
    generation = await ask_for_video(world, prompt="[fail] the same")
    said = (
        "The prompt could not be submitted. It contains sensitive words that violate Google's "
        "Responsible AI practices. Try rephrasing the prompt."
    )
    assert_failure_shown(world, generation, FailureKind.UNMADE, said)


UNMADE: dict[str, tuple[Fault, str]] = {
    "a reason": (Fault.failed("Out of `paint`"), "Out of \\`paint\\`"),
    "only a name": (Fault.failed(None, "InternalError"), "InternalError"),
    "several lines": (Fault.failed("line one\n\nline two"), "line one line two"),
    "hidden characters": (Fault.failed("\u202eabc\u200b \x07d\u2066ef"), "abc def"),
    "masked links": (
        Fault.failed("[a](b) [c](https://evil.example)"),
        "\\[a\\](b) \\[c\\](https\\://evil.example)",
    ),
}
WITHOUT_WORDS: dict[str, tuple[Fault, str]] = {
    "no video": (Fault.without_video(), "It finished without a video. Its safety filter can cause this."),
    "an empty error": (Reshaped(lambda task: {**task, "status": "error", "error": {}}), "It gave no reason."),
}


@pytest.mark.nightly
async def test_an_unmade_video_is_explained_in_the_providers_words(world: World) -> None:
    world.provider.hold = True
    for name, (fault, said) in UNMADE.items():
        world.found_server()
        world.provider.faults.add("retrieve", fault)
        with case(name):
            generation = await ask_for_video(world)
            assert_failure_shown(world, generation, FailureKind.UNMADE, said)


@pytest.mark.nightly
async def test_a_video_that_is_unmade_without_a_word_is_explained_in_ours(world: World) -> None:
    world.provider.hold = True
    for name, (fault, ours) in WITHOUT_WORDS.items():
        world.found_server()
        world.provider.faults.clear()
        world.provider.faults.add("retrieve", fault, times=None)
        with case(name):
            generation = await ask_for_video(world)
            assert_failure_shown(world, generation, FailureKind.UNMADE, ours=ours)


async def test_a_very_long_reason_is_cut(world: World) -> None:
    world.provider.faults.add("retrieve", Fault.failed("*" * 5000))
    await ask_for_video(world)
    content = the_result(world).content
    assert len(content) <= 2000
    assert "…”" in content


@pytest.mark.nightly
async def test_a_failed_video_frees_its_place(open_world: OpenWorld) -> None:
    async with open_world(default_daily_limit=1) as world:
        await ask_for_video(world, prompt="[fail] the same")
        generation = await ask_for_video(world)
        assert generation.status is Status.SUCCEEDED, "the failure took the member's only place"


@pytest.mark.nightly
async def test_a_video_that_takes_too_long_is_given_up(open_world: OpenWorld, provider: Provider) -> None:
    provider.hold = True
    async with open_world({"deadline": 0.3}) as world:
        generation = await ask_for_video(world)
        assert_failure_shown(world, generation, FailureKind.LATE)


TAKES_NOTHING = [
    Fault.status(401, "Invalid key"),
    Fault.status(402, "Pay first"),
    Fault.status(403, "You've run out of credits."),
    Fault.status(429, "Slow down", retry_after=0.05),
    Fault.status(429, "Slow down", body="html"),
]


@pytest.mark.nightly
async def test_a_provider_that_takes_nothing_now_fails_nobody(world: World) -> None:
    for fault in TAKES_NOTHING:
        world.provider.faults.add("create", fault)
    await ask(world)
    await world.provider.called("create", len(TAKES_NOTHING))
    assert results(world) == [], "a request failed for a reason that passes"
    generation = await world.wait_for_delivery()
    assert generation.status is Status.SUCCEEDED
    assert the_result(world).attachments
    assert world.provider.count("create") == len(TAKES_NOTHING) + 1


@pytest.mark.nightly
async def test_the_whole_queue_survives_an_empty_account(world: World) -> None:
    world.provider.faults.add("create", Fault.status(403, "You've run out of credits."), times=None)
    for _ in range(3):
        await ask(world)
    await world.provider.called("create", 4)
    assert [row.status for row in await rows(world) if row.status is Status.FAILED] == []
    world.provider.faults.clear()
    await eventually("three videos", lambda: len(results(world)) == 3)


POLLS = [
    Fault.status(500),
    Fault.status(502, body="html"),
    Fault.status(503, body="empty"),
    Fault.status(429),
    Fault.status(404),
    Fault.status(401),
    Fault.reset(),
    Fault.truncated_json(),
    Fault.unknown_status(),
]


@pytest.mark.nightly
async def test_polls_that_go_wrong_are_not_seen_by_anybody(world: World) -> None:
    for number, fault in enumerate(POLLS, 1):
        world.found_server()
        world.provider.faults.add("retrieve", fault, times=2)
        with case(fault):
            generation = await ask_for_video(world)
            assert generation.status is Status.SUCCEEDED
            assert the_result(world).attachments
            assert world.provider.count("create") == number


async def test_a_task_that_the_provider_forgot_is_explained(world: World) -> None:
    world.provider.faults.add("retrieve", Fault.status(404, "Generation not found"), times=None)
    generation = await ask_for_video(world)
    assert (generation.status, generation.failure_kind) == (Status.FAILED, FailureKind.GONE)
    assert FREE in the_result(world).content


LOST_ANSWERS = {
    "reset": Fault.reset(accepted=True),
    "500": Fault.status(500, accepted=True),
    "504": Fault.status(504, body="html", accepted=True),
    "408": Fault.status(408, accepted=True),
    "half an answer": Fault.truncated_json(),
}


async def test_a_request_whose_answer_was_lost_is_found_and_never_sent_twice(world: World) -> None:
    for number, (name, fault) in enumerate(LOST_ANSWERS.items(), 1):
        world.found_server()
        world.provider.faults.add("create", fault)
        with case(name):
            generation = await ask_for_video(world, prompt=PROMPT)
            assert generation.status is Status.SUCCEEDED
            assert the_result(world).attachments
            assert world.provider.count("create") == number, "a second video was paid for"
            assert world.provider.count("logs") >= number


@pytest.mark.nightly
async def test_a_provider_that_falls_silent_is_asked_again(
    open_world: OpenWorld, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.shared.VeoClient", partial(VeoClient, timeout=0.3))
    async with open_world() as world:
        provider.faults.add("create", Fault.hang(accepted=True))
        for kind in ("retrieve", "logs"):
            provider.faults.add(kind, Fault.hang(accepted=True))
        generation = await ask_for_video(world)
        assert generation.status is Status.SUCCEEDED
        assert the_result(world).attachments
        assert provider.count("create") == 1, "a second video was paid for"
        assert provider.count("logs") == 2, "the silence of the logs was taken for an answer"


@pytest.mark.nightly
async def test_a_request_that_never_arrived_is_explained(open_world: OpenWorld, provider: Provider) -> None:
    provider.faults.add("create", Fault.reset())
    async with open_world({"lookup_window": 0.3}) as world:
        generation = await ask_for_video(world)
        assert_failure_shown(world, generation, FailureKind.LOST)
        assert provider.count("create") == 1


@pytest.mark.nightly
async def test_a_file_that_comes_late_comes(world: World) -> None:
    late = [
        (Fault.status(503), 7),
        (Fault.reset(), 2),
        (Fault.truncated_download(), 6),
        (Fault.status(404), 2),
    ]
    for fault, times in late:
        world.provider.faults.add("cdn", fault, times=times)
    generation = await ask_for_video(world)
    assert generation.status is Status.SUCCEEDED
    assert the_result(world).attachments
    assert world.provider.count("cdn") == sum(times for _, times in late) + 1


NEVER = {
    "404": Fault.status(404),
    "403": Fault.status(403),
    "503": Fault.status(503),
    "half a file": Fault.truncated_download(),
}


@pytest.mark.nightly
async def test_a_file_that_never_comes_is_explained(open_world: OpenWorld, provider: Provider) -> None:
    async with open_world({"fetch_window": 0.3}) as world:
        for name, fault in NEVER.items():
            world.found_server()
            provider.faults.clear()
            provider.faults.add("cdn", fault, times=None)
            with case(name):
                generation = await ask_for_video(world)
                assert_failure_shown(world, generation, FailureKind.FILE_LOST)
