"""The delay until a finished video is noticed: this bot's questions beside the best and the usual ones.

Only the generations that the bot learns from are drawn, and it sees them only through its own questions. Each
schedule is then evaluated exactly: how many questions a generation takes on average, and how long after it is
ready the question comes that finds it. "Best" knows the true distribution: its questions per second are
proportional to √hazard, between one a second and one a minute, and as many per generation as those beside it.
Tables go to standard output as Markdown, progress to standard error.
"""

import random
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain, count, pairwise, repeat
from math import erfc, exp, log, pi, sqrt
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, as the Makefile does

from bot.eta.forecast import Finish, Forecast  # noqa: E402
from bot.eta.pacing import MAX_POLL_DELAY, MIN_POLL_DELAY, PollPlan  # noqa: E402
from bot.eta.prior import documented_prior  # noqa: E402

INTERVAL = 10.0  # seconds, as POLL_INTERVAL is by default
SEEDS = 40
STEP = 0.1  # seconds, of the integrals
END = 2500.0  # seconds; in none of the distributions more than one in a million takes longer
ROUNDS = 8  # in which the density of the best questions is found
LEARNING = (0, 1, 3, 5, 10, 20, 50)  # generations seen
CHANGING = (0, 5, 10, 20, 50)  # generations since the provider changed
BEFORE = 50  # generations seen before it changed
UNBOUNDED = 1e9  # seconds


@dataclass(frozen=True)
class Part:
    """A lognormal part of a distribution: its share, its median in seconds, and the logarithm's deviation."""

    share: float
    median: float
    sigma: float


@dataclass(frozen=True)
class Durations:
    """The real durations of generations."""

    name: str
    parts: tuple[Part, ...]

    def survival(self, age: float) -> float:
        """Return the probability that a generation takes longer than `age` seconds."""
        return sum(p.share * erfc(log(age / p.median) / p.sigma / sqrt(2)) / 2 for p in self.parts)

    def density(self, age: float) -> float:
        """Return the probability density at `age` seconds."""
        bells = (p.share / p.sigma * exp(-((log(age / p.median) / p.sigma) ** 2) / 2) for p in self.parts)
        return sum(bells) / age / sqrt(2 * pi)

    def mean(self) -> float:
        """Return the mean, in seconds."""
        return sum(p.share * p.median * exp(p.sigma**2 / 2) for p in self.parts)

    def draw(self, chance: random.Random) -> float:
        """Draw one duration, in seconds."""
        (part,) = chance.choices(self.parts, [part.share for part in self.parts])
        return part.median * exp(chance.gauss(0, part.sigma))


STEADY = Durations("median 75 s, σ 0.35", (Part(1, 75, 0.35),))
SLOWER = Durations("median 150 s, σ 0.35", (Part(1, 150, 0.35),))
ALL = (
    STEADY,
    Durations("median 110 s, σ 0.2", (Part(1, 110, 0.2),)),
    Durations("60 % 45 s, σ 0.15; 40 % 150 s, σ 0.2", (Part(0.6, 45, 0.15), Part(0.4, 150, 0.2))),
    Durations("median 75 s, σ 0.7", (Part(1, 75, 0.7),)),
)


@dataclass(frozen=True)
class Result:
    """A schedule's cost and delay for one generation, on average: questions, and seconds."""

    polls: float
    delay: float


def evaluate(durations: Durations, times: Iterable[float]) -> Result:
    """Return what is expected of questions at these times, in seconds since the submission."""
    left, polls, noticed = 1.0, 0.0, 0.0
    for at in times:
        after = durations.survival(at)
        polls += left
        noticed += at * (left - after)
        left = after
        if left < 1e-9:
            break
    return Result(polls, noticed - durations.mean())


def fixed() -> Iterator[float]:
    """Yield a time every `INTERVAL`."""
    return (INTERVAL * number for number in count(1))


def backed_off() -> Iterator[float]:
    """Yield times 1 s apart, then 1.5 times as far each time, up to 10 s."""
    return accumulate(chain((1.5**number for number in range(6)), repeat(10.0)))


def planned(plan: PollPlan) -> Iterator[float]:
    """Yield the times at which this bot asks."""
    age = 0.0
    while True:
        age += plan.next_poll(age)
        yield age


@cache
def roots(durations: Durations) -> list[float]:
    """Return √hazard in the middle of each step."""
    ages = [STEP * (number + 0.5) for number in range(int(END / STEP))]
    survivals = [durations.survival(age) for age in ages]
    return [
        sqrt(durations.density(age) / survival) if survival > 1e-13 else 0.0
        for age, survival in zip(ages, survivals, strict=True)
    ]


@cache
def best(durations: Durations, polls: float, slowest: float = MAX_POLL_DELAY) -> float:
    """Return the mean delay of the best schedule with so many questions, in seconds."""
    factor, result = 1.0, Result(0, 0)
    for _ in range(ROUNDS):
        rates = (min(max(factor * root, 1 / slowest), 1 / MIN_POLL_DELAY) for root in roots(durations))
        result = evaluate(durations, divided(accumulate((STEP * rate for rate in rates), initial=0.0)))
        factor *= (polls - 0.5) / (result.polls - 0.5)
    return result.delay


def divided(progress: Iterable[float]) -> Iterator[float]:
    """Yield the times that divide the progress made by each step into parts of 1."""
    aim = 1.0
    for number, (before, after) in enumerate(pairwise(progress)):
        while aim <= after:
            yield STEP * (number + (aim - before) / (after - before))
            aim += 1


def observe(plan: PollPlan, duration: float) -> Finish:
    """Return what this bot sees of a generation."""
    asked = 0.0
    for at in planned(plan):
        if at >= duration:
            return Finish(asked, at)
        asked = at
    raise AssertionError("it always asks again")


def learn(seed: int, phases: Sequence[tuple[Durations, int]], marks: Sequence[int]) -> list[Result]:
    """Return how well the bot asks once so many generations of the last phase were seen."""
    chance, forecast = random.Random(seed), Forecast(documented_prior())  # noqa: S311 a simulation
    results: list[Result] = []
    for durations, generations in phases:
        results.clear()
        for number in range(generations + 1):
            plan = PollPlan(forecast, INTERVAL)
            if number in marks:
                results.append(evaluate(durations, planned(plan)))
            if number < generations:
                forecast = forecast.after_finish(observe(plan, durations.draw(chance)))
    return results


def mean(results: Iterable[Result]) -> Result:
    """Return the mean of several results."""
    polls, delays = zip(*((result.polls, result.delay) for result in results), strict=True)
    return Result(statistics.fmean(polls), statistics.fmean(delays))


def excess(durations: Durations, result: Result) -> float:
    """Return the delay, as a multiple of the best at as many questions."""
    return result.delay / best(durations, result.polls)


def print_best() -> None:
    """Print what can be won at all."""
    print("What the best questions bring, as a part of the delay of others that ask as often:\n")
    print("| durations | of 10 s fixed | of 1 s × 1.5 up to 10 s | more than 60 s apart: of 10 s fixed |")
    print("|---|--:|--:|--:|")
    for durations in ALL:
        usual = [evaluate(durations, fixed()), evaluate(durations, backed_off())]
        ratios = [best(durations, result.polls) / result.delay for result in usual]
        ratios.append(best(durations, usual[0].polls, UNBOUNDED) / usual[0].delay)
        print(f"| {durations.name} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |")


def print_learnt() -> None:
    """Print how near the bot comes."""
    print(f"\nThis bot after {LEARNING[-1]} generations, {SEEDS} times from the beginning:\n")
    columns = [
        "questions",
        "fixed 10 s",
        "delay",
        "fixed 10 s",
        "best",
        "delay ÷ best",
        "9 of 10 times below",
    ]
    print(f"| durations | {' | '.join(columns)} |\n|---|{'--:|' * len(columns)}")
    curves: list[str] = []
    for durations in ALL:
        tell(durations.name)
        runs = [learn(seed, [(durations, LEARNING[-1])], LEARNING) for seed in range(SEEDS)]
        stages = [mean(stage) for stage in zip(*runs, strict=True)]
        last, usual = stages[-1], evaluate(durations, fixed())
        deciles = statistics.quantiles([excess(durations, run[-1]) for run in runs], n=10)
        cells = [last.polls, usual.polls, last.delay, usual.delay, best(durations, last.polls)]
        ratios = [excess(durations, last), deciles[-1]]
        print(f"| {durations.name} | {' | '.join(f'{cell:.2f}' for cell in [*cells, *ratios])} |")
        curves.append(" | ".join([durations.name, *(f"{excess(durations, stage):.2f}" for stage in stages)]))
    print("\nDelay ÷ best after so many generations:\n")
    print(f"| durations | {' | '.join(map(str, LEARNING))} |\n|---|{'--:|' * len(LEARNING)}")
    print("\n".join(f"| {curve} |" for curve in curves))


def print_changes() -> None:
    """Print how fast the bot notices that the provider became slower, or faster."""
    print(f"\nThe median changes after {BEFORE} generations (σ 0.35); after so many more:\n")
    print(f"| change | | {' | '.join(map(str, CHANGING))} |\n|---|---|{'--:|' * len(CHANGING)}")
    for name, before, after in (("75 → 150 s", STEADY, SLOWER), ("150 → 75 s", SLOWER, STEADY)):
        tell(name)
        phases = [(before, BEFORE), (after, CHANGING[-1])]
        runs = [learn(seed, phases, CHANGING) for seed in range(SEEDS)]
        stages = [mean(stage) for stage in zip(*runs, strict=True)]
        rows = {
            "delay, s": [stage.delay for stage in stages],
            "questions": [stage.polls for stage in stages],
            "delay ÷ best": [excess(after, stage) for stage in stages],
        }
        for row, cells in rows.items():
            print(f"| {name} | {row} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")


def tell(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr)


if __name__ == "__main__":
    print_best()
    print_learnt()
    print_changes()
