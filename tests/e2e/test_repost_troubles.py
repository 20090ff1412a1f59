"""Repost while Discord is in trouble, or while the video goes: what's said is true, and nothing stays."""

from collections.abc import Awaitable, Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import pytest
from simcord.http import router

from bot.db.models import Generation
from bot.library.reposts import Reposts
from sandbox.world import World
from tests.e2e.conftest import LoseAnswer
from tests.e2e.driver import ask_for_video, refuse, results, the_result
from tests.e2e.test_repost import keep, repost, reposts
from tests.e2e.videos import question


class CutOff(Protocol):
    """See the fixture."""

    def __call__(self, path: str, *, after: int = 0) -> None:
        """Plan it."""


@pytest.fixture
def cut_off(monkeypatch: pytest.MonkeyPatch) -> CutOff:
    """Let a POST to a path (a pattern) find no connection, once `after` others got through."""
    serve, planned = router.dispatch, dict[str, int]()

    def connect_and_serve(backend: Any, method: str, path: str, **more: Any) -> Any:
        for pattern, after in [*planned.items()]:
            if method == "POST" and fnmatch(path, pattern):
                planned[pattern] = after - 1
                if after == 0:
                    raise aiohttp.ConnectionTimeoutError(f"Connection timeout to host {path}")
        return serve(backend, method, path, **more)

    def plan(path: str, *, after: int = 0) -> None:
        planned[path] = after

    monkeypatch.setattr(router, "dispatch", connect_and_serve)
    return plan


@pytest.mark.parametrize("status", [503, 408])
async def test_a_post_of_unknown_fate_is_not_called_undone(world: World, status: int) -> None:
    await ask_for_video(world)
    refuse(world, "POST", f"/channels/{world.channel.id}/messages", 0, status=status, times=2)
    text = await repost(world)
    assert "I don't know whether the video was posted" in text
    assert "Nothing was posted" not in text
    assert "📤 **Posted again:**" in await repost(world), "the claim was not given up"


async def test_a_post_that_found_no_connection_is_called_undone(world: World, cut_off: CutOff) -> None:
    await ask_for_video(world)
    cut_off(f"/channels/{world.channel.id}/messages")
    assert "Discord is having trouble right now. Nothing was posted." in await repost(world)
    assert reposts(world) == []
    assert "📤 **Posted again:**" in await repost(world)


@pytest.mark.nightly
async def test_a_post_of_unknown_fate_stays_so_if_the_second_try_finds_no_connection(
    world: World, cut_off: CutOff
) -> None:
    await ask_for_video(world)
    path = f"/channels/{world.channel.id}/messages"
    refuse(world, "POST", path, 0, status=503)
    cut_off(path, after=1)
    text = await repost(world)
    assert "I don't know whether the video was posted" in text
    assert "Nothing was posted" not in text


@pytest.mark.nightly
async def test_a_post_of_unknown_fate_stays_so_if_the_second_try_is_limited(world: World) -> None:
    await ask_for_video(world)
    for status in (503, 429):
        refuse(world, "POST", f"/channels/{world.channel.id}/messages", 0, status=status)
    text = await repost(world)
    assert "I don't know whether the video was posted" in text
    assert "Nothing was posted" not in text


JUST_DELETED = "This video was just deleted"


@pytest.fixture
def before_it_is_noted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Awaitable[object]]], None]:
    """Let something happen once a repost is there, before its message is written down."""
    finish = Reposts.finish

    def plan(happen: Callable[[], Awaitable[object]]) -> None:
        async def happen_and_finish(self: Reposts, *what: Any) -> Generation | None:
            await happen()
            return await finish(self, *what)

        monkeypatch.setattr(Reposts, "finish", happen_and_finish)

    return plan


async def test_a_video_that_is_removed_meanwhile_is_not_shown_again(
    world: World, before_it_is_noted: Callable[[Callable[[], Awaitable[object]]], None]
) -> None:
    generation = await ask_for_video(world)
    removal = world.app.services.removal
    before_it_is_noted(lambda: removal.remove(world.guild.id, generation.id, world.mona.id))
    assert JUST_DELETED in await repost(world)
    assert reposts(world) == []


async def test_where_it_cannot_be_taken_back_then_its_owner_is_told_and_its_button_still_deletes_it(
    world: World, before_it_is_noted: Callable[[Callable[[], Awaitable[object]]], None]
) -> None:
    generation = await ask_for_video(world)
    removal = world.app.services.removal
    before_it_is_noted(lambda: removal.remove(world.guild.id, generation.id, world.mona.id))
    refuse(world, "DELETE", f"/channels/{world.channel.id}/messages/*", 0, status=503)
    text = await repost(world)
    [message] = reposts(world)
    assert JUST_DELETED in text
    assert f"{world.channel.id}/{message.id}" in text, "nobody knows what's still there"
    answer = await world.mona.click(message, label="Delete")
    await world.mona.click(question(answer), label="Delete it")
    assert reposts(world) == []


async def test_a_post_of_unknown_fate_that_got_through_is_deleted_by_its_own_button(
    world: World, lose_answer: LoseAnswer, cut_off: CutOff
) -> None:
    await ask_for_video(world)
    path = f"/channels/{world.channel.id}/messages"
    lose_answer("POST", path)
    cut_off(path, after=1)
    assert "I don't know whether the video was posted" in await repost(world)
    [message] = reposts(world)
    answer = await world.mona.click(message, label="Delete")
    await world.mona.click(question(answer), label="Delete it")
    assert reposts(world) == []
    assert results(world) == []


async def test_a_kept_original_that_is_deleted_just_then_is_called_gone(
    world: World, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The retention deletes those of videos that are to be forgotten."""
    generation = await ask_for_video(world)
    keep(data_dir, generation.id, await the_result(world).attachments[0].read())
    await the_result(world).delete()
    find = Reposts.find_original

    def find_and_lose(self: Reposts, generation_id: str) -> Path | None:
        path = find(self, generation_id)
        assert path is not None
        path.unlink()
        return path

    monkeypatch.setattr(Reposts, "find_original", find_and_lose)
    text = await repost(world)
    assert "The message with this video is gone, and so is the file. Nothing was posted." in text
    assert "Discord is having trouble" not in text


async def test_a_kept_original_that_cannot_be_read_is_no_trouble_of_discords(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    generation = await ask_for_video(world)
    await the_result(world).delete()

    def find_folder(_: Reposts, generation_id: str) -> Path:
        return tmp_path / generation_id  # which can't be read as a file

    (tmp_path / generation.id).mkdir()
    monkeypatch.setattr(Reposts, "find_original", find_folder)
    assert "I can't read this video's file right now. Nothing was posted." in await repost(world)
