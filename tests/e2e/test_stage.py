"""The program that tests share is left to the next one only if it runs."""

import pytest

from sandbox.world import World
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
