"""Moderators who see requests before they are sent: they approve, decline, click at once, or ignore them."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.db.review_models import ReviewDecision
from bot.moderation.decisions import Moderator
from bot.policy.documents import Reviewed, ReviewRule
from tests.simulation.visits import services_of

if TYPE_CHECKING:
    from tests.simulation.community import Community
    from tests.simulation.process import Process
    from tests.simulation.world import World

SHIFT = (1800.0, 6 * 3600.0)  # seconds for which moderators want to see requests first
LOOK_SECONDS = 600.0  # between two looks into their channel, on average
APPROVES, IGNORES, TWO_CLICK = 0.7, 0.2, 0.2
RULES = (
    ReviewRule(who=Reviewed.EVERYBODY),
    ReviewRule(who=Reviewed.EVERYBODY),
    ReviewRule(who=Reviewed.NEWCOMERS, days=0, videos=2),
)
UNDECIDED = "SELECT id FROM reviews WHERE guild_id = ? AND decision IS NULL ORDER BY created_at, id"


@dataclass(slots=True)
class Click:
    """A moderator's decision; `at`: when, in the loop's seconds. `is_taken`: they were told that it holds."""

    decision: ReviewDecision
    at: float
    is_taken: bool = False


class Reviewers:
    """Moderators' part in reviews.

    Attributes:
        clicks: on Approve and Decline, by the review's id.
    """

    def __init__(self, world: "World", community: "Community") -> None:
        self._world = world
        self._community = community
        self._chance = world.stream("reviews")
        self._on_shift = set[int]()
        self.clicks: dict[str, list[Click]] = {}

    def switch(self, by: Moderator) -> None:
        """Let requests wait for moderators from now on, for some hours."""
        if by.guild_id not in self._on_shift:
            self._on_shift.add(by.guild_id)
            self._world.spawn(self._serve(by), "reviewers")

    async def _serve(self, by: Moderator) -> None:
        chance, until = self._chance, self._world.loop.time() + self._chance.uniform(*SHIFT)
        channel = chance.choice(self._community.channels[by.guild_id])
        self._change(by, {"review": chance.choice(RULES), "moderators_channel_id": channel})
        while self._world.loop.time() < until:
            await asyncio.sleep(chance.expovariate(1 / LOOK_SECONDS))
            self.decide(by)
        self._on_shift.discard(by.guild_id)
        self._change(by, {"review": None})

    def decide(self, by: Moderator) -> None:
        """Decide about what is in the channel; some of it nobody ever looks at."""
        for (review_id,) in self._world.books.execute(UNDECIDED, (by.guild_id,)).fetchall():
            if int(review_id, 16) % 100 < IGNORES * 100:
                continue
            for _ in range(2 if self._chance.random() < TWO_CLICK else 1):
                self._click(by, review_id)

    def _click(self, by: Moderator, review_id: str) -> None:
        is_approved = self._chance.random() < APPROVES
        decision = ReviewDecision.APPROVE if is_approved else ReviewDecision.DECLINE

        async def click(process: "Process") -> None:
            made = Click(decision, self._world.loop.time())
            self.clicks.setdefault(review_id, []).append(made)
            await services_of(process).reviews.decide(by, review_id, decision)
            made.is_taken = True

        self._community.visit(click)

    def _change(self, by: Moderator, changes: dict[str, object]) -> None:
        self._community.visit(lambda process: services_of(process).moderation.change_settings(by, changes))
