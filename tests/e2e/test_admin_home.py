"""/veo-admin home: how the server stands, and the way to everything else."""

import pytest

from sandbox.world import World
from tests.e2e.driver import shown
from tests.e2e.moderating import accepted, command_id, labels, said, use
from tests.e2e.reporting import is_written_down, report_of_bob, the_report

PLACES = {
    "Queue": "**1 video is queued or in progress on this server.**",
    "Usage": "**Usage of the last 30 days**",
    "Limits": "**Limits on this server**",
    "Log": "There are no moderator actions",
    "Settings": "⚙️ **Settings of this server**",
    "Set up": "🧭 **Set up /veo on this server**",
}


async def test_it_is_brought_up_to_date_in_its_place_after_a_restart(world: World) -> None:
    answer = await use(world, "home")
    assert "⏳ Queue: 0 waiting, 0 in progress" in said(answer)
    assert labels(answer) == ["Refresh", *PLACES]
    await accepted(world)
    await world.restart()
    await world.mona.click(shown(answer).message, label="Refresh")
    assert "0 waiting, 0 in progress" not in said(answer)


async def test_each_button_opens_a_private_message_of_its_own(world: World) -> None:
    await accepted(world)
    answer = await use(world, "home")
    before = said(answer)
    for label, beginning in PLACES.items():
        opened = await world.mona.click(shown(answer).message, label=label)
        assert beginning in said(opened), label
    assert said(answer) == before


async def test_a_report_is_linked_until_it_is_decided(world: World) -> None:
    _, board, _ = await report_of_bob(world)
    report = await the_report(board)
    await is_written_down(world, report)
    answer = await use(world, "home")
    assert f"🚩 1 report to decide: [1]({report.jump_url})" in said(answer)
    await world.mona.click(report, label="Dismiss")
    await world.mona.click(shown(answer).message, label="Refresh")
    assert "🚩 No reports to decide" in said(answer)


@pytest.mark.parametrize("label", ["Refresh", "Queue", "Usage"])
async def test_who_may_not_moderate_anymore_is_shown_nothing(world: World, label: str) -> None:
    answer = await use(world, "home")
    for command in ("veo-admin", "quota"):
        world.guild.set_command_permissions(command_id(world, command), {world.mona: False})
    result = await world.mona.click(shown(answer).message, label=label)
    told = [message for message in (result.response, *result.followups) if message]
    assert all(message.ephemeral for message in told)
    assert "Only members who can use" in told[-1].content
    assert not any("Usage" in message.content or "queued" in message.content for message in told)
