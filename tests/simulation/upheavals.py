"""What happens to processes and around them: kills, pauses, full disks, wrong clocks, models that leave."""

import asyncio
import random
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.simulation.process import Process
from tests.simulation.visits import DAY

if TYPE_CHECKING:
    from tests.simulation.community import Community
    from tests.simulation.world import World

OUTAGES = (0.5, 5.0, 45.0, 120.0)  # seconds
LOCKED = 0.7  # of outages in which somebody holds the file; in the others the disk is full
JUMPS = (-30, -2, 2, 5, 20, 480)  # minutes by which a machine's clock is set wrong
PAUSES = (5.0, 30.0, 70.0, 110.0)  # seconds in which a process stands still; a nonce outlives the longest
ABSENCES = (60.0, 7200.0)  # seconds for which a server has no bot, or somebody is away
GONE = (1500.0, 6000.0)  # seconds for which a model is not sold
STILL_MADE = 0.5  # of models that are gone from the list
DEPLOYS = 0.7  # of models that leave: the provider deploys then, and more goes wrong than the list
BROWN_OUTS = (120.0, 1500.0)  # seconds
CLOSURES = (900.0, 5400.0)  # seconds for which the account takes nothing
LOOK_SECONDS = 60.0


class Upheavals:
    """Lets them happen, now and then.

    Attributes:
        kills: how many processes were killed.
    """

    def __init__(self, world: "World", community: "Community") -> None:
        self._world = world
        self._community = community
        self._chance = world.stream("upheavals")
        self.kills = 0

    async def go_on(self) -> None:
        """Let them happen until cancelled."""
        scenario = self._world.scenario
        ways = {
            self._crash: scenario.crashes,
            self._restart: scenario.restarts,
            self._break_disk: scenario.outages,
            self._misdate: scenario.skews,
            self._hold_up: scenario.pauses,
            self._take_model: scenario.retirements,
            self._depart: scenario.departures,
            self._brown_out: scenario.brown_outs,
            self._close_account: scenario.closures,
        }
        often = sum(ways.values())
        while often:
            await asyncio.sleep(self._chance.expovariate(often / DAY))
            self._chance.choices(list(ways), list(ways.values()))[0]()

    def _some_place(self) -> int:
        return self._chance.randrange(len(self._world.processes))

    def _crash(self) -> None:
        place, chance = self._some_place(), self._chance
        self.kills += 1
        self._world.processes[place].fuse = chance.randrange(1, 60)
        wait = chance.expovariate(1 / chance.choice((2, 60, 300)))
        self._world.spawn(_replace_when_dead(self._world, place, wait), "replace")

    def _restart(self) -> None:
        self._world.spawn(_restart(self._world, self._some_place()), "restart")

    def _break_disk(self) -> None:
        seconds, disk = self._chance.choice(OUTAGES), self._world.disk
        (disk.lock if self._chance.random() < LOCKED else disk.fill)(seconds)
        self._world.note("world", f"the database takes nothing for {seconds} s")

    def _misdate(self) -> None:
        """Set the clock of the machine, which is that of all processes, and set it right again."""
        minutes = self._chance.choice(JUMPS)
        self._world.skew = timedelta(minutes=minutes)
        self._world.note("world", f"the clock is wrong by {minutes} minutes")
        self._later(self._chance.uniform(60, 7200), self._set_clock_right)

    def _set_clock_right(self) -> None:
        self._world.skew = timedelta()
        self._world.note("world", "the clock is right again")

    def _hold_up(self) -> None:
        """Let a process stand still, while it does something."""
        process = self._world.processes[self._some_place()]
        process.brake = (self._chance.randrange(1, 30), self._chance.choice(PAUSES))

    def _take_model(self) -> None:
        """Let the provider sell a model no more, and then again."""
        sold_out = self._world.provider.terms.sold_out
        if not sold_out:
            model = self._chance.choice(self._world.sold)
            if self._chance.random() < STILL_MADE:
                self._world.provider.terms.still_made.add(model)
            if self._chance.random() < DEPLOYS:
                self._chance.choice((self._brown_out, self._close_account))()
            self._world.spawn(self._sell_again(model, self._chance.uniform(*GONE)), "retired model")

    async def _sell_again(self, model: str, seconds: float) -> None:
        world = self._world
        sold_out, since = world.provider.terms.sold_out, world.loop.time()
        sold_out.add(model)
        world.note("world", f"{model} is not sold any more")
        while world.loop.time() < since + seconds:
            await asyncio.sleep(LOOK_SECONDS)
            world.rules.check_retired(model, since)
        sold_out.discard(model)
        world.provider.terms.still_made.discard(model)
        world.note("world", f"{model} is sold again")

    def _brown_out(self) -> None:
        """Let no create call be answered for a while, whatever becomes of it."""
        seconds, havoc = self._chance.uniform(*BROWN_OUTS), self._world.provider.havoc
        havoc.brown_until = max(havoc.brown_until, self._world.loop.time() + seconds)
        self._world.note("world", f"no create call is answered for {seconds:.0f} s")

    def _close_account(self) -> None:
        """Let the provider take nothing for a while, so that everything waits."""
        terms = self._world.provider.terms
        if not terms.disabled:
            terms.disabled = True
            self._world.note("world", "the provider closes the account")
            self._later(self._chance.uniform(*CLOSURES), self._open_account)

    def _open_account(self) -> None:
        self._world.provider.terms.disabled = False
        self._world.note("world", "the account is open again")

    def _depart(self) -> None:
        """Let a server remove the bot and invite it again, or let a member block it for a while."""
        discord, seconds = self._world.discord, self._chance.uniform(*ABSENCES)
        member = self._community.somebody(self._chance)
        if self._chance.random() < 1 / 2:
            discord.unreachable.add(member.user_id)
            self._later(seconds, discord.unreachable.discard, member.user_id)
        elif member.guild_id not in discord.removed:
            discord.leave(member.guild_id)
            self._world.note("world", f"server {member.guild_id} removes the bot")
            self._later(seconds, discord.join, member.guild_id)

    def _later(self, seconds: float, what: object, *arguments: object) -> None:
        self._world.loop.call_later(seconds, what, *arguments)  # pyright: ignore[reportArgumentType]


async def _replace_when_dead(world: "World", place: int, wait: float) -> None:
    process = world.processes[place]
    await process.died.wait()
    await asyncio.sleep(1.0 + wait)
    await begin(world, place, process)


async def _restart(world: "World", place: int) -> None:
    process = world.processes[place]
    if process.opened is not None:
        await process.stop()
        await begin(world, place, process)


async def begin(world: "World", place: int, instead_of: Process) -> None:
    """Start a process in place of another one that is over."""
    if world.processes[place] is instead_of:
        name = f"{instead_of.name}'"
        world.processes[place] = Process(world, name, random.Random(world.rebirths.random()))
        world.note(name, "starts")
        await world.processes[place].start()
