"""`make simulate`: days of a server in seconds, with everything going wrong; a run is replayed by its seed.

Prints the digest of each run, and of a broken promise its seed and its story; exits with 1 if there is one.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.simulation.bugs import BUGS
from tests.simulation.prove import prove
from tests.simulation.run import Result, play, stage
from tests.simulation.scenario import MANY_DAYS, Scenario, drawn, year
from tests.simulation.story import shrink, story


def main() -> None:
    """Run, print, and exit with 1 when a promise was broken."""
    options = _options()
    with stage() as template:
        if options.prove is not None:
            names = [name for name in BUGS if options.prove in name]
            found = prove(template, names, lambda row: print(row, flush=True))
            sys.exit(0 if all(bug.seeds for bug in found) else 1)
        sys.exit(_play_all(options, template))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other")
    parser.add_argument("--days", type=float, default=0.25, help="of each; 30 and more are quiet ones")
    parser.add_argument("--minutes", type=float, help="of real time, after which no new seed starts")
    parser.add_argument("--log", action="store_true", help="print all that happens")
    parser.add_argument("--until", type=float, help="hour of the run at which the log ends")
    parser.add_argument(
        "--prove", nargs="?", const="", metavar="WORD", help="look for planted bugs (with this word)"
    )
    return parser.parse_args()


def _play_all(options: argparse.Namespace, template: Path) -> int:
    begun, days = time.perf_counter(), 0.0
    for seed in range(options.seed, options.seed + options.seeds):
        scenario = _scenario(seed, options.days)
        result = play(scenario, template, is_logged=options.log)
        days += options.days
        print(
            f"seed {seed}: digest {result.digest}, {result.requests} requests, {result.films} films, "
            f"{result.held} held, {result.kills} kills, "
            f"{result.faults} faults, {result.seconds:.1f} s",
            flush=True,
        )
        if options.log:
            print(*(line for line in result.lines if _hour(line) <= (options.until or 1e9)), sep="\n")
        if result.findings:
            _tell(result, template)
            return 1
        if options.minutes and time.perf_counter() - begun > options.minutes * 60:
            break
    print(f"{days / (time.perf_counter() - begun):.2f} simulated days a second")
    return 0


def _scenario(seed: int, days: float) -> Scenario:
    return year(seed, days) if days >= MANY_DAYS else drawn(seed, days)


def _tell(result: Result, template: Path) -> None:
    print(*(f"BROKEN: {finding}" for finding in result.findings), "Looking for a smaller run …", sep="\n")
    smaller = shrink(result, lambda scenario: play(scenario, template))
    print(story(play(smaller.scenario, template, is_logged=True)))
    print(f"Replay: make simulate ARGS='--seed {result.scenario.seed} --days {result.scenario.days:g} --log'")


def _hour(line: str) -> float:
    """Return the hour of a run at which a line of the log was written (`tests.simulation.guard.shown`)."""
    _, day, clock, *_ = line.split()
    hours, minutes, seconds = clock.split(":")
    return (int(day) - 1) * 24 + int(hours) + int(minutes) / 60 + float(seconds) / 3600


if __name__ == "__main__":
    main()
