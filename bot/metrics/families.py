"""Making the families of figures in one registry, with all their series there from the start.

A series that begins with its first event hides that event from `increase()`; so every label's values are
named here and counted from 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.registry import Collector

PREFIX = "veobot_"

Family = TypeVar("Family", Counter, Gauge, Histogram)
Values = Iterable[str]


class MetricFamilies:
    """Makes families of figures; `registry` has those of other makers too.

    In each method the keyword arguments are the labels, with all values that they can have.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

    def counter(self, name: str, meaning: str, **labels: Values) -> Counter:
        """Make a family of what only grows; `_total` is added to its name."""
        return _fill(Counter(PREFIX + name, meaning, tuple(labels), registry=self.registry), labels.values())

    def gauge(self, name: str, meaning: str, **labels: Values) -> Gauge:
        """Make a family of what goes up and down."""
        return _fill(Gauge(PREFIX + name, meaning, tuple(labels), registry=self.registry), labels.values())

    def histogram(self, name: str, meaning: str, buckets: Sequence[float], **labels: Values) -> Histogram:
        """Make a family of distributions; `buckets`: their upper bounds."""
        family = Histogram(PREFIX + name, meaning, tuple(labels), buckets=buckets, registry=self.registry)
        return _fill(family, labels.values())


def _fill(family: Family, values: Iterable[Values]) -> Family:
    values = list(values)
    for combination in product(*values) if values else ():
        family.labels(*combination)
    return family


@dataclass(frozen=True, slots=True)
class Described:
    """One family, for people. `labels`: with the values that they have."""

    name: str
    type: str
    meaning: str
    labels: dict[str, list[str]]


class _Page(Collector):
    """The content of a registry, without the moments at which its series began: nobody asks for them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for family in self._registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family


def render(registry: CollectorRegistry) -> bytes:
    """Return the page that Prometheus reads (its text format 0.0.4)."""
    return generate_latest(_Page(registry))


def describe(registry: CollectorRegistry) -> list[Described]:
    """Return the program's own families, by name."""
    found: list[Described] = []
    for family in _Page(registry).collect():
        if not family.name.startswith(PREFIX):
            continue
        labels: dict[str, dict[str, None]] = {}  # as ordered sets
        for sample in family.samples:
            for label, value in sample.labels.items():
                labels.setdefault(label, {})[value] = None
        labels.pop("le", None)  # a bucket of a histogram
        name = f"{family.name}_total" if family.type == "counter" else family.name
        values = {label: list(values) for label, values in labels.items()}
        found.append(Described(name, family.type, family.documentation, values))
    return sorted(found, key=lambda described: described.name)
