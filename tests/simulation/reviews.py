"""Moderators who see requests or finished videos first: they approve, decline, or ignore them."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.db.models import Unreviewed
from bot.db.review_models import ReviewDecision, ReviewStage
from bot.jobs.ports import Posted
from bot.moderation.decisions import Moderator
from bot.policy.documents import Reviewed, ReviewRule
from tests.simulation.room import Notice
from tests.simulation.visits import services_of

if TYPE_CHECKING:
    from tests.simulation.community import Community
    from tests.simulation.process import Process
    from tests.simulation.world import World

SHIFT = (900.0, 3 * 3600.0)  # seconds for which moderators want to see requests first
LOOK_SECONDS = 600.0  # between two looks into their channel, on average
IGNORES, TWO_CLICK, REGRETS, CHANGES, DISTURBS = 0.2, 0.2, 0.15, 0.2, 0.1
RULES = (
    ReviewRule(who=Reviewed.EVERYBODY),
    ReviewRule(who=Reviewed.EVERYBODY),
    ReviewRule(who=Reviewed.NEWCOMERS, days=0, videos=2),
)
STAGES = (ReviewStage.POSTED, ReviewStage.POSTED, ReviewStage.POSTED, ReviewStage.MADE)
DECISIONS = (
    *[ReviewDecision.APPROVE] * 7,
    ReviewDecision.DECLINE,
    ReviewDecision.DECLINE,
    ReviewDecision.LEFT,
)
UNDECIDED = (
    "SELECT id FROM reviews WHERE guild_id = ? AND decision IS NULL AND stage = 'made'"
    " ORDER BY created_at, id"
)
HELD = "SELECT id, user_id FROM generations WHERE review_id = ? AND review_until IS NOT NULL"
ABSENCE = (60.0, 2400.0)  # seconds for which moderators have no channel


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
        self._rooms: dict[int, int] = {}  # how many channels for moderators a server has had
        self.clicks: dict[str, list[Click]] = {}

    def switch(self, by: Moderator) -> None:
        """Let requests wait for moderators from now on, for some hours."""
        if by.guild_id not in self._on_shift:
            self._on_shift.add(by.guild_id)
            self._world.spawn(self._serve(by), "reviewers")

    async def _serve(self, by: Moderator) -> None:
        chance, until = self._chance, self._world.loop.time() + self._chance.uniform(*SHIFT)
        self._change(by, {**self._wish(), "moderators_channel_id": self._room_of(by)})
        while self._world.loop.time() < until:
            await asyncio.sleep(chance.expovariate(1 / LOOK_SECONDS))
            self.decide(by)
            if chance.random() < CHANGES:
                self._change(by, self._wish())
            if chance.random() < DISTURBS:
                chance.choice((self._tear, self._move, self._lose, self._shut, self._do_without))(by)
        self._on_shift.discard(by.guild_id)
        self._change(by, {"review": None})

    def _wish(self) -> dict[str, object]:
        """Return whose requests moderators want to see, before what, and what becomes of those they don't."""
        rule, stage, timeout = (self._chance.choice(ways) for ways in (RULES, STAGES, list(Unreviewed)))
        return {"review": rule, "review_stage": stage, "review_timeout": timeout}

    def _room_of(self, by: Moderator, *, is_new: bool = False) -> int:
        """Return the moderators' channel, which no member's is."""
        count = self._rooms.get(by.guild_id, 0) + is_new
        self._rooms[by.guild_id] = count
        return by.guild_id * 100 + 50 + count % 50

    def decide(self, by: Moderator) -> None:
        """Decide about what is in the channel; some of it nobody ever looks at."""
        for (review_id,) in self._world.books.execute(UNDECIDED, (by.guild_id,)).fetchall():
            self._look_at(review_id, lambda name=review_id: self._click(by, name))
        for notice in self._world.rooms.of(by.guild_id):
            held = self._world.books.execute(HELD, (notice.review,)).fetchone()
            if notice.review is not None and held is not None and notice.shows_video:
                if self._chance.random() < REGRETS:
                    self._community.cancel_one(by.guild_id, *held)
                self._look_at(notice.review, lambda notice=notice: self._click_below(by, notice))

    def _look_at(self, review_id: str, click: Callable[[], None]) -> None:
        if int(review_id, 16) % 100 >= IGNORES * 100:
            for _ in range(2 if self._chance.random() < TWO_CLICK else 1):
                click()

    def _click_below(self, by: Moderator, notice: Notice) -> None:
        if notice.review is not None:
            self._click(by, notice.review, Posted(notice.id, notice.place))

    def _click(self, by: Moderator, review_id: str, shown_at: Posted | None = None) -> None:
        decision = self._chance.choice(DECISIONS)

        async def click(process: "Process") -> None:
            made = Click(decision, self._world.loop.time())
            self.clicks.setdefault(review_id, []).append(made)
            self._world.note(process.name, f"{decision.value} of review {review_id}")
            await services_of(process).reviews.decide(by, review_id, decision, shown_at=shown_at)
            made.is_taken = True

        self._community.visit(click)

    def _tear(self, by: Moderator) -> None:
        """Delete a message, so that the review is to be shown again."""
        seen = self._world.rooms.of(by.guild_id)
        if seen:
            self._world.rooms.tear(self._chance.choice(seen))
        self._community.visit(lambda process: services_of(process).reviews.show_again(by))

    def _move(self, by: Moderator) -> None:
        self._change(by, {"moderators_channel_id": self._room_of(by, is_new=True)})

    def _lose(self, by: Moderator) -> None:
        """Delete the channel; another one is set after a while."""
        room = self._room_of(by)
        self._world.rooms.lose(room)
        self._world.note("world", f"the moderators' channel {room} is deleted")
        self._later(lambda: self._move(by))

    def _shut(self, by: Moderator) -> None:
        """Take the bot's permissions in the channel, and give them back."""
        room, closed = self._room_of(by), self._world.discord.closed
        closed.add(room)
        self._world.note("world", f"the moderators' channel {room} is closed")
        self._later(lambda: closed.discard(room))

    def _do_without(self, by: Moderator) -> None:
        """Set no channel, and then the same one again."""
        self._change(by, {"moderators_channel_id": None})
        self._later(lambda: self._change(by, {"moderators_channel_id": self._room_of(by)}))

    def _later(self, what: Callable[[], None]) -> None:
        self._world.loop.call_later(self._chance.uniform(*ABSENCE), what, context=Context())

    def _change(self, by: Moderator, changes: dict[str, object]) -> None:
        self._community.visit(lambda process: services_of(process).moderation.change_settings(by, changes))
