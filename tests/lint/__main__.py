"""Looks at the files of the repository, and prints what is wrong with them (`make check`)."""

import sys
from pathlib import Path

from bot.log import configure_logging
from tests.lint import (
    catalogues,
    clocks,
    compose,
    dashboard,
    documents,
    image,
    layers,
    links,
    locks,
    marks,
    prometheus,
    quotes,
    repository,
    shown,
    source,
    unit,
    workflows,
)
from tests.lint.findings import Check, Finding

ROOT = Path(__file__).parents[2]
CHECKS: tuple[Check, ...] = (
    *repository.CHECKS,
    *source.CHECKS,
    *layers.CHECKS,
    *clocks.CHECKS,
    *marks.CHECKS,
    *catalogues.CHECKS,
    *documents.CHECKS,
    *links.CHECKS,
    *shown.CHECKS,
    *quotes.CHECKS,
    *locks.CHECKS,
    *image.CHECKS,
    *compose.CHECKS,
    *unit.CHECKS,
    *workflows.CHECKS,
    *prometheus.CHECKS,
    *dashboard.CHECKS,
)


def main(root: Path = ROOT) -> int:
    """Run all checks; return 1 if there are findings."""
    found: set[Finding] = {finding for check in CHECKS for finding in check(root)}
    print(*sorted(found), f"{len(CHECKS)} checks, {len(found)} findings", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    configure_logging("WARNING", "text")  # some checks make a database, which tells of that
    sys.exit(main())
