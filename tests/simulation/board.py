"""The moderators' channel, as the outbox relay sees it."""

from typing import TYPE_CHECKING

from bot.db.guild_models import AuditRow
from bot.jobs.ports import HeldVideo, Posted, UndeliverableError
from bot.media.files import Clip
from bot.media.fitting import Loss
from bot.moderation.appeal_decisions import Appeal
from bot.moderation.follow_ups import Case
from bot.moderation.reported import ReportedVideo

if TYPE_CHECKING:
    from tests.simulation.process import Process


class Board:
    """The moderators' channel, of one process."""

    def __init__(self, process: "Process") -> None:
        self._process = process

    async def post_entry(self, channel_id: int, entry: AuditRow) -> None:  # noqa: ARG002 the interface names them
        """Show one row of the audit trail."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")

    async def post_report(self, channel_id: int, reported: ReportedVideo) -> int:  # noqa: ARG002 the same
        """Show a report."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")
        return self._process.world.discord.new_id()

    async def post_case(self, channel_id: int, case: Case) -> int:  # noqa: ARG002 the same
        """Show what is to be decided."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")
        return self._process.world.discord.new_id()

    async def tell_member(self, appeal: Appeal) -> bool:  # noqa: ARG002 the same
        """Tell a member what was decided."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")
        return True

    async def update_case(self, case: Case) -> None:  # noqa: ARG002 the same
        """Show what was decided."""
        await self._process.go("Discord")
        await self._process.come_back("Discord")


class NoHeldVideos:
    """A moderators' channel that takes no videos: no server of the simulation looks at them first."""

    async def find_result(self, subject: HeldVideo, /) -> Posted | None:
        """Find nothing."""
        raise UndeliverableError(subject.id)

    async def boost_level(self, subject: HeldVideo, /) -> int:  # noqa: ARG002 as the port
        """Return that it has none."""
        return 0

    async def post_video(
        self, subject: HeldVideo, /, clip: Clip, loss: Loss | None = None, *, with_file: bool = True
    ) -> Posted:
        """Post nothing."""
        raise UndeliverableError(f"{subject.id} {clip} {loss} {with_file}")
