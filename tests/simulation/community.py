"""People: members with habits, moderators who change their minds. What they do follows from the seed."""

import asyncio
import random
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot.admission.check_request import Requester
from bot.db.models import OPEN, Generation, Placement, Status
from bot.provider.catalogue import get_model
from bot.requests.continuing import continued_spec
from bot.requests.quotes import Quote
from bot.requests.repeats import spec_of, with_new_seed
from bot.requests.spec import RequestSpec
from cogs.veo.answer import answer_with
from sandbox.jobs import FAIL_MARK
from sandbox.recent import list_recent
from tests.simulation.answers import answer
from tests.simulation.films import Filmmakers
from tests.simulation.moderators import Moderators
from tests.simulation.visits import DAY, MODERATOR, Member, Visit, politely, services_of

if TYPE_CHECKING:
    from tests.simulation.process import Process
    from tests.simulation.world import World

NIGHT_BEGINS = 15 * 3600.0  # seconds since the run began in the morning, after which hardly anybody is awake
AT_NIGHT = 0.05  # of what would happen at that hour by day
BURST, BURST_SIZE = 0.04, 8  # how often many come at once, and how many at most
TWICE = 0.06  # an interaction that two processes get
IMPATIENT = 0.08  # who asks again and again
CANCELS, TOO_LATE = 0.2, 0.15  # who cancels; of these, who clicks on an old card
CONFIRMS, CONFIRMS_TWICE = 0.8, 0.3
TOGETHER = 0.5  # of double clicks that come in the same moment, as after a line that was held up
FAILS = 0.04  # prompts that the provider's filter stops
AGAIN, CONTINUES, CLICKS_TWICE = 0.08, 0.08, 0.3  # buttons below a video
FORGETS = 0.01  # who asks to delete their data
RECENT = 12  # videos that somebody may click below


class Community:
    """Everybody on all servers.

    Attributes:
        asked: how often somebody asked.
        accepted: how often somebody was told that it was accepted.
        cancelled: what somebody was told to be cancelled.
        forgotten: who asked for their data to be deleted, and the moment of that, in seconds.
        filmmakers: what they do with films.
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
        self.forgotten: list[tuple[int, float]] = []
        self.filmmakers = Filmmakers(world, self)
        self.moderators = Moderators(world, self)

    def somebody(self, chance: random.Random) -> Member:
        """Return one of all members."""
        return chance.choice(self._members)

    async def live(self, seconds: float) -> None:
        """Do what people do for so long."""
        scenario = self._world.scenario
        moderating = self._world.spawn(self.moderators.moderate(seconds), "moderators")
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
        await asyncio.sleep(wait)
        if member.guild_id in self._world.discord.removed:
            return
        chance = self._chance
        films = self._world.scenario.films
        weights = (AGAIN + CONTINUES, FORGETS, films, 1.0)
        match chance.choices(("click", "forget", "film", "ask"), weights)[0]:
            case "click":
                await self._click_below(
                    member, is_continued=chance.random() < CONTINUES / (AGAIN + CONTINUES)
                )
            case "forget":
                self.visit(lambda process: self._forget(process, member))
            case "film":
                await self.filmmakers.come(member)
            case _:
                await self._ask_for_new(member)

    async def _ask_for_new(self, member: Member) -> None:
        chance = self._chance
        self.asked += 1
        mark = f" {FAIL_MARK}" if chance.random() < FAILS else ""
        model = chance.choice(self._world.models)
        spec = RequestSpec(model, f"A fox, take {self.asked}{mark}", {"duration": chance.choice((4, 6, 8))})
        requester = self.requester(member)
        visits = 2 if chance.random() < TWICE else 1
        for _ in range(visits):
            self.visit(lambda process: self._request(process, requester, spec))
        if chance.random() < CANCELS:
            await asyncio.sleep(chance.expovariate(chance.choice((1.0, 1.0, 1 / 10, 1 / 40))))
            self.cancel(member)

    async def _click_below(self, member: Member, *, is_continued: bool) -> None:
        """Click on a button below somebody's video, maybe twice: each click has an id of its own."""
        which = self._chance.random()
        for _ in range(2 if self._chance.random() < CLICKS_TWICE else 1):
            requester = self.requester(member)
            self.visit(
                lambda process, by=requester: self._again(process, by, which, is_continued=is_continued)
            )
            await asyncio.sleep(self._chance.random() * 2)

    async def _again(
        self, process: "Process", requester: Requester, which: float, *, is_continued: bool
    ) -> None:
        """Make a video again, or continue it; its last frame is left out: there is no ffmpeg here."""
        rows = await list_recent(services_of(process).generations, requester.guild_id, max_rows=RECENT)
        made = [row for row in rows if row.status is Status.SUCCEEDED]
        if made:
            source = made[int(which * len(made))]
            if is_continued:
                spec = continued_spec(source, source.prompt, get_model(source.model))
                spec = replace(spec, images=())
            else:
                spec = with_new_seed(spec_of(source, self._world.now()))
            await self._request(process, requester, spec)

    async def _forget(self, process: "Process", member: Member) -> None:
        asked_at = self._world.loop.time()
        await services_of(process).privacy.forget(member.user_id)
        self.forgotten.append((member.user_id, asked_at))

    def visit(self, what: Visit) -> None:
        """Let one of the processes that run serve somebody."""
        serving = [process for process in self._world.processes if process.opened is not None]
        if serving:
            process = self._chance.choice(serving)
            process.spawn(politely(process, what), f"{process.name} interaction")

    def requester(self, member: Member) -> Requester:
        """Return a member as they come with one interaction."""
        return Requester(
            interaction_id=self._world.discord.new_id(),
            guild_id=member.guild_id,
            channel_id=self._chance.choice(self.channels[member.guild_id]),
            user_id=member.user_id,
            placement=Placement.THREAD,
        )

    async def _request(self, process: "Process", requester: Requester, spec: RequestSpec) -> None:
        asked_at = self._world.loop.time()
        got = await services_of(process).quotes.ask(requester, spec)
        if isinstance(got, Quote):
            self._consider(requester, got)
        else:
            await self._show(process, got, asked_at)

    def _consider(self, requester: Requester, quote: Quote) -> None:
        """Click on the offer after a while, or twice, or not at all."""
        if self._chance.random() > CONFIRMS:
            return
        clicks = 2 if self._chance.random() < CONFIRMS_TWICE else 1
        wait = self._chance.uniform(1, 3)
        for _ in range(clicks):
            self._world.spawn(self._click(requester, quote, wait), "click")
            if self._chance.random() > TOGETHER:
                wait = self._chance.uniform(1, 3)

    async def _click(self, requester: Requester, quote: Quote, wait: float) -> None:
        await asyncio.sleep(wait)
        member = Member(requester.guild_id, requester.user_id)
        clicked = self.requester(member)
        row = quote.quote_row

        async def confirm(process: "Process") -> None:
            asked_at = self._world.loop.time()
            got = await services_of(process).quotes.confirm(clicked, row.id, row.revision)
            if isinstance(got, Generation):
                await self._show(process, got, asked_at)

        self.visit(confirm)

    async def _show(self, process: "Process", generation: Generation, asked_at: float) -> None:
        """Answer with the card, by the command's own code."""
        self.accepted += 1
        self._world.note(process.name, f"accepted {generation.id} of {generation.user_id}")

        send = partial(answer, process, generation, asked_at)
        await answer_with(services_of(process).generations, generation.id, send)

    def cancel(self, member: Member, *, is_moderator: bool = False) -> None:
        """Let a member cancel what they asked for last, or a moderator what anybody did."""
        self.visit(lambda process: self._cancel(process, member, is_moderator=is_moderator))

    async def _cancel(self, process: "Process", member: Member, *, is_moderator: bool) -> None:
        services = services_of(process)
        rows = (await list_recent(services.generations, member.guild_id))[::-1]
        is_late = self._chance.random() < TOO_LATE
        own = [
            row
            for row in rows
            if (row.status in OPEN or is_late) and (is_moderator or row.user_id == member.user_id)
        ]
        if own:
            actor = MODERATOR if is_moderator else member.user_id
            await self._cancel_row(process, member.guild_id, own[-1].id, actor)

    def cancel_one(self, guild_id: int, generation_id: str, actor: int) -> None:
        """Let somebody cancel a request, below its card."""
        self.visit(lambda process: self._cancel_row(process, guild_id, generation_id, actor))

    async def _cancel_row(self, process: "Process", guild_id: int, generation_id: str, actor: int) -> None:
        self._world.note(process.name, f"cancels {generation_id} for {actor}")
        await services_of(process).cancellation.cancel(guild_id, generation_id, actor)
        self.cancelled.append(generation_id)
