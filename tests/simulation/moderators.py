"""Moderators who change their minds while everything runs. What they do follows from the seed."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.moderation.decisions import Moderator
from bot.moderation.rules import SERVER, Subject
from bot.policy.documents import LimitKind, Period, Scope
from bot.preview.proposal import Proposal
from bot.preview.service import ServerNow
from sandbox.recent import list_recent
from tests.simulation.reviews import Reviewers
from tests.simulation.takedowns import SimulatedRemovedMessages
from tests.simulation.visits import DAY, EPOCH, MODERATOR, Member, services_of

if TYPE_CHECKING:
    from tests.simulation.community import Community
    from tests.simulation.process import Process
    from tests.simulation.world import World

ASKED_FIRST, RESETS, TWICE = 0.6, 0.4, 0.5
CREDITS = 2_000_000  # of the provider in a dollar


class Moderators:
    """The moderators of all servers.

    Attributes:
        previews: how often one was shown what a change would have done.
        reviewers: what they do about requests that wait for them.
    """

    def __init__(self, world: "World", community: "Community") -> None:
        self._world = world
        self._community = community
        self._visit = community.visit
        self._chance = world.stream("moderators")
        self.previews = 0
        self.reviewers = Reviewers(world, community)

    async def moderate(self, seconds: float) -> None:
        """Decide something now and then, for so long."""
        end, scenario = self._world.loop.time() + seconds, self._world.scenario
        often = scenario.moderations + scenario.reviews
        while often:
            await asyncio.sleep(self._chance.expovariate(often / DAY))
            if self._world.loop.time() >= end:
                return
            member = self._community.somebody(self._chance)
            if scenario.reviews and self._chance.random() < scenario.reviews / often:
                self.reviewers.switch(Moderator(member.guild_id, MODERATOR))
            else:
                self._decide(member)

    def _decide(self, member: Member) -> None:
        """Change something about a server or a member."""
        by, chance = Moderator(member.guild_id, MODERATOR), self._chance
        ways: tuple[Callable[[], None], ...] = (
            lambda: self._limit(by, member),
            lambda: self._spare(by, member),
            lambda: self._budget(by),
            lambda: self._pause(by, chance.uniform(60, 900)),
            lambda: self._block(by, member, chance.uniform(60, 7200)),
            lambda: self._community.cancel(member, is_moderator=True),
            lambda: self._ask_first(by, is_wanted=chance.random() < ASKED_FIRST),
            lambda: self._close(chance.choice(self._community.channels[member.guild_id])),
            lambda: self._preview(by, member),
            lambda: self._visit(lambda process: self._take_down(process, by)),
            lambda: self._community.filmmakers.moderate(member),
            lambda: self.reviewers.switch(by),
        )
        chance.choice(ways)()

    def _limit(self, by: Moderator, member: Member) -> None:
        subject, limits = self._subject(member), self._limits()
        self._visit(lambda process: services_of(process).rules.set_limits(by, subject, limits))

    def _subject(self, member: Member) -> Subject:
        return self._chance.choice((SERVER, Subject(Scope.MEMBER, member.user_id)))

    def _limits(self) -> dict[LimitKind, int | None]:
        return {self._chance.choice(list(LimitKind)): self._chance.choice((1, 2, 4, 8, None))}

    def _spare(self, by: Moderator, member: Member) -> None:
        """Grant more videos for a while, or let all limits begin again."""
        if self._chance.random() < RESETS:
            self._visit(lambda process: services_of(process).rules.reset(by, member.user_id))
            return
        amount, until = self._chance.randrange(1, 4), self._later(self._chance.uniform(60, 7200))
        self._visit(lambda process: services_of(process).rules.grant(by, member.user_id, amount, until))

    def _budget(self, by: Moderator) -> None:
        budgets = {self._chance.choice(list(Period)): self._chance.choice((None, 20 * CREDITS, 60 * CREDITS))}
        self._visit(lambda process: services_of(process).rules.set_budgets(by, budgets))

    def _ask_first(self, by: Moderator, *, is_wanted: bool) -> None:
        wish = {"ask_first": is_wanted}
        self._visit(lambda process: services_of(process).moderation.change_settings(by, wish))

    def _close(self, channel: int) -> None:
        """Close a channel to the bot, or open it again."""
        self._world.discord.closed.symmetric_difference_update({channel})

    def _preview(self, by: Moderator, member: Member) -> None:
        """Look at what a change would have done, and save it after a while, maybe with a double click."""
        self.previews += 1
        subject = self._subject(member)
        proposal = Proposal(
            scope=subject.scope,
            subject_id=subject.id,
            limits=self._limits(),
            reason=f"preview {self.previews}",
        )
        clicks = 2 if self._chance.random() < TWICE else 1
        waits = [self._chance.uniform(1, 3) for _ in range(clicks)]
        self._visit(lambda process: self._show(process, by, proposal, waits))

    async def _show(
        self, process: "Process", by: Moderator, proposal: Proposal, waits: Collection[float]
    ) -> None:
        shown = await services_of(process).previews.show(by, proposal, ServerNow(_no_roles))

        async def click(wait: float) -> None:
            await asyncio.sleep(wait)
            kept = shown.kept
            self._visit(lambda other: services_of(other).previews.save(by, kept.key, kept.revision))

        for wait in waits:
            self._world.spawn(click(wait), "save")

    async def _take_down(self, process: "Process", by: Moderator) -> None:
        """Delete a video that somebody may be about to continue."""
        rows = await list_recent(services_of(process).generations, by.guild_id, max_rows=10)
        if rows:
            row, services = self._chance.choice(rows), services_of(process)
            removed = await services.removal.remove(by.guild_id, row.id, by.user_id)
            await SimulatedRemovedMessages(process, services).delete_video(removed, by.user_id)

    def _later(self, seconds: float) -> datetime:
        return EPOCH + timedelta(seconds=self._world.loop.time() + seconds)

    def _block(self, by: Moderator, member: Member, seconds: float) -> None:
        until = self._later(seconds)
        self._visit(lambda process: services_of(process).moderation.block(by, member.user_id, until, None))

    def _pause(self, by: Moderator, seconds: float) -> None:
        async def resume() -> None:
            await asyncio.sleep(seconds)
            self._visit(lambda process: services_of(process).moderation.resume(by))

        self._visit(lambda process: services_of(process).moderation.pause(by, None))
        self._world.spawn(resume(), "resume")


async def _no_roles(_: Collection[int]) -> Mapping[int, frozenset[int]]:
    """Return nobody's roles: there are none here."""
    return {}
