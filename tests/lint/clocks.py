"""The bot takes time, chance and threads where the simulation can stand in for them (`tests/simulation`)."""

import ast
from pathlib import Path

from tests.lint.findings import Check, Findings, modules
from tests.lint.source import imported

CLOCK = "bot/clock.py"
# What the simulation plays: it would not see a clock or a chance that is taken at import.
PLAYED = tuple(
    f"bot/{package}"
    for package in (
        "admission",
        "eta",
        "jobs",
        "library",
        "moderation",
        "policy",
        "provider",
        "requests",
        "usage",
    )
)
OUTSIDE = frozenset({"time", "threading", "subprocess", "random", "uuid", "multiprocessing", "concurrent"})
PRESENT = frozenset({"now", "utcnow", "today"})


def only_the_clock_reads_the_date(root: Path) -> Findings:
    """Find what asks the machine for the date by itself."""
    for module in modules(root, "bot", "cogs"):
        for node in () if module.name == CLOCK else ast.walk(module.tree):
            match node:
                case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=name) if name in PRESENT:
                    yield module.found("Take `utc_now` of bot/clock.py, or a `Clock`.", node.lineno)
                case _:
                    pass


def what_is_simulated_takes_nothing_from_outside(root: Path) -> Findings:
    """Find an import of a clock, of chance, of threads or of programs where the simulation plays."""
    for module in modules(root, *PLAYED):
        for line, package in imported(module.tree):
            if package in OUTSIDE:
                yield module.found(
                    f"The simulation plays this module, and would not see {package}: "
                    "take `monotonic` of bot/clock.py, or `secrets`.",
                    line,
                )


CHECKS: tuple[Check, ...] = (
    only_the_clock_reads_the_date,
    what_is_simulated_takes_nothing_from_outside,
)
