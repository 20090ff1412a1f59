"""What follows from one number: how large a community, how many processes, and what goes wrong."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

MANY_DAYS = 30.0
SHARES = (
    "skews",
    "outages",
    "restarts",
    "discord_share",
    "provider_share",
    "moderations",
    "reviews",
    "crashes",
    "pauses",
    "retirements",
    "departures",
    "brown_outs",
    "closures",
    "ffmpeg_share",
    "films",
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run.

    Attributes:
        days: that are played; then everything that is still open may come to its end.
        members: of all servers together.
        per_day: videos that are requested in a day, on average.
        processes: how many serve at the same time, on one database.
        films: of all wishes that are about films.
        provider_share, discord_share, ffmpeg_share: of all calls that go wrong.
        joining: seconds that a film takes to be joined, the median.
        crashes, restarts, outages, skews, moderations, pauses: how many there are in a day, on average.
        reviews: how often in a day moderators want to see what is requested first, beside what they decide.
        retirements: how often in a day a model is sold no more for a while.
        brown_outs: how often in a day no create call is answered for a while, though some are taken.
        closures: how often in a day the provider closes the account for a while, so that a line forms.
        departures: how often in a day a server removes the bot, or somebody blocks it.
        log_delay: seconds after which the provider's log shows a call.
        max_running: videos at the provider at once.
        daily_limit: videos of a member in a day, where no moderator says otherwise.
    """

    seed: int
    days: float = 1.0
    members: int = 30
    servers: int = 2
    per_day: float = 40.0
    processes: int = 2
    provider_share: float = 0.05
    discord_share: float = 0.05
    ffmpeg_share: float = 0.05
    films: float = 0.15
    joining: float = 15.0
    crashes: float = 3.0
    restarts: float = 1.0
    outages: float = 1.0
    skews: float = 0.5
    moderations: float = 10.0
    reviews: float = 0.0
    pauses: float = 1.0
    retirements: float = 0.5
    departures: float = 1.0
    brown_outs: float = 0.5
    closures: float = 0.2
    log_delay: float = 20.0
    max_running: int = 3
    daily_limit: int = 5

    @property
    def is_long(self) -> bool:
        """Whether it is an ordinary server's time instead of hours in which much happens."""
        return self.days >= MANY_DAYS

    def smaller(self) -> Sequence["Scenario"]:
        """Return scenarios with less of one thing each, the largest cuts first."""
        cuts = [replace(self, **{name: 0.0}) for name in SHARES if getattr(self, name)]
        if self.days > 0.05:
            cuts.append(replace(self, days=self.days / 2))
        if self.processes > 1:
            cuts.append(replace(self, processes=1))
        if self.servers > 1:
            cuts.append(replace(self, servers=1))
        if self.members > 1:
            cuts.append(replace(self, members=max(1, self.members // 3)))
        if self.per_day > 2:
            cuts.append(replace(self, per_day=self.per_day / 2))
        return cuts


def drawn(seed: int, days: float = 0.25) -> Scenario:
    """Return what a seed means: a few hours in which much happens, and much goes wrong."""
    chance = random.Random(f"scenario {seed}")
    return Scenario(
        seed=seed,
        days=days,
        members=chance.choice((3, 10, 30)),
        servers=chance.choice((1, 2)),
        per_day=chance.choice((60.0, 120.0, 250.0)),
        processes=chance.choice((1, 2, 3)),
        provider_share=chance.choice((0.0, 0.05, 0.2)),
        discord_share=chance.choice((0.0, 0.05, 0.2)),
        crashes=chance.choice((0.0, 15.0, 50.0)),
        restarts=chance.choice((0.0, 5.0)),
        outages=chance.choice((0.0, 8.0)),
        skews=chance.choice((0.0, 0.0, 6.0)),
        moderations=chance.choice((0.0, 30.0, 100.0)),
        max_running=chance.choice((1, 3, 10)),
        pauses=chance.choice((0.0, 20.0)),
        retirements=chance.choice((0.0, 4.0)),
        departures=chance.choice((0.0, 10.0)),
        log_delay=chance.choice((2.0, 20.0, 180.0)),
        brown_outs=chance.choice((0.0, 0.0, 6.0)),
        closures=chance.choice((0.0, 0.0, 4.0)),
        ffmpeg_share=chance.choice((0.0, 0.05, 0.2)),
        films=chance.choice((0.0, 0.15, 0.4)),
        daily_limit=chance.choice((5, 5, 20)),
    )


def harsh(seed: int, days: float = 0.1) -> Scenario:
    """Return two hours in which much goes wrong at once, to find planted bugs in.

    Not everything each time: what is refused or removed is not there to break anything else.
    """
    chance = random.Random(f"harsh {seed}")
    scenario = Scenario(
        seed=seed,
        days=days,
        members=chance.choice((2, 6)),
        servers=1,
        per_day=chance.choice((250.0, 500.0)),
        processes=chance.choice((1, 2, 2)),
        provider_share=chance.choice((0.0, 0.1, 0.2)),
        discord_share=chance.choice((0.0, 0.1, 0.3)),
        crashes=chance.choice((0.0, 150.0)),
        restarts=chance.choice((0.0, 10.0)),
        outages=chance.choice((0.0, 10.0)),
        skews=0.0,
        moderations=chance.choice((0.0, 200.0, 400.0)),
        max_running=chance.choice((1, 3)),
        pauses=chance.choice((0.0, 100.0)),
        retirements=chance.choice((0.0, 20.0)),
        departures=chance.choice((0.0, 0.0, 20.0)),
        log_delay=chance.choice((20.0, 60.0, 180.0)),
        brown_outs=chance.choice((0.0, 0.0, 20.0)),
        closures=chance.choice((0.0, 0.0, 10.0)),
        ffmpeg_share=chance.choice((0.0, 0.2)),
        films=chance.choice((0.0, 0.2, 0.5)),
        daily_limit=chance.choice((5, 50)),
    )
    # A model leaves some time after the beginning: much has to be under way by then.
    return replace(scenario, daily_limit=50, per_day=1000.0) if scenario.retirements else scenario


def filmy(seed: int, days: float = 0.1) -> Scenario:
    """Return two hours in which much goes wrong with films, and moderators see requests first."""
    chance = random.Random(f"filmy {seed}")
    return replace(
        harsh(seed, days),
        members=2,
        per_day=250.0,
        discord_share=chance.choice((0.1, 0.3)),
        crashes=chance.choice((50.0, 150.0)),
        moderations=chance.choice((100.0, 400.0)),
        pauses=chance.choice((0.0, 100.0)),
        retirements=0.0,
        departures=0.0,
        closures=0.0,
        max_running=3,
        films=2.0,
        joining=chance.choice(
            (15.0, 200.0)
        ),  # two processes that join one film post it long after each other
        daily_limit=50,
    )


def watched(seed: int, days: float = 0.1) -> Scenario:
    """Return two hours in which moderators see finished videos first, and much goes wrong with that."""
    chance = random.Random(f"watched {seed}")
    return replace(
        harsh(seed, days),
        members=chance.choice((2, 6)),
        per_day=250.0,
        discord_share=chance.choice((0.0, 0.1, 0.3)),
        crashes=chance.choice((0.0, 50.0, 150.0)),
        moderations=chance.choice((0.0, 50.0)),
        reviews=300.0,
        pauses=chance.choice((0.0, 100.0)),
        retirements=0.0,
        departures=chance.choice((0.0, 0.0, 20.0)),
        closures=0.0,
        max_running=3,
        films=chance.choice((0.0, 0.2)),
        daily_limit=50,
    )


def year(seed: int, days: float = 365.0) -> Scenario:
    """Return an ordinary server's year: 20 videos a day, 200 members, one process, faults on."""
    return Scenario(
        seed,
        days,
        members=200,
        servers=1,
        per_day=20.0,
        processes=1,
        provider_share=0.02,
        discord_share=0.02,
        crashes=0.5,
        restarts=0.2,
        outages=0.1,
        skews=0.02,
        moderations=1.0,
        max_running=10,
        pauses=0.1,
        retirements=0.0,
        departures=0.05,
        brown_outs=0.02,
        closures=0.01,
        ffmpeg_share=0.02,
    )
