"""People: members with habits, moderators who change their minds. What they do follows from the seed."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import discord

from bot.admission.check_request import Requester
from bot.db.models import OPEN, Generation, Placement
from bot.errors import AlreadyRequestedError, UserError
from bot.moderation.decisions import Moderator
from bot.moderation.rules import SERVER, Subject
from bot.policy.documents import LimitKind, Period, Scope
from bot.requests.quotes import Quote
from bot.requests.spec import RequestSpec
from cogs.veo.answer import answer_with_card
from sandbox.jobs import FAIL_MARK
from tests.simulation.discord import answer

if TYPE_CHECKING:
    from tests.simulation.process import Process
    from tests.simulation.world import World

EPOCH = datetime(2030, 1, 1, 8, tzinfo=UTC)  # a morning
DAY = 86_400.0
NIGHT_BEGINS = 15 * 3600.0  # seconds since the run began in the morning, after which hardly anybody is awake
AT_NIGHT = 0.05  # of what would happen at that hour by day
BURST, BURST_SIZE = 0.04, 8  # how often many come at once, and how many at most
TWICE = 0.06  # an interaction that two processes get
IMPATIENT = 0.08  # who asks again and again
CANCELS = 0.08
CONFIRMS, CONFIRMS_TWICE = 0.8, 0.3
FAILS = 0.04  # prompts that the provider's filter stops
ASKED_FIRST, RESETS = 0.6, 0.4
MODERATOR = 7
CREDITS = 2_000_000  # of the provider in a dollar
MODELS = ("google/veo3", "google/veo-3.0-fast")

Visit = Callable[["Process"], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on a server."""

    guild_id: int
    user_id: int


class Community:
    """Everybody on all servers.

    Attributes:
        asked: how often somebody asked.
        accepted: how often somebody was told that it was accepted.
        cancelled: what somebody was told to be cancelled.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self._chance = world.stream("community")
        scenario = world.scenario
        self._members = [
            Member(1000 + number % scenario.servers, 10_000 + number) for number in range(scenario.members)
        ]
        self.channels = {
            1000 + server: [(1000 + server) * 100 + place for place in range(3)]
            for server in range(scenario.servers)
        }
        for places in self.channels.values():
            world.discord.threadless.add(places[1])
        self.asked = 0
        self.accepted = 0
        self.cancelled: list[str] = []

    async def live(self, seconds: float) -> None:
        """Do what people do for so long."""
        scenario = self._world.scenario
        moderating = self._world.spawn(self._moderate(seconds), "moderators")
        end = self._world.loop.time() + seconds
        rate = max(scenario.per_day, 0.01) / DAY * 1.35  # nights are quiet
        while True:
            wait = self._chance.expovariate(rate)
            if self._world.loop.time() + wait >= end:
                await asyncio.sleep(max(0.0, end - self._world.loop.time()))
                break
            await asyncio.sleep(wait)
            if self._world.loop.time() % DAY > NIGHT_BEGINS and self._chance.random() > AT_NIGHT:
                continue
            self._somebody_asks()
        await moderating

    def _somebody_asks(self) -> None:
        chance = self._chance
        crowd = 1 + (chance.randrange(2, BURST_SIZE) if chance.random() < BURST else 0)
        for _ in range(crowd):
            member = chance.choice(self._members)
            times = chance.randrange(2, 5) if chance.random() < IMPATIENT else 1
            for _ in range(times):
                self._world.spawn(self._ask(member, chance.random() * 5), "member")

    async def _ask(self, member: Member, wait: float) -> None:
        chance = self._chance
        await asyncio.sleep(wait)
        self.asked += 1
        mark = f" {FAIL_MARK}" if chance.random() < FAILS else ""
        model = chance.choice(MODELS)
        spec = RequestSpec(model, f"A fox, take {self.asked}{mark}", {"duration": chance.choice((4, 6, 8))})
        requester = self._requester(member)
        visits = 2 if chance.random() < TWICE else 1
        for _ in range(visits):
            self.visit(lambda process: self._request(process, requester, spec))
        if chance.random() < CANCELS:
            await asyncio.sleep(chance.expovariate(chance.choice((1.0, 1 / 40))))
            self.visit(lambda process: self._cancel(process, member))

    def visit(self, what: Visit) -> None:
        """Let one of the processes that run serve somebody."""
        serving = [process for process in self._world.processes if process.opened is not None]
        if serving:
            process = self._chance.choice(serving)
            process.spawn(_politely(process, what), f"{process.name} interaction")

    def _requester(self, member: Member) -> Requester:
        return Requester(
            interaction_id=self._world.discord.new_id(),
            guild_id=member.guild_id,
            channel_id=self._chance.choice(self.channels[member.guild_id]),
            user_id=member.user_id,
            placement=Placement.THREAD,
        )

    async def _request(self, process: "Process", requester: Requester, spec: RequestSpec) -> None:
        assert process.opened is not None
        asked_at = self._world.loop.time()
        got = await process.opened.services.quotes.ask(requester, spec)
        if isinstance(got, Quote):
            self._consider(requester, got)
        else:
            await self._show(process, got, asked_at)

    def _consider(self, requester: Requester, quote: Quote) -> None:
        """Click on the offer after a while, or twice, or not at all."""
        if self._chance.random() > CONFIRMS:
            return
        clicks = 2 if self._chance.random() < CONFIRMS_TWICE else 1
        for _ in range(clicks):
            self._world.spawn(self._click(requester, quote, self._chance.uniform(1, 3)), "click")

    async def _click(self, requester: Requester, quote: Quote, wait: float) -> None:
        await asyncio.sleep(wait)
        member = Member(requester.guild_id, requester.user_id)
        clicked = self._requester(member)
        row = quote.quote_row

        async def confirm(process: "Process") -> None:
            assert process.opened is not None
            asked_at = self._world.loop.time()
            got = await process.opened.services.quotes.confirm(clicked, row.id, row.revision)
            if isinstance(got, Generation):
                await self._show(process, got, asked_at)

        self.visit(confirm)

    async def _show(self, process: "Process", generation: Generation, asked_at: float) -> None:
        """Answer with the card, by the command's own code."""
        assert process.opened is not None
        self.accepted += 1
        self._world.note(process.name, f"accepted {generation.id} of {generation.user_id}")

        async def send(_: object, accepted: Generation) -> int:
            return await answer(process, accepted, asked_at)

        generations = process.opened.services.generations
        await answer_with_card(cast("Any", None), generations, generation, send=send)

    async def _cancel(self, process: "Process", member: Member, *, is_moderator: bool = False) -> None:
        assert process.opened is not None
        services = process.opened.services
        rows = await services.generations.list_open(member.guild_id)
        own = [row for row in rows if row.status in OPEN and (is_moderator or row.user_id == member.user_id)]
        if own:
            actor = MODERATOR if is_moderator else member.user_id
            self._world.note(process.name, f"cancels {own[-1].id} for {actor}")
            await services.cancellation.cancel(member.guild_id, own[-1].id, actor)
            self.cancelled.append(own[-1].id)

    async def _moderate(self, seconds: float) -> None:
        chance = self._world.stream("moderators")
        end = self._world.loop.time() + seconds
        if not self._world.scenario.moderations:
            return
        while True:
            await asyncio.sleep(chance.expovariate(self._world.scenario.moderations / DAY))
            if self._world.loop.time() >= end:
                return
            self._decide(chance, chance.choice(self._members))

    def _decide(self, chance: random.Random, member: Member) -> None:
        """Change something about a server or a member."""
        by = Moderator(member.guild_id, MODERATOR)
        ways: tuple[Callable[[], None], ...] = (
            lambda: self._limit(chance, by, member),
            lambda: self._spare(chance, by, member),
            lambda: self._budget(chance, by),
            lambda: self._pause(by, chance.uniform(60, 3600)),
            lambda: self._block(by, member, chance.uniform(60, 7200)),
            lambda: self.visit(lambda process: self._cancel(process, member, is_moderator=True)),
            lambda: self._ask_first(by, is_wanted=chance.random() < ASKED_FIRST),
            lambda: self._close(chance.choice(self.channels[member.guild_id])),
        )
        chance.choice(ways)()

    def _limit(self, chance: random.Random, by: Moderator, member: Member) -> None:
        subject = chance.choice((SERVER, Subject(Scope.MEMBER, member.user_id)))
        limits = {chance.choice(list(LimitKind)): chance.choice((1, 2, 4, 8, None))}
        self.visit(lambda process: _services(process).rules.set_limits(by, subject, limits))

    def _spare(self, chance: random.Random, by: Moderator, member: Member) -> None:
        """Grant further videos for a while, or let all limits begin again."""
        if chance.random() < RESETS:
            self.visit(lambda process: _services(process).rules.reset(by, member.user_id))
            return
        amount, until = chance.randrange(1, 4), self._later(chance.uniform(600, 20_000))
        self.visit(lambda process: _services(process).rules.grant(by, member.user_id, amount, until))

    def _budget(self, chance: random.Random, by: Moderator) -> None:
        budgets = {chance.choice(list(Period)): chance.choice((None, 20 * CREDITS, 60 * CREDITS))}
        self.visit(lambda process: _services(process).rules.set_budgets(by, budgets))

    def _ask_first(self, by: Moderator, *, is_wanted: bool) -> None:
        wish = {"ask_first": is_wanted}
        self.visit(lambda process: _services(process).moderation.change_settings(by, wish))

    def _close(self, channel: int) -> None:
        """Close a channel to the bot, or open it again."""
        self._world.discord.closed.symmetric_difference_update({channel})

    def _later(self, seconds: float) -> datetime:
        return EPOCH + timedelta(seconds=self._world.loop.time() + seconds)

    def _block(self, by: Moderator, member: Member, seconds: float) -> None:
        until = self._later(seconds)
        self.visit(lambda process: _services(process).moderation.block(by, member.user_id, until, None))

    def _pause(self, by: Moderator, seconds: float) -> None:
        async def resume() -> None:
            await asyncio.sleep(seconds)
            self.visit(lambda process: _resume(process, by))

        self.visit(lambda process: _services(process).moderation.pause(by, None))
        self._world.spawn(resume(), "resume")


def _services(process: "Process") -> Any:
    assert process.opened is not None
    return process.opened.services


async def _resume(process: "Process", by: Moderator) -> None:
    await _services(process).moderation.resume(by)


async def _politely(process: "Process", what: Visit) -> None:
    """Serve somebody, who reads why it was refused."""
    try:
        await what(process)
    except AlreadyRequestedError:
        process.world.note(process.name, "has that interaction already")
    except UserError as error:
        process.world.note(process.name, f"refuses: {type(error).__name__}")
    except discord.HTTPException as error:
        process.world.note(process.name, f"could not answer: {error}")
