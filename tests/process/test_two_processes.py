"""Two programs started by mistake on one database and one token: the work is done once."""

import asyncio
from pathlib import Path

import pytest

from tests.process.scene import REQUEST, open_scene

MEMBERS = range(1, 11)


@pytest.mark.timeout(120)
async def test_two_programs_on_one_database_do_the_same_work_once(tmp_path: Path, files: Path) -> None:
    async with open_scene(tmp_path, files) as scene, scene.start() as one, scene.start() as two:
        await scene.wire.wait_for_sessions(2)
        interactions = [await scene.ask(REQUEST, member) for member in MEMBERS]
        await asyncio.gather(*(interaction.answered() for interaction in interactions))
        rows = await scene.settle()
        assert await one.stop() == 0, one.output
        assert await two.stop() == 0, two.output

    assert len(rows) == len(MEMBERS), "a request was recorded twice, or lost"
    for row in rows:
        assert row.status == "succeeded"
        assert scene.create_calls(row.id) == 1, f"{row.id} was sent to the provider more than once"
        assert len(scene.results(row.id)) == 1, f"{row.id} was posted more than once"
    assert not any(interaction.followups for interaction in interactions), "a member was told twice"
    assert "Traceback" not in one.output + two.output


@pytest.mark.timeout(120)
async def test_the_work_of_a_killed_program_is_taken_over_by_the_other(tmp_path: Path, files: Path) -> None:
    async with open_scene(tmp_path, files) as scene:
        scene.provider.hold = True
        async with scene.start() as one:
            await scene.ask(REQUEST)
            await scene.provider.called("retrieve")
            async with scene.start() as two:
                await scene.wire.wait_for_sessions(2)
                await one.kill()
                scene.provider.release()
                (row,) = await scene.settle()
                await scene.wire.wait_for_sessions(1)
                assert await two.stop() == 0, two.output
    assert row.status == "succeeded"
    assert scene.create_calls(row.id) == 1
    assert len(scene.results(row.id)) == 1
