"""A run that broke a promise, made small and told in a few lines."""

import re
from collections.abc import Callable

from tests.simulation.run import Result
from tests.simulation.scenario import Scenario

NAME = re.compile(r"\b[0-9a-f]{16}\b")
MAX_TRIES = 30  # of smaller scenarios
MAX_LINES = 60  # of a story
BEFORE = 3  # lines about all that lead to the first one about a request

Play = Callable[[Scenario], Result]


def shrink(result: Result, play: Play) -> Result:
    """Return the smallest run that was found to break a promise, too."""
    tries, again = 0, True
    while again:
        again = False
        for scenario in result.scenario.smaller():
            tries += 1
            if tries > MAX_TRIES:
                return result
            found = play(scenario)
            if found.findings:
                result, again = found, True
                break
    return result


def story(result: Result) -> str:
    """Tell what happened to the requests that the findings name; the lines were kept (`is_logged`)."""
    names = {name for finding in result.findings for name in NAME.findall(finding)}
    told = [line for line in result.lines if any(name in line for name in names)]
    if not told:
        told = result.lines[-MAX_LINES:]
    first, last = result.lines.index(told[0]), len(result.lines) - result.lines[::-1].index(told[-1])
    among = [line for line in result.lines[max(0, first - BEFORE) : last] if line in told or _is_of_all(line)]
    shown = among if len(among) <= MAX_LINES else [*among[: MAX_LINES // 2], "…", *among[-MAX_LINES // 2 :]]
    scenario = result.scenario
    return "\n".join(
        [
            f"seed {scenario.seed}: {scenario.days * 24:g} hours, {scenario.members} members, "
            f"{scenario.processes} processes, {result.kills} kills, {result.faults} faults, "
            f"digest {result.digest}",
            *(f"BROKEN: {finding}" for finding in result.findings[:10]),
            *(line[:200] for line in shown),
        ]
    )


def _is_of_all(line: str) -> bool:
    """Whether a line tells of a process or of the whole world."""
    return (
        line.endswith(("is killed", "is stopped", "starts"))
        or "dies at" in line
        or (" s" in line[-6:] and "world:" in line)
    )
