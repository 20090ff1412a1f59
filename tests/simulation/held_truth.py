"""Finished videos that moderators see first: what they and the members saw, against what was decided."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.db.review_models import ReviewDecision
from tests.simulation.discord import Kind
from tests.simulation.room import Notice
from tests.simulation.visits import EPOCH

if TYPE_CHECKING:
    from tests.simulation.community import Community
    from tests.simulation.rows import Row
    from tests.simulation.world import World

REVIEW_TIME = timedelta(hours=24)
SKEW = timedelta(seconds=5)  # by which the clocks of processes differ
BEGIN = EPOCH.replace(tzinfo=None)
REASONS = {
    "declined": ReviewDecision.DECLINE,
    "member_left": ReviewDecision.LEFT,
}
# What a message for moderators says of a decision.
SAYS = {
    "**Approved**": ReviewDecision.APPROVE,
    "**Declined**": ReviewDecision.DECLINE,
    "**The member has left the server,**": ReviewDecision.LEFT,
}
SHOWN = (
    "SELECT reviews.id, guilds.policy ->> 'moderators_channel_id' FROM reviews JOIN guilds USING (guild_id)"
    " WHERE stage = 'posted' AND decision IS NULL"
)
RECORDED = "SELECT message_id FROM reviews"
STAGES = "SELECT id, decision FROM reviews WHERE stage = 'posted'"


class HeldLedger:
    """Compares."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def check_always(self) -> list[str]:
        """Return what is wrong at any moment: moderators see a finished video once in a channel."""
        rooms = self._world.rooms
        finished = {name for name, _ in self._world.books.execute(STAGES)}
        shown = Counter((notice.review, notice.place) for notice in rooms.about_reviews())
        return [
            f"review {review} is shown {times} times in {place}"
            for (review, place), times in shown.items()
            if times > 1 and review in finished
        ]

    def check_shown(self) -> list[str]:
        """Return what no moderator can watch, though it waits for them, and nothing goes wrong any more."""
        rooms = self._world.rooms
        seen = {(one.review, one.place) for one in rooms.about_reviews() if one.is_open and one.shows_video}
        torn = {*rooms.torn}
        return [
            f"review {review} waits for moderators who do not see it in {room}"
            for review, room in self._world.books.execute(SHOWN)
            if room is not None
            and room not in rooms.gone
            and (review, room) not in seen
            and (review, room) not in torn
        ]

    def check_end(self, rows: Sequence["Row"], community: "Community") -> list[str]:
        """Return what is wrong once everything has had its time."""
        lies = self.check_always()
        reviewed = {row.review: row for row in rows if row.unreviewed is not None}
        for row in rows:
            if row.unreviewed is not None:
                lies += [f"{row.id} {lie}" for lie in self._lies_about(row, community)]
        known = {row.review for row in rows if row.unreviewed is None} - {None}
        recorded = {message for (message,) in self._world.books.execute(RECORDED)}
        for notice in self._world.rooms.about_reviews():
            row = reviewed.get(notice.review)
            if notice.review in known and notice.id not in recorded:
                continue  # a request that is not sent yet may be shown twice (`bot.moderation.outbox_relay`)
            if notice.is_out_of_reach and notice.id not in recorded:
                continue  # the review was shown in another channel while the bot could do nothing in this one
            name = f"the message {notice.id} about review {notice.review}"
            lies += [f"{name} {lie}" for lie in self._lies_in(notice, row, community)]
        return lies

    def _lies_about(self, row: "Row", community: "Community") -> list[str]:
        clicks = community.moderators.reviewers.clicks.get(row.review or "", [])
        taken = [click.decision for click in clicks if click.is_taken]
        approved = [click.at for click in clicks if click.decision is ReviewDecision.APPROVE]
        videos = self._world.discord.of(row.id, Kind.VIDEO)
        is_over = row.status == "succeeded" and not self._world.scenario.skews
        early = [video for video in videos if video.at < min(approved, default=self._lapsed(row))]
        lies = {
            "was posted before anybody approved it": bool(early),
            "was not posted in time, and is posted": bool(videos)
            and not approved
            and row.unreviewed == "end",
            f"was decided as {taken}": len(taken) > 1,
            "was approved, and is not posted": taken == [ReviewDecision.APPROVE] and row.is_withheld,
            "was declined, and is posted": bool(taken) and taken != [ReviewDecision.APPROVE] and bool(videos),
            "was declined by nobody": row.is_withheld
            and row.kind in REASONS
            and REASONS[row.kind] not in {click.decision for click in clicks},
            "ended unposted, though it was to be posted": row.kind == "unreviewed"
            and row.unreviewed == "post",
            "was never shown to moderators": is_over and row.review is None,
        }
        return [lie for lie, is_so in lies.items() if is_so]

    def _lapsed(self, row: "Row") -> float:
        """Return when its review ends by itself, in the loop's seconds, if that may be known."""
        if row.finished is None or row.unreviewed != "post":
            return float("inf")
        if self._world.scenario.skews:
            return 0.0
        return (row.finished + REVIEW_TIME - SKEW - BEGIN).total_seconds()

    def _lies_in(self, notice: Notice, row: "Row | None", community: "Community") -> list[str]:
        clicks = community.moderators.reviewers.clicks.get(notice.review or "", [])
        chosen = {click.decision for click in clicks}
        said = [decision for words, decision in SAYS.items() if words in notice.content]
        counts = "so it counts" in notice.content
        lies = {
            "has buttons, and nothing is left to decide": notice.is_open,
            "still shows a video": notice.shows_video,
            f"says what nobody decided: {said}": not {*said} <= chosen,
            "says that it counts": counts and row is not None and row.free,
            "says that it did not count": "It didn't count" in notice.content
            and row is not None
            and not row.free,
        }
        return [lie for lie, is_so in lies.items() if is_so]
