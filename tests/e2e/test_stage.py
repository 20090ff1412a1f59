"""The program that tests share is left to the next one only if it runs."""

import pytest

from sandbox.world import World
from tests.e2e.driver import ask
from tests.e2e.stage import Stage


class DiscordError(Exception):
    """What a test lets Discord do."""


async def test_after_a_restart_that_failed_the_next_test_gets_another_program(
    world: World, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise DiscordError

    with monkeypatch.context() as patch:
        patch.setattr(world.env, "restart_bot", fail)
        with pytest.raises(DiscordError):
            await world.restart()
    await stage.leave()
    assert await stage.enter() is not world, "a program that never came up is left to the next test"


async def test_a_video_that_is_still_being_made_is_not_charged_to_the_next_test(
    world: World, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.provider._jobs, "_seconds", 1.0)  # pyright: ignore[reportPrivateUsage]: as on a busy machine
    await ask(world)
    await world.provider.called("create")
    await stage.leave()
    assert world.provider.is_idle
