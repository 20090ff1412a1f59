"""Whether the simulation bites: how many seeds it needs for each planted bug."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.bugs import BUGS
from tests.simulation.film_bugs import FILM_BUGS
from tests.simulation.held_bugs import HELD_BUGS
from tests.simulation.run import Result, play
from tests.simulation.scenario import Scenario, filmy, harsh, watched

MAX_SEEDS = 100


@dataclass(frozen=True, slots=True)
class Found:
    """How a planted bug was found; `seeds`: None: in none of them."""

    bug: str
    seeds: int | None
    finding: str

    @property
    def row(self) -> str:
        """The row of the table."""
        return f"| {self.bug} | {self.seeds or 'not found'} | {self.finding} |"


def prove(
    template: Path, names: Sequence[str], tell: Callable[[str], None], *, max_seeds: int = MAX_SEEDS
) -> list[Found]:
    """Look for each bug, seed by seed; `tell` gets each row of the table."""
    tell("| planted bug | seeds | what was found first |\n| --- | ---: | --- |")
    found: list[Found] = []
    for name in names:
        found.append(find(template, name, max_seeds))
        tell(found[-1].row)
    return found


def find(template: Path, name: str, max_seeds: int = MAX_SEEDS) -> Found:
    """Look for one bug."""
    for seed in range(1, max_seeds + 1):
        result = play_with(name, seed, template)
        if result.findings:
            return Found(name, seed, result.findings[0].replace("|", "/")[:100])
    return Found(name, None, "")


def play_with(name: str, seed: int, template: Path) -> Result:
    """Play a seed with a planted bug."""
    with BUGS[name]():
        return play(_stage_of(name)(seed), template)


def _stage_of(name: str) -> Callable[[int], Scenario]:
    """Return where a bug is at home."""
    if name in HELD_BUGS:
        return watched
    return filmy if name in FILM_BUGS else harsh
