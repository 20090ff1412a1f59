"""Planted bugs in the code of finished videos that moderators see first, as those in `bugs.py`."""

# pyright: reportPrivateUsage=false, reportUnknownLambdaType=false
# A bug has the form of what it replaces, and uses what that uses.

from collections.abc import Mapping

from sqlalchemy.orm import Session

from bot.db.models import Generation
from bot.db.review_models import ReviewRow
from bot.jobs.ports import HeldVideo, Posted
from bot.jobs.steps import deliver
from bot.moderation.approval import Approval, _channel_of
from bot.moderation.review_decisions import Review
from cogs.cards import cancelled_text
from cogs.delivery.held_videos import HeldVideos
from tests.simulation.planting import Bug, instead


async def _aim_unwritten(self: Approval, review: ReviewRow, generation: Generation) -> HeldVideo | None:
    """Choose where to show a video, and write nothing down before."""

    def aim(session: Session) -> HeldVideo | None:
        channel_id = _channel_of(session, review)
        return None if channel_id is None else HeldVideo(review, generation, channel_id)

    return await self._database.read(aim)


async def _find_nothing(_: HeldVideos, __: HeldVideo) -> Posted | None:
    """Look for no earlier message."""


async def _believe(_: HeldVideos, subject: HeldVideo) -> Posted | None:
    """Take what is written down for what is there."""
    message_id = subject.review.message_id
    return None if message_id is None else Posted(message_id, subject.channel_id)


HELD_BUGS: Mapping[str, Bug] = {
    "a finished video is posted before moderators see it": instead(deliver, "is_unapproved", lambda _: False),
    "moderators' message with a video is not looked for": instead(HeldVideos, "find_result", _find_nothing),
    "moderators' message is not written down before": instead(Approval, "_aim", _aim_unwritten),
    "moderators' message is believed to be there": instead(HeldVideos, "find_result", _believe),
    "what moderators decline is said not to count": instead(
        cancelled_text, "_counts", lambda: "This didn't count toward your limit."
    ),
    "what nobody decides about always ends": instead(Review, "is_posted_unseen", property(lambda _: False)),
}
